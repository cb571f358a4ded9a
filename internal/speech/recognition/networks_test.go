package recognition_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech/recognition"
)

// networks is the real program with its real models. One engine serves all of a test.
func networks(t *testing.T) *inference.Local {
	t.Helper()
	venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS")
	if venv == "" || models == "" {
		t.Skip("the speech engine is not installed: run make test")
	}
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := filepath.Abs("../../../inference")
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := os.MkdirTemp("", "s") // a socket's name must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(sockets) })
	l := inference.NewLocal(inference.LocalConfig{Sandbox: s, Python: filepath.Join(venv, "bin", "python"), Program: program, Models: models,
		Model: "whisper-base", Sockets: sockets, Threads: 2})
	t.Cleanup(l.Close)
	return l
}

func hear(t *testing.T, l *inference.Local, opt recognition.Options, channels ...[]int16) document.Transcript {
	t.Helper()
	opt.Channels = len(channels)
	var raw []byte
	for i := range channels[0] {
		for _, side := range channels {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(side[i]))
		}
	}
	got, _, err := recognition.Recognize(t.Context(), l, bytes.NewReader(raw), opt)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// voice is a synthetic voice that says something.
func voice(t *testing.T, name, text string) []int16 {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	if out, err := exec.Command("flite", "-voice", name, "-t", text, "-o", file).CombinedOutput(); err != nil {
		t.Skipf("there is no synthetic voice here: %v %s", err, out)
	}
	return samplesOf(t, file)
}

func samplesOf(t *testing.T, file string) []int16 {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, data, _ := bytes.Cut(b, []byte("data"))
	var pcm []int16
	for raw := data[4:]; len(raw) > 1; raw = raw[2:] {
		pcm = append(pcm, int16(binary.LittleEndian.Uint16(raw)))
	}
	return pcm
}

// conversation is a dialogue of two voices, each line "slt: ..." or "rms: ...", with the lines apart by half a second.
func conversation(t *testing.T, lines ...string) (mixed []int16, sides [2][]int16) {
	t.Helper()
	gap := make([]int16, rate/2)
	for _, line := range lines {
		who, text, _ := strings.Cut(line, ": ")
		said := slices.Concat(voice(t, who, text), gap)
		mixed = append(mixed, said...)
		side := slices.Index([]string{"slt", "rms"}, who)
		sides[side] = append(sides[side], said...)
		sides[1-side] = append(sides[1-side], make([]int16, len(said))...)
	}
	return mixed, sides
}

var dialogue = []string{
	"slt: Good morning. We should begin with the budget for the new warehouse.",
	"rms: The supplier raised the price of steel again, so we are over by ten percent.",
	"slt: Then we will ask the other supplier for an offer before the end of the month.",
	"rms: I will send them the drawings this afternoon and call them on Friday.",
	"slt: Thank you. The second point is the delivery of the windows.",
	"rms: They arrive in three weeks, and the crane is booked for the same day.",
}

func TestTheNetworksHearAConversation(t *testing.T) {
	t.Parallel()
	l := networks(t)
	mixed, sides := conversation(t, dialogue...)
	var want []string
	for _, line := range dialogue {
		_, text, _ := strings.Cut(line, ": ")
		want = append(want, text)
	}
	for name, got := range map[string]document.Transcript{
		"mixed":           hear(t, l, recognition.Options{}, mixed),
		"on two channels": hear(t, l, recognition.Options{}, sides[0], sides[1]),
	} {
		if wer := wordErrors(strings.Join(want, " "), textOf(got)); wer > 0.05 {
			t.Errorf("%s: %.1f %% word errors: %s", name, 100*wer, textOf(got))
		}
		if len(got.Speakers) != 2 {
			t.Errorf("%s: %d speakers, want 2", name, len(got.Speakers))
		}
		if who := turnsTaken(got); !slices.Equal(who, []string{"S1", "S2", "S1", "S2", "S1", "S2"}) {
			t.Errorf("%s: they speak in the order %v", name, who)
		}
		for _, seg := range got.Segments {
			if seg.Confidence == nil || *seg.Confidence < 0.3 || *seg.Language != "en" {
				t.Errorf("%s: %q in %s with confidence %v", name, seg.Text, *seg.Language, seg.Confidence)
			}
		}
	}
}

// turnsTaken names the speakers of the segments, each once for as long as they go on.
func turnsTaken(t document.Transcript) []string {
	var who []string
	for _, seg := range t.Segments {
		id := "?"
		if seg.Speaker != nil {
			id = *seg.Speaker
		}
		if len(who) == 0 || who[len(who)-1] != id {
			who = append(who, id)
		}
	}
	return who
}

