package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
)

// MinutesRun is one run of a meeting's minutes with its present version.
type MinutesRun struct {
	ID           string             `json:"id" example:"min_067s4q2m1w7fv8j3k5n9p0r2t4"`
	MeetingID    string             `json:"meeting_id"`
	TranscriptID string             `json:"transcript_id" doc:"The version that they cite."`
	RecordID     string             `json:"record_id" doc:"The run that is the record, where these minutes are a newer draft; else empty."`
	Run          int                `json:"run"`
	Version      int                `json:"version" doc:"Grows with every change."`
	State        string             `json:"state" enum:"draft,review,approved,superseded"`
	Template     string             `json:"template"`
	Language     *string            `json:"language"`
	DraftedBy    document.DraftedBy `json:"drafted_by"`
	Summary      []document.Line    `json:"summary"`
	Topics       []document.Topic   `json:"topics"`
	Decisions    []document.Line    `json:"decisions"`
	Actions      []document.Action  `json:"actions"`
	Questions    []document.Line    `json:"questions"`
	Carried      []document.Carried `json:"carried" doc:"Open items of earlier meetings of the series."`
	Edited       []string           `json:"edited" doc:"Ids of lines that a person changed."`
	Typed        []TypedLine        `json:"typed" doc:"Lines that a person added."`
	Unfound      []string           `json:"unfound" doc:"Ids of lines whose words are not in what they cite."`
	Translated   []string           `json:"translated" doc:"Ids of lines in another language than their quotes."`
	Dropped      int                `json:"dropped" doc:"Lines that the draft proposed and that did not stand."`
	CreatedAt    time.Time          `json:"created_at"`
	ApprovedAt   *time.Time         `json:"approved_at"`
	ApprovedBy   string             `json:"approved_by" doc:"A member's id, or empty."`
}

// TypedLine is a line and who wrote it.
type TypedLine struct {
	Line   string `json:"line"`
	Member string `json:"member"`
}

// NewLine is a line that a person adds.
type NewLine struct {
	List  string  `json:"list" enum:"summary,decisions,actions,questions"`
	Text  string  `json:"text" minLength:"1" maxLength:"2000"`
	Owner *string `json:"owner,omitempty" maxLength:"120" nullable:"false" doc:"Of actions only."`
	Due   *string `json:"due,omitempty" format:"date" nullable:"false" doc:"Of actions only."`
}

// LineChange is what a person changes of a line. What is absent stays.
type LineChange struct {
	Text  *string                    `json:"text,omitempty" minLength:"1" maxLength:"2000" nullable:"false"`
	Owner operation.Optional[string] `json:"owner,omitempty" maxLength:"120" doc:"Of actions only; null: nobody."`
	Due   operation.Optional[string] `json:"due,omitempty" format:"date" doc:"Of actions only; null: no date."`
}

