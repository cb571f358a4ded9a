// Package recognition turns sound into a transcript with speakers, around the networks of an engine: it cuts where nobody
// speaks, chooses one language for the meeting, throws out text that the engine invented, and gives words to speakers.
//
// Sound is read in parts of at most ten minutes, so that memory does not grow with the recording's length.
package recognition

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/speech/diarization"
)

// Engine is what the networks answer. *inference.Engine is one.
type Engine interface {
	Transcribe(ctx context.Context, pcm []int16, h inference.Hints) (inference.Recognized, error)
	Languages(ctx context.Context, pcm []int16, in []inference.Clip) ([]inference.LanguageWindow, error)
	Activity(ctx context.Context, pcm []int16) (inference.Activity, error)
	Turns(ctx context.Context, pcm []int16) (inference.Turns, error)
}

// Options are what is known before the meeting is heard.
type Options struct {
	Language string   // BCP 47; empty: to be found
	Allowed  []string // languages to choose from; empty: all
	Glossary []string // words to expect
	Speakers int      // 0: unknown
	Model    string   // the recognizer's name, for the transcript
	Expected float64  // seconds of sound to come, for progress; 0: unknown
	Progress func(phase string, done float64)
}

// The sizes of parts, in seconds.
const (
	rate     = inference.Rate
	partTime = 600
	lookBack = 120 // a part is cut in a silence of its last two minutes
)

// Recognize reads 16 kHz mono samples, 16 bits little-endian, to their end. Silence gives a transcript without segments.
func Recognize(ctx context.Context, engine Engine, sound io.Reader, opt Options) (document.Transcript, error) {
	if opt.Progress == nil {
		opt.Progress = func(string, float64) {}
	}
	r := &recognizer{engine: engine, opt: opt, language: opt.Language}
	in := bufio.NewReaderSize(sound, 1<<16)
	var rest []int16
	for ended := false; !ended; {
		pcm, err := fill(in, rest)
		ended = errors.Is(err, io.EOF)
		if err != nil && !ended {
			return document.Transcript{}, fmt.Errorf("reading sound: %w", err)
		}
		if len(pcm) == 0 {
			break
		}
		used, err := r.part(ctx, pcm, ended)
		if err != nil {
			return document.Transcript{}, err
		}
		rest = append([]int16(nil), pcm[used:]...)
	}
	opt.Progress("telling voices apart", 0.97)
	return r.transcript(), nil
}

// fill reads on behind rest until a part is full. It returns io.EOF with the last of the sound.
func fill(in io.Reader, rest []int16) ([]int16, error) {
	pcm := make([]int16, partTime*rate)
	n := copy(pcm, rest)
	raw := make([]byte, 1<<16)
	for n < len(pcm) {
		got, err := io.ReadFull(in, raw[:min(len(raw), 2*(len(pcm)-n))])
		for i := 0; i+1 < got; i += 2 {
			pcm[n] = int16(binary.LittleEndian.Uint16(raw[i:]))
			n++
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return pcm[:n], io.EOF
		}
		if err != nil {
			return nil, err
		}
	}
	return pcm, nil
}

// recognizer collects what the parts gave, in seconds from the meeting's start.
type recognizer struct {
	engine   Engine
	opt      Options
	language string
	at       float64 // where the next part begins
	segments []heard
	voices   diarization.Local
	dropped  int // segments that the checks threw out
}

// heard is a recognized segment with its words.
type heard struct {
	start, end float64
	text       string
	sure       float64
	words      []inference.Word
}

// part recognizes a part and returns how many samples it used: all of the last one, up to a silence of the others.
func (r *recognizer) part(ctx context.Context, pcm []int16, last bool) (int, error) {
	activity, err := r.engine.Activity(ctx, pcm)
	if err != nil {
		return 0, fmt.Errorf("finding speech: %w", err)
	}
	speech := stretches(activity, seconds(len(pcm)))
	used := len(pcm)
	if !last {
		cut := silence(speech, seconds(len(pcm)))
		used = int(cut * rate)
		speech = before(speech, cut)
	}
	if len(speech) > 0 {
		if err := r.listen(ctx, pcm[:used], speech); err != nil {
			return 0, err
		}
	}
	r.at += seconds(used)
	done := 0.0
	if r.opt.Expected > 0 {
		done = min(r.at/r.opt.Expected, 1)
	}
	r.opt.Progress("recognizing speech", 0.95*done)
	return used, nil
}

func seconds(samples int) float64 { return float64(samples) / rate }

func (r *recognizer) listen(ctx context.Context, pcm []int16, speech []inference.Clip) error {
	if r.language == "" {
		language, err := r.chooseLanguage(ctx, pcm, speech)
		if err != nil {
			return err
		}
		r.language = language
	}
	hints := inference.Hints{Language: primary(r.language), Hotwords: bounded(r.opt.Glossary), Clips: clipped(speech)}
	got, err := r.engine.Transcribe(ctx, pcm, hints)
	if err != nil {
		return fmt.Errorf("recognizing speech: %w", err)
	}
	if r.language == "" {
		r.language = got.Language
	}
	kept := checked(got, speech)
	r.dropped += len(got.Segments) - len(kept)
	for _, h := range kept {
		h.start, h.end = h.start+r.at, h.end+r.at
		for i := range h.words {
			h.words[i].Start += r.at
			h.words[i].End += r.at
		}
		r.segments = append(r.segments, h)
	}
	return r.hearVoices(ctx, pcm)
}

// hearVoices asks for local turns. An engine that has none leaves the transcript without speakers.
func (r *recognizer) hearVoices(ctx context.Context, pcm []int16) error {
	turns, err := r.engine.Turns(ctx, pcm)
	if inference.Lacks(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("telling voices apart: %w", err)
	}
	var part diarization.Local
	for _, w := range turns.Windows {
		window := diarization.Window{Span: span(w.Start, w.End)}
		for v := range min(len(w.Speakers), len(window.Speakers)) {
			for _, run := range w.Speakers[v] {
				window.Speakers[v] = append(window.Speakers[v], span(run[0], run[1]))
			}
		}
		part.Windows = append(part.Windows, window)
	}
	for _, p := range turns.Pieces {
		part.Pieces = append(part.Pieces, diarization.Piece{Window: p.Window, Speaker: p.Speaker, Span: span(p.Start, p.End), Embedding: p.Embedding})
	}
	r.voices.Append(part, millis(r.at), span(r.at, r.at+seconds(len(pcm))))
	return nil
}

func span(start, end float64) diarization.Span {
	return diarization.Span{StartMS: millis(start), EndMS: millis(end)}
}

// bounded keeps a glossary within what a recognizer listens to.
func bounded(words []string) []string {
	const most = 400 // characters
	n := 0
	for i, w := range words {
		if n += len(w) + 2; n > most {
			return words[:i]
		}
	}
	return words
}