func TestOneVoiceIsOneSpeaker(t *testing.T) {
	t.Parallel()
	l := networks(t)
	for _, name := range []string{"slt", "rms"} {
		var lines []string
		for _, line := range dialogue {
			_, text, _ := strings.Cut(line, ": ")
			lines = append(lines, name+": "+text)
		}
		mixed, _ := conversation(t, lines...)
		if got := hear(t, l, recognition.Options{}, mixed); len(got.Speakers) != 1 {
			t.Errorf("%s alone: %d speakers", name, len(got.Speakers))
		}
	}
}

func TestReadSentencesAreRecognized(t *testing.T) {
	t.Parallel()
	const books = "/usr/share/pocketsphinx/test/data/librivox/"
	references, err := os.ReadFile(books + "transcription")
	if err != nil {
		t.Skip("the recordings are not installed: run make setup")
	}
	l := networks(t)
	var want, got []string
	for _, m := range regexp.MustCompile(`<s>(.*)</s> \((.*)\)`).FindAllStringSubmatch(string(references), -1) {
		want = append(want, m[1])
		got = append(got, textOf(hear(t, l, recognition.Options{}, samplesOf(t, books+m[2]+".wav"))))
	}
	if wer := wordErrors(strings.Join(want, " "), strings.Join(got, " ")); len(want) != 5 || wer > 0.03 {
		t.Errorf("%.1f %% word errors in %d sentences: %q", 100*wer, len(want), got)
	}
}

// TestWithoutSpeechNothingIsInvented is what subtitles taught networks to do.
func TestWithoutSpeechNothingIsInvented(t *testing.T) {
	t.Parallel()
	l := networks(t)
	const seconds = 60
	random := rand.New(rand.NewPCG(5, 5))
	of := func(level float64, sample func(at float64) float64) []int16 {
		pcm := make([]int16, seconds*rate)
		for i := range pcm {
			pcm[i] = int16(math.Round(level * math.MaxInt16 * sample(float64(i)/rate)))
		}
		return pcm
	}
	chords := [][]float64{{262, 330, 392}, {220, 262, 330}, {175, 220, 262}, {196, 247, 294}}
	for name, pcm := range map[string][]int16{
		"silence":         make([]int16, seconds*rate),
		"noise at -50 dB": of(0.00316, func(float64) float64 { return random.NormFloat64() }),
		"loud noise":      of(0.1, func(float64) float64 { return max(-1, min(1, random.NormFloat64()/3)) }),
		"a tone":          of(0.3, func(at float64) float64 { return math.Sin(2 * math.Pi * 440 * at) }),
		"a telephone": of(0.3, func(at float64) float64 {
			return math.Max(0, math.Copysign(1, 2-math.Mod(at, 6))) * (math.Sin(2*math.Pi*440*at) + math.Sin(2*math.Pi*480*at)) / 2
		}),
		"music": of(0.5, func(at float64) float64 {
			beat, since := math.Modf(2 * at)
			chord, v := chords[int(beat)/4%4], 0.0
			for i, f := range append(chord, 2*chord[int(beat)%3]) {
				for h := 1.0; h <= 3; h++ {
					v += math.Exp(-1.5*since) * math.Sin(2*math.Pi*f*h*at) / h / float64(8-i)
				}
			}
			return max(-1, min(1, v+math.Exp(-20*since)*random.NormFloat64()/4))
		}),
	} {
		if got := hear(t, l, recognition.Options{}, pcm); len(got.Segments)+len(got.Turns)+len(got.Speakers) > 0 {
			t.Errorf("%s: %d speakers, %d turns, %q", name, len(got.Speakers), len(got.Turns), textOf(got))
		}
	}
}

func textOf(t document.Transcript) string {
	var texts []string
	for _, seg := range t.Segments {
		texts = append(texts, seg.Text)
	}
	return strings.Join(texts, " ")
}

// wordErrors is the word error rate: substitutions, deletions and insertions in proportion to the words that were said, case
// and punctuation aside.
func wordErrors(want, got string) float64 {
	words := func(s string) []string {
		return regexp.MustCompile(`[a-z0-9]+(?:'[a-z]+)?`).FindAllString(strings.ToLower(s), -1)
	}
	said, heard := words(want), words(got)
	row := make([]int, len(heard)+1)
	for j := range row {
		row[j] = j
	}
	for i, a := range said {
		diagonal := row[0]
		row[0] = i + 1
		for j, b := range heard {
			change := diagonal
			if a != b {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, change)
		}
	}
	return float64(row[len(heard)]) / float64(max(1, len(said)))
}
