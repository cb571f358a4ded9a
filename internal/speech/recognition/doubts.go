package recognition

import (
	"bytes"
	"compress/zlib"
	"strings"
	"unicode"
	"unicode/utf8"
)

// doubt is why a recognized text is not believed. Networks that were trained on subtitles write a plausible sentence where
// nobody speaks, and repeat themselves where they lose the thread. What they write differs by language and by network; how
// it comes about does not, so the checks look at the signal and the network's own measures and know no phrases.
type doubt int

const (
	believable doubt = iota
	empty            // no word at all
	looping          // repeats itself: worth a second try
	silent           // the network itself thinks that nobody speaks
	unsure           // the network guesses every word
	rushed           // more text than a mouth can say in the time
	thin             // hardly any voice in the clip, and a doubtful text
)

const (
	maxCompression  = 2.4  // Whisper's own limit for loops
	loopLength      = 60   // bytes: shorter texts compress by chance
	maxRepeats      = 4    // the same words so often in a row are a loop
	silentNoSpeech  = 0.6  // Whisper's own limits for silence: both must hold
	silentLogProb   = -1.0 //
	unsureLogProb   = -1.5
	maxRunesASecond = 40
	thinVoiceMS     = 400
	thinLogProb     = -0.8
	outsideVoice    = 0.2 // a word with no more voice than this around it
	outsideSure     = 0.6 // and no more probability than this was invented
	aroundFrames    = 3   // times of words are a tenth of a second off
)

// judge says whether a segment of a clip can be believed. Where an engine does not tell its measures, the signal alone counts.
func judge(s segment, c clip) doubt {
	text := strings.TrimSpace(s.Text)
	switch {
	case !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }):
		return empty
	case compression(s) > maxCompression || repeats(text) > maxRepeats:
		return looping
	case s.NoSpeechProb > silentNoSpeech && s.AvgLogprob < silentLogProb:
		return silent
	case s.AvgLogprob < unsureLogProb:
		return unsure
	case float64(utf8.RuneCountInString(text)) > 20+maxRunesASecond*c.voicedMS()/1000:
		return rushed
	case c.voicedMS() < thinVoiceMS && s.AvgLogprob < thinLogProb:
		return thin
	}
	return believable
}

// compression is how many times shorter the text gets by zlib; 0 for texts too short to tell.
func compression(s segment) float64 {
	if len(s.Text) < loopLength {
		return 0
	}
	if s.CompressionRatio > 0 {
		return s.CompressionRatio
	}
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write([]byte(s.Text)) // a bytes.Buffer takes everything
	_ = w.Close()
	return float64(len(s.Text)) / float64(b.Len())
}

// repeats gives how often in a row one to six words stand, at most. A word said three times is emphasis.
func repeats(text string) int {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	})
	most := min(1, len(words))
	for size := 1; size <= 6; size++ {
		row := 0 // words in a row that equal the one that stands size before
		for i := size; i < len(words); i++ {
			row++
			if words[i] != words[i-size] {
				row = 0
			}
			most = max(most, 1+row/size)
		}
	}
	return most
}

// outside reports whether a word stands where there is no voice and the network was not sure of it.
func outside(w timedWord, c clip) bool {
	if w.probability < 0 || w.probability >= outsideSure {
		return false
	}
	from := max(0, int(w.StartMS/frameMS)-aroundFrames)
	to := min(len(c.voice), int(w.EndMS/frameMS)+1+aroundFrames)
	for _, p := range c.voice[min(from, to):to] {
		if p > outsideVoice {
			return false
		}
	}
	return true
}
