// Package speech owns transcripts: what was said, by whom, when. A transcript is an immutable version, made from a recording
// by an engine or imported from text that somebody had already; names of speakers are a layer on top of it. Recognition and
// diarization themselves are in the packages below this one, which know no database.
package speech

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/language"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/speech/introduction"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type noun struct{}

func (noun) Prefix() string { return "trn" }

// ID names one version of a transcript.
type ID = tenant.ID[noun]

// Transcript is one version with the names that people gave its speakers. Segment ids are "1", "2", ... and speaker ids
// "s1", "s2", ... in the order of the meeting.
type Transcript struct {
	document.Transcript
	ID         ID
	Record     tenant.RecordID
	Meeting    meeting.ID
	Recording  capture.RecordingID // zero for an imported one
	Run        int
	Language   string
	DurationMS *int64
	CreatedAt  time.Time
	Introduced map[string]document.Evidence // the speakers whose name comes from their own words, with those words
}

// Recognizer turns a recording's sound into a transcript. Progress gets the phase and how much of all is done, 0 to 1. Engines
// names what Hints.Engine may be, the usual one first.
type Recognizer interface {
	Engines() []string
	Recognize(ctx context.Context, sound capture.Sound, hints Hints, progress func(phase string, done float64)) (document.Transcript, error)
}

// Hints is what people know of a meeting before it is heard.
type Hints struct {
	Language string   // BCP 47; empty: to be found
	Allowed  []string // the languages to find it among; empty: all that the engine knows
	Glossary []string // words to expect
	Speakers int      // 0: unknown
	Names    []string // attendees
	Engine   string   // one of the recognizer's engines; empty: the usual one

	Recording capture.RecordingID
	Private   bool // the meeting must never be sent to a model of others
}

// Config is what the service stands on.
type Config struct {
	Gate       *gate.Gate
	Queue      *queue.Queue
	Source     tenant.Source
	Recognizer Recognizer
	Capture    *capture.Service
}

// Service makes and reads transcripts.
type Service struct {
	Config
	listening chan struct{} // holds who is heard while they wait
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Recognizer == nil || cfg.Capture == nil {
		return nil, errors.New("speech: Gate, Queue, Recognizer and Capture are required")
	}
	return &Service{cfg, make(chan struct{}, 1)}, nil
}

// Import stores a transcript that was pasted or uploaded as text, as the meeting's newest version. Name is the file's, for
// its format; it may be empty.
func (s *Service) Import(ctx context.Context, id meeting.ID, name string, text []byte) (ID, error) {
	read, err := document.Read(name, text)
	if err != nil {
		return ID{}, err
	}
	m, err := s.group(ctx, id, gate.ImportTranscript)
	if err != nil {
		return ID{}, err
	}
	t := s.version(m, read)
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ImportTranscript, Object: id, Make: []gate.Making{t.making(m)}}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("segments", len(t.Segments))
		return s.store(ctx, tx, m, &t)
	})
	return t.ID, err
}

// group reads what a new version needs to know before its key can be made, under the decision of the act that will follow.
func (s *Service) group(ctx context.Context, id meeting.ID, verb gate.Verb) (meeting.Meeting, error) {
	var m meeting.Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: verb, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = meeting.Load(ctx, tx, id)
		return err
	})
	return m, err
}

// Transcribe is the step between a finished capture and its transcript: it opens the recording in one act, listens without
// one, and stores the transcript together with the step's end in another, so that a crash anywhere means to do it again.
func (s *Service) Transcribe(ctx context.Context, step queue.Step) error {
	var m meeting.Meeting
	var hints Hints
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.DecodeMedia, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if m, hints, err = known(ctx, tx, step.Input); err != nil {
			return err
		}
		return meeting.Advance(ctx, tx, m.ID, meeting.Transcribing)
	})
	if err != nil {
		return err
	}
	sound, err := s.Capture.Decode(ctx, capture.RecordingID(step.Input))
	if err != nil {
		return err
	}
	defer sound.Close()
	heard, err := s.Recognizer.Recognize(ctx, sound, hints, func(phase string, done float64) { s.Queue.Progress(ctx, step, phase, done) })
	if err != nil {
		return fmt.Errorf("transcribing recording of meeting %s: %w", m.ID, err)
	}
	if err := sound.Close(); err != nil {
		return err
	}
	t := s.version(m, heard)
	t.nameIntroduced(m.Names())
	length := sound.Milliseconds()
	t.Recording, t.DurationMS = capture.RecordingID(step.Input), &length
	return s.write(ctx, step, m, &t)
}

// known returns the meeting of a recording, and what people know of it before it is heard.
func known(ctx context.Context, tx *gate.Tx, recording [16]byte) (meeting.Meeting, Hints, error) {
	m, engine, err := ofRecording(ctx, tx, recording)
	if err != nil {
		return m, Hints{}, err
	}
	set, err := settings(ctx, tx)
	return m, Hints{Language: m.Language, Allowed: set.Languages, Glossary: m.Glossary, Speakers: m.People, Names: m.Names(), Engine: engine,
		Recording: capture.RecordingID(recording), Private: !m.ModelAllowed}, err
}

// write stores what a recording said and ends the step. Where the meeting keeps no sound, the recording is spent.
func (s *Service) write(ctx context.Context, step queue.Step, m meeting.Meeting, t *Transcript) error {
	act := gate.Act{Verb: gate.WriteTranscript, Object: step.Input, Make: []gate.Making{t.making(m)}}
	return s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("segments", len(t.Segments))
		before, err := Latest(ctx, tx, m.ID)
		switch {
		case err == nil && before.Recording == t.Recording:
			t.keepNames(before)
		case err != nil && !fault.Is(err, fault.Missing):
			return err
		}
		if err := s.store(ctx, tx, m, t); err != nil {
			return err
		}
		now, err := meeting.Load(ctx, tx, m.ID) // somebody may have thought otherwise meanwhile
		if err != nil {
			return err
		}
		if now.Ephemeral {
			if err := s.Queue.Emit(ctx, tx, Spent(t.Recording, m.Record)); err != nil {
				return err
			}
		}
		return s.Queue.Finish(ctx, tx, step)
	})
}

