// Package record is the pages of meetings: the list, a new one with its uploads, its processing, its minutes beside its
// transcript. A handler parses, calls one service and renders a view; what it shows is in a plain struct beside it.
package record

import (
	"net/http"

	"mainstay/internal/capture"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// Pages are the pages of meetings over the services that the app has.
type Pages struct {
	*web.App
	server *httpd.Server
}

// Register adds the pages of meetings to the server of the app's. It panics as httpd.Server.Page does.
func Register(app *web.App, s *httpd.Server) {
	a := &Pages{app, s}
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
	a.uploadRoutes(s)
	a.changeRoutes(s)
}

// changeRoutes are what people change about a meeting and its minutes.
func (a *Pages) changeRoutes(s *httpd.Server) {
	s.Page("GET /meetings/{id}/lines/new", httpd.Verb(gate.ChangeMeeting), a.newLine)
	s.Page("GET /meetings/{id}/lines/{line}", httpd.Verb(gate.ReadMeeting), a.showLine)
	s.Page("GET /meetings/{id}/lines/{line}/edit", httpd.Verb(gate.ChangeMeeting), a.editLine)
	s.Page("POST /meetings/{id}/lines", httpd.Verb(gate.EditMinutes), a.addLine)
	s.Page("POST /meetings/{id}/lines/{line}", httpd.Verb(gate.EditMinutes), a.changeLine)
	s.Page("POST /meetings/{id}/lines/undo", httpd.Verb(gate.EditMinutes), a.undoLine)
	s.Page("POST /meetings/{id}/review", httpd.Verb(gate.SubmitMinutes), a.settle(a.Minutes.Submit, "submitted"))
	s.Page("POST /meetings/{id}/approve", httpd.Verb(gate.ApproveMinutes), a.settle(a.Minutes.Approve, "approved"))
	s.Page("POST /meetings/{id}/speakers/{speaker}", httpd.Verb(gate.NameSpeaker), a.nameSpeaker)
	s.Page("POST /meetings/{id}/speakers/{speaker}/undo", httpd.Verb(gate.NameSpeaker), a.undoName)
	s.Page("GET /meetings/{id}/details", httpd.Verb(gate.ChangeMeeting), a.showDetails)
	s.Page("POST /meetings/{id}/details", httpd.Verb(gate.ChangeMeeting), a.changeDetails)
	s.Page("GET /meetings/{id}/erase", httpd.Verb(gate.EraseMeeting), a.showErase)
	s.Page("POST /meetings/{id}/erase", httpd.Verb(gate.EraseMeeting), a.erase)
}

func (a *Pages) soundRoutes(s *httpd.Server) {
	s.Page("GET /meetings/{id}/audio", httpd.Verb(gate.PlayRecording), a.audio, httpd.Stream())
	s.Page("GET /meetings/{id}/peaks", httpd.Verb(gate.ReadMeeting), a.peaks)
	s.Page("GET /meetings/{id}/words", httpd.Verb(gate.ReadMeeting), a.words)
}

// meetingOf returns the meeting that an address names. What is no id names nothing.
func meetingOf(r *http.Request) (meeting.ID, error) { return parseMeeting(r.PathValue("id")) }

func parseMeeting(s string) (meeting.ID, error) { return tenant.ParseID[meeting.ID](s) }

func mayEdit(m meeting.Meeting) bool   { return m.Level == gate.Manager || m.Level == gate.Contributor }
func mayManage(m meeting.Meeting) bool { return m.Level == gate.Manager }
