package recognition_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/speech/recognition"
)

func recognize(t *testing.T, e recognition.Engine, s score, opt recognition.Options) (document.Transcript, recognition.Report) {
	t.Helper()
	got, report, err := recognition.Recognize(context.Background(), e, s.reader(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return got, report
}

func text(t document.Transcript) string {
	var parts []string
	for _, s := range t.Segments {
		parts = append(parts, s.Text)
	}
	return strings.Join(parts, " ")
}

// Twenty-five minutes of words, with and without pauses: each comes back once, in order, at its time.
func TestWordsKeepTheirTimesAcrossClipsAndParts(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(1, 2))
	var s score
	var want []document.Word
	at, w := int64(0), 0
	for at < 25*60_000 {
		pause := []int{0, 300, 700, 2000, 9000}[rnd.IntN(5)]
		s = s.pause(pause)
		at += int64(pause)
		n := 1 + rnd.IntN(90)
		s = s.words(w, w+n-1)
		for ; n > 0; n-- {
			want = append(want, document.Word{Text: fmt.Sprintf("w%d", w), StartMS: at, EndMS: at + wordMS})
			at += wordMS + 100
			w++
		}
	}
	got, report := recognize(t, &listener{}, s.pause(3000), recognition.Options{Language: "en"})
	var words []document.Word
	for _, segment := range got.Segments {
		for _, word := range segment.Words {
			if word.Confidence == nil || *word.Confidence != 0.9 {
				t.Fatalf("%s has confidence %v, want 0.9", word.Text, word.Confidence)
			}
			word.Confidence = nil
			words = append(words, word)
		}
		if length := *segment.EndMS - *segment.StartMS; length > 30_000 {
			t.Errorf("segment %s lasts %d ms", segment.ID, length)
		}
	}
	near := cmp.Comparer(func(a, b int64) bool { return a-b <= 1 && b-a <= 1 })
	if diff := cmp.Diff(want, words, near); diff != "" {
		t.Errorf("words differ:\n%.3000s", diff)
	}
	if report.Words != len(want) || report.AudioMS != at+3000 {
		t.Errorf("report %+v, want %d words and %d ms", report, len(want), at+3000)
	}
}

func TestSilenceHasNoWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		s     score
		calls map[string]int
	}{
		"nothing at all asks nobody":        {score{}, nil},
		"digital silence asks nobody":       {score{}.pause(60_000), nil},
		"noise is listened to, no more":     {score{}.add(60, 60_000), map[string]int{"activity": 1}},
		"a click is no speech":              {score{}.add(60, 1000).add(wordBase, 40).add(60, 1000), map[string]int{"activity": 1}},
		"three samples are too few to hear": {append(score{}, score{}.add(60, 1)...), map[string]int{"activity": 1}},
	} {
		e := &listener{}
		got, report := recognize(t, e, c.s, recognition.Options{})
		if len(got.Segments)+len(got.Speakers)+len(got.Turns) > 0 || report.Words+report.Clips > 0 || report.Language != "" {
			t.Errorf("%s: got %+v, %+v", name, got, report)
		}
		if diff := cmp.Diff(c.calls, e.calls); diff != "" {
			t.Errorf("%s: calls differ:\n%s", name, diff)
		}
	}
}

func TestInventedTextIsLeftOut(t *testing.T) {
	t.Parallel()
	loop := strings.Repeat("and so on ", 30)
	for name, c := range map[string]struct {
		change  func(*inference.Segment, inference.Hints)
		words   int // kept of 20
		retried int
	}{
		"a sure text is kept":                            {nil, 20, 0},
		"a low probability of speech alone is no reason": {func(s *inference.Segment, _ inference.Hints) { s.NoSpeechProb = 0.95 }, 20, 0},
		"what the network takes for silence is dropped":  {func(s *inference.Segment, _ inference.Hints) { s.NoSpeechProb, s.AvgLogprob = 0.7, -1.1 }, 0, 0},
		"a guess is dropped":                             {func(s *inference.Segment, _ inference.Hints) { s.AvgLogprob = -1.9 }, 0, 0},
		"a text without a letter is dropped":             {func(s *inference.Segment, _ inference.Hints) { s.Text = "♪ ..." }, 0, 0},
		"a loop that stays is dropped":                   {func(s *inference.Segment, _ inference.Hints) { s.Text, s.CompressionRatio = loop, 9 }, 0, 1},
		"a loop is found without the network's measure":  {func(s *inference.Segment, _ inference.Hints) { s.Text, s.CompressionRatio = loop, 0 }, 0, 1},
		"a loop that goes away is kept": {func(s *inference.Segment, h inference.Hints) {
			if h.Temperature == 0 {
				s.Text, s.CompressionRatio = loop, 9
			}
		}, 20, 1},
		"more than a mouth can say is dropped": {func(s *inference.Segment, _ inference.Hints) {
			s.Text = ""
			for i := range 200 {
				s.Text += fmt.Sprintf("word%d ", i*7919%1000)
			}
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, report := recognize(t, &listener{change: c.change}, score{}.pause(500).words(1, 20).pause(500), recognition.Options{Language: "en", Speakers: 1})
			if c.words == 0 && len(got.Turns)+len(got.Speakers) > 0 {
				t.Errorf("who said nothing is a speaker: %+v", got.Turns)
			}
			if report.Words != c.words || report.Retried != c.retried || (report.Words == 0) != (len(got.Segments) == 0) {
				t.Errorf("%d words, %d tried again, want %d and %d; %q", report.Words, report.Retried, c.words, c.retried, text(got))
			}
			if c.words == 0 && (report.Dropped != 1 || report.Invented == 0) {
				t.Errorf("report %+v counts nothing dropped", report)
			}
		})
	}
}

