package webtest

import (
	"encoding/binary"
	"math"
	"net/http"
	"strings"
	"time"
)

func sound(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Type", "audio/wav")
	http.ServeContent(w, r, "a.wav", time.Time{}, strings.NewReader(tone(161)))
	return nil
}

// peaks are louder where somebody speaks.
func peaks() []int {
	out := make([]int, 1610)
	for i := range out {
		ms := int64(i) * 100
		for _, s := range talk {
			if ms >= s.at && ms < s.to {
				out[i] = 60 + int(math.Abs(150*math.Sin(float64(i)*0.9)*math.Cos(float64(i)*0.23)))
			}
		}
	}
	return out
}

// words spreads each segment's words evenly over its time.
func words() map[string][][4]int64 {
	out := map[string][][4]int64{}
	for i, s := range talk {
		text := []rune(strings.ReplaceAll(s.text, "|", ""))
		for from := 0; from < len(text); {
			to := from
			for to < len(text) && text[to] != ' ' {
				to++
			}
			at := func(n int) int64 { return s.at + (s.to-s.at)*int64(n)/int64(len(text)) }
			out[segmentID(i)] = append(out[segmentID(i)], [4]int64{int64(from), int64(to), at(from), at(to)})
			from = to + 1
		}
	}
	return out
}

// tone is a quiet sine of some seconds as 8 kHz WAV.
func tone(seconds int) string {
	n := seconds * 8000
	b := make([]byte, 44+n)
	copy(b, "RIFF")
	binary.LittleEndian.PutUint32(b[4:], uint32(36+n))
	copy(b[8:], "WAVEfmt ")
	binary.LittleEndian.PutUint32(b[16:], 16)
	binary.LittleEndian.PutUint16(b[20:], 1)
	binary.LittleEndian.PutUint16(b[22:], 1)
	binary.LittleEndian.PutUint32(b[24:], 8000)
	binary.LittleEndian.PutUint32(b[28:], 8000)
	binary.LittleEndian.PutUint16(b[32:], 1)
	binary.LittleEndian.PutUint16(b[34:], 8)
	copy(b[36:], "data")
	binary.LittleEndian.PutUint32(b[40:], uint32(n))
	for i := range n {
		b[44+i] = byte(128 + 8*math.Sin(float64(i)*0.3))
	}
	return string(b)
}
