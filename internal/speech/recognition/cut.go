package recognition

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"mainstay/internal/inference"
)

// The numbers of finding speech, in seconds but for the probabilities.
const (
	begins    = 0.5  // probability at which speech begins
	ends      = 0.35 // and below which it ends
	leastTalk = 0.25
	pauses    = 0.6 // shorter pauses stay inside a stretch
	pad       = 0.2
	longClip  = 28.0
)

// stretches returns where speech is, padded, in order and apart from each other.
func stretches(a inference.Activity, length float64) []inference.Clip {
	step := float64(a.FrameMS) / 1000
	var found []inference.Clip
	open, start := false, 0.0
	for i := 0; i <= len(a.Probabilities); i++ {
		at := float64(i) * step
		p := float32(0)
		if i < len(a.Probabilities) {
			p = a.Probabilities[i]
		}
		switch {
		case !open && p >= begins:
			open, start = true, at
		case open && p < ends:
			open = false
			if at-start >= leastTalk {
				found = append(found, inference.Clip{Start: start, End: at})
			}
		}
	}
	return padded(found, length)
}

func padded(found []inference.Clip, length float64) []inference.Clip {
	var out []inference.Clip
	for _, c := range found {
		c.Start, c.End = max(0, c.Start-pad), min(length, c.End+pad)
		if n := len(out); n > 0 && c.Start-out[n-1].End < pauses-2*pad {
			out[n-1].End = c.End
			continue
		}
		out = append(out, c)
	}
	return out
}

// clipped joins stretches to clips of at most longClip, so that the recognizer hears context, and divides longer ones.
func clipped(speech []inference.Clip) []inference.Clip {
	var out []inference.Clip
	for _, c := range speech {
		for c.End-c.Start > longClip {
			out = append(out, inference.Clip{Start: c.Start, End: c.Start + longClip})
			c.Start += longClip
		}
		n := len(out)
		if n > 0 && c.End-out[n-1].Start <= longClip && c.Start-out[n-1].End < 2 {
			out[n-1].End = c.End
			continue
		}
		out = append(out, c)
	}
	return out
}

// silence returns where a part may be cut: the middle of the longest pause of its end, or its end where nobody pauses.
func silence(speech []inference.Clip, length float64) float64 {
	from := length - lookBack
	best, at := 0.0, length
	before := from
	for _, c := range append(slices.Clone(speech), inference.Clip{Start: length, End: length}) {
		if c.End < from {
			continue
		}
		if gap := c.Start - before; gap > best {
			best, at = gap, before+gap/2
		}
		before = max(before, c.End)
	}
	return at
}

func before(speech []inference.Clip, cut float64) []inference.Clip {
	var out []inference.Clip
	for _, c := range speech {
		if c.Start < cut {
			c.End = min(c.End, cut)
			out = append(out, c)
		}
	}
	return out
}

// chooseLanguage lets several stretches of the first part vote, weighted by their probabilities. Without an answer the
// recognizer decides for itself.
func (r *recognizer) chooseLanguage(ctx context.Context, pcm []int16, speech []inference.Clip) (string, error) {
	const voters = 6
	clips := clipped(speech)
	var asked []inference.Clip
	for i := range min(voters, len(clips)) {
		asked = append(asked, clips[i*len(clips)/min(voters, len(clips))])
	}
	windows, err := r.engine.Languages(ctx, pcm, asked)
	if inference.Lacks(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("finding the language: %w", err)
	}
	return vote(windows, r.opt.Allowed), nil
}

func vote(windows []inference.LanguageWindow, allowed []string) string {
	sums := map[string]float64{}
	for _, w := range windows {
		for language, p := range w.Probabilities {
			if len(allowed) == 0 || slices.ContainsFunc(allowed, func(a string) bool { return primary(a) == language }) {
				sums[language] += p * (w.End - w.Start)
			}
		}
	}
	best := ""
	for language, sum := range sums {
		if best == "" || sum > sums[best] || sum == sums[best] && language < best {
			best = language
		}
	}
	if best == "" && len(allowed) > 0 {
		return primary(allowed[0])
	}
	return best
}

// primary is the first part of a BCP 47 tag.
func primary(tag string) string {
	p, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return p
}