// version gives what was heard the ids of a stored transcript.
func (s *Service) version(m meeting.Meeting, heard document.Transcript) Transcript {
	t := Transcript{Transcript: numbered(heard), ID: tenant.NewID[ID](s.Source), Record: tenant.NewID[tenant.RecordID](s.Source), Meeting: m.ID}
	for _, seg := range t.Segments {
		if seg.Language != nil && t.Language == "" {
			t.Language = language.Tag(*seg.Language)
		}
		if seg.EndMS != nil && (t.DurationMS == nil || *seg.EndMS > *t.DurationMS) {
			t.DurationMS = seg.EndMS
		}
	}
	return t
}

// nameIntroduced gives the voices that say who they are the attendees' names.
func (t *Transcript) nameIntroduced(attendees []string) {
	t.Introduced = map[string]document.Evidence{}
	found := introduction.Find(t.Transcript, attendees)
	for i, s := range t.Speakers {
		if in, ok := found[s.ID]; ok {
			t.Speakers[i].Name, t.Introduced[s.ID] = &in.Name, in.By
		}
	}
}

func (t Transcript) making(m meeting.Meeting) gate.Making {
	return gate.Making{ID: t.Record, Kind: "transcript", Group: m.Record, Purpose: vault.Content}
}

// store writes a version and says so, inside the act that made it.
func (s *Service) store(ctx context.Context, tx *gate.Tx, m meeting.Meeting, t *Transcript) error {
	if err := insert(ctx, tx, t); err != nil {
		return err
	}
	if err := meeting.Learn(ctx, tx, m.ID, t.DurationMS, t.Language); err != nil {
		return err
	}
	if err := meeting.Advance(ctx, tx, m.ID, meeting.Drafting); err != nil {
		return err
	}
	return s.Queue.Emit(ctx, tx, Transcribed(t.ID, m.Record))
}

// numbered renames segments and speakers to their places in the meeting.
func numbered(t document.Transcript) document.Transcript {
	names := make(map[string]string, len(t.Speakers))
	speakers := make([]document.Speaker, len(t.Speakers))
	for i, sp := range t.Speakers {
		names[sp.ID] = speakerID(i + 1)
		speakers[i] = document.Speaker{ID: speakerID(i + 1), Name: sp.Name}
	}
	segments := make([]document.Segment, len(t.Segments))
	for i, seg := range t.Segments {
		seg.ID = strconv.Itoa(i + 1)
		if seg.Speaker != nil {
			id, ok := names[*seg.Speaker]
			seg.Speaker = nil
			if ok {
				seg.Speaker = &id
			}
		}
		segments[i] = seg
	}
	turns := make([]document.Turn, 0, len(t.Turns))
	for _, turn := range t.Turns {
		if id, ok := names[turn.Speaker]; ok {
			turn.Speaker = id
			turns = append(turns, turn)
		}
	}
	t.Speakers, t.Segments, t.Turns = speakers, segments, turns
	return t
}

func speakerID(number int) string { return "s" + strconv.Itoa(number) }

func speakerNumber(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "s"))
	return n
}

// NameSpeaker says who a voice is, everywhere it was heard. An empty name takes the name back. Owners and dates in the
// minutes are resolved anew.
func (s *Service) NameSpeaker(ctx context.Context, id ID, speaker, name string) error {
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) > 120 {
		return fault.New(fault.Invalid, "A name has at most 120 characters.")
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.NameSpeaker, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		was, err := namedBefore(ctx, tx, id, speakerNumber(speaker))
		if err != nil {
			return err
		}
		was.Before = nil
		if err := rename(ctx, tx, id, speakerNumber(speaker), sealedSpeaker{Name: name, Before: &was}); err != nil {
			return err
		}
		return s.Queue.Again(ctx, tx, Named(id, tx.Group()))
	})
}

// UndoName gives a speaker back the name from before the last NameSpeaker, which may be none. It fails with fault.Conflict
// where nothing was named.
func (s *Service) UndoName(ctx context.Context, id ID, speaker string) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.NameSpeaker, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		now, err := namedBefore(ctx, tx, id, speakerNumber(speaker))
		if err != nil {
			return err
		}
		if now.Before == nil {
			return fault.New(fault.Conflict, "There is no name to take back.")
		}
		tx.Note("undo", true)
		if err := rename(ctx, tx, id, speakerNumber(speaker), *now.Before); err != nil {
			return err
		}
		return s.Queue.Again(ctx, tx, Named(id, tx.Group()))
	})
}

// Erase destroys one version of a transcript; its minutes stay, with the quotes that they hold.
func (s *Service) Erase(ctx context.Context, id ID) (vault.Receipt, error) {
	var receipt vault.Receipt
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EraseTranscript, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		receipt, err = tx.Erase(ctx, tx.Record())
		return err
	})
	return receipt, err
}

// EraseAll destroys every version of a meeting's transcript, each in an act of its own. It fails with fault.Missing where there
// is none.
func (s *Service) EraseAll(ctx context.Context, id meeting.ID) (vault.Receipt, error) {
	var all []ID
	err := s.Gate.View(ctx, gate.Act{Verb: gate.EraseMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = versions(ctx, tx, id)
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
