package speech_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/speech"
)

func TestImportStoresWhatIsThereAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	m, err := s.meetings.Create(s.owner, meeting.Details{Title: "Pasted"}, "paste", false)
	check(t, err)
	if _, err := s.latest(m.ID); !fault.Is(err, fault.Missing) {
		t.Errorf("a transcript before there is one: %v, want fault.Missing", err)
	}
	id, err := s.speech.Import(s.owner, m.ID, "a.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.500\n<v Ada>We agreed.\n\n00:03.000 --> 00:04.000\nUnknown voice.\n"))
	check(t, err)
	got := s.mustLatest(t, m.ID)
	if got.ID != id || got.Run != 1 || got.Engine.Name != "import" || !got.Recording.IsZero() || *got.DurationMS != 4000 {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"Ada: We agreed.", "?: Unknown voice."}, said(got)); diff != "" {
		t.Error(diff)
	}
	if _, err := s.speech.Import(s.owner, m.ID, "b.txt", []byte("Ada: We changed our minds.")); err != nil {
		t.Fatal(err)
	}
	if got := s.mustLatest(t, m.ID); got.Run != 2 || got.Segments[0].StartMS != nil || got.Turns == nil {
		t.Errorf("the second version: %+v", got)
	}
	if _, err := s.speech.Import(s.owner, m.ID, "c.vtt", []byte(" ")); !fault.Is(err, fault.Invalid) {
		t.Errorf("Import of nothing = %v, want fault.Invalid", err)
	}
	s.drain(t)
	if n := s.count(t, "transcript"); n != 2 || !slices.Equal(s.done, []string{draft, draft}) {
		t.Errorf("%d transcripts, then the steps %v", n, s.done)
	}
}

func TestTranscribeStoresWhatWasHeard(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	check(t, s.speech.ChangeSettings(s.owner, speech.Settings{Languages: []string{"en", "de-ch"}}))
	s.ear.heard = talk("B: We need the drawings.", "A: I will send them.", "?: Fine.", "B: Thanks.")
	unsure := 0.31
	s.ear.heard.Segments[1].Confidence, s.ear.heard.Segments[1].Words[0].Confidence = &unsure, &unsure
	m, recording := s.record(t, meeting.Details{Title: "Site", Language: "en-GB", Glossary: []string{"rebar"}, People: 2, Attendees: []meeting.Person{{Name: "Ada Byron"}}})
	s.drain(t)

	want := speech.Hints{Language: "en-GB", Allowed: []string{"en", "de-CH"}, Glossary: []string{"rebar"}, Speakers: 2, Names: []string{"Ada Byron"},
		Recording: recording, Private: true}
	if diff := cmp.Diff([]speech.Hints{want}, s.ear.hints); diff != "" {
		t.Error(diff)
	}
	got := s.mustLatest(t, m)
	if got.Recording != recording || got.Run != 1 || got.Language != "en" || *got.DurationMS != 2000 || got.Meeting != m {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"s1: We need the drawings.", "s2: I will send them.", "?: Fine.", "s1: Thanks."}, said(got)); diff != "" {
		t.Error(diff)
	}
	if second := got.Segments[1]; second.ID != "2" || *second.Confidence != unsure || *second.Words[0].Confidence != unsure {
		t.Errorf("what was hardly understood lost its doubt: %+v", second)
	}
	if diff := cmp.Diff([]document.Turn{{Speaker: "s1", StartMS: 0, EndMS: 900}, {Speaker: "s2", StartMS: 1000, EndMS: 1900}, {Speaker: "s1", StartMS: 3000, EndMS: 3900}}, got.Turns); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(s.done, []string{transcribe, draft}) {
		t.Errorf("steps %v", s.done)
	}
	if read, err := s.meetings.Read(s.owner, m); err != nil || read.Stage != meeting.Drafting || *read.DurationMS != 2000 {
		t.Errorf("the meeting is %+v, %v", read, err)
	}
}

