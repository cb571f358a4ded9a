package inference

import (
	"math"
	"slices"
)

const (
	loudFrame = 32  // milliseconds, as the network's
	margin    = 9.0 // decibels above the quiet parts at which speech is as likely as not
	silent    = -60.0
)

// loudness guesses voice activity for servers that have no network for it: how far a frame is above the recording's quiet
// parts. It takes any loud noise for speech, which the checks on recognized text make up for; it does not miss talk.
func loudness(pcm []int16) Activity {
	const size = Rate * loudFrame / 1000
	var levels []float64
	for at := 0; at < len(pcm); at += size {
		sum := 0.0
		part := pcm[at:min(at+size, len(pcm))]
		for _, v := range part {
			sum += float64(v) * float64(v)
		}
		levels = append(levels, 10*math.Log10(sum/float64(len(part))/(1<<30)+1e-10))
	}
	a := Activity{FrameMS: loudFrame, Probabilities: make([]float32, len(levels))}
	if len(levels) == 0 {
		return a
	}
	sorted := slices.Sorted(slices.Values(levels))
	floor := max(sorted[len(sorted)/10], silent)
	loud := sorted[len(sorted)*9/10]
	// In talk without pauses the quiet parts are talk too: then what is near the loud parts counts.
	middle := min(floor+margin, max(loud-2*margin, silent))
	for i, level := range levels {
		a.Probabilities[i] = float32(1 / (1 + math.Exp(middle-level)))
	}
	return a
}