// ghost adds an unsure word after the last one, where the clip is silent.
type ghost struct{ *listener }

func (g ghost) Transcribe(ctx context.Context, pcm []int16, h inference.Hints) (inference.Recognized, error) {
	r, err := g.listener.Transcribe(ctx, pcm, h)
	end := h.Clips[0].End
	r.Words = append(r.Words, inference.Word{Text: "ghost", Start: end - 0.1, End: end, Probability: 0.3})
	r.Segments[0].Text += " ghost"
	return r, err
}

func TestAWordWithoutVoiceIsLeftOut(t *testing.T) {
	t.Parallel()
	got, report := recognize(t, ghost{&listener{}}, score{}.pause(1000).words(1, 5).pause(1000), recognition.Options{Language: "en"})
	if text(got) != "w1 w2 w3 w4 w5" || report.Invented != 1 {
		t.Errorf("got %q, %+v", text(got), report)
	}
}

func TestLanguageIsChosenOnce(t *testing.T) {
	t.Parallel()
	talk := score{}
	for i := range 8 {
		talk = talk.words(i*50, i*50+49).pause(1000)
	}
	sure := []map[string]float64{{"de": 0.9, "en": 0.1}}
	torn := []map[string]float64{{"de": 0.4, "nl": 0.6}, {"de": 0.8, "en": 0.2}, {"de": 0.5, "en": 0.5}}
	for name, c := range map[string]struct {
		opt   recognition.Options
		heard []map[string]float64
		want  string
		asked int
	}{
		"a known language is not asked for":         {recognition.Options{Language: "pt-BR"}, sure, "pt", 0},
		"one allowed language is not asked for":     {recognition.Options{Allowed: []string{"fr", "fr-CA"}}, sure, "fr", 0},
		"windows that agree are asked once":         {recognition.Options{}, sure, "de", 1},
		"windows that differ are asked further":     {recognition.Options{}, torn, "de", 2},
		"a language that is not allowed cannot win": {recognition.Options{Allowed: []string{"en", "nl"}}, sure, "en", 2},
	} {
		e := &listener{languages: c.heard}
		got, report := recognize(t, e, talk, c.opt)
		if report.Language != c.want || min(e.calls["languages"], 2) != c.asked {
			t.Errorf("%s: chose %q after %d calls, want %q after %d", name, report.Language, e.calls["languages"], c.want, c.asked)
		}
		for _, h := range e.hints {
			if h.Language != c.want {
				t.Errorf("%s: a clip was recognized as %q", name, h.Language)
			}
		}
		if language := got.Segments[0].Language; language == nil || *language != c.want {
			t.Errorf("%s: segment's language %v", name, language)
		}
	}
}

func TestGlossaryIsBounded(t *testing.T) {
	t.Parallel()
	e := &listener{}
	glossary := []string{"Mainstay", "mainstay", "a, b", "", "x", strings.Repeat("long", 30)}
	for i := range 200 {
		glossary = append(glossary, fmt.Sprintf("term number %d", i))
	}
	recognize(t, e, score{}.words(1, 5), recognition.Options{Language: "en", Glossary: glossary})
	got := e.hints[0].Hotwords
	if diff := cmp.Diff([]string{"Mainstay", "a b", "term number 0"}, got[:3]); diff != "" {
		t.Error(diff)
	}
	if size := len(strings.Join(got, ", ")); size > 300 {
		t.Errorf("hot words take %d characters", size)
	}
}