func TestChannelsReachTheRecognizer(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	channels, expected := 0, 0.0
	s.ear.heard = talk("A: Hello.")
	m, err := s.meetings.Create(s.owner, meeting.Details{}, "upload", false)
	check(t, err)
	call := stereo(t)
	_, err = s.capture.Put(s.owner, m.ID, "call.wav", int64(len(call)), bytes.NewReader(call))
	check(t, err)
	listening := &channelEar{ear: s.ear, channels: &channels, expected: &expected}
	s.speech.Recognizer = listening
	s.drain(t)
	if channels != 2 || expected < 11 || expected > 13 {
		t.Errorf("%d channels of %v s, want 2 of 12 s", channels, expected)
	}
	if rec, err := s.capture.Of(s.owner, m.ID); err != nil || rec.Channels != 2 || *rec.DurationMS != 12_000 {
		t.Errorf("the recording is %+v, %v", rec, err)
	}
}

// channelEar notes what it is given.
type channelEar struct {
	*ear
	channels *int
	expected *float64
}

// Recognize implements speech.Recognizer.
func (e *channelEar) Recognize(ctx context.Context, sound capture.Sound, hints speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	*e.channels, *e.expected = sound.Channels(), sound.Expected()
	return e.ear.Recognize(ctx, sound, hints, progress)
}

func TestANameIsEverywhereAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: I will order it.", "B: Good.", "A: On Friday.")
	m, _ := s.record(t, meeting.Details{})
	s.drain(t)
	id := s.mustLatest(t, m).ID
	check(t, s.speech.NameSpeaker(s.owner, id, "s1", "  Grace   Hopper "))
	if diff := cmp.Diff([]string{"Grace Hopper: I will order it.", "s2: Good.", "Grace Hopper: On Friday."}, said(s.mustLatest(t, m))); diff != "" {
		t.Error(diff)
	}
	check(t, s.speech.NameSpeaker(s.owner, id, "s1", "Grace Murray Hopper"))
	check(t, s.speech.NameSpeaker(s.owner, id, "s1", ""))
	if got := s.mustLatest(t, m); got.Speakers[0].Name != nil {
		t.Errorf("a name that was taken back is still %q", *got.Speakers[0].Name)
	}
	s.drain(t)
	if !slices.Contains(s.done, resolve) {
		t.Errorf("owners and dates were not resolved anew: %v", s.done)
	}
	for speaker, name := range map[string]string{"s3": "Nobody", "s0": "Nobody", "x": "Nobody", "": "Nobody"} {
		if err := s.speech.NameSpeaker(s.owner, id, speaker, name); !fault.Is(err, fault.Missing) {
			t.Errorf("naming %q = %v, want fault.Missing", speaker, err)
		}
	}
	if err := s.speech.NameSpeaker(s.owner, id, "s1", strings.Repeat("x", 121)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a long name = %v, want fault.Invalid", err)
	}
}

func TestErasedIsUnreadable(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: The first version.")
	m, _ := s.record(t, meeting.Details{})
	s.drain(t)
	first := s.mustLatest(t, m)
	s.ear.heard = talk("A: The second version.")
	check(t, s.speech.RunAgain(s.owner, m, ""))
	s.drain(t)
	second := s.mustLatest(t, m)
	receipt, err := s.speech.Erase(s.owner, second.ID)
	if err != nil || !slices.Contains(receipt.Records, second.Record) {
		t.Fatalf("Erase = %+v, %v", receipt, err)
	}
	if got := s.mustLatest(t, m); got.ID != first.ID || got.Segments[0].Text != "The first version." {
		t.Errorf("the version before is %+v", got)
	}
	if err := s.speech.NameSpeaker(s.owner, second.ID, "s1", "Ada"); !fault.Is(err, fault.Missing) {
		t.Errorf("naming a speaker of what was erased = %v, want fault.Missing", err)
	}
	if _, err := s.speech.Erase(s.owner, second.ID); err != nil && !fault.Is(err, fault.Missing) {
		t.Errorf("erasing again = %v", err)
	}
}

