package api

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// Person is somebody who was there.
type Person struct {
	Name  string `json:"name" maxLength:"120"`
	Email string `json:"email,omitempty" maxLength:"254"`
}

// Meeting is a meeting as its readers see it.
type Meeting struct {
	ID              string     `json:"id" example:"mtg_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Title           string     `json:"title"`
	Project         string     `json:"project"`
	Attendees       []Person   `json:"attendees"`
	Told            string     `json:"told" enum:"yes,no,unknown" doc:"Whether the participants were told that it is recorded."`
	ToldHow         string     `json:"told_how"`
	Glossary        []string   `json:"glossary" doc:"Words that the recognizer expects."`
	StartsAt        *time.Time `json:"starts_at"`
	Zone            string     `json:"zone" doc:"IANA time zone." example:"Europe/London"`
	Language        string     `json:"language" doc:"BCP 47; empty: to be found."`
	MinutesLanguage string     `json:"minutes_language" doc:"BCP 47; empty: as spoken."`
	Template        string     `json:"template" enum:"general,owner,standup,interview,board"`
	Ephemeral       bool       `json:"ephemeral" doc:"The recording is destroyed once its transcript is safe."`
	People          int        `json:"people" doc:"How many speak; 0: unknown."`
	ModelAllowed    bool       `json:"model_allowed" doc:"Whether it may be sent to the language model of the workspace."`
	Source          string     `json:"source" doc:"How it came in."`
	Stage           string     `json:"stage" enum:"new,uploading,waiting,transcribing,drafting,draft,review,approved,failed"`
	Private         bool       `json:"private"`
	Deleted         bool       `json:"deleted"`
	Damaged         bool       `json:"damaged" doc:"What is sealed of it does not open."`
	DurationMS      *int64     `json:"duration_ms"`
	CreatedBy       string     `json:"created_by" doc:"The member who made it; empty: the deployment."`
	CreatedAt       time.Time  `json:"created_at"`
	Version         int        `json:"version"`
	Access          string     `json:"access" enum:"manager,contributor,reader" doc:"What the reader may do with it."`
}

// Receipt says what was destroyed. It cannot be brought back by anybody.
type Receipt struct {
	Records []string  `json:"records" doc:"The records whose keys are destroyed."`
	At      time.Time `json:"at"`
}

// NewMeeting is what is said of a meeting when it is made.
type NewMeeting struct {
	MeetingChange
	Source  string `json:"source,omitempty" enum:"upload,paste" default:"upload" doc:"How it will come in."`
	Private bool   `json:"private,omitempty" doc:"Seen by its maker and whom it is shared with only."`
}

// MeetingChange is what may be said of a meeting. What is absent stays as it is.
type MeetingChange struct {
	Title           *string                       `json:"title,omitempty" maxLength:"200" nullable:"false"`
	Project         *string                       `json:"project,omitempty" maxLength:"120" nullable:"false"`
	Attendees       *[]Person                     `json:"attendees,omitempty" maxItems:"200"`
	Told            *string                       `json:"told,omitempty" enum:"yes,no,unknown" nullable:"false"`
	ToldHow         *string                       `json:"told_how,omitempty" maxLength:"200" nullable:"false"`
	Glossary        *[]string                     `json:"glossary,omitempty" maxItems:"100"`
	StartsAt        operation.Optional[time.Time] `json:"starts_at,omitempty"`
	Zone            *string                       `json:"zone,omitempty" maxLength:"64" nullable:"false"`
	Language        *string                       `json:"language,omitempty" maxLength:"35" nullable:"false"`
	MinutesLanguage *string                       `json:"minutes_language,omitempty" maxLength:"35" nullable:"false"`
	Template        *string                       `json:"template,omitempty" enum:"general,owner,standup,interview,board" nullable:"false"`
	Ephemeral       *bool                         `json:"ephemeral,omitempty" nullable:"false"`
	People          *int                          `json:"people,omitempty" minimum:"0" maximum:"50" nullable:"false"`
	ModelAllowed    *bool                         `json:"model_allowed,omitempty" nullable:"false"`
}

type meetingList struct {
	operation.Paging
	Title   string    `query:"title" maxLength:"200" doc:"Words of the title, without case."`
	Project string    `query:"project" maxLength:"120"`
	Person  string    `query:"person" maxLength:"254" doc:"Words of an attendee's name or address."`
	Stage   []string  `query:"stage" enum:"new,uploading,waiting,transcribing,drafting,draft,review,approved,failed" doc:"One or several, separated by commas."`
	From    time.Time `query:"from" doc:"Included."`
	Until   time.Time `query:"until" doc:"Excluded."`
	Sort    string    `query:"sort" enum:"newest,oldest,title,title-end,longest,shortest" default:"newest"`
}

// MeetingPath names a meeting.
type MeetingPath struct {
	ID string `path:"id" doc:"The meeting's id." example:"mtg_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

func (in MeetingPath) id() (meeting.ID, error) { return tenant.ParseID[meeting.ID](in.ID) }

type newMeeting struct{ Body NewMeeting }

type meetingChange struct {
	MeetingPath
	operation.Match
	Body MeetingChange
}

func (a *API) meetings() {
	example := map[string]any{"title": "Site meeting 12", "project": "Bridge", "attendees": []any{map[string]any{"name": "Ada Byron"}},
		"starts_at": "2026-03-12T09:00:00Z", "zone": "Europe/London", "language": "en"}
	add, noun := a.Set, "Meetings"
	operation.Add(add, operation.Operation{ID: "list-meetings", Method: http.MethodGet, Path: "/meetings", Noun: noun, Verb: gate.ListMeetings,
		Summary: "List meetings", Says: "The meetings that you may read and that match, the newest first."}, a.listMeetings)
	operation.Add(add, operation.Operation{ID: "create-meeting", Method: http.MethodPost, Path: "/meetings", Noun: noun, Verb: gate.CreateMeeting, Status: http.StatusCreated,
		Summary: "Make a meeting", Says: "A meeting without a recording yet. Upload one, or import a transcript.", Example: example}, a.createMeeting)
	operation.Add(add, operation.Operation{ID: "read-meeting", Method: http.MethodGet, Path: "/meetings/{id}", Noun: noun, Verb: gate.ReadMeeting,
		Summary: "Read a meeting", Says: "What is known of a meeting. Its ETag is what a change wants back."}, a.readMeeting)
	operation.Add(add, operation.Operation{ID: "change-meeting", Method: http.MethodPatch, Path: "/meetings/{id}", Noun: noun, Verb: gate.ChangeMeeting, IfMatch: true,
		Summary: "Change a meeting", Says: "Fields that are absent stay. Owners and dates of a draft are found anew where they depend on what changed.",
		Example: map[string]any{"title": "Site meeting 12, north bank"}}, a.changeMeeting)
	operation.Add(add, operation.Operation{ID: "delete-meeting", Method: http.MethodDelete, Path: "/meetings/{id}", Noun: noun, Verb: gate.DeleteMeeting,
		Summary: "Delete a meeting", Says: "Hides it from everybody. Nothing is destroyed, and it can be restored."}, a.deleteMeeting)
	operation.Add(add, operation.Operation{ID: "restore-meeting", Method: http.MethodPost, Path: "/meetings/{id}/restore", Noun: noun, Verb: gate.DeleteMeeting,
		Summary: "Restore a meeting", Says: "Undoes a deletion."}, a.restoreMeeting)
	operation.Add(add, operation.Operation{ID: "erase-meeting", Method: http.MethodPost, Path: "/meetings/{id}/erase", Noun: noun, Verb: gate.EraseMeeting,
		Summary: "Destroy a meeting", Says: "Destroys the keys of the meeting, its recording, transcripts and minutes. Nobody can read them again."}, a.eraseMeeting)
}

func (a *API) listMeetings(ctx context.Context, in *meetingList) (*operation.Page[Meeting], error) {
	f := meeting.Filter{Title: in.Title, Project: in.Project, Person: in.Person, Sort: meeting.Sort(in.Sort), Limit: in.Limit, Offset: in.Paging.From()}
	if in.Sort == "newest" {
		f.Sort = meeting.Newest
	}
	for _, stage := range in.Stage {
		f.Stages = append(f.Stages, meeting.Stage(stage))
	}
	if !in.From.IsZero() {
		f.From = &in.From
	}
	if !in.Until.IsZero() {
		f.Until = &in.Until
	}
	found, err := a.Meetings.List(ctx, f)
	if err != nil {
		return nil, err
	}
	var items []Meeting
	for _, m := range found.Meetings {
		items = append(items, shownMeeting(m))
	}
	return operation.PageOf(&in.Paging, items, found.Next > 0), nil
}

func (a *API) createMeeting(ctx context.Context, in *newMeeting) (*created[Meeting], error) {
	source := in.Body.Source
	if source == "" {
		source = "upload"
	}
	m, err := a.Meetings.Create(ctx, in.Body.apply(meeting.Details{ModelAllowed: true}), source, in.Body.Private)
	if err != nil {
		return nil, err
	}
	return &created[Meeting]{Location: operation.Base + "/meetings/" + m.ID.String(), Body: shownMeeting(m)}, nil
}

func (a *API) readMeeting(ctx context.Context, in *MeetingPath) (*reply[Meeting], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, err := a.Meetings.Read(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(shownMeeting(m)), nil
}

func (a *API) changeMeeting(ctx context.Context, in *meetingChange) (*reply[Meeting], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	m, err := a.Meetings.Editable(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := in.Of(shownMeeting(m)); err != nil {
		return nil, err
	}
	m, err = a.Meetings.Change(ctx, id, m.Version, in.Body.apply(m.Details()))
	if err != nil {
		return nil, operation.Stale(err)
	}
	return answer(shownMeeting(m)), nil
}

func (a *API) deleteMeeting(ctx context.Context, in *MeetingPath) (*done, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return &done{}, a.Meetings.Delete(ctx, id)
}

func (a *API) restoreMeeting(ctx context.Context, in *MeetingPath) (*reply[Meeting], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := a.Meetings.Restore(ctx, id); err != nil {
		return nil, err
	}
	m, err := a.Meetings.Editable(ctx, id)
	if err != nil {
		return nil, err
	}
	return answer(shownMeeting(m)), nil
}

func (a *API) eraseMeeting(ctx context.Context, in *MeetingPath) (*reply[Receipt], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	r, err := a.Meetings.Erase(ctx, id)
	if err != nil {
		return nil, err
	}
	return receipt(r.Records, r.At), nil
}

// apply returns the details with what is said in place of what was.
func (c MeetingChange) apply(d meeting.Details) meeting.Details {
	set(&d.Title, c.Title)
	set(&d.Project, c.Project)
	set(&d.Told.State, c.Told)
	set(&d.Told.How, c.ToldHow)
	set(&d.Glossary, c.Glossary)
	set(&d.Zone, c.Zone)
	set(&d.Language, c.Language)
	set(&d.Writing, c.MinutesLanguage)
	set(&d.Template, c.Template)
	set(&d.Ephemeral, c.Ephemeral)
	set(&d.People, c.People)
	set(&d.ModelAllowed, c.ModelAllowed)
	if c.StartsAt.Given {
		d.StartsAt = c.StartsAt.Value
	}
	if c.Attendees != nil {
		d.Attendees = nil
		for _, p := range *c.Attendees {
			d.Attendees = append(d.Attendees, meeting.Person{Name: p.Name, Email: p.Email})
		}
	}
	return d
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

func shownMeeting(m meeting.Meeting) Meeting {
	shown := Meeting{ID: m.ID.String(), Title: m.Title, Project: m.Project, Attendees: []Person{}, Told: m.Told.State, ToldHow: m.Told.How,
		Glossary: operation.Each(m.Glossary), StartsAt: operation.UTC(m.StartsAt), Zone: m.Zone, Language: m.Language, MinutesLanguage: m.Writing, Template: m.Template,
		Ephemeral: m.Ephemeral, People: m.People, ModelAllowed: m.ModelAllowed, Source: m.Source, Stage: string(m.Stage), Private: m.Private,
		Deleted: m.Deleted, Damaged: m.Damaged, DurationMS: m.DurationMS, CreatedAt: m.CreatedAt.UTC(), Version: m.Version, Access: string(m.Level)}
	if !m.CreatedBy.IsZero() {
		shown.CreatedBy = m.CreatedBy.String()
	}
	for _, p := range m.Attendees {
		shown.Attendees = append(shown.Attendees, Person{Name: p.Name, Email: p.Email})
	}
	return shown
}

func receipt(records []tenant.RecordID, at time.Time) *reply[Receipt] {
	shown := Receipt{Records: []string{}, At: at.UTC()}
	for _, id := range records {
		shown.Records = append(shown.Records, id.String())
	}
	return answer(shown)
}
