// Package meeting owns meetings: what they are called, when they were, who was there, and how far they have come from a
// recording to approved minutes. A meeting is the record that leads a group; its recording, transcripts and minutes are
// records below it. Its neighbours in the product layer may import it; it imports none of them.
package meeting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/language"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type noun struct{}

func (noun) Prefix() string { return "mtg" }

// ID names a meeting.
type ID = tenant.ID[noun]

// Stage is how far a meeting has come. It is what lists sort and filter by; the work itself is in the queue.
type Stage string

// The stages, in their usual order.
const (
	Begun        Stage = "new"
	Uploading    Stage = "uploading"
	Waiting      Stage = "waiting"
	Transcribing Stage = "transcribing"
	Drafting     Stage = "drafting"
	Drafted      Stage = "draft"
	Review       Stage = "review"
	Approved     Stage = "approved"
	Failed       Stage = "failed"
)

// Person is somebody who was there, as the organizer wrote it.
type Person struct {
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// Told says whether the participants were told that the meeting is recorded.
type Told struct {
	State string `json:"-"`             // "yes", "no" or "unknown"
	How   string `json:"how,omitempty"` // in the organizer's words
}

// Meeting is one meeting as its readers see it.
type Meeting struct {
	ID           ID
	Record       tenant.RecordID
	Title        string
	Project      string // a label in the organizer's words, empty for none
	Attendees    []Person
	Told         Told
	Glossary     []string   // words that the recognizer should expect
	StartsAt     *time.Time // UTC; nil if unknown
	Zone         string     // IANA
	Language     string     // BCP 47; empty: to be found
	Writing      string     // BCP 47, of the minutes; empty: as spoken
	Template     string
	Ephemeral    bool // the recording is destroyed when its transcript is safe
	People       int  // how many speak, 0 if unknown
	ModelAllowed bool // false: never send this meeting to a model
	Source       string
	Stage        Stage
	Private      bool
	Deleted      bool
	Damaged      bool // its sealed part does not open: Title is a sentence that says so
	DurationMS   *int64
	CreatedBy    tenant.MemberID
	CreatedAt    time.Time
	Version      int        // grows with every change; Change wants the one that was read
	Level        gate.Level // what the reader may do with it
}

// Date returns the meeting's date in its own zone as RFC 3339, nil if unknown.
func (m Meeting) Date() *string {
	if m.StartsAt == nil {
		return nil
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		zone = time.UTC
	}
	date := m.StartsAt.In(zone).Format(time.DateOnly)
	return &date
}

// Names returns the attendees' names.
func (m Meeting) Names() []string {
	names := make([]string, 0, len(m.Attendees))
	for _, p := range m.Attendees {
		names = append(names, p.Name)
	}
	return names
}

// Templates lists the kinds of meeting that minutes are laid out for.
func Templates() []string { return []string{"general", "owner", "standup", "interview", "board"} }

// Details is what its organizer says of a meeting and may change later.
type Details struct {
	Title        string
	Project      string
	Attendees    []Person
	Told         Told
	Glossary     []string
	StartsAt     *time.Time
	Zone         string
	Language     string
	Writing      string
	Template     string
	Ephemeral    bool
	People       int
	ModelAllowed bool
}

// Config is what the service stands on.
type Config struct {
	Gate   *gate.Gate
	Queue  *queue.Queue // hears of changes; may be nil where nobody works on them
	Source tenant.Source
}

// Service makes, lists, changes and deletes meetings.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Source.Now == nil {
		return nil, errors.New("meeting: Gate and Source are required")
	}
	return &Service{cfg}, nil
}

// Create makes a meeting that leads a record group of its own. A private one is seen by its maker and whom it is shared with.
func (s *Service) Create(ctx context.Context, d Details, source string, private bool) (Meeting, error) {
	d, err := d.checked()
	if err != nil {
		return Meeting{}, err
	}
	id, record := tenant.NewID[ID](s.Source), tenant.NewID[tenant.RecordID](s.Source)
	making := gate.Making{ID: record, Kind: "meeting", Private: private, Purpose: vault.Content}
	var m Meeting
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.CreateMeeting, Make: []gate.Making{making}}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("told", d.Told.State)
		tx.Note("meeting", id.String())
		m = Meeting{ID: id, Record: record, Source: source, Stage: Begun, Private: private, CreatedAt: tx.Now(), Version: 1, Level: gate.Manager}
		m.CreatedBy = tx.Actor().Member
		m.apply(d)
		return insert(ctx, tx, m)
	})
	return m, err
}