// TestACrashGivesOneTranscript ends the work in several places and does it again.
func TestACrashGivesOneTranscript(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(*studio, *testing.T){
		"the engine broke off twice":     func(s *studio, _ *testing.T) { s.ear.fails = []error{errors.New("crashed"), errors.New("crashed")} },
		"the engine was not there":       func(s *studio, _ *testing.T) { s.ear.fails = []error{fault.New(fault.Busy, "The engine is missing.")} },
		"the engine panicked":            func(s *studio, _ *testing.T) { s.ear.while = once(func(context.Context) { panic("native code") }) },
		"another worker had done it":     func(s *studio, t *testing.T) { s.ear.while = once(func(context.Context) { s.steal(t); s.drain(t) }) },
		"the database failed at the end": func(s *studio, t *testing.T) { s.ear.while = once(func(context.Context) { s.breakOnce(t) }) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t)
			s.ear.heard = talk("A: We agreed.", "B: Yes.")
			m, _ := s.record(t, meeting.Details{})
			crash(s, t)
			for range 4 {
				s.drain(t)
				s.Clock.Advance(10 * time.Minute)
			}
			if n := s.count(t, "transcript"); n != 1 {
				t.Fatalf("%d transcripts, want 1; steps %+v", n, s.steps(t, m))
			}
			if diff := cmp.Diff([]string{"s1: We agreed.", "s2: Yes."}, said(s.mustLatest(t, m))); diff != "" {
				t.Error(diff)
			}
			if n := s.count(t, "segment"); n != 2 {
				t.Errorf("%d segments, want 2", n)
			}
			if states := s.states(t); states[draft] != 1 {
				t.Errorf("%d drafts were begun, want 1", states[draft])
			}
		})
	}
}

func once(f func(context.Context)) func(context.Context) {
	done := false
	return func(ctx context.Context) {
		if !done {
			done = true
			f(ctx)
		}
	}
}

// steal makes the running step another worker's to take, as its lease's end does.
func (s *studio) steal(t *testing.T) {
	_, err := s.Admin.Exec(t.Context(), `update tenant.step set state = 'waiting', lease_until = null where state = 'running'`)
	check(t, err)
}

// breakOnce lets the next transcript fail where it is stored, and only that one.
func (s *studio) breakOnce(t *testing.T) {
	_, err := s.Admin.Exec(t.Context(), `
create sequence broken;
create function refuse() returns trigger language plpgsql as $$ begin
    if nextval('broken') = 1 then raise exception 'broken'; end if; return new; end $$;
grant usage on sequence broken to public;
create trigger broken before insert on tenant.segment for each row execute function refuse();`)
	check(t, err)
}

// states counts the steps by kind.
func (s *studio) states(t *testing.T) map[string]int {
	t.Helper()
	kinds := map[string]int{}
	rows, err := s.Admin.Query(t.Context(), `select kind from tenant.step`)
	check(t, err)
	defer rows.Close()
	for rows.Next() {
		var kind string
		check(t, rows.Scan(&kind))
		kinds[kind]++
	}
	return kinds
}

func TestAMissingEngineParksTheWorkWithASentence(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: We agreed.")
	s.ear.fails = []error{fault.New(fault.Busy, "The speech models are missing. Run mainstay models pull.")}
	m, _ := s.record(t, meeting.Details{})
	s.drain(t)
	step := s.steps(t, m)[0]
	if step.State != "waiting" || step.Reason != "The speech models are missing. Run mainstay models pull." {
		t.Errorf("the step is %+v", step)
	}
	if _, err := s.latest(m); !fault.Is(err, fault.Missing) {
		t.Errorf("there is a transcript: %v", err)
	}
	s.Clock.Advance(time.Minute)
	s.drain(t)
	if got := s.mustLatest(t, m); len(got.Segments) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestCancelledWorkStoresNothing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: We agreed.")
	m, _ := s.record(t, meeting.Details{})
	s.ear.while = func(context.Context) { check(t, s.queue.Cancel(s.owner, s.steps(t, m)[0].ID)) }
	s.drain(t)
	if n := s.count(t, "transcript"); n != 0 || s.steps(t, m)[0].State != "cancelled" {
		t.Errorf("%d transcripts, step %+v", n, s.steps(t, m)[0])
	}
}

