// Package minutes drafts, checks, edits and approves minutes. A draft comes from rules of language or from a model; either
// way every line passes [Evidence] before it is stored, and what does not stand on the transcript is dropped. Minutes are
// versions pinned to one version of the transcript; approving freezes one and makes it the record.
package minutes

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type noun struct{}

func (noun) Prefix() string { return "min" }

// ID names one run of a meeting's minutes.
type ID = tenant.ID[noun]

// State says whether minutes can still change.
type State string

// The states.
const (
	Draft      State = "draft"
	Review     State = "review" // a draft that somebody asked others to read
	Approved   State = "approved"
	Superseded State = "superseded"
)

// Minutes is one run with its present version.
type Minutes struct {
	document.Minutes
	ID         ID
	Record     tenant.RecordID
	Meeting    meeting.ID
	Transcript speech.ID
	Run        int
	Version    int // grows with every change; Edit and Approve want the one that was read
	State      State
	Edited     map[string]bool            // ids of lines that a person changed
	Typed      map[string]tenant.MemberID // who wrote the lines that a person added
	Dropped    int                        // lines that the draft proposed and that did not stand
	CreatedAt  time.Time
	ApprovedAt *time.Time
	ApprovedBy tenant.MemberID

	before *before // what Undo goes back to
}

// Open reports whether the minutes can still change.
func (m Minutes) Open() bool { return m.State == Draft || m.State == Review }

// Drafter writes a first draft. Its lines are checked afterwards and need not be trusted.
type Drafter interface {
	Draft(ctx context.Context, brief Brief) (document.Minutes, error)
}

// Brief is what a draft is written from.
type Brief struct {
	Group        tenant.RecordID
	TranscriptID speech.ID
	Meeting      document.Meeting
	Transcript   document.Transcript
	Template     string
	Language     string // of the minutes; empty: as spoken
	ModelAllowed bool
}

// Config is what the service stands on.
type Config struct {
	Gate    *gate.Gate
	Queue   *queue.Queue
	Source  tenant.Source
	Drafter Drafter
}

// Service drafts, reads, edits and approves minutes.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Drafter == nil {
		return nil, errors.New("minutes: Gate, Queue and Drafter are required")
	}
	return &Service{cfg}, nil
}

// Draft is the step between a transcript and its minutes: it reads in one act, drafts and checks without one, and stores the
// draft together with the step's end in another.
func (s *Service) Draft(ctx context.Context, step queue.Step) error {
	m, t, err := s.read(ctx, speech.ID(step.Input))
	if err != nil {
		return err
	}
	s.Queue.Progress(ctx, step, "drafting", 0)
	brief := Brief{Group: m.Record, TranscriptID: t.ID, Meeting: Describe(m, t), Transcript: t.Transcript, Template: m.Template, ModelAllowed: m.ModelAllowed}
	proposed, err := s.Drafter.Draft(ctx, brief)
	if err != nil {
		return fmt.Errorf("drafting minutes of meeting %s: %w", m.ID, err)
	}
	draft := Minutes{ID: tenant.NewID[ID](s.Source), Record: tenant.NewID[tenant.RecordID](s.Source), Meeting: m.ID, Transcript: t.ID,
		Version: 1, State: Draft}
	draft.Minutes, draft.Dropped = Stand(proposed, NewEvidence(t.Transcript, brief.Meeting.Attendees, t.Language))
	making := gate.Making{ID: draft.Record, Kind: "minutes", Group: m.Record, Purpose: vault.Content}
	act := gate.Act{Verb: gate.DraftMinutes, Object: step.Input, Make: []gate.Making{making}}
	return s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("lines", draft.count())
		tx.Note("dropped", draft.Dropped)
		if err := insert(ctx, tx, &draft); err != nil {
			return err
		}
		if err := meeting.Advance(ctx, tx, m.ID, meeting.Drafted); err != nil {
			return err
		}
		if err := s.Queue.Emit(ctx, tx, Drafted(draft.ID, m.Record)); err != nil {
			return err
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}

func (s *Service) read(ctx context.Context, id speech.ID) (m meeting.Meeting, t speech.Transcript, err error) {
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.BriefMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if t, err = speech.Load(ctx, tx, id); err != nil {
			return err
		}
		m, err = meeting.Load(ctx, tx, t.Meeting)
		return err
	})
	return m, t, err
}

// Describe returns the published form of what is known of a meeting.
func Describe(m meeting.Meeting, t speech.Transcript) document.Meeting {
	d := document.Meeting{Title: m.Title, Date: m.Date(), DurationMS: t.DurationMS, Attendees: m.Names()}
	if m.StartsAt != nil {
		d.Zone = &m.Zone
	}
	if lang := firstOf(m.Language, t.Language); lang != "" {
		d.Language = &lang
	}
	return d
}