func TestSegmentsAreShapedLikeSentences(t *testing.T) {
	t.Parallel()
	said := strings.Fields("Good morning to everybody here today. Yes. We have three points on the list today. First the budget and then")
	e := &listener{text: func(w int) string { return said[w] }}
	got, _ := recognize(t, e, score{}.words(0, 14).pause(2000).words(15, len(said)-1), recognition.Options{Language: "en"})
	var segments []string
	for _, s := range got.Segments {
		segments = append(segments, s.Text)
	}
	want := []string{"Good morning to everybody here today.", "Yes. We have three points on the list today.", "First the budget and then"}
	if diff := cmp.Diff(want, segments); diff != "" {
		t.Error(diff)
	}
}

func TestWordsWithoutBlanksStayTogether(t *testing.T) {
	t.Parallel()
	said := []string{"今日", "は", "会議", "です。"}
	e := &listener{
		text:   func(w int) string { return said[w] },
		change: func(s *inference.Segment, _ inference.Hints) { s.Text = strings.ReplaceAll(s.Text, " ", "") },
	}
	got, _ := recognize(t, e, score{}.words(0, 3), recognition.Options{Language: "ja"})
	if text(got) != "今日は会議です。" {
		t.Errorf("got %q", text(got))
	}
}

// wordless is an engine that gives no times of words.
type wordless struct{ *listener }

func (w wordless) Transcribe(ctx context.Context, pcm []int16, h inference.Hints) (inference.Recognized, error) {
	r, err := w.listener.Transcribe(ctx, pcm, h)
	r.Words = nil
	return r, err
}

func TestWithoutTimesOfWordsTheSegmentIsSharedOut(t *testing.T) {
	t.Parallel()
	got, _ := recognize(t, wordless{&listener{}}, score{}.pause(5000).words(1, 10).pause(1000), recognition.Options{Language: "en"})
	words := got.Segments[0].Words
	if len(words) != 10 || words[0].StartMS < 4500 || words[9].EndMS > 10_500 || words[4].StartMS < 6000 || words[4].StartMS > 8000 || words[0].Confidence != nil {
		t.Errorf("got %+v", words)
	}
}

// stereo plays two scores on two channels.
type stereo struct{ left, right *player }

func (s stereo) Read(b []byte) (int, error) {
	var l, r [2]byte
	n := 0
	for n+4 <= len(b) {
		if _, err := s.left.Read(l[:]); err != nil {
			break
		}
		if _, err := s.right.Read(r[:]); err != nil {
			break
		}
		copy(b[n:], l[:])
		copy(b[n+2:], r[:])
		n += 4
	}
	if n == 0 {
		return (&player{}).Read(b)
	}
	return n, nil
}