// TestWhatIsNotKeptIsDestroyed is about meetings whose recording goes when its transcript is safe.
func TestWhatIsNotKeptIsDestroyed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: Off the record.")
	kept, keptRecording := s.record(t, meeting.Details{Title: "Kept"})
	gone, goneRecording := s.record(t, meeting.Details{Title: "Not kept", Ephemeral: true})
	if p, err := s.capture.Play(s.owner, goneRecording); err != nil || p.ReadSeeker == nil {
		t.Fatalf("before its transcript it plays: %v", err)
	}
	s.drain(t)
	if _, err := s.capture.Play(s.member(t), goneRecording); !fault.Is(err, fault.Missing) {
		t.Errorf("after it, Play = %v, want fault.Missing", err)
	}
	if _, err := s.capture.Decode(s.As(t, gate.Transcriber), goneRecording); !fault.Is(err, fault.Missing) {
		t.Errorf("Decode = %v, want fault.Missing", err)
	}
	if rec, err := s.capture.Of(s.owner, gone); err != nil || rec.State != "erased" || rec.Name != "" {
		t.Errorf("the recording is %+v, %v", rec, err)
	}
	if diff := cmp.Diff([]string{"s1: Off the record."}, said(s.mustLatest(t, gone))); diff != "" {
		t.Errorf("the transcript: %s", diff)
	}
	if err := s.speech.RunAgain(s.owner, gone, ""); !fault.Is(err, fault.Ended) {
		t.Errorf("RunAgain = %v, want fault.Ended", err)
	}
	if _, err := s.capture.Play(s.member(t), keptRecording); err != nil {
		t.Errorf("the other recording does not play: %v", err)
	}
	if len(s.mustLatest(t, kept).Segments) != 1 {
		t.Error("the other transcript is gone")
	}
}

func (s *studio) member(t *testing.T) context.Context { return s.Member(t, gate.Member) }

// TestThoughtOtherwiseMeanwhile changes whether a recording is kept while it is listened to.
func TestThoughtOtherwiseMeanwhile(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: Off the record.")
	for _, ephemeral := range []bool{true, false} {
		m, recording := s.record(t, meeting.Details{Ephemeral: !ephemeral})
		s.ear.while = once(func(context.Context) {
			now, err := s.meetings.Read(s.owner, m)
			check(t, err)
			d := now.Details()
			d.Ephemeral = ephemeral
			_, err = s.meetings.Change(s.owner, m, now.Version, d)
			check(t, err)
		})
		s.drain(t)
		if _, err := s.capture.Play(s.owner, recording); fault.Is(err, fault.Missing) != ephemeral {
			t.Errorf("not kept: %v; Play = %v", ephemeral, err)
		}
	}
}

// TestAFailedTranscriptKeepsItsRecording fails for good: the only source of the words must stay.
func TestAFailedTranscriptKeepsItsRecording(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.fails = []error{fault.New(fault.Invalid, "There is no sound.")}
	m, recording := s.record(t, meeting.Details{Ephemeral: true})
	s.drain(t)
	if step := s.steps(t, m)[0]; step.State != "dead" || step.Reason != "There is no sound." {
		t.Errorf("the step is %+v", step)
	}
	if _, err := s.capture.Play(s.owner, recording); err != nil {
		t.Errorf("Play = %v", err)
	}
	s.ear.heard = talk("A: There is.")
	check(t, s.speech.RunAgain(s.owner, m, ""))
	s.drain(t)
	if len(s.mustLatest(t, m).Segments) != 1 {
		t.Error("it was not transcribed again")
	}
	if _, err := s.capture.Play(s.member(t), recording); !fault.Is(err, fault.Missing) {
		t.Errorf("after the transcript, Play = %v, want fault.Missing", err)
	}
}

