package inference

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// transcription is what servers of several makes answer: words beside the segments or inside them, with and without
// probabilities, punctuation and the number of their segment.
type transcription struct {
	Language string  `json:"language"`
	Duration float64 `json:"duration"`
	Text     string  `json:"text"`
	Segments []struct {
		Segment
		Words []saidWord `json:"words"`
	} `json:"segments"`
	Words []saidWord `json:"words"`
}

type saidWord struct {
	Text        string   `json:"word"`
	Start       float64  `json:"start"`
	End         float64  `json:"end"`
	Probability *float64 `json:"probability"`
	Segment     *int     `json:"segment"`
}

// recognized brings an answer to the form that [Recognized] promises. Length is the sound's, in seconds.
func (t transcription) recognized(length float64) Recognized {
	r := Recognized{Language: languageCode(t.Language), Text: strings.TrimSpace(t.Text)}
	said := t.words(length)
	if len(t.Segments) == 0 && r.Text != "" {
		r.Segments = []Segment{{Start: 0, End: length, Text: r.Text}}
	}
	for _, s := range t.Segments {
		r.Segments = append(r.Segments, s.Segment)
	}
	for i := range r.Segments {
		s := &r.Segments[i]
		s.Start, s.End = within(s.Start, length), within(max(s.Start, s.End), length)
		s.ID = i
		s.Text = strings.TrimSpace(s.Text)
		r.Words = append(r.Words, spread(*s, said[i])...)
	}
	return r
}

func within(at, length float64) float64 { return min(max(at, 0), length) }

// words returns the words of each segment.
func (t transcription) words(length float64) [][]saidWord {
	all := make([][]saidWord, max(len(t.Segments), 1))
	number := map[int]int{}
	for i, s := range t.Segments {
		number[s.ID] = i
		all[i] = append(all[i], s.Words...)
	}
	at := 0
	for _, w := range t.Words {
		w.Start, w.End = within(w.Start, length), within(max(w.Start, w.End), length)
		if w.Segment != nil {
			if i, ok := number[*w.Segment]; ok {
				all[i] = append(all[i], w)
			}
			continue
		}
		// Words follow the order of segments: one belongs to the first that has not ended before its middle.
		for at < len(t.Segments)-1 && t.Segments[at].End <= (w.Start+w.End)/2 {
			at++
		}
		all[at] = append(all[at], w)
	}
	return all
}

// spread gives the text of a segment to its words, so that nothing of it is missing. Where the words cannot be found in the
// text there are none.
func spread(s Segment, said []saidWord) []Word {
	said = wholeWords(said)
	starts := make([]int, 0, len(said)+1)
	at := 0
	for _, w := range said {
		gap := strings.IndexFunc(s.Text[at:], spoken)
		text := strings.TrimFunc(w.Text, func(r rune) bool { return !spoken(r) })
		if gap < 0 || text == "" {
			return nil
		}
		length, ok := foldedPrefix(s.Text[at+gap:], text)
		if !ok {
			return nil
		}
		starts = append(starts, at+max(strings.IndexFunc(s.Text[at:at+gap], unicode.IsSpace), 0))
		at += gap + length
	}
	if len(said) == 0 || strings.IndexFunc(s.Text[at:], spoken) >= 0 {
		return nil
	}
	starts[0] = 0
	starts = append(starts, len(s.Text))
	words := make([]Word, len(said))
	for i, w := range said {
		sure := -1.0
		if w.Probability != nil {
			sure = within(*w.Probability, 1)
		}
		words[i] = Word{Text: s.Text[starts[i]:starts[i+1]], Start: w.Start, End: w.End, Probability: sure, Segment: s.ID}
	}
	return words
}

// spoken reports whether a character is said rather than punctuation.
func spoken(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || unicode.IsSymbol(r) || r == '%' || r == '&' || r == '@' || r == '#'
}

// foldedPrefix returns how many bytes at the start of text equal the prefix in any case.
func foldedPrefix(text, prefix string) (int, bool) {
	n := 0
	for range prefix {
		_, size := utf8.DecodeRuneInString(text[n:])
		n += size
	}
	return n, strings.EqualFold(text[:n], prefix)
}

// wholeWords joins pieces of words, as some servers give them: there each word begins with a space, and a piece that does not
// goes on with the word before. Pieces of punctuation alone go with their neighbour.
func wholeWords(said []saidWord) []saidWord {
	spaced := slices.ContainsFunc(said, func(w saidWord) bool { return strings.HasPrefix(w.Text, " ") })
	var out []saidWord
	for _, w := range said {
		mute := strings.IndexFunc(w.Text, spoken) < 0
		if n := len(out); n > 0 && (mute || spaced && !strings.HasPrefix(w.Text, " ")) {
			out[n-1].Text += w.Text
			out[n-1].End = max(out[n-1].End, w.End)
			continue
		}
		if !mute {
			out = append(out, w)
		}
	}
	return out
}

// turns is the answer about speakers as it travels.
type turns struct {
	Windows []TurnWindow `json:"windows"`
	Pieces  []struct {
		Window    int     `json:"window"`
		Speaker   int     `json:"speaker"`
		Start     float64 `json:"start"`
		End       float64 `json:"end"`
		Embedding string  `json:"embedding"`
	} `json:"pieces"`
}

func (t turns) checked() (Turns, error) {
	out := Turns{Windows: t.Windows}
	size := 0
	for _, p := range t.Pieces {
		embedding, err := floats(p.Embedding)
		if err != nil {
			return Turns{}, unusable(err.Error())
		}
		if size == 0 {
			size = len(embedding)
		}
		if p.Window < 0 || p.Window >= len(t.Windows) || p.Speaker < 0 || p.Speaker >= len(t.Windows[p.Window].Speakers) || p.End <= p.Start || len(embedding) != size {
			return Turns{}, unusable("a piece of nobody's voice")
		}
		out.Pieces = append(out.Pieces, Piece{p.Window, p.Speaker, p.Start, p.End, embedding})
	}
	return out, nil
}

func floats(text string) ([]float32, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) == 0 || len(b)%4 != 0 {
		return nil, errors.New("an embedding is not base64 of floats")
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if f := float64(out[i]); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, errors.New("an embedding is not of numbers")
		}
	}
	return out, nil
}

func (a Activity) check() error {
	if a.FrameMS <= 0 || a.FrameMS > 1000 {
		return unusable("activity without a length of its frames")
	}
	return nil
}
