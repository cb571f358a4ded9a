package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/worldtest"
)

// strict reports whether a route is an operation of the JSON API: it refuses what it does not know.
func strict(r httpd.Route) bool { return strings.HasPrefix(r.Pattern, "/api/v1/") }

func transcriptOf(c worldtest.Case) string { return c.Transcript.String() }
func recordingOf(c worldtest.Case) string  { return c.Recording.String() }
func minutesOf(c worldtest.Case) string    { return c.Minutes.String() }
func doneOf(c worldtest.Case) string       { return c.Done.String() }
func personOf(c worldtest.Case) string     { return c.Person.String() }
func invitationOf(c worldtest.Case) string { return c.Invitation.String() }

// sessionOf is a session of nobody's: one's own are ended by TestNobodyEndsAnothersSession.
func sessionOf(worldtest.Case) string { return "ses_0123456789abcdefghjkmnpqr0" }

// programVisits are the cases of the JSON API, by the route below /api/v1.
func programVisits() map[string]visit {
	table := recordVisits()
	maps.Copy(table, administrationVisits())
	maps.Copy(table, personVisits())
	return table
}

// recordVisits are the cases of package api itself.
func recordVisits() map[string]visit {
	whatever := map[string]string{"If-Match": "*"}
	half := string(worldtest.Tone(0)[len(worldtest.Tone(0))/2:])
	tus := map[string]string{"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": fmt.Sprint(len(worldtest.Tone(0)) / 2)}
	model := `{"enabled":true,"provider":"openai","url":"` + nobodyListens().URL + `","model":"stand-in","own":true,"region":"here","training":"no","retention_days":0,"monthly_tokens":1}`
	form := "--x\r\nContent-Disposition: form-data; name=\"meeting\"\r\n\r\n{\"title\":\"New\"}\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n" +
		string(worldtest.Tone(7)) + "\r\n--x--\r\n"
	return map[string]visit{
		"GET /openapi.json":                              {none: "what the API is like"},
		"GET /me":                                        {},
		"GET /workspace":                                 {},
		"GET /meetings":                                  {},
		"POST /meetings":                                 {json: `{"title":"New"}`},
		"GET /meetings/{id}":                             {of: meetingOf},
		"PATCH /meetings/{id}":                           {of: meetingOf, header: whatever, json: `{"title":"Changed"}`},
		"DELETE /meetings/{id}":                          {of: meetingOf, maker: true},
		"POST /meetings/{id}/restore":                    {of: meetingOf, maker: true},
		"POST /meetings/{id}/erase":                      {of: meetingOf, maker: true},
		"POST /meetings/{id}/uploads":                    {of: meetingOf, json: `{"name":"a.wav","size":10}`},
		"GET /uploads/{id}":                              {of: uploadOf, mine: true},
		"POST /uploads/{id}/finish":                      {of: uploadOf, mine: true, ends: http.StatusConflict},
		"HEAD /uploads/{id}":                             {of: uploadOf, mine: true, header: tus},
		"PATCH /uploads/{id}":                            {of: uploadOf, mine: true, header: tus, body: half},
		"DELETE /uploads/{id}":                           {of: uploadOf, mine: true, header: tus},
		"POST /recordings":                               {header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"}, body: form},
		"GET /meetings/{id}/recording":                   {of: meetingOf},
		"GET /recordings/{id}/audio":                     {of: recordingOf},
		"DELETE /recordings/{id}":                        {of: recordingOf, maker: true},
		"GET /meetings/{id}/transcripts":                 {of: meetingOf},
		"POST /meetings/{id}/transcripts":                {of: meetingOf, json: `{"text":"Ada: We agreed."}`},
		"GET /meetings/{id}/transcript":                  {of: meetingOf},
		"GET /meetings/{id}/transcripts/{transcript}":    {of: meetingOf},
		"POST /meetings/{id}/transcriptions":             {of: meetingOf, json: `{"engine":"other"}`, ends: http.StatusConflict}, // a step of the case waits
		"DELETE /transcripts/{id}":                       {of: transcriptOf, maker: true},
		"PUT /transcripts/{id}/speakers/{speaker}":       {of: transcriptOf, json: `{"name":"Ada"}`},
		"POST /transcripts/{id}/speakers/{speaker}/undo": {of: transcriptOf},
		"GET /meetings/{id}/files/{file}":                {of: meetingOf},
		"GET /meetings/{id}/minutes":                     {of: meetingOf},
		"POST /meetings/{id}/minutes/lines":              {of: meetingOf, header: whatever, json: `{"list":"summary","text":"We agreed."}`},
		"PATCH /meetings/{id}/minutes/lines/{line}":      {of: meetingOf, header: whatever, json: `{"text":"We agreed."}`},
		"DELETE /meetings/{id}/minutes/lines/{line}":     {of: meetingOf, header: whatever},
		"POST /meetings/{id}/minutes/undo":               {of: meetingOf, ends: http.StatusConflict}, // nothing was changed
		"POST /meetings/{id}/minutes/review":             {of: meetingOf, header: whatever},
		"POST /meetings/{id}/minutes/approve":            {of: meetingOf, header: whatever},
		"DELETE /minutes/{id}":                           {of: minutesOf, maker: true},
		"GET /jobs":                                      {},
		"GET /meetings/{id}/jobs":                        {of: meetingOf},
		"GET /jobs/{id}":                                 {of: doneOf},
		"GET /jobs/{id}/events":                          {of: doneOf},
		"POST /jobs/{id}/run":                            {of: doneOf},
		"POST /jobs/{id}/cancel":                         {of: func(c worldtest.Case) string { return c.Waiting.String() }},
		"GET /members":                                   {},
		"PUT /members/{id}/role":                         {of: personOf, json: `{"role":"viewer"}`},
		"POST /members/{id}/role/undo":                   {of: personOf, ends: http.StatusGone}, // nothing was changed
		"POST /members/{id}/restore":                     {of: personOf, ends: http.StatusGone}, // nobody was removed
		"POST /members/{id}/disable":                     {of: personOf},
		"POST /members/{id}/enable":                      {of: personOf},
		"DELETE /members/{id}":                           {of: personOf},
		"POST /members/{id}/transfer":                    {of: personOf, ends: http.StatusConflict}, // who is disabled
		"GET /invitations":                               {},
		"POST /invitations":                              {json: `{"name":"Ada","email":"{fresh}@example.com","role":"viewer"}`},
		"POST /invitations/{id}/send":                    {of: invitationOf},
		"DELETE /invitations/{id}":                       {of: invitationOf},
		"PATCH /workspace":                               {header: whatever, json: `{"name":"Works"}`},
		"GET /keys":                                      {},
		"POST /keys":                                     {json: `{"name":"Report","scopes":["meetings:read"]}`},
		"DELETE /keys/{id}":                              {of: func(c worldtest.Case) string { return c.Key.String() }, mine: true},
		"GET /sessions":                                  {},
		"PUT /sessions/{id}/name":                        {of: sessionOf, json: `{"name":"Office"}`},
		"DELETE /sessions/{id}":                          {of: sessionOf},
		"POST /sessions/end-others":                      {},
		"GET /notices":                                   {},
		"POST /notices/{id}/read":                        {of: func(c worldtest.Case) string { return c.Notice.String() }, mine: true},
		"POST /notices/read":                             {},
		"GET /notices/choices":                           {},
		"PUT /notices/choices":                           {json: `{"choices":[{"kind":"ready","app":true,"mail":false}]}`},
		"GET /settings/sign-in":                          {},
		"PUT /settings/sign-in":                          {header: whatever, json: `{"factor":"none","session_hours":720,"idle_minutes":43200,"password_least":12,"password_history":0,"password_days":0}`},
		"GET /settings/mail":                             {},
		"PUT /settings/mail":                             {header: whatever, json: `{"content":"title"}`},
		"POST /settings/mail/test":                       {},
		"GET /settings/model":                            {},
		"PUT /settings/model":                            {header: whatever, json: model},
		"POST /settings/model/test":                      {ends: http.StatusForbidden}, // no model is on
		"GET /settings/speech":                           {},
		"PUT /settings/speech":                           {header: whatever, json: `{"languages":["en"]}`},
		"GET /ledger":                                    {},
		"GET /checks":                                    {},
		"POST /checks/run":                               {},
	}
}

// refusesForgeries wants an operation to refuse a field or a parameter that claims to be of another workspace, before it looks
// at anything, and to take no notice of one in a header or a cookie.
func refusesForgeries(t *testing.T, what string, v visit, got, plain reply) {
	t.Helper()
	if what == "in the query" || what == "in the body" && v.json != "" {
		if got.Status != http.StatusUnprocessableEntity || len(got.Events) > 0 {
			t.Errorf("another workspace's ids %s: %d with the events %q, want 422 and none", what, got.Status, got.Events)
		}
		return
	}
	if got.Status != plain.Status {
		t.Errorf("another workspace's ids %s: %d, want %d", what, got.Status, plain.Status)
	}
}

// TestAnAnswerIsItsAskersAlone: a key of one member's gives nobody else an answer, whatever their workspace.
func TestAnAnswerIsItsAskersAlone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	if _, before, err := w.Once.Begin(a.Owner, "key", []byte("request")); err != nil || before != nil {
		t.Fatal(before, err)
	}
	if _, _, err := w.Once.Begin(a.Owner, "key", []byte("request")); !fault.Is(err, fault.Conflict) {
		t.Errorf("while it is being done: %v, want fault.Conflict", err)
	}
	for who, ctx := range map[string]context.Context{"another workspace": b.Owner, "a colleague": a.Admin} {
		if _, before, err := w.Once.Begin(ctx, "key", []byte("request")); err != nil || before != nil {
			t.Errorf("for %s: %v, %v; want a claim of their own", who, before, err)
		}
	}
}