func TestAChannelIsASpeaker(t *testing.T) {
	t.Parallel()
	left := score{}.words(1, 5).pause(2500).words(6, 10).pause(2500)
	right := score{}.add(60, 2500).words(11, 15).add(60, 2500).words(16, 20)
	e := &listener{}
	got, report, err := recognition.Recognize(context.Background(), e, stereo{&player{score: left}, &player{score: right}}, recognition.Options{Language: "en", Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, s := range got.Segments {
		who = append(who, *s.Speaker+" "+s.Text)
	}
	want := []string{"S1 w1 w2 w3 w4 w5", "S2 w11 w12 w13 w14 w15", "S1 w6 w7 w8 w9 w10", "S2 w16 w17 w18 w19 w20"}
	if diff := cmp.Diff(want, who); diff != "" {
		t.Error(diff)
	}
	if report.Speakers != 2 || e.calls["turns"] != 0 {
		t.Errorf("%d speakers, %d calls for turns", report.Speakers, e.calls["turns"])
	}
}

func TestSpeakersComeFromTurns(t *testing.T) {
	t.Parallel()
	e := &listener{turns: func(pcm []int16) (inference.Turns, error) {
		var r inference.Turns
		length := float64(len(pcm)) / rate
		for n := 0; float64(n)*5 < length; n++ {
			start := float64(n) * 5
			w := inference.TurnWindow{Start: start, End: min(start+10, length), Speakers: make([][][2]float64, 3)}
			for at := start; at < w.End; at += 5 {
				who := int(at/5) % 2
				w.Speakers[who] = append(w.Speakers[who], [2]float64{at, min(at+5, w.End)})
			}
			r.Windows = append(r.Windows, w)
			for _, at := range []float64{start + 2.5, start + 3.25} {
				voice := []float32{1, 0, 0.1}
				if n%2 == 1 {
					voice = []float32{0, 1, 0.1}
				}
				if at+1.5 <= start+5 {
					r.Pieces = append(r.Pieces, inference.Piece{Window: n, Speaker: n % 2, Start: at, End: at + 1.5, Embedding: voice})
				}
			}
		}
		return r, nil
	}}
	got, report := recognize(t, e, score{}.words(1, 80), recognition.Options{Language: "en"})
	if report.Speakers != 2 || len(got.Speakers) != 2 || len(got.Turns) < 6 {
		t.Fatalf("%+v, %d turns", report, len(got.Turns))
	}
	first := map[string]string{}
	for _, s := range got.Segments {
		if s.Speaker != nil {
			first[s.Words[0].Text] = *s.Speaker
		}
	}
	if first["w1"] != "S1" || first["w11"] != "S2" || first["w21"] != "S1" {
		t.Errorf("speakers of segments %v", first)
	}
	if _, one := recognize(t, e, score{}.words(1, 80), recognition.Options{Language: "en", Speakers: 1}); one.Speakers != 1 || e.calls["turns"] != 1 {
		t.Errorf("a speaker known to be alone: %d speakers, %d calls for turns", one.Speakers, e.calls["turns"])
	}
}

func TestAnEngineThatFailsEndsTheWork(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, _, err := recognition.Recognize(context.Background(), &listener{fail: broken}, score{}.words(1, 5).reader(), recognition.Options{})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the engine's error", err)
	}
	_, _, err = recognition.Recognize(context.Background(), &listener{}, &failing{}, recognition.Options{})
	if !errors.Is(err, errCut) {
		t.Errorf("got %v, want the reader's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err = recognition.Recognize(ctx, &listener{}, score{}.words(1, 5).reader(), recognition.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

var errCut = errors.New("cut")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

func TestProgressNeverGoesBack(t *testing.T) {
	t.Parallel()
	last, phases := 0.0, map[string]bool{}
	opt := recognition.Options{Language: "en", Expected: func() float64 { return 1500 }, Progress: func(phase string, done float64) {
		if done < last || done > 1 {
			t.Errorf("progress %v after %v", done, last)
		}
		last, phases[phase] = done, true
	}}
	var s score
	for i := range 150 {
		s = s.words(i*15, i*15+14).pause(2500)
	}
	recognize(t, &listener{}, s, opt)
	if last < 0.9 || len(phases) < 4 {
		t.Errorf("ended at %v, phases %v", last, phases)
	}
}

// Three hours with twenty minutes of talk: what is in memory at the end is what was there in the first hour.
func TestMemoryDoesNotGrowWithTheRecording(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var s score
	for range 20 {
		for w := range 8 {
			s = s.words(w, w+14).pause(0)
		}
		s = s.add(60, 8*60_000)
	}
	var used []uint64
	e := &listener{onTranscribe: func() {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		used = append(used, m.HeapInuse)
	}}
	_, report := recognize(t, e, s, recognition.Options{Language: "en"})
	if report.AudioMS < 2*3_600_000 || report.Words != 20*8*15 {
		t.Fatalf("%+v", report)
	}
	first, last := used[len(used)/3], used[len(used)-1]
	t.Logf("%d MB in the first hour, %d MB at the end", first>>20, last>>20)
	if float64(last) > 1.05*float64(first)+1<<20 {
		t.Errorf("%d MB in the first hour, %d MB at the end", first>>20, last>>20)
	}
}

func FuzzRecognize(f *testing.F) {
	f.Add([]byte{1, 9, 0, 3, 2, 2, 255, 255}, uint8(1))
	f.Add([]byte{200, 200, 1, 0, 1, 0, 1, 0, 90, 1}, uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, channels uint8) {
		var s score
		length := 0
		for i := 0; i+1 < len(data) && length < 200_000; i += 2 {
			values := []int16{0, 60, breath, wordBase + int16(data[i]), -7}
			ms := int(data[i+1]) * int(data[i+1]) / 4
			s = s.add(values[int(data[i])%len(values)], ms)
			length += ms
		}
		got, report, err := recognition.Recognize(context.Background(), &listener{}, s.reader(), recognition.Options{Channels: int(channels % 4)})
		if err != nil {
			t.Fatal(err)
		}
		before := int64(-1)
		for _, segment := range got.Segments {
			if *segment.StartMS < before || *segment.EndMS < *segment.StartMS || *segment.EndMS > report.AudioMS+1 {
				t.Errorf("segment %s from %d to %d of %d ms", segment.ID, *segment.StartMS, *segment.EndMS, report.AudioMS)
			}
			if segment.Text == "" || len(segment.Words) == 0 {
				t.Errorf("segment %s is empty", segment.ID)
			}
			before = *segment.StartMS
		}
	})
}
