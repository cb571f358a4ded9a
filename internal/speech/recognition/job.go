package recognition

import (
	"context"
	"fmt"
	"io"
	"slices"

	"mainstay/internal/inference"
	"mainstay/internal/speech/diarization"
)

// rate is the sample rate of all sound here.
const rate = inference.Rate

const (
	partMS      = 10 * 60 * 1000
	warmFrames  = 32        // 1 s of what came before, for the network that listens
	postClips   = 16        // clips that are recognized at once: enough for full batches, few enough to show progress
	hushPeak    = 8         // samples no louder than this are silence without asking, -72 dB
	speechLevel = 100 * 100 // mean square of samples, -50 dB
	bleedRatio  = 10        // a channel so much fainter (10 dB) than another hears that one's speaker
)

// job is a recording on its way to a transcript.
type job struct {
	engine Engine
	opt    Options
	tape   *tape
	report Report

	probabilities [][]float32 // by channel, of the frames from first on that are not cut yet
	first         int64       // frame
	packers       []packer
	waiting       []clip

	language string
	hotWords []string

	done   float64  // of all
	words  [][]word // by channel
	voiced [][]Span // by channel
	heard  diarization.Local
}

func newJob(engine Engine, sound io.Reader, opt Options) *job {
	channels := max(1, opt.Channels)
	j := &job{
		engine: engine, opt: opt, tape: newTape(sound, channels),
		probabilities: make([][]float32, channels), packers: make([]packer, channels),
		language: opt.given(), hotWords: hotWords(opt.Glossary),
		words: make([][]word, channels), voiced: make([][]Span, channels),
	}
	for c := range j.packers {
		j.packers[c].channel = c
	}
	if j.language != "" {
		j.report.Confidence = 1
	}
	return j
}

func (j *job) run(ctx context.Context) error {
	for from := int64(0); ; from += partMS {
		part := Span{StartMS: from, EndMS: from + partMS}
		if err := j.part(ctx, part); err != nil {
			return fmt.Errorf("part at %d s: %w", from/1000, err)
		}
		j.report.AudioMS = j.tape.end() * 1000 / rate
		if j.tape.ended && j.tape.end() <= samples(part.EndMS) {
			break
		}
		j.tape.drop(min(samples(part.EndMS-diarization.LeadMS), j.first*frameSamples))
	}
	j.report.Language = j.language
	if j.report.Clips == 0 && j.opt.given() == "" {
		j.report.Confidence = 0
	}
	return ctx.Err()
}

func samples(ms int64) int64 { return ms * rate / 1000 }

// part does everything for the audio up to the end of part.
func (j *job) part(ctx context.Context, part Span) error {
	if err := j.tape.fill(samples(part.EndMS + diarization.TrailMS)); err != nil {
		return err
	}
	if err := j.listen(ctx); err != nil {
		return err
	}
	j.progress("finding speech", part.StartMS)
	j.cut()
	if err := j.recognize(ctx); err != nil {
		return err
	}
	return j.separate(ctx, part)
}

// progress tells how far the work is: what was heard up to doneMS. Assembling is the last twentieth.
func (j *job) progress(phase string, doneMS int64) {
	if j.opt.Progress == nil {
		return
	}
	total := 0.0
	switch {
	case j.tape.ended:
		total = float64(j.tape.end() * 1000 / rate)
	case j.opt.Expected != nil:
		total = j.opt.Expected() * 1000
	}
	share := 0.0
	if total > 0 {
		share = 0.95 * min(float64(doneMS)/total, 1)
	}
	j.done = max(j.done, share)
	j.opt.Progress(phase, j.done)
}

// listen asks for the probability of speech in all frames that are in memory and were not asked for.
func (j *job) listen(ctx context.Context) error {
	known := j.first + int64(len(j.probabilities[0]))
	end := j.tape.end() / frameSamples
	if j.tape.ended {
		end = (j.tape.end() + frameSamples - 1) / frameSamples
	}
	if end <= known {
		return nil
	}
	for c := range j.probabilities {
		found, err := j.activity(ctx, c, known, end)
		if err != nil {
			return fmt.Errorf("listening to channel %d: %w", c, err)
		}
		j.probabilities[c] = append(j.probabilities[c], found...)
	}
	j.muteBleed(known, end)
	return nil
}

// activity gives the probabilities of the frames from known to end. The network hears a second of what came before.
func (j *job) activity(ctx context.Context, channel int, known, end int64) ([]float32, error) {
	if hushed(j.tape.cut(channel, known*frameSamples, end*frameSamples)) {
		return make([]float32, end-known), nil
	}
	from := max(known-warmFrames, (j.tape.start+frameSamples-1)/frameSamples)
	found, err := j.engine.Activity(ctx, j.tape.cut(channel, from*frameSamples, end*frameSamples))
	if inference.Lacks(err) {
		return byLevel(j.tape.cut(channel, known*frameSamples, end*frameSamples), int(end-known)), nil
	}
	if err != nil {
		return nil, err
	}
	if found.FrameMS != frameMS || int64(len(found.Probabilities)) < end-from {
		return nil, fmt.Errorf("%d frames of %d ms, want %d of %d ms", len(found.Probabilities), found.FrameMS, end-from, frameMS)
	}
	return found.Probabilities[known-from : end-from], nil
}

