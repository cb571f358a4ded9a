package main

import (
	"context"
	"io"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/speech"
)

// noMedia and noRecognizer stand where this build has neither decoder nor engine: recordings are refused with a sentence.
type noMedia struct{}

func (noMedia) Sniff([]byte) (string, error) { return "", missingEngine() }
func (noMedia) Decode(context.Context, io.ReaderAt, int64) (capture.Decoded, error) {
	return nil, missingEngine()
}

type noRecognizer struct{}

func (noRecognizer) Recognize(context.Context, capture.Sound, speech.Hints, func(string, float64)) (document.Transcript, error) {
	return document.Transcript{}, missingEngine()
}

func missingEngine() error {
	return fault.New(fault.Busy, "The speech engine is not installed. Run make setup, or mainstay models pull.")
}
