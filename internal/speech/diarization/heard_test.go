package diarization_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"testing"

	"mainstay/internal/speech/diarization"
)

// readTurns reads an answer of the inference program's turns.
func readTurns(t *testing.T, path string) diarization.Local {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Windows []struct {
			Start, End float64
			Speakers   [3][][2]float64
		}
		Pieces []struct {
			Window, Speaker int
			Start, End      float64
			Embedding       string
		}
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		t.Fatal(err)
	}
	var l diarization.Local
	for _, w := range answer.Windows {
		window := diarization.Window{Span: span(w.Start, w.End)}
		for who, runs := range w.Speakers {
			for _, r := range runs {
				window.Speakers[who] = append(window.Speakers[who], span(r[0], r[1]))
			}
		}
		l.Windows = append(l.Windows, window)
	}
	for _, p := range answer.Pieces {
		l.Pieces = append(l.Pieces, diarization.Piece{Window: p.Window, Speaker: p.Speaker, Span: span(p.Start, p.End), Embedding: vector(t, p.Embedding)})
	}
	return l
}

func span(start, end float64) diarization.Span {
	return diarization.Span{StartMS: int64(math.Round(start * 1000)), EndMS: int64(math.Round(end * 1000))}
}

func vector(t *testing.T, text string) []float32 {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float32, len(raw)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out
}
