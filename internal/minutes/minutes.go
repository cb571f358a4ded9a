// Package minutes drafts, checks, edits and approves minutes. A draft comes from rules of language or from a model; either
// way every line passes package evidence before it is stored, and what does not stand on the transcript is dropped. Minutes are
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
	"mainstay/internal/minutes/evidence"
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
	Unfound    map[string]bool            // ids of lines whose words, as a person changed them, are not in what they cite
	Translated map[string]bool            // ids of lines in another language than their quotes
	Dropped    int                        // lines that the draft proposed and that did not stand
	CreatedAt  time.Time
	ApprovedAt *time.Time
	ApprovedBy tenant.MemberID

	settled map[string]bool // carried items that are no longer open, by their ids
	before  *before         // what Undo goes back to
}

// Open reports whether the minutes can still change.
func (m Minutes) Open() bool { return m.State == Draft || m.State == Review }

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
// draft together with the step's end in another. Names that were given meanwhile start the step that resolves them.
func (s *Service) Draft(ctx context.Context, step queue.Step) error {
	m, t, err := s.read(ctx, speech.ID(step.Input))
	if err != nil {
		return err
	}
	s.Queue.Progress(ctx, step, "drafting", 0)
	brief := Brief{Group: m.Record, TranscriptID: t.ID, Meeting: Describe(m, t), Transcript: t.Transcript, Template: m.Template,
		Language: m.Writing, ModelAllowed: m.ModelAllowed}
	proposed, err := s.Drafter.Draft(ctx, brief)
	if err != nil {
		return fmt.Errorf("drafting minutes of meeting %s: %w", m.ID, err)
	}
	stands := Stand(proposed, evidence.New(brief.Meeting, t.Transcript))
	draft := Minutes{Minutes: stands.Minutes, ID: tenant.NewID[ID](s.Source), Record: tenant.NewID[tenant.RecordID](s.Source), Meeting: m.ID,
		Transcript: t.ID, Version: 1, State: Draft, Dropped: stands.Dropped, Translated: stands.Translated}
	making := gate.Making{ID: draft.Record, Kind: "minutes", Group: m.Record, Purpose: vault.Content}
	act := gate.Act{Verb: gate.DraftMinutes, Object: step.Input, Make: []gate.Making{making}}
	return s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("lines", count(draft.Minutes))
		tx.Note("dropped", draft.Dropped)
		if err := insert(ctx, tx, &draft); err != nil {
			return err
		}
		if err := meeting.Advance(ctx, tx, m.ID, meeting.Drafted); err != nil {
			return err
		}
		if err := s.caughtUp(ctx, tx, m, t); err != nil {
			return err
		}
		if err := s.Queue.Emit(ctx, tx, Drafted(draft.ID, m.Record)); err != nil {
			return err
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}

// caughtUp says anew that speakers were named where they, or the meeting's details, changed since a draft was begun.
func (s *Service) caughtUp(ctx context.Context, tx *gate.Tx, m meeting.Meeting, t speech.Transcript) error {
	now, err := meeting.Load(ctx, tx, m.ID)
	if err != nil {
		return err
	}
	speakers, err := speech.Speakers(ctx, tx, t)
	if err != nil {
		return err
	}
	for i, sp := range speakers {
		if now.Version == m.Version && same(sp.Name, t.Speakers[i].Name) {
			continue
		}
		return s.Queue.Again(ctx, tx, speech.Named(t.ID, m.Record))
	}
	return nil
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

// count is how many lines minutes have.
func count(m document.Minutes) int {
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
	Record     ID // the run that is the record, where these minutes are a newer draft; else zero
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

// OpenRun is Open with one run of the minutes in place of the newest: what was approved stays readable beside a newer draft.
func (s *Service) OpenRun(ctx context.Context, id meeting.ID, run ID) (Opened, error) {
	var o Opened
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if o.Meeting, err = meeting.Load(ctx, tx, id); err != nil {
			return err
		}
		m, err := load(ctx, tx, run)
		if err == nil && m.Meeting != id {
			err = fault.New(fault.Missing, "There are no such minutes.")
		}
		if err != nil {
			return err
		}
		o.Minutes = &m
		t, err := pinned(ctx, tx, id, &m)
		if err == nil {
			o.Transcript = &t
		}
		return ignoreMissing(err)
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
		err = m.carry(ctx, tx, o.Meeting)
	}
	if err != nil && !fault.Is(err, fault.Missing) {
		return o, err
	}
	if o.Minutes != nil && o.Minutes.Open() {
		if o.Record, err = approved(ctx, tx, id); err != nil {
			return o, err
		}
	}
	t, err := pinned(ctx, tx, id, o.Minutes)
	if err == nil {
		o.Transcript = &t
	}
	if err == nil && o.Minutes != nil && o.Minutes.Open() {
		o.Minutes.called(t.Speakers)
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

// Gist returns the summary of a meeting's newest minutes, nothing where there are none, inside an act of whoever may read them.
func Gist(ctx context.Context, tx *gate.Tx, id meeting.ID) ([]string, error) {
	m, err := latest(ctx, tx, id)
	if err != nil {
		return nil, ignoreMissing(err)
	}
	var lines []string
	for _, l := range m.Summary {
		lines = append(lines, l.Text)
	}
	return lines, nil
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
		Typed: o.Minutes.Edited, Unfound: o.Minutes.Unfound, Translated: o.Minutes.Translated}, nil
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
