package web

import (
	"net/http"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// meetingRoutes are the pages of meetings: the list, a new one, its processing, its minutes.
func (a *App) meetingRoutes(s *httpd.Server) {
	s.Page("GET /meetings", httpd.Verb(gate.ListMeetings), a.listMeetings)
	s.Page("GET /meetings/new", httpd.Verb(gate.CreateMeeting), a.newMeeting)
	s.Page("POST /meetings", httpd.Verb(gate.CreateMeeting), a.createMeeting, httpd.Stream(), httpd.MaxBody(capture.MaxSize+1<<20))
	s.Page("GET /meetings/{id}", httpd.Verb(gate.ReadMeeting), a.openMeeting)
	s.Page("GET /meetings/{id}/transcript", httpd.Verb(gate.ReadMeeting), a.moreTurns)
	s.Page("POST /meetings/{id}/delete", httpd.Verb(gate.DeleteMeeting), a.deleteMeeting)
	s.Page("POST /meetings/{id}/restore", httpd.Verb(gate.DeleteMeeting), a.restoreMeeting)
	for _, f := range files() {
		s.Page("GET /meetings/{id}/"+f.name, httpd.Verb(gate.ReadMeeting), a.export(f))
	}
	s.Page("GET /meetings/{id}/progress", httpd.Verb(gate.ReadMeeting), a.follow, httpd.Stream())
	s.Page("POST /meetings/{id}/run", httpd.Verb(gate.RerunWork), a.runAgain)
	s.Page("POST /meetings/{id}/cancel", httpd.Verb(gate.CancelWork), a.cancel)
	a.soundRoutes(s)
}

func (a *App) soundRoutes(s *httpd.Server) {
	s.Page("GET /meetings/{id}/audio", httpd.Verb(gate.PlayRecording), a.audio, httpd.Stream())
	s.Page("GET /meetings/{id}/peaks", httpd.Verb(gate.ReadMeeting), a.peaks)
	s.Page("GET /meetings/{id}/words", httpd.Verb(gate.ReadMeeting), a.words)
}

// meetingOf returns the meeting that an address names. What is no id names nothing.
func meetingOf(r *http.Request) (meeting.ID, error) { return parseMeeting(r.PathValue("id")) }

func parseMeeting(s string) (meeting.ID, error) { return tenant.ParseID[meeting.ID](s) }

func mayEdit(m meeting.Meeting) bool   { return m.Level == gate.Manager || m.Level == gate.Contributor }
func mayManage(m meeting.Meeting) bool { return m.Level == gate.Manager }
