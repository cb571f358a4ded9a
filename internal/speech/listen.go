package speech

import (
	"bytes"
	"context"
	"slices"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
)

// MaxListen is how many bytes a file may have that is heard while somebody waits.
const MaxListen = 25 << 20

// Heard is what a file said. Nothing of it is stored.
type Heard struct {
	document.Transcript
	Language   string // BCP 47
	DurationMS int64
}

// Listen hears a file while its sender waits, and stores nothing: neither sound nor words. It is heard by our own program alone,
// in the languages that the workspace allows unless the hints name one. One file is heard at a time; the others wait. It fails
// as a recording's decoding does, and with fault.Invalid for an engine that is not here.
func (s *Service) Listen(ctx context.Context, file []byte, hints Hints) (Heard, error) {
	if hints.Engine != "" && !slices.Contains(s.Recognizer.Engines(), hints.Engine) {
		return Heard{}, fault.New(fault.Invalid, "There is no such model here. Ask for whisper-1, or for one of the list at /v1/models.")
	}
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.Listen}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("bytes", len(file))
		set, err := settings(ctx, tx)
		hints.Allowed, hints.Private = set.Languages, true
		return err
	})
	if err != nil {
		return Heard{}, err
	}
	select {
	case s.listening <- struct{}{}:
		defer func() { <-s.listening }()
	case <-ctx.Done():
		return Heard{}, fault.Wrap(fault.Busy, "Other recordings are being heard. Try again in a moment.", ctx.Err())
	}
	sound, err := s.Capture.Media.Decode(ctx, bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return Heard{}, err
	}
	defer sound.Close()
	said, err := s.Recognizer.Recognize(ctx, sound, hints, func(string, float64) {})
	if err != nil {
		return Heard{}, err
	}
	heard := Heard{Transcript: said, Language: hints.Language, DurationMS: sound.Milliseconds()}
	for _, seg := range said.Segments {
		if heard.Language == "" && seg.Language != nil {
			heard.Language = *seg.Language
		}
	}
	return heard, nil
}
