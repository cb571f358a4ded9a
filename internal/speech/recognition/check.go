package recognition

import (
	"math"
	"strings"

	"mainstay/internal/inference"
)

// The checks against invented text: Whisper's own thresholds (Radford et al. 2022, section 4.5), and two of ours. What is
// judged is the signal and the engine's certainty, never a list of phrases.
const (
	noSpeech    = 0.6
	unsure      = -1.0 // mean log probability
	hopeless    = -1.6
	repetitive  = 2.4 // compression ratio
	outside     = 0.3 // share of a segment that must lie in speech
	fastestTalk = 40  // characters a second
)

// checked returns the segments that were really said, with their words.
func checked(got inference.Recognized, speech []inference.Clip) []heard {
	words := map[int][]inference.Word{}
	for _, w := range got.Words {
		words[w.Segment] = append(words[w.Segment], w)
	}
	var kept []heard
	for _, s := range got.Segments {
		text := strings.TrimSpace(s.Text)
		if text == "" || invented(s, speech) {
			continue
		}
		h := heard{start: s.Start, end: s.End, text: text, sure: math.Exp(min(s.AvgLogprob, 0)), words: words[s.ID]}
		if !loops(kept, h) {
			kept = append(kept, h)
		}
	}
	return kept
}

func invented(s inference.Segment, speech []inference.Clip) bool {
	length := s.End - s.Start
	switch {
	case s.NoSpeechProb > noSpeech && s.AvgLogprob < unsure, s.AvgLogprob < hopeless:
		return true
	case s.CompressionRatio > repetitive:
		return true
	case length > 0 && float64(len(s.Text))/length > fastestTalk:
		return true
	case length > 0 && inSpeech(s, speech)/length < outside:
		return true
	}
	return false
}

// inSpeech is how many seconds of a segment lie where somebody speaks.
func inSpeech(s inference.Segment, speech []inference.Clip) float64 {
	total := 0.0
	for _, c := range speech {
		total += max(0, min(s.End, c.End)-max(s.Start, c.Start))
	}
	return total
}

// loops reports whether a segment says for the third time in a row what the two before it said.
func loops(before []heard, h heard) bool {
	n := len(before)
	return n >= 2 && len(h.text) > 12 && before[n-1].text == h.text && before[n-2].text == h.text
}
