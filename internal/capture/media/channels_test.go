package media_test

import (
	"math/rand/v2"
	"testing"

	"mainstay/internal/capture/media"
)

// babble is noise that comes and goes like speech: loud in the seconds of which speaks says yes.
func babble(seed uint64, seconds int, gain float64, speaks func(second int) bool) []int16 {
	rnd := rand.New(rand.NewPCG(seed, 3))
	out := make([]int16, seconds*16000)
	for i := range out {
		if speaks(i / 16000) {
			out[i] = int16(rnd.NormFloat64() * 3000 * gain)
		}
	}
	return out
}

func mix(a, b []int16, gain float64) []int16 {
	out := make([]int16, len(a))
	for i := range a {
		out[i] = a[i] + int16(float64(b[i])*gain)
	}
	return out
}

func TestChannelsAreSpeakers(t *testing.T) {
	t.Parallel()
	odd, even := func(s int) bool { return s%2 == 1 }, func(s int) bool { return s%2 == 0 }
	always, never, seldom := func(int) bool { return true }, func(int) bool { return false }, func(s int) bool { return s%10 == 0 }
	a, b := babble(1, 60, 1, odd), babble(2, 60, 1, even)
	for name, c := range map[string]struct {
		channels [][]int16
		want     bool
	}{
		"one speaker a channel":                      {[][]int16{a, b}, true},
		"one speaker a channel with some crosstalk":  {[][]int16{mix(a, b, 0.1), mix(b, a, 0.1)}, true},
		"one who speaks now and then":                {[][]int16{babble(3, 60, 1, seldom), babble(4, 60, 1, func(s int) bool { return s%10 > 1 })}, true},
		"three channels":                             {[][]int16{babble(5, 60, 1, func(s int) bool { return s%3 == 0 }), babble(6, 60, 1, func(s int) bool { return s%3 == 1 }), babble(7, 60, 1, func(s int) bool { return s%3 == 2 })}, true},
		"the same sound on both channels is no call": {[][]int16{mix(a, b, 1), mix(a, b, 1)}, false},
		"a table in stereo is no call":               {[][]int16{mix(a, b, 0.5), mix(b, a, 0.5)}, false},
		"voices panned apart are a mix":              {[][]int16{mix(a, b, 0.25), mix(b, a, 0.25)}, false},
		"one channel with sound is no call":          {[][]int16{a, babble(8, 60, 1, never)}, false},
		"two who always speak at once are no call":   {[][]int16{babble(9, 60, 1, always), babble(10, 60, 1, always)}, false},
		"silence is no call":                         {[][]int16{babble(11, 60, 1, never), babble(12, 60, 1, never)}, false},
		"one channel is no call":                     {[][]int16{a}, false},
		"no channel is no call":                      {nil, false},
	} {
		var ch media.Channels
		ch.Add(c.channels...)
		if got := ch.Separate(); got != c.want {
			t.Errorf("%s: Separate() = %v, want %v", name, got, c.want)
		}
	}
}
