package diarization_test

import (
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/document"
	"mainstay/internal/speech/diarization"
)

func TestDiarizeFindsSpeakersAndTurns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		people int
		noise  float64
		length float64
	}{
		"one voice alone is one speaker":       {1, 0.8, 300},
		"one hoarse voice is one speaker":      {1, 1.2, 300},
		"one short remark is one speaker":      {1, 0.9, 14},
		"two people":                           {2, 0.9, 300},
		"two people for a quarter of a minute": {2, 0.8, 40},
		"four people":                          {4, 0.9, 400},
		"six people":                           {6, 0.9, 600},
		"twelve people":                        {12, 0.8, 1200},
		"an hour crosses the blocks":           {5, 0.9, 3600},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRoom(11, c.people, c.noise)
			talk := r.talk(c.length)
			got := diarization.Diarize(r.hear(talk, c.length), diarization.Options{})
			if len(got.Speakers) != c.people {
				t.Errorf("%d speakers, want %d", len(got.Speakers), c.people)
			}
			if rate := errorRate(talk, got, c.length); rate > 0.08 {
				t.Errorf("error rate %.3f, want at most 0.08", rate)
			}
		})
	}
}

func TestDiarizeOfNothing(t *testing.T) {
	t.Parallel()
	short := diarization.Local{
		Windows: []diarization.Window{{Span: span(0, 10), Speakers: [3][]diarization.Span{{span(1, 1.5)}}}},
		Pieces:  []diarization.Piece{{Span: span(1, 1.5), Embedding: []float32{1, 0}}},
	}
	for name, heard := range map[string]diarization.Local{
		"nothing heard has no speakers":                {},
		"speech too short for a voice has no speakers": short,
	} {
		if got := diarization.Diarize(heard, diarization.Options{Speakers: 3}); len(got.Speakers)+len(got.Turns) > 0 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

func TestDiarizeObeysAKnownNumberOfSpeakers(t *testing.T) {
	t.Parallel()
	r := newRoom(5, 4, 0.9)
	heard := r.hear(r.talk(400), 400)
	for _, known := range []int{1, 2, 3, 4, 6} {
		if got := len(diarization.Diarize(heard, diarization.Options{Speakers: known}).Speakers); got != known {
			t.Errorf("%d speakers, want %d", got, known)
		}
	}
}

func TestDiarizeKeepsOverlaps(t *testing.T) {
	t.Parallel()
	r := newRoom(3, 2, 0.8)
	talk := []said{{0, 0, 6}, {1, 5, 12}, {0, 13, 18}, {1, 19, 25}, {0, 26, 33}, {1, 32, 39}}
	got := diarization.Diarize(r.hear(talk, 40), diarization.Options{})
	var both int64
	for i, a := range got.Turns {
		for _, b := range got.Turns[i+1:] {
			both += max(0, min(a.EndMS, b.EndMS)-max(a.StartMS, b.StartMS))
		}
	}
	if both < 1500 || both > 2500 {
		t.Errorf("two speak at once for %d ms, want about 2000", both)
	}
}

func TestDiarizeDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	r := newRoom(9, 3, 0.9)
	heard := r.hear(r.talk(300), 300)
	want := diarization.Diarize(heard, diarization.Options{})
	for range 5 {
		place := r.rnd.Perm(len(heard.Windows))
		other := diarization.Local{Windows: make([]diarization.Window, len(place)), Pieces: slices.Clone(heard.Pieces)}
		for from, to := range place {
			other.Windows[to] = heard.Windows[from]
		}
		for i := range other.Pieces {
			other.Pieces[i].Window = place[other.Pieces[i].Window]
		}
		r.rnd.Shuffle(len(other.Pieces), func(i, j int) { other.Pieces[i], other.Pieces[j] = other.Pieces[j], other.Pieces[i] })
		if diff := cmp.Diff(want, diarization.Diarize(other, diarization.Options{})); diff != "" {
			t.Fatalf("another order gave another answer:\n%s", diff)
		}
	}
}

// Posts overlap, and the same windows come of them as of one post of everything.
func TestAppendJoinsParts(t *testing.T) {
	t.Parallel()
	r := newRoom(4, 3, 0.9)
	whole := r.hear(r.talk(200), 200)
	var joined diarization.Local
	for from := int64(0); from < 200_000; from += 60_000 {
		shift := max(0, from-diarization.LeadMS)
		joined.Append(between(whole, shift, from+60_000+diarization.TrailMS), shift, diarization.Span{StartMS: from, EndMS: from + 60_000})
	}
	want := diarization.Diarize(whole, diarization.Options{})
	if diff := cmp.Diff(want, diarization.Diarize(joined, diarization.Options{})); diff != "" {
		t.Errorf("parts give another answer than the whole:\n%s", diff)
	}
}

// between gives the windows of a recording that lie in a stretch of it, with times from the start of the stretch.
func between(l diarization.Local, start, end int64) diarization.Local {
	var part diarization.Local
	place := map[int]int{}
	for i, w := range l.Windows {
		if w.StartMS < start || w.StartMS+10_000 > end+5_000 {
			continue
		}
		place[i] = len(part.Windows)
		moved := diarization.Window{Span: diarization.Span{StartMS: w.StartMS - start, EndMS: w.EndMS - start}}
		for who, runs := range w.Speakers {
			for _, r := range runs {
				moved.Speakers[who] = append(moved.Speakers[who], diarization.Span{StartMS: r.StartMS - start, EndMS: r.EndMS - start})
			}
		}
		part.Windows = append(part.Windows, moved)
	}
	for _, p := range l.Pieces {
		if at, in := place[p.Window]; in {
			p.Window, p.StartMS, p.EndMS = at, p.StartMS-start, p.EndMS-start
			part.Pieces = append(part.Pieces, p)
		}
	}
	return part
}

func TestAppendLeavesOutWhatIsNoVoice(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	part := diarization.Local{
		Windows: []diarization.Window{{Span: span(0, 10)}},
		Pieces: []diarization.Piece{
			{Span: span(0, 2), Embedding: []float32{1, 2}},
			{Span: span(0, 2), Embedding: []float32{0, 0}},
			{Span: span(0, 2), Embedding: []float32{nan, 1}},
			{Span: span(0, 2), Embedding: []float32{1, 2, 3}},
			{Span: span(0, 2), Embedding: nil},
			{Span: span(2, 2), Embedding: []float32{1, 2}},
			{Span: span(0, 2), Speaker: 3, Embedding: []float32{1, 2}},
			{Span: span(0, 2), Window: 7, Embedding: []float32{1, 2}},
		},
	}
	var l diarization.Local
	l.Append(part, 0, span(0, 10))
	if len(l.Pieces) != 1 {
		t.Errorf("%d pieces kept, want 1", len(l.Pieces))
	}
}

// Twelve hours of talk give some 40,000 pieces.
func TestManyEmbeddingsStayWithinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for name, people := range map[string]int{"eight people": 8, "no two pieces alike": 40_000} {
		heard := crowd(people, 40_000)
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		began := time.Now()
		got := diarization.Diarize(heard, diarization.Options{})
		var after runtime.MemStats
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d speakers, %s, heap from system %d MB, process at its peak %d MB", name, len(got.Speakers), time.Since(began).Round(time.Millisecond), after.HeapSys>>20, peak(t))
		if people == 8 && len(got.Speakers) != 8 {
			t.Errorf("%s: %d speakers, want 8", name, len(got.Speakers))
		}
		if after.HeapSys > 1<<30 {
			t.Errorf("%s: %d MB of heap", name, after.HeapSys>>20)
		}
	}
}

