package inferencetest

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"

	"mainstay/internal/inference"
)

// The sizes of the program's answers.
const (
	frame     = 512 // samples
	window    = 10.0
	step      = 5.0
	dimension = 192
	voices    = 3
	longest   = 30.05
)

type problem struct {
	status  int
	message string
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.posts[r.URL.Path]++
	s.mu.Unlock()
	if s.script.Fails != nil {
		if status, fails := s.script.Fails(r.URL.Path); fails && status == 0 {
			panic(http.ErrAbortHandler)
		} else if fails {
			refuse(w, problem{status, "It fails, as the test wants."})
			return
		}
	}
	if s.script.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.script.Token.Reveal() {
		refuse(w, problem{http.StatusUnauthorized, "Send the token."})
		return
	}
	answers := map[string]func(request) (any, *problem){"/v1/audio/transcriptions": s.transcribe}
	if !s.script.Foreign {
		answers["/v1/audio/languages"], answers["/v1/audio/activity"], answers["/v1/audio/turns"] = s.languages, s.activity, s.turns
		if r.URL.Path == "/healthz" && r.Method == http.MethodGet {
			write(w, http.StatusOK, map[string]any{"status": "ok", "version": "script", "models": map[string]any{
				"recognition": "script", "activity": "script", "segmentation": "script", "embedding": "script"}})
			return
		}
	}
	answer, ok := answers[r.URL.Path]
	if !ok || r.Method != http.MethodPost {
		refuse(w, problem{http.StatusNotFound, "There is nothing at this address."})
		return
	}
	req, p := s.read(r)
	if p == nil {
		var said any
		if said, p = answer(req); p == nil {
			write(w, http.StatusOK, said)
			return
		}
	}
	refuse(w, *p)
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, p problem) {
	write(w, p.status, map[string]any{"error": map[string]any{"message": p.message, "type": "test", "code": "test"}})
}

// request is a parsed post.
type request struct {
	fields map[string][]string
	pcm    []int16
	said   []Said
	clips  [][2]float64
}

func (q request) length() float64 { return float64(len(q.pcm)) / inference.Rate }

func (s *Server) read(r *http.Request) (request, *problem) {
	q := request{fields: map[string][]string{}}
	form, err := r.MultipartReader()
	if err != nil {
		return q, &problem{http.StatusBadRequest, "Send a form."}
	}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return q, &problem{http.StatusBadRequest, "Send a whole form."}
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return q, &problem{http.StatusBadRequest, "Send a whole form."}
		}
		if part.FormName() != "file" {
			q.fields[part.FormName()] = append(q.fields[part.FormName()], string(b))
			continue
		}
		if q.pcm, err = samples(b); err != nil {
			return q, &problem{http.StatusUnsupportedMediaType, err.Error()}
		}
	}
	if q.length() > inference.MaxSeconds {
		return q, &problem{http.StatusRequestEntityTooLarge, "Send at most 30 minutes."}
	}
	if s.script.Hears != nil {
		q.said = s.script.Hears(q.pcm)
	}
	return q, q.cut()
}

// samples reads a WAV file of exactly the form that the program takes.
func samples(b []byte) ([]int16, error) {
	var head [44]byte
	copy(head[:], b)
	want := inference.WAV(nil)
	copy(want[4:8], head[4:8])
	copy(want[40:44], head[40:44])
	size := binary.LittleEndian.Uint32(head[40:])
	if !bytes.Equal(head[:], want) || int(size) != len(b)-44 || binary.LittleEndian.Uint32(head[4:]) != size+36 || size%2 != 0 {
		return nil, fmt.Errorf("send WAV, PCM 16 bit, 16 kHz, mono")
	}
	pcm := make([]int16, size/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[44+2*i:]))
	}
	return pcm, nil
}

// cut reads the stretches to recognize; without the field they are where somebody speaks.
func (q *request) cut() *problem {
	text := q.fields["clips"]
	if len(text) == 0 {
		for _, s := range q.said {
			q.clips = append(q.clips, [2]float64{s.Start, min(s.End, q.length())})
		}
		return nil
	}
	if err := json.Unmarshal([]byte(text[0]), &q.clips); err != nil {
		return &problem{http.StatusBadRequest, "Send clips as JSON."}
	}
	for _, c := range q.clips {
		if c[0] < 0 || c[1] <= c[0] || c[1] > q.length()+0.05 || c[1]-c[0] > longest {
			return &problem{http.StatusBadRequest, "A clip must lie within the audio and last at most 30 seconds."}
		}
	}
	return nil
}