// byLevel takes for speech what is loud enough, where nothing better is known.
func byLevel(pcm []int16, frames int) []float32 {
	out := make([]float32, frames)
	for i := range out {
		frame := pcm[min(i*frameSamples, len(pcm)):min((i+1)*frameSamples, len(pcm))]
		if energy(frame) > speechLevel*frameSamples {
			out[i] = 1
		}
	}
	return out
}

func hushed(pcm []int16) bool {
	return !slices.ContainsFunc(pcm, func(s int16) bool { return s > hushPeak || s < -hushPeak })
}

// muteBleed silences frames of a channel in which another is so much louder that it hears the other's speaker.
func (j *job) muteBleed(known, end int64) {
	if len(j.probabilities) < 2 {
		return
	}
	power := make([]float64, len(j.probabilities))
	for f := known; f < end; f++ {
		var loudest float64
		for c := range power {
			power[c] = energy(j.tape.cut(c, f*frameSamples, (f+1)*frameSamples))
			loudest = max(loudest, power[c])
		}
		for c := range power {
			if power[c]*bleedRatio < loudest {
				j.probabilities[c][f-j.first] = 0
			}
		}
	}
}

func energy(pcm []int16) float64 {
	var sum float64
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return sum
}

// cut packs the speech that is complete into clips, which wait to be recognized.
func (j *job) cut() {
	opens := make([]int, len(j.probabilities))
	runs := make([][]run, len(j.probabilities))
	least := len(j.probabilities[0])
	for c, p := range j.probabilities {
		runs[c], opens[c] = speech(p, !j.tape.ended)
		least = min(least, opens[c])
	}
	for c := range runs {
		for _, r := range runs[c] {
			j.pack(c, r)
		}
		// What is packed must not be found again while another channel's speech keeps its frames in memory.
		clear(j.probabilities[c][:opens[c]])
		j.probabilities[c] = slices.Delete(j.probabilities[c], 0, least)
		if j.tape.ended {
			if last, packed := j.packers[c].flush(); packed {
				j.waiting = append(j.waiting, last)
			}
		}
	}
	j.first += int64(least)
}

func (j *job) pack(channel int, r run) {
	from, to := (j.first+int64(r.from))*frameSamples, (j.first+int64(r.to))*frameSamples
	pcm := j.tape.cut(channel, from, to)
	if len(pcm) == 0 {
		return
	}
	if full, done := j.packers[channel].add(pcm, j.probabilities[channel][r.from:r.to], from); done {
		j.waiting = append(j.waiting, full)
	}
	span := Span{StartMS: from * 1000 / rate, EndMS: (from + int64(len(pcm))) * 1000 / rate}
	j.voiced[channel] = append(j.voiced[channel], span)
	j.report.SpeechMS += span.EndMS - span.StartMS
}

// recognize makes words of the clips that wait, once the language is known.
func (j *job) recognize(ctx context.Context) error {
	if len(j.waiting) == 0 {
		return nil
	}
	if j.language == "" {
		if !j.tape.ended && waitingMS(j.waiting) < languageSpeechMS {
			return nil
		}
		if err := j.choose(ctx); err != nil {
			return fmt.Errorf("choosing the language: %w", err)
		}
	}
	for batch := range slices.Chunk(j.waiting, postClips) {
		if err := j.transcribe(ctx, batch); err != nil {
			return fmt.Errorf("recognizing %d clips: %w", len(batch), err)
		}
		last := batch[len(batch)-1]
		j.progress("recognizing speech", last.recordedMS(last.lengthMS(), true))
	}
	j.waiting = nil
	return nil
}

func waitingMS(clips []clip) int64 {
	var sum int64
	for _, c := range clips {
		sum += c.lengthMS()
	}
	return sum
}

// choose finds the language in some windows, and in more of them where those do not agree.
func (j *job) choose(ctx context.Context) error {
	asked := spread(j.waiting, languageWindows)
	var windows []map[string]float64
	var weights []float64
	for len(asked) > 0 {
		some := asked[:min(fewWindows, len(asked))]
		asked = asked[len(some):]
		sound, spans := joined(some)
		found, err := j.engine.Languages(ctx, sound, spans)
		if inference.Lacks(err) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, w := range found {
			windows = append(windows, w.Probabilities)
			weights = append(weights, some[min(i, len(some)-1)].voicedMS())
		}
		if j.language, j.report.Confidence = Vote(windows, weights, j.opt.allowed()); j.report.Confidence >= agreed {
			return nil
		}
	}
	return nil
}

// separate asks for the turns and voices of a part. One speaker, a channel for each, or no speech at all need none.
func (j *job) separate(ctx context.Context, part Span) error {
	if j.opt.Speakers == 1 || len(j.words) > 1 || !j.speaks(part) {
		return nil
	}
	from := max(0, part.StartMS-diarization.LeadMS)
	found, err := j.engine.Turns(ctx, j.tape.cut(0, samples(from), samples(part.EndMS+diarization.TrailMS)))
	if inference.Lacks(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("telling voices apart: %w", err)
	}
	j.heard.Append(local(found), from, part)
	j.progress("telling voices apart", part.EndMS)
	return nil
}

// speaks reports whether there is speech in a part. What is not cut yet counts.
func (j *job) speaks(part Span) bool {
	for i := len(j.voiced[0]) - 1; i >= 0 && j.voiced[0][i].EndMS > part.StartMS; i-- {
		if j.voiced[0][i].StartMS < part.EndMS {
			return true
		}
	}
	return slices.ContainsFunc(j.probabilities[0], func(p float32) bool { return p >= onset })
}