func TestRunAgainWithAnotherEngine(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.ear.heard = talk("A: We agreed on the crain.", "B: Yes.", "C: No.")
	m, _ := s.record(t, meeting.Details{})
	if err := s.speech.RunAgain(s.owner, m, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("RunAgain of what was not begun = %v, want fault.Conflict", err)
	}
	s.drain(t)
	first := s.mustLatest(t, m).ID
	check(t, s.speech.NameSpeaker(s.owner, first, "s1", "Ada"))
	check(t, s.speech.NameSpeaker(s.owner, first, "s3", "Grace"))
	s.drain(t)

	s.ear.heard = talk("Y: We agreed on the crane.", "X: Yes.", "X: No.") // the second engine tells only two voices apart
	check(t, s.speech.RunAgain(s.owner, m, "better"))
	if err := s.speech.RunAgain(s.owner, m, "better"); !fault.Is(err, fault.Conflict) {
		t.Errorf("RunAgain twice = %v, want fault.Conflict", err)
	}
	s.drain(t)
	if engine := s.ear.hints[len(s.ear.hints)-1].Engine; engine != "better" {
		t.Errorf("the engine was %q", engine)
	}
	got := s.mustLatest(t, m)
	if got.Run != 2 || got.ID == first || s.count(t, "transcript") != 2 {
		t.Errorf("version %d", got.Run)
	}
	// Ada is the voice that spoke when she did; Grace spoke half of the other voice's time, which is not most of it.
	if diff := cmp.Diff([]string{"Ada: We agreed on the crane.", "s2: Yes.", "s2: No."}, said(got)); diff != "" {
		t.Error(diff)
	}
	check(t, s.speech.RunAgain(s.owner, m, ""))
	s.drain(t)
	if engine := s.ear.hints[len(s.ear.hints)-1].Engine; engine != "" {
		t.Errorf("the usual engine was %q", engine)
	}
	if err := s.speech.RunAgain(s.owner, m, "none"); !fault.Is(err, fault.Invalid) {
		t.Errorf("RunAgain with an unknown engine = %v, want fault.Invalid", err)
	}
	pasted, err := s.meetings.Create(s.owner, meeting.Details{}, "paste", false)
	check(t, err)
	if err := s.speech.RunAgain(s.owner, pasted.ID, ""); !fault.Is(err, fault.Missing) {
		t.Errorf("RunAgain without a recording = %v, want fault.Missing", err)
	}
}

func TestSettingsOfLanguages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	if got, err := s.speech.Settings(s.owner); err != nil || len(got.Languages) != 0 {
		t.Errorf("before any: %+v, %v", got, err)
	}
	check(t, s.speech.ChangeSettings(s.owner, speech.Settings{Languages: []string{"EN", "pt-br", "en"}}))
	if got, err := s.speech.Settings(s.Member(t, gate.Viewer)); err != nil || !slices.Equal(got.Languages, []string{"en", "pt-BR"}) {
		t.Errorf("%+v, %v", got, err)
	}
	many := strings.Fields("aa ab af ak am ar as az be bg bn bo br bs ca cs cy da de el en")
	for name, languages := range map[string][]string{"no language": {"kestrel-hunting"}, "too many": many} {
		if err := s.speech.ChangeSettings(s.owner, speech.Settings{Languages: languages}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want fault.Invalid", name, err)
		}
	}
	check(t, s.speech.ChangeSettings(s.owner, speech.Settings{}))
	other := s.World.Workspace(t)
	check(t, s.speech.ChangeSettings(s.owner, speech.Settings{Languages: []string{"fr"}}))
	if got, err := s.speech.Settings(other.Member(t, gate.Owner)); err != nil || len(got.Languages) != 0 {
		t.Errorf("another workspace has %+v, %v", got, err)
	}
}
