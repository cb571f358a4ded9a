package diarization_test

import (
	"math"

	"mainstay/internal/speech/diarization"
)

func span(start, end float64) diarization.Span {
	return diarization.Span{StartMS: int64(math.Round(start * 1000)), EndMS: int64(math.Round(end * 1000))}
}
