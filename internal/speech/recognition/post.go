package recognition

import (
	"context"
	"math"
	"slices"

	"mainstay/internal/inference"
	"mainstay/internal/speech/diarization"
)

// betweenMS is the silence between clips that are sent together, so that an engine that ignores them hears where they end.
const betweenMS = 300

// retryTemperature makes a network that loops find another way.
const retryTemperature = 0.4

// joined puts clips one after the other and says where each is.
func joined(clips []clip) ([]int16, []inference.Clip) {
	length := 0
	for _, c := range clips {
		length += len(c.pcm) + betweenMS*rate/1000
	}
	post, spans := make([]int16, 0, length), make([]inference.Clip, 0, len(clips))
	for _, c := range clips {
		start := float64(len(post)) / rate
		post = append(post, c.pcm...)
		spans = append(spans, inference.Clip{Start: start, End: float64(len(post)) / rate})
		post = append(post, make([]int16, betweenMS*rate/1000)...)
	}
	return post, spans
}

// transcribe recognizes clips, tries those whose text is doubtful once more, and keeps the words that can be believed.
func (j *job) transcribe(ctx context.Context, clips []clip) error {
	found, err := j.ask(ctx, clips, 0)
	if err != nil {
		return err
	}
	var again []int
	for i, c := range clips {
		if slices.ContainsFunc(found[i], func(s segment) bool { return judge(s, c) == looping }) {
			again = append(again, i)
		}
	}
	if len(again) > 0 {
		second := make([]clip, len(again))
		for i, at := range again {
			second[i] = clips[at]
		}
		better, err := j.ask(ctx, second, retryTemperature)
		if err != nil {
			return err
		}
		for i, at := range again {
			found[at] = better[i]
		}
	}
	j.report.Clips += len(clips)
	j.report.Retried += len(again)
	for i, c := range clips {
		j.keep(found[i], c)
	}
	return nil
}

// ask gives the segments of each clip.
func (j *job) ask(ctx context.Context, clips []clip, temperature float64) ([][]segment, error) {
	sound, places := joined(clips)
	found, err := j.engine.Transcribe(ctx, sound, inference.Hints{
		Clips: places, Language: j.language, Hotwords: j.hotWords, Temperature: temperature,
	})
	if err != nil {
		return nil, err
	}
	if j.language == "" {
		j.language = primary(found.Language)
	}
	words := make(map[int][]inference.Word, len(found.Segments))
	for _, w := range found.Words {
		words[w.Segment] = append(words[w.Segment], w)
	}
	out := make([][]segment, len(clips))
	for _, s := range found.Segments {
		i := nearest(places, (s.Start+s.End)/2)
		out[i] = append(out[i], within(places[i], s, words[s.ID]))
	}
	return out, nil
}

// nearest gives the clip that holds a time, or else the nearest one.
func nearest(places []inference.Clip, at float64) int {
	best, near := 0, math.Inf(1)
	for i, p := range places {
		if away := max(p.Start-at, at-p.End, 0); away < near {
			best, near = i, away
		}
	}
	return best
}

// segment is what was recognized in a clip, with times from the start of the clip and within it.
type segment struct {
	inference.Segment
	span  Span
	words []inference.Word
	times []Span // of the words
}

func within(place inference.Clip, s inference.Segment, words []inference.Word) segment {
	fit := func(start, end float64) Span {
		length := place.End - place.Start
		start = min(max(start-place.Start, 0), length)
		end = min(max(end-place.Start, start), length)
		return Span{StartMS: millis(start), EndMS: millis(end)}
	}
	out := segment{Segment: s, span: fit(s.Start, s.End), words: words}
	for _, w := range words {
		out.times = append(out.times, fit(w.Start, w.End))
	}
	return out
}

func millis(seconds float64) int64 { return int64(math.Round(seconds * 1000)) }

// local gives an engine's turns in the terms of diarization.
func local(found inference.Turns) diarization.Local {
	var l diarization.Local
	for _, w := range found.Windows {
		window := diarization.Window{Span: Span{StartMS: millis(w.Start), EndMS: millis(w.End)}}
		for who := range min(len(w.Speakers), len(window.Speakers)) {
			for _, run := range w.Speakers[who] {
				window.Speakers[who] = append(window.Speakers[who], Span{StartMS: millis(run[0]), EndMS: millis(run[1])})
			}
		}
		l.Windows = append(l.Windows, window)
	}
	for _, p := range found.Pieces {
		span := Span{StartMS: millis(p.Start), EndMS: millis(p.End)}
		l.Pieces = append(l.Pieces, diarization.Piece{Window: p.Window, Speaker: p.Speaker, Span: span, Embedding: p.Embedding})
	}
	return l
}

// keep adds the words of a clip's segments that can be believed.
func (j *job) keep(segments []segment, c clip) {
	believed := 0
	for _, s := range segments {
		timed := timedWords(s)
		if judge(s, c) != believable {
			j.report.Invented += len(timed)
			continue
		}
		for _, w := range timed {
			if outside(w, c) {
				j.report.Invented++
				continue
			}
			j.words[c.channel] = append(j.words[c.channel], w.recorded(c))
			believed++
		}
	}
	if believed == 0 {
		j.report.Dropped++
	}
	j.report.Words += believed
}