// MinutesPath names a run of minutes.
type MinutesPath struct {
	ID string `path:"id" doc:"The id of the minutes." example:"min_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

// LinePath names a line of a meeting's minutes.
type LinePath struct {
	MeetingPath
	Line string `path:"line" doc:"The line's id." example:"s1"`
}

type changedMinutes struct {
	MeetingPath
	operation.Match
}

type newLine struct {
	MeetingPath
	operation.Match
	Body NewLine
}

type lineChange struct {
	LinePath
	operation.Match
	Body LineChange
}

type lineRemoval struct {
	LinePath
	operation.Match
}

func (a *API) minutes() {
	add, noun := a.Set, "Minutes"
	operation.Add(add, operation.Operation{ID: "read-minutes", Method: http.MethodGet, Path: "/meetings/{id}/minutes", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "Read minutes", Says: "The newest run of a meeting's minutes. Its ETag is what every change wants back."}, a.readMinutes)
	operation.Add(add, operation.Operation{ID: "add-line", Method: http.MethodPost, Path: "/meetings/{id}/minutes/lines", Noun: noun, Verb: gate.EditMinutes, Reads: true, IfMatch: true,
		Summary: "Add a line", Says: "Puts a line at the end of a list. It cites the place where its words were said, if they were; else its source is you.",
		Example: map[string]any{"list": "actions", "text": "Call the engineer about the crane.", "owner": "Bob", "due": "2026-03-19"}}, a.addLine)
	operation.Add(add, operation.Operation{ID: "change-line", Method: http.MethodPatch, Path: "/meetings/{id}/minutes/lines/{line}", Noun: noun, Verb: gate.EditMinutes, Reads: true, IfMatch: true,
		Also: []int{409}, Summary: "Change a line", Says: "You answer for its words. It is marked where they are not in what it cites.",
		Example: map[string]any{"text": "Call the engineer about the crane.", "owner": "Bob", "due": nil}}, a.changeLine)
	operation.Add(add, operation.Operation{ID: "remove-line", Method: http.MethodDelete, Path: "/meetings/{id}/minutes/lines/{line}", Noun: noun, Verb: gate.EditMinutes, Reads: true, IfMatch: true,
		Status: http.StatusOK, Also: []int{409}, Summary: "Remove a line", Says: "Of an item that is carried forward: it is no longer open."}, a.removeLine)
	operation.Add(add, operation.Operation{ID: "undo-change", Method: http.MethodPost, Path: "/meetings/{id}/minutes/undo", Noun: noun, Verb: gate.EditMinutes, Reads: true,
		Summary: "Undo the last change", Says: "Takes back the last change of the draft, if it was yours. 409 where there is none."}, a.undoChange)
	operation.Add(add, operation.Operation{ID: "submit-minutes", Method: http.MethodPost, Path: "/meetings/{id}/minutes/review", Noun: noun, Verb: gate.SubmitMinutes, Reads: true, IfMatch: true,
		Summary: "Ask others to read", Says: "Puts a draft into review."}, a.settle(a.Minutes.Submit))
	operation.Add(add, operation.Operation{ID: "approve-minutes", Method: http.MethodPost, Path: "/meetings/{id}/minutes/approve", Noun: noun, Verb: gate.ApproveMinutes, Reads: true, IfMatch: true,
		Summary: "Approve minutes", Says: "Freezes the version that you read and makes it the record."}, a.settle(a.Minutes.Approve))
	operation.Add(add, operation.Operation{ID: "erase-minutes", Method: http.MethodDelete, Path: "/minutes/{id}", Noun: noun, Verb: gate.EraseMinutes, Status: http.StatusOK,
		Summary: "Destroy minutes", Says: "Destroys one run. Nobody can read it again."}, a.eraseMinutes)
}

func (a *API) readMinutes(ctx context.Context, in *MeetingPath) (*reply[MinutesRun], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := a.Minutes.Open(ctx, id)
	if err != nil {
		return nil, err
	}
	return shownMinutes(o)
}

// matched returns the minutes that are there now, if they are those that the client read.
func (a *API) matched(ctx context.Context, in MeetingPath, match operation.Match) (meeting.ID, *minutes.Minutes, error) {
	id, err := in.id()
	if err != nil {
		return id, nil, err
	}
	o, err := a.Minutes.Look(ctx, id)
	if err != nil {
		return id, nil, err
	}
	shown, err := shownMinutes(o)
	if err != nil {
		return id, nil, err
	}
	return id, o.Minutes, match.Of(shown.Body)
}

// now is the answer to a change: the minutes as GET would give them.
func (a *API) now(ctx context.Context, id meeting.ID) (*reply[MinutesRun], error) {
	o, err := a.Minutes.Look(ctx, id)
	if err != nil {
		return nil, err
	}
	return shownMinutes(o)
}

func (a *API) edit(ctx context.Context, in MeetingPath, match operation.Match, change func(*minutes.Minutes) minutes.Change) (*reply[MinutesRun], error) {
	id, m, err := a.matched(ctx, in, match)
	if err != nil {
		return nil, err
	}
	if _, err := a.Minutes.Edit(ctx, m.ID, m.Version, change(m)); err != nil {
		return nil, operation.Stale(err)
	}
	return a.now(ctx, id)
}

func (a *API) addLine(ctx context.Context, in *newLine) (*reply[MinutesRun], error) {
	return a.edit(ctx, in.MeetingPath, in.Match, func(*minutes.Minutes) minutes.Change {
		return minutes.Change{Add: in.Body.List, Text: in.Body.Text, Owner: in.Body.Owner, Due: in.Body.Due}
	})
}

func (a *API) changeLine(ctx context.Context, in *lineChange) (*reply[MinutesRun], error) {
	return a.edit(ctx, in.MeetingPath, in.Match, func(m *minutes.Minutes) minutes.Change {
		c := minutes.Change{Line: in.Line, Text: textOf(m, in.Line), Owner: said(in.Body.Owner), Due: said(in.Body.Due)}
		set(&c.Text, in.Body.Text)
		return c
	})
}

func (a *API) removeLine(ctx context.Context, in *lineRemoval) (*reply[MinutesRun], error) {
	return a.edit(ctx, in.MeetingPath, in.Match, func(*minutes.Minutes) minutes.Change { return minutes.Change{Line: in.Line, Remove: true} })
}

// said is a field of a change as the service takes it: nil leaves what is there, "" makes it blank.
func said(o operation.Optional[string]) *string {
	if o.Given && o.Value == nil {
		blank := ""
		return &blank
	}
	return o.Value
}

// textOf is what a line says now; of a line that is not there it is no text, and the service says that it is not.
func textOf(m *minutes.Minutes, id string) string {
	all := slices.Concat(m.Summary, m.Decisions, m.Questions)
	for _, action := range m.Actions {
		all = append(all, action.Line)
	}
	for _, t := range m.Topics {
		all = append(all, t.Lines...)
	}
	if i := slices.IndexFunc(all, func(l document.Line) bool { return l.ID == id }); i >= 0 {
		return all[i].Text
	}
	return " - "
}

func (a *API) undoChange(ctx context.Context, in *MeetingPath) (*reply[MinutesRun], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	o, err := a.Minutes.Look(ctx, id)
	if err != nil {
		return nil, err
	}
	if o.Minutes == nil {
		return nil, fault.New(fault.Missing, "There are no minutes yet.")
	}
	if _, err := a.Minutes.Undo(ctx, o.Minutes.ID); err != nil {
		return nil, err
	}
	return a.now(ctx, id)
}

// settle submits or approves the version that the client read.
func (a *API) settle(act func(context.Context, minutes.ID, int) error) func(context.Context, *changedMinutes) (*reply[MinutesRun], error) {
	return func(ctx context.Context, in *changedMinutes) (*reply[MinutesRun], error) {
		id, m, err := a.matched(ctx, in.MeetingPath, in.Match)
		if err != nil {
			return nil, err
		}
		if err := act(ctx, m.ID, m.Version); err != nil {
			return nil, err
		}
		return a.now(ctx, id)
	}
}

func (a *API) eraseMinutes(ctx context.Context, in *MinutesPath) (*reply[Receipt], error) {
	id, err := tenant.ParseID[minutes.ID](in.ID)
	if err != nil {
		return nil, err
	}
	r, err := a.Minutes.Erase(ctx, id)
	if err != nil {
		return nil, err
	}
	return receipt(r.Records, r.At), nil
}

// shownMinutes fails with fault.Missing until there are minutes.
func shownMinutes(o minutes.Opened) (*reply[MinutesRun], error) {
	m := o.Minutes
	if m == nil {
		return nil, fault.New(fault.Missing, "There are no minutes yet.")
	}
	shown := MinutesRun{ID: m.ID.String(), MeetingID: m.Meeting.String(), TranscriptID: m.Transcript.String(), Run: m.Run, Version: m.Version, State: string(m.State),
		Template: m.Template, Language: m.Language, DraftedBy: m.DraftedBy, Summary: cited(m.Summary), Topics: []document.Topic{}, Decisions: cited(m.Decisions),
		Actions: []document.Action{}, Questions: cited(m.Questions), Carried: []document.Carried{}, Edited: marked(m.Edited), Typed: []TypedLine{},
		Unfound: marked(m.Unfound), Translated: marked(m.Translated), Dropped: m.Dropped, CreatedAt: m.CreatedAt.UTC(), ApprovedAt: operation.UTC(m.ApprovedAt)}
	if !o.Record.IsZero() {
		shown.RecordID = o.Record.String()
	}
	if !m.ApprovedBy.IsZero() {
		shown.ApprovedBy = m.ApprovedBy.String()
	}
	for _, t := range m.Topics {
		t.Lines = cited(t.Lines)
		shown.Topics = append(shown.Topics, t)
	}
	for _, action := range m.Actions {
		action.Evidence = operation.Each(action.Evidence)
		shown.Actions = append(shown.Actions, action)
	}
	for _, c := range m.Carried {
		c.Evidence = operation.Each(c.Evidence)
		shown.Carried = append(shown.Carried, c)
	}
	for line, member := range m.Typed {
		shown.Typed = append(shown.Typed, TypedLine{Line: line, Member: member.String()})
	}
	slices.SortFunc(shown.Typed, func(x, y TypedLine) int { return strings.Compare(x.Line, y.Line) })
	return answer(shown), nil
}

func cited(lines []document.Line) []document.Line {
	all := []document.Line{}
	for _, l := range lines {
		l.Evidence = operation.Each(l.Evidence)
		all = append(all, l)
	}
	return all
}

func marked(lines map[string]bool) []string {
	all := []string{}
	for line, is := range lines {
		if is {
			all = append(all, line)
		}
	}
	slices.Sort(all)
	return all
}
