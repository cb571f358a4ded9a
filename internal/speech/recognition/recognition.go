// Package recognition makes a transcript of a recording with the help of engines: everything around the networks. It decides
// what is speech and cuts it, which language is spoken, what of the recognized text to believe, who spoke, and where one
// sentence ends and the next begins.
//
// A recording is read once, as a stream, and handled in parts of ten minutes, so that twelve hours need no more audio in
// memory than one. For each part the engine says where speech is; only speech is sent for recognition, packed into clips of
// at most 28 seconds. The language is chosen once, from the first minutes of speech. What is recognized must pass the checks
// of doubts.go, or it is tried once more and then left out: a missing word is better than an invented one.
//
// The package is pure but for the engine: no clock, no chance, no file. Times in its values are milliseconds.
package recognition

import (
	"context"
	"io"

	"mainstay/internal/document"
	"mainstay/internal/inference"
	"mainstay/internal/speech/diarization"
)

// Engine is what the networks can do; *inference.Engine is one. Sound is mono at 16 kHz. Every call can fail and may take
// minutes; each ends with ctx. An engine that lacks Languages, Activity or Turns (see [inference.Lacks]) leaves the choice
// of the language to its recognizer, speech to be told by its level, and speakers unknown.
type Engine interface {
	Transcribe(ctx context.Context, pcm []int16, hints inference.Hints) (inference.Recognized, error)
	Languages(ctx context.Context, pcm []int16, in []inference.Clip) ([]inference.LanguageWindow, error)
	Activity(ctx context.Context, pcm []int16) (inference.Activity, error)
	Turns(ctx context.Context, pcm []int16) (inference.Turns, error)
}

// Span is a stretch of time, EndMS not included.
type Span = diarization.Span

// Options of one recording.
type Options struct {
	Language string   // what is spoken, where it is known (BCP 47); empty to find out
	Allowed  []string // the languages to choose from; empty for all that the engine knows
	Glossary []string // names and terms that are likely to be said; only the first ones that fit are used
	Speakers int      // how many people speak, where it is known; 0 where not

	// Channels is how many channels the audio has, interleaved; 0 means 1. More than one means that each channel is one
	// speaker: the caller has decided that.
	Channels int

	Model string // the recognizer's name, for the transcript
	// Expected gives the length of the sound in seconds as far as is known, for Progress; 0 where it is not. It may be nil.
	Expected func() float64
	// Progress gets what is being done and how much of all is done, 0 to 1; it may be nil. Without Expected the share is 0
	// until the sound ends.
	Progress func(phase string, done float64)
}

// Report says what was done, in numbers only.
type Report struct {
	AudioMS  int64
	SpeechMS int64 // of what was taken for speech
	Clips    int
	Retried  int // clips that were tried a second time
	Dropped  int // clips without any text that could be believed
	Words    int
	Invented int // words that were left out

	Language   string  // what was chosen or given; empty without speech
	Confidence float64 // in the chosen language, 0 to 1; 1 where it was given
	Speakers   int
}

// Recognize makes the transcript of sound: signed 16-bit little-endian samples at 16 kHz, mono or with Options.Channels. A
// recording without speech gives an empty transcript and no error. An error of the engine ends it; what is wrong with the
// sound cannot be told here, since any bytes are samples.
func Recognize(ctx context.Context, engine Engine, sound io.Reader, opt Options) (document.Transcript, Report, error) {
	j := newJob(engine, sound, opt)
	if err := j.run(ctx); err != nil {
		return document.Transcript{}, j.report, err
	}
	return j.transcript(), j.report, nil
}