func firstOf(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// Stand returns the lines of a proposal that pass, and how many did not. An owner or a date that does not stand is left
// blank and its action kept.
func Stand(proposed document.Minutes, e *Evidence) (document.Minutes, int) {
	dropped := 0
	keep := func(lines []document.Line) []document.Line {
		kept := []document.Line{}
		for _, l := range lines {
			if e.Check(l, false) == "" {
				kept = append(kept, l)
			}
		}
		dropped += len(lines) - len(kept)
		return kept
	}
	m := proposed
	m.Summary, m.Decisions, m.Questions = keep(m.Summary), keep(m.Decisions), keep(m.Questions)
	m.Topics = []document.Topic{}
	for _, t := range proposed.Topics {
		if t.Lines = keep(t.Lines); len(t.Lines) > 0 {
			m.Topics = append(m.Topics, t)
		}
	}
	m.Actions = []document.Action{}
	for _, a := range proposed.Actions {
		if e.Check(a.Line, false) != "" {
			dropped++
			continue
		}
		m.Actions = append(m.Actions, e.action(a))
	}
	return m, dropped
}

func (m Minutes) count() int {
	n := len(m.Summary) + len(m.Decisions) + len(m.Actions) + len(m.Questions)
	for _, t := range m.Topics {
		n += len(t.Lines)
	}
	return n
}

// Opened is a meeting's page: what is known of it, its newest transcript and its newest minutes; the last two are nil until
// they exist.
type Opened struct {
	Meeting    meeting.Meeting
	Transcript *speech.Transcript
	Minutes    *Minutes
}

// Open returns a meeting with its transcript and minutes, as one act.
func (s *Service) Open(ctx context.Context, id meeting.ID) (Opened, error) {
	var o Opened
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		o, err = open(ctx, tx, id)
		return err
	})
	return o, err
}

// Look returns the same for what a page asks for once it was opened: the rest of a transcript, a line's form. It is no act.
func (s *Service) Look(ctx context.Context, id meeting.ID) (Opened, error) {
	var o Opened
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		o, err = open(ctx, tx, id)
		return err
	})
	return o, err
}

func open(ctx context.Context, tx *gate.Tx, id meeting.ID) (o Opened, err error) {
	if o.Meeting, err = meeting.Load(ctx, tx, id); err != nil {
		return o, err
	}
	m, err := latest(ctx, tx, id)
	if err == nil {
		o.Minutes = &m
	} else if !fault.Is(err, fault.Missing) {
		return o, err
	}
	t, err := pinned(ctx, tx, id, o.Minutes)
	if err == nil {
		o.Transcript = &t
	}
	return o, ignoreMissing(err)
}

// pinned is the transcript that the minutes cite, and the newest where there are none yet.
func pinned(ctx context.Context, tx *gate.Tx, id meeting.ID, m *Minutes) (speech.Transcript, error) {
	if m != nil {
		return speech.Load(ctx, tx, m.Transcript)
	}
	return speech.Latest(ctx, tx, id)
}

func ignoreMissing(err error) error {
	if fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// Document returns the published form of an opened meeting. Minutes whose transcript was erased keep their quotes. It fails
// with fault.Missing until there are minutes.
func (o Opened) Document() (document.Document, error) {
	if o.Minutes == nil {
		return document.Document{}, fault.New(fault.Missing, "There are no minutes yet.")
	}
	t := speech.Transcript{Transcript: document.Transcript{Speakers: []document.Speaker{}, Turns: []document.Turn{}, Segments: []document.Segment{}},
		DurationMS: o.Meeting.DurationMS}
	if o.Transcript != nil {
		t = *o.Transcript
	}
	return document.Document{Format: document.Format, Meeting: Describe(o.Meeting, t), Transcript: t.Transcript, Minutes: o.Minutes.Minutes,
		Typed: o.Minutes.Edited}, nil
}

// Erase destroys one run of minutes.
func (s *Service) Erase(ctx context.Context, id ID) (vault.Receipt, error) {
	var receipt vault.Receipt
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EraseMinutes, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		receipt, err = tx.Erase(ctx, tx.Record())
		return err
	})
	return receipt, err
}

// EraseAll destroys every run of a meeting's minutes, each in an act of its own. It fails with fault.Missing where there is
// none.
func (s *Service) EraseAll(ctx context.Context, id meeting.ID) (vault.Receipt, error) {
	var all []ID
	err := s.Gate.View(ctx, gate.Act{Verb: gate.EraseMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = runs(ctx, tx, id)
		return err
	})
	var receipt vault.Receipt
	for _, one := range all {
		if err != nil {
			break
		}
		var part vault.Receipt
		part, err = s.Erase(ctx, one)
		receipt.Records, receipt.At = append(receipt.Records, part.Records...), part.At
	}
	return receipt, err
}