// Read returns a meeting. Opening it is an act that leaves an event.
func (s *Service) Read(ctx context.Context, id ID) (Meeting, error) {
	var m Meeting
	var r row
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id, Ahead: r.ahead(id)}, func(ctx context.Context, tx *gate.Tx) (err error) {
		r.Private = tx.Private()
		m, err = r.open(ctx, tx, r.err)
		return err
	})
	return m, err
}

// Look returns a meeting for what a page asks for once it was opened. It is no act.
func (s *Service) Look(ctx context.Context, id ID) (Meeting, error) {
	var m Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = Load(ctx, tx, id)
		return err
	})
	return m, err
}

// MayCreate fails with fault.Denied where the actor may not make meetings. It is part of the form and no act of its own.
func (s *Service) MayCreate(ctx context.Context) error {
	return s.Gate.View(ctx, gate.Act{Verb: gate.CreateMeeting}, func(context.Context, *gate.Tx) error { return nil })
}

// MayList fails with fault.Denied or fault.Missing for who may not list meetings. It is for what offers that, and no act of its own.
func (s *Service) MayList(ctx context.Context) error {
	return s.Gate.View(ctx, gate.Act{Verb: gate.ListMeetings}, func(context.Context, *gate.Tx) error { return nil })
}

// Editable returns a meeting to who may change it. It is part of the form and no act of its own.
func (s *Service) Editable(ctx context.Context, id ID) (Meeting, error) {
	var m Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChangeMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = Load(ctx, tx, id)
		return err
	})
	return m, err
}

// Erasable returns a meeting to who may destroy it. It is part of the form and no act of its own.
func (s *Service) Erasable(ctx context.Context, id ID) (Meeting, error) {
	var m Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.EraseMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = Load(ctx, tx, id)
		return err
	})
	return m, err
}

// Change replaces a meeting's details; owners and dates of a draft are resolved anew where they depend on them. It fails with fault.Conflict unless version is the one that was read.
func (s *Service) Change(ctx context.Context, id ID, version int, d Details) (Meeting, error) {
	d, err := d.checked()
	if err != nil {
		return Meeting{}, err
	}
	var m Meeting
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if m, err = Load(ctx, tx, id); err != nil {
			return err
		}
		if m.Version != version {
			return fault.New(fault.Conflict, "Somebody else changed this meeting meanwhile. Reload the page and try again.")
		}
		if m.Told != d.Told {
			tx.Note("told", d.Told.State)
		}
		matters := m.decides(d)
		m.apply(d)
		m.Version++
		if err := update(ctx, tx, m); err != nil || s.Queue == nil || !matters {
			return err
		}
		return s.Queue.Again(ctx, tx, Changed(id, m.Record))
	})
	return m, err
}

// decides reports whether other details mean other owners or dates in a draft that exists. One that is being made looks for
// itself whether they changed.
func (m Meeting) decides(d Details) bool {
	if m.Stage != Drafted && m.Stage != Review {
		return false
	}
	begins := m.StartsAt == d.StartsAt || m.StartsAt != nil && d.StartsAt != nil && m.StartsAt.Equal(*d.StartsAt)
	return !begins || m.Zone != d.Zone || m.Language != d.Language || !slices.Equal(m.Names(), Meeting{Attendees: d.Attendees}.Names())
}

// Delete hides a meeting from everybody. Nothing is destroyed until [Service.Erase]; [Service.Restore] undoes it.
func (s *Service) Delete(ctx context.Context, id ID) error {
	return s.hide(ctx, id, true)
}

// Restore undoes a Delete.
func (s *Service) Restore(ctx context.Context, id ID) error {
	return s.hide(ctx, id, false)
}

func (s *Service) hide(ctx context.Context, id ID, hidden bool) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.DeleteMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("hidden", hidden)
		return setHidden(ctx, tx, id, hidden)
	})
}

// Erase destroys the keys of a meeting and of all that belongs to it. What they sealed cannot be read again by anybody.
func (s *Service) Erase(ctx context.Context, id ID) (vault.Receipt, error) {
	var receipt vault.Receipt
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EraseMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		tx.Note("record", tx.Record().String())
		receipt, err = tx.Erase(ctx, tx.Record())
		return err
	})
	return receipt, err
}