// peak is the most memory that this process ever had, in MB.
func peak(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("this system does not tell")
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	size, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return size >> 10
}

// crowd makes n pieces of 1.5 s, one after the other, by people who take turns.
func crowd(people, n int) diarization.Local {
	r := newRoom(1, min(people, 64), 0.9)
	var l diarization.Local
	for i := range n {
		start := float64(i) * 1.5
		if window := int(start / 5); window >= len(l.Windows) {
			l.Windows = append(l.Windows, diarization.Window{Span: span(float64(window)*5, float64(window)*5+10)})
		}
		w := len(l.Windows) - 1
		voice := r.direction()
		if people <= 64 {
			voice = r.voice((i / 4) % people)
		}
		l.Windows[w].Speakers[i%3] = append(l.Windows[w].Speakers[i%3], span(start, start+1.5))
		l.Pieces = append(l.Pieces, diarization.Piece{Window: w, Speaker: i % 3, Span: span(start, start+1.5), Embedding: voice})
	}
	return l
}

func FuzzDiarize(f *testing.F) {
	f.Add(uint64(1), 3, []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add(uint64(2), 0, []byte{255, 0, 255, 0, 9, 9, 9, 9, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, seed uint64, known int, data []byte) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var part diarization.Local
		for i := 0; i+3 < len(data); i += 4 {
			start := float64(data[i])
			part.Windows = append(part.Windows, diarization.Window{
				Span:     span(start, start+float64(data[i+1])/10),
				Speakers: [3][]diarization.Span{{span(start, start+float64(data[i+2])/20)}, nil, {span(start+1, start)}},
			})
			part.Pieces = append(part.Pieces, diarization.Piece{
				Window: int(data[i+3]) % (len(part.Windows) + 1), Speaker: int(data[i+2]) % 4,
				Span:      span(start, start+float64(data[i+2])/20),
				Embedding: []float32{float32(data[i]) - 128, float32(rnd.NormFloat64()), float32(data[i+3])},
			})
		}
		var heard diarization.Local
		heard.Append(part, 0, span(0, 1000))
		got := diarization.Diarize(heard, diarization.Options{Speakers: known % 70})
		names := map[string]bool{}
		for _, s := range got.Speakers {
			names[s.ID] = true
		}
		for _, turn := range got.Turns {
			if turn.EndMS <= turn.StartMS || !names[turn.Speaker] {
				t.Errorf("bad turn %+v", turn)
			}
		}
		words := []document.Word{{Text: "a", StartMS: 100, EndMS: 300}, {Text: "b", StartMS: 900, EndMS: 700}}
		if speakers := diarization.Assign(words, got.Turns); len(speakers) != len(words) {
			t.Errorf("%d speakers for %d words", len(speakers), len(words))
		}
	})
}