// transcribe answers one segment a stretch, with what is said in it.
func (s *Server) transcribe(q request) (any, *problem) {
	type word struct {
		Word        string   `json:"word"`
		Start       float64  `json:"start"`
		End         float64  `json:"end"`
		Probability *float64 `json:"probability,omitempty"`
		Segment     *int     `json:"segment,omitempty"`
	}
	if language := append(q.fields["language"], "")[0]; language != "" && len(language) > 3 {
		return nil, &problem{http.StatusBadRequest, "There is no such language."}
	}
	segments, words, all := []inference.Segment{}, []word{}, []string{}
	for i, c := range q.clips {
		var text []string
		for _, one := range q.said {
			tokens := strings.Fields(one.Text)
			for n, token := range tokens {
				start := one.Start + (one.End-one.Start)*float64(n)/float64(len(tokens))
				end := one.Start + (one.End-one.Start)*float64(n+1)/float64(len(tokens))
				if middle := (start + end) / 2; middle < c[0] || middle >= c[1] {
					continue
				}
				w := word{Word: token, Start: start, End: end}
				if s.script.Foreign {
					w.Word = strings.Trim(token, ".,!?")
				} else {
					w.Probability, w.Segment = new(float64), new(int)
					*w.Probability, *w.Segment = 0.95, i
				}
				text, words = append(text, token), append(words, w)
			}
		}
		joined := strings.Join(text, " ")
		all = append(all, text...)
		segments = append(segments, inference.Segment{ID: i, Start: c[0], End: c[1], Text: joined, AvgLogprob: -0.2, CompressionRatio: 1.2, NoSpeechProb: 0.01})
	}
	return map[string]any{"task": "transcribe", "language": s.script.Language, "duration": q.length(), "text": strings.Join(all, " "),
		"segments": segments, "words": words}, nil
}

func (s *Server) languages(q request) (any, *problem) {
	spans := q.clips
	if len(q.fields["clips"]) == 0 {
		spans = nil
		for at := 0.0; at < q.length(); at += 30 {
			spans = append(spans, [2]float64{at, min(at+30, q.length())})
		}
	}
	windows := []inference.LanguageWindow{}
	for _, c := range spans {
		windows = append(windows, inference.LanguageWindow{Start: c[0], End: c[1], Probabilities: map[string]float64{s.script.Language: 0.98}})
	}
	return map[string]any{"windows": windows}, nil
}

func (s *Server) activity(q request) (any, *problem) {
	a := inference.Activity{FrameMS: 1000 * frame / inference.Rate, Probabilities: make([]float32, (len(q.pcm)+frame-1)/frame)}
	for i := range a.Probabilities {
		a.Probabilities[i] = 0.02
		at := (float64(i) + 0.5) * frame / inference.Rate
		for _, one := range q.said {
			if one.Start <= at && at < one.End {
				a.Probabilities[i] = 0.97
			}
		}
	}
	return a, nil
}

// turns answers windows of ten seconds, and pieces of each window's core.
func (s *Server) turns(q request) (any, *problem) {
	windows, pieces := []inference.TurnWindow{}, []map[string]any{}
	last := max(0, int(math.Ceil((q.length()-window)/step)))
	for n := 0; n <= last && len(q.pcm) > 0; n++ {
		w := inference.TurnWindow{Start: float64(n) * step, End: min(float64(n)*step+window, q.length()), Speakers: make([][][2]float64, voices)}
		for v := range w.Speakers {
			w.Speakers[v] = [][2]float64{}
		}
		from, to := w.Start+window/4, w.Start+window*3/4
		if n == 0 {
			from = 0
		}
		if n == last {
			to = q.length()
		}
		for _, one := range q.said {
			if start, end := max(one.Start, w.Start), min(one.End, w.End); end > start {
				w.Speakers[one.Speaker] = append(w.Speakers[one.Speaker], [2]float64{start, end})
			}
			if start, end := max(one.Start, from), min(one.End, to); end-start >= 0.4 {
				pieces = append(pieces, map[string]any{"window": n, "speaker": one.Speaker, "start": start, "end": end, "embedding": voice(one.Speaker)})
			}
		}
		windows = append(windows, w)
	}
	return map[string]any{"windows": windows, "pieces": pieces}, nil
}

// voice is a speaker's embedding: a direction of its own.
func voice(speaker int) string {
	var b []byte
	for i := range dimension {
		v := float32(0.01)
		if i%voices == speaker {
			v = 1
		}
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return base64.StdEncoding.EncodeToString(b)
}
