package media

import "math"

const (
	channelFrame  = 320    // samples: 20 ms at 16 kHz
	mostChannels  = 8      // more are the takes of a mixing desk
	surelyHeard   = 30_000 // frames: after ten minutes of sound the decision stands
	quietLevel    = 1e-5   // mean square of full scale, -50 dB: below it nobody speaks
	dominantRatio = 10     // 10 dB: one channel is so much louder than all others
	apartRatio    = 50     // 17 dB: faint crosstalk, even if it is a copy
	correlateStep = 5      // every fifth dominated frame is correlated
	longestLag    = 32     // samples: 2 ms, what microphones of one device are apart
	lagStep       = 4      //
	leastShare    = 0.03   // of the speech, on a channel that has a speaker
	leastFrames   = 50     // 1 s
	dominatedPart = 0.8    // of the speech, where channels are speakers
	alikeFrom     = 0.5    // a quieter channel that follows the louder one this much is the same microphone or a mix
)

// Channels hears the channels of a recording side by side and decides whether each carries a speaker of its own, as calls
// and interviews are often recorded. The zero value is ready. It keeps sums only.
type Channels struct {
	active    int64
	dominated []int64 // by channel
	alike     float64 // sum of correlations
	measured  int64
}

// Add hears the next stretch of the recording: samples of all channels, at 16 kHz, equally long. A last piece under 20 ms
// is not heard.
func (c *Channels) Add(channels ...[]int16) {
	for len(c.dominated) < len(channels) {
		c.dominated = append(c.dominated, 0)
	}
	if len(channels) < 2 {
		return
	}
	length := len(channels[0])
	for _, samples := range channels {
		length = min(length, len(samples))
	}
	for at := 0; at+channelFrame <= length; at += channelFrame {
		c.frame(channels, at)
	}
}

func (c *Channels) frame(channels [][]int16, at int) {
	loudest, second := -1, -1
	levels := make([]float64, len(channels))
	for i, samples := range channels {
		levels[i] = level(samples[at : at+channelFrame])
		switch {
		case loudest < 0 || levels[i] > levels[loudest]:
			loudest, second = i, loudest
		case second < 0 || levels[i] > levels[second]:
			second = i
		}
	}
	if levels[loudest] < quietLevel {
		return
	}
	c.active++
	if levels[loudest] < dominantRatio*levels[second] {
		return
	}
	c.dominated[loudest]++
	if c.dominated[loudest]%correlateStep == 0 {
		c.measured++
		if levels[loudest] < apartRatio*levels[second] {
			c.alike += correlation(channels[loudest], channels[second], at)
		}
	}
}

// Sure reports whether so much was heard that more would hardly change the decision.
func (c *Channels) Sure() bool { return c.active >= surelyHeard }

// Separate reports whether the channels are speakers: nearly all speech is far louder on one channel than on any other, more
// than one channel has speech, and the quieter channel is no copy of the louder one.
func (c *Channels) Separate() bool {
	speakers, dominated := 0, int64(0)
	for _, n := range c.dominated {
		dominated += n
		if n >= leastFrames && float64(n) >= leastShare*float64(c.active) {
			speakers++
		}
	}
	if speakers < 2 || float64(dominated) < dominatedPart*float64(c.active) {
		return false
	}
	return c.measured == 0 || c.alike/float64(c.measured) < alikeFrom
}

// level is the mean square of samples, 1 at full scale.
func level(samples []int16) float64 {
	var sum float64
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum / float64(len(samples)) / (1 << 30)
}

// correlation gives the highest correlation of the frame of a at a place with b, within some lags, from 0 to 1.
func correlation(a, b []int16, at int) float64 {
	var best float64
	for lag := -longestLag; lag <= longestLag; lag += lagStep {
		from := at + lag
		if from < 0 || from+channelFrame > len(b) {
			continue
		}
		var ab, aa, bb float64
		for i := range channelFrame {
			x, y := float64(a[at+i]), float64(b[from+i])
			ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
		}
		if aa > 0 && bb > 0 {
			best = max(best, math.Abs(ab)/math.Sqrt(aa*bb))
		}
	}
	return best
}
