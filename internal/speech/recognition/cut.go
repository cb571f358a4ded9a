package recognition

import "slices"

// What is speech. The numbers are those that Silero's authors recommend, in frames of 32 ms; speech begins above onset and
// goes on until it was below release for some frames.
const (
	onset, release = 0.5, 0.35
	breathFrames   = 5   // 160 ms: a shorter pause is part of the speech
	blipFrames     = 4   // 128 ms: shorter sounds are no speech
	padFrames      = 10  // 320 ms of what lies around speech goes with it
	clipFrames     = 875 // 28 s
	frameMS        = 32
	frameSamples   = frameMS * rate / 1000
	smoothFrames   = 3 // a cut in speech without pause looks so far around
)

// A clip is at most clipFrames long, 28 s, pads included.
const longestRun = clipFrames - 2*padFrames

// run is a stretch of frames, the last not included.
type run struct{ from, to int }

func (r run) length() int { return r.to - r.from }

// speech gives the stretches of speech in probabilities, with pads, none longer than a clip. If more audio is to come, the
// last stretch may still grow: open says where the frames begin that must be looked at again.
func speech(probabilities []float32, more bool) (runs []run, open int) {
	voiced := voicedRuns(probabilities)
	open = len(probabilities)
	var parts []run
	for i, v := range voiced {
		pieces := split(probabilities, v)
		if more && i == len(voiced)-1 && v.to > len(probabilities)-breathFrames-2*padFrames {
			last := len(pieces) - 1
			open, pieces = pieces[last].from, pieces[:last]
			if last == 0 {
				open = max(open-padFrames, behind(parts))
			}
			return pad(append(parts, pieces...), open), open
		}
		parts = append(parts, pieces...)
	}
	if more {
		open = max(behind(parts), len(probabilities)-blipFrames-padFrames)
	}
	return pad(parts, open), open
}

// behind is where the frames behind the last run and its pad begin.
func behind(runs []run) int {
	if len(runs) == 0 {
		return 0
	}
	return runs[len(runs)-1].to + padFrames
}

// voicedRuns finds speech with hysteresis.
func voicedRuns(probabilities []float32) []run {
	var out []run
	from, last := -1, -1
	for i, p := range probabilities {
		switch {
		case from < 0 && p >= onset:
			from, last = i, i
		case from >= 0 && p >= release:
			last = i
		case from >= 0 && i-last > breathFrames:
			out = append(out, run{from, last + 1})
			from = -1
		}
	}
	if from >= 0 {
		out = append(out, run{from, last + 1})
	}
	return slices.DeleteFunc(out, func(r run) bool { return r.length() < blipFrames })
}

// split cuts a run that is longer than a clip where speech is least likely, in the second half of what a clip holds.
func split(probabilities []float32, r run) []run {
	var out []run
	for r.length() > longestRun {
		best, low := 0, float32(2*smoothFrames+2)
		for at := r.from + longestRun/2; at < r.from+longestRun; at++ {
			var sum float32
			for i := max(0, at-smoothFrames); i <= min(len(probabilities)-1, at+smoothFrames); i++ {
				sum += probabilities[i]
			}
			if sum <= low {
				best, low = at, sum
			}
		}
		out = append(out, run{r.from, best})
		r.from = best
	}
	return append(out, r)
}

// pad widens each run into the silence around it, never into its neighbour, nor beyond frames.
func pad(runs []run, frames int) []run {
	out := slices.Clone(runs)
	for i := range out {
		before, after := 0, frames
		if i > 0 {
			before = (runs[i-1].to + runs[i].from) / 2
		}
		if i+1 < len(runs) {
			after = (runs[i].to + runs[i+1].from) / 2
		}
		out[i].from = max(runs[i].from-padFrames, before)
		out[i].to = min(runs[i].to+padFrames, max(after, runs[i].to))
	}
	return out
}

// clip is speech that is recognized at once: samples of one channel, packed from one or more stretches of the recording.
// Silence of more than the pads is left out, because a network pays for thirty seconds whatever they hold.
type clip struct {
	channel int
	pcm     []int16
	voice   []float32 // the probability of speech in each frame
	pieces  []piece
}

func (c clip) lengthMS() int64 { return int64(len(c.pcm)) * 1000 / rate }

// voicedMS is how much speech the clip is likely to hold.
func (c clip) voicedMS() float64 {
	var sum float64
	for _, p := range c.voice {
		sum += float64(p)
	}
	return sum * frameMS
}

// piece is a stretch of a clip and where in the recording it comes from.
type piece struct {
	at     int64 // first sample within the clip
	from   int64 // first sample within the recording
	length int64
}

// recordedMS gives the time in the recording of a time in the clip. A time in a joint belongs to the piece before it if it
// is an end, else to the piece behind it.
func (c clip) recordedMS(ms int64, isEnd bool) int64 {
	at := ms * rate / 1000
	for _, p := range c.pieces {
		if at < p.at+p.length || (isEnd && at == p.at+p.length) {
			return (p.from + max(0, at-p.at)) * 1000 / rate
		}
	}
	last := c.pieces[len(c.pieces)-1]
	return (last.from + last.length) * 1000 / rate
}

// packer puts stretches of one channel into clips.
type packer struct {
	channel int
	now     clip
}

// add takes the next stretch, whose first sample is at from, and returns the clip before it if it does not fit in. It
// copies what it is given.
func (p *packer) add(pcm []int16, voice []float32, from int64) (clip, bool) {
	full, done := clip{}, false
	if len(p.now.pcm)+len(pcm) > clipFrames*frameSamples {
		full, done = p.flush()
	}
	p.now.channel = p.channel
	p.now.pieces = append(p.now.pieces, piece{int64(len(p.now.pcm)), from, int64(len(pcm))})
	p.now.pcm = append(p.now.pcm, pcm...)
	p.now.voice = append(p.now.voice, voice...)
	return full, done
}

// flush returns the clip at hand.
func (p *packer) flush() (clip, bool) {
	out := p.now
	p.now = clip{}
	return out, len(out.pieces) > 0
}