func (m *Meeting) apply(d Details) {
	m.Title, m.Project, m.Attendees, m.Told, m.Glossary = d.Title, d.Project, d.Attendees, d.Told, d.Glossary
	m.StartsAt, m.Zone, m.Language, m.Writing, m.Template = d.StartsAt, d.Zone, d.Language, d.Writing, d.Template
	m.Ephemeral, m.People, m.ModelAllowed = d.Ephemeral, d.People, d.ModelAllowed
}

// Details returns the part of a meeting that its organizer may change.
func (m Meeting) Details() Details {
	return Details{Title: m.Title, Project: m.Project, Attendees: m.Attendees, Told: m.Told, Glossary: m.Glossary, StartsAt: m.StartsAt, Zone: m.Zone,
		Language: m.Language, Writing: m.Writing, Template: m.Template, Ephemeral: m.Ephemeral, People: m.People, ModelAllowed: m.ModelAllowed}
}

// The limits of what a person may write about a meeting.
const (
	maxTitle     = 200
	maxAttendees = 200
	maxName      = 120
	maxPeople    = 50
	maxGlossary  = 100
)

// checked returns the details with blanks filled in and spaces trimmed. It fails with fault.Invalid.
func (d Details) checked() (Details, error) {
	d.Title, d.Project = strings.Join(strings.Fields(d.Title), " "), strings.Join(strings.Fields(d.Project), " ")
	if d.Title == "" {
		d.Title = "Untitled meeting"
	}
	if d.Zone == "" {
		d.Zone = "UTC"
	}
	if d.Template == "" {
		d.Template = "general"
	}
	if d.Told.State == "" {
		d.Told.State = "unknown"
	}
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "Local" {
		return d, fault.Wrap(fault.Invalid, "This time zone is unknown. Choose one from the list, such as Europe/London.", fmt.Errorf("zone %d characters", len(d.Zone)))
	}
	people, err := checkedPeople(d.Attendees)
	if err != nil {
		return d, err
	}
	d.Attendees = people
	return d, d.check()
}

func (d Details) check() error {
	switch {
	case utf8.RuneCountInString(d.Title) > maxTitle:
		return fault.New(fault.Invalid, "The title is longer than 200 characters. Shorten it.")
	case utf8.RuneCountInString(d.Project) > maxName:
		return fault.New(fault.Invalid, "The project's name is longer than 120 characters. Shorten it.")
	case !known(Templates(), d.Template):
		return fault.New(fault.Invalid, "There is no such kind of meeting. Choose one from the list.")
	case !known([]string{"yes", "no", "unknown"}, d.Told.State):
		return fault.New(fault.Invalid, "Say whether the participants were told: yes, no or unknown.")
	case utf8.RuneCountInString(d.Told.How) > maxTitle:
		return fault.New(fault.Invalid, "Say in at most 200 characters how the participants were told.")
	case d.People < 0 || d.People > maxPeople:
		return fault.New(fault.Invalid, "The number of speakers is between 1 and 50, or left open.")
	case d.Language != "" && language.Tag(d.Language) == "", d.Writing != "" && language.Tag(d.Writing) == "":
		return fault.New(fault.Invalid, "There is no such language. Choose one from the list.")
	case len(d.Glossary) > maxGlossary:
		return fault.New(fault.Invalid, "A glossary has at most 100 words.")
	}
	return nil
}

func checkedPeople(people []Person) ([]Person, error) {
	var kept []Person
	for _, p := range people {
		p.Name, p.Email = strings.Join(strings.Fields(p.Name), " "), strings.TrimSpace(p.Email)
		if p.Name == "" && p.Email == "" {
			continue
		}
		if utf8.RuneCountInString(p.Name) > maxName || len(p.Email) > 254 {
			return nil, fault.New(fault.Invalid, "A name has at most 120 characters, an e-mail address 254.")
		}
		kept = append(kept, p)
	}
	if len(kept) > maxAttendees {
		return nil, fault.New(fault.Invalid, "A meeting has at most 200 attendees.")
	}
	return kept, nil
}

func known(all []string, one string) bool {
	for _, s := range all {
		if s == one {
			return true
		}
	}
	return false
}
