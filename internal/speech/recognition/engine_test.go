package recognition_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"mainstay/internal/inference"
)

// A test recording is made of levels: a word is 400 ms of samples that all have one value from 1000 on, which names it;
// between words of one breath the value is 500; anything quieter is a pause.
const (
	rate     = 16_000
	wordBase = 1000
	breath   = 500
	wordMS   = 400
)

// score is a test recording: what sounds at each millisecond, as value and length.
type score []struct {
	value int16
	ms    int
}

func (s score) add(value int16, ms int) score {
	return append(s, struct {
		value int16
		ms    int
	}{value, ms})
}

// words adds words from first to last with a breath between them.
func (s score) words(first, last int) score {
	for w := first; w <= last; w++ {
		s = s.add(int16(wordBase+w), wordMS).add(breath, 100)
	}
	return s
}

func (s score) pause(ms int) score { return s.add(0, ms) }

// reader gives the samples of a score without holding them.
func (s score) reader() io.Reader { return &player{score: s} }

type player struct {
	score score
	at    int // samples into the first entry
}

func (p *player) Read(b []byte) (int, error) {
	n := 0
	for n+2 <= len(b) && len(p.score) > 0 {
		if p.at >= p.score[0].ms*rate/1000 {
			p.score, p.at = p.score[1:], 0
			continue
		}
		binary.LittleEndian.PutUint16(b[n:], uint16(p.score[0].value))
		n, p.at = n+2, p.at+1
	}
	if n == 0 && len(p.score) == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// listener is an engine that hears test recordings. Its answers can be changed by the fields.
type listener struct {
	mu           sync.Mutex
	calls        map[string]int
	hints        []inference.Hints
	text         func(word int) string                         // nil: "w1", "w2", ...
	change       func(s *inference.Segment, h inference.Hints) // of each segment
	languages    []map[string]float64                          // by window, the last one for all others
	turns        func(pcm []int16) (inference.Turns, error)    // nil: lacks them
	onTranscribe func()
	fail         error
}

func (l *listener) count(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.calls = map[string]int{}
	}
	l.calls[name]++
}

func (l *listener) Activity(_ context.Context, pcm []int16) (inference.Activity, error) {
	l.count("activity")
	a := inference.Activity{FrameMS: 32}
	for at := 0; at < len(pcm); at += 512 {
		p := float32(0.01)
		switch v := pcm[min(at+256, len(pcm)-1)]; {
		case v >= wordBase:
			p = 0.95
		case v >= breath:
			p = 0.4
		}
		a.Probabilities = append(a.Probabilities, p)
	}
	return a, l.fail
}

func (l *listener) Languages(_ context.Context, _ []int16, in []inference.Clip) ([]inference.LanguageWindow, error) {
	l.count("languages")
	var out []inference.LanguageWindow
	for i, c := range in {
		p := map[string]float64{"en": 0.9, "de": 0.1}
		if len(l.languages) > 0 {
			p = l.languages[min(i, len(l.languages)-1)]
		}
		out = append(out, inference.LanguageWindow{Start: c.Start, End: c.End, Probabilities: p})
	}
	return out, l.fail
}

func (l *listener) Transcribe(_ context.Context, pcm []int16, h inference.Hints) (inference.Recognized, error) {
	l.count("transcribe")
	if l.onTranscribe != nil {
		l.onTranscribe()
	}
	l.mu.Lock()
	l.hints = append(l.hints, h)
	l.mu.Unlock()
	var r inference.Recognized
	for i, c := range h.Clips {
		s := inference.Segment{ID: i, Start: c.Start, End: c.End, AvgLogprob: -0.2, NoSpeechProb: 0.01, CompressionRatio: 1.2}
		from, to := int(c.Start*rate), min(int(c.End*rate), len(pcm))
		for at := from; at < to; {
			end := at
			for end < to && pcm[end] == pcm[at] {
				end++
			}
			if v := pcm[at]; v >= wordBase && end-at > rate/20 {
				text := l.word(int(v - wordBase))
				r.Words = append(r.Words, inference.Word{Text: text, Start: float64(at) / rate, End: float64(end) / rate, Probability: 0.9, Segment: i})
				if s.Text != "" {
					s.Text += " "
				}
				s.Text += text
			}
			at = end
		}
		if l.change != nil {
			l.change(&s, h)
		}
		r.Segments = append(r.Segments, s)
	}
	return r, l.fail
}

func (l *listener) word(w int) string {
	if l.text != nil {
		return l.text(w)
	}
	return fmt.Sprintf("w%d", w)
}

func (l *listener) Turns(_ context.Context, pcm []int16) (inference.Turns, error) {
	l.count("turns")
	if l.turns == nil {
		return inference.Turns{}, l.fail
	}
	return l.turns(pcm)
}
