package digest

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// sentence is a sentence that somebody said, as the minutes could print it.
type sentence struct {
	text     string              // without fillers, begun with a capital, ended with a mark
	evidence []document.Evidence // the segments it was said in; more than one where a listener's "mm-hmm" came between
	segment  int                 // the index of the first of them
	language language.Language
	words    []string // normalised
	stems    []string // of its content words
	question bool
	fitness  float64 // how well it reads on its own, 0 to 1
	sound    bool    // it is a whole statement that a stranger can read
}

// utterance is what one speaker said in one go: a segment, or several with nothing but listening sounds between them.
type utterance struct {
	raw      string
	parts    []part
	language language.Language
}

// part says which bytes of an utterance are the text of which segment.
type part struct {
	language.Span
	segment int
}

const (
	// joined is the number of segments that an utterance may go over.
	joined = 4
	// listening is the number of words up to which an interjection may be a listener's.
	listening = 3
)

// utterances joins the segments of a speaker whose sentence goes on behind a listener's interjection.
func utterances(segments []document.Segment, spoken language.Language) []utterance {
	var list []utterance
	taken := make([]bool, len(segments))
	for i := range segments {
		if taken[i] {
			continue
		}
		u := utterance{raw: segments[i].Text, parts: []part{{language.Span{Start: 0, End: len(segments[i].Text)}, i}}, language: spoken}
		if segments[i].Language != nil {
			u.language = language.Parse(*segments[i].Language)
		}
		for len(u.parts) < joined && !ended(u.raw) {
			next := goesOn(segments, u.parts[len(u.parts)-1].segment, u.language)
			if next < 0 || taken[next] || restarts(u.raw, segments[next].Text) {
				break
			}
			taken[next] = true
			from := len(u.raw) + 1
			u.raw += " " + segments[next].Text
			u.parts = append(u.parts, part{language.Span{Start: from, End: len(u.raw)}, next})
		}
		list = append(list, u)
	}
	return list
}

// restarts reports whether the text that follows begins a sentence of its own: a capital where others are small.
func restarts(before, text string) bool {
	words := language.Words(text)
	return len(words) == 0 || words[0].Capital() && words[0].Norm != "i" && strings.ToLower(before) != before
}

// brokenAway reports whether a transcriber marked that a text stops in the middle: "We need to—".
func brokenAway(text string) bool {
	text = strings.TrimRight(text, " .?!\"”’'")
	return strings.HasSuffix(text, "—") || strings.HasSuffix(text, "–") || strings.HasSuffix(text, "-") || strings.HasSuffix(text, "…")
}

// ended reports whether a text ends with an end mark.
func ended(text string) bool {
	text = strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("\"”’')]", r) })
	last, _ := utf8.DecodeLastRuneInString(text)
	return text == "" || strings.ContainsRune(".!?…。！？", last)
}

// goesOn gives the segment in which the speaker of segment i goes on, or -1: the next one of his with only interjections
// of others between.
func goesOn(segments []document.Segment, i int, l language.Language) int {
	who := segments[i].Speaker
	if who == nil {
		return -1
	}
	for k := i + 1; k < len(segments) && k <= i+3; k++ {
		if segments[k].Speaker != nil && *segments[k].Speaker == *who {
			return k
		}
		words := language.Words(segments[k].Text)
		if len(words) > listening || len(l.Content(segments[k].Text)) > 0 {
			return -1
		}
	}
	return -1
}

// sentences gives every sentence of the meeting that could stand in minutes, in the order said.
func sentences(transcript document.Transcript, spoken language.Language) []sentence {
	var list []sentence
	for _, u := range utterances(transcript.Segments, spoken) {
		for _, span := range u.language.Sentences(u.raw) {
			if s, ok := newSentence(u, span, transcript.Segments); ok {
				list = append(list, s)
			}
		}
	}
	return list
}

// newSentence reads the sentence at span of an utterance; false if nothing is left of it.
func newSentence(u utterance, span language.Span, segments []document.Segment) (sentence, bool) {
	raw := span.In(u.raw)
	clean := u.language.Clean(raw)
	kept, cut := trim(clean.Text, u.language)
	text := kept.In(clean.Text)
	words := language.Words(text)
	if len(words) == 0 {
		return sentence{}, false
	}
	s := sentence{language: u.language, question: strings.HasSuffix(strings.TrimSpace(raw), "?"), stems: u.language.Content(text)}
	mark := "."
	if s.question {
		mark = "?"
	}
	s.text = finish(text, mark)
	for _, w := range words {
		s.words = append(s.words, w.Norm)
	}
	s.fitness = fitness(text, words, &s, !ended(raw))
	s.sound = !cut && !s.question && !brokenAway(raw) && newClauses(text, words, s.language).sound()
	src := clean.Source(kept)
	for _, p := range u.parts {
		quote := u.quote(p, span.Start, src, clean.Kept())
		if quote == "" {
			continue
		}
		if len(s.evidence) == 0 {
			s.segment = p.segment
		}
		s.evidence = append(s.evidence, document.Evidence{Segment: segments[p.segment].ID, Quote: quote})
	}
	return s, len(s.evidence) > 0
}

// quote gives what the line was taken from in one part: from the first to the last kept word of src. Offsets in src and kept
// count from base.
func (u utterance) quote(p part, base int, src language.Span, kept []language.Span) string {
	from, to := -1, 0
	for _, k := range kept {
		k.Start, k.End = max(k.Start, src.Start)+base, min(k.End, src.End)+base
		if k.Start < k.End && k.Start >= p.Start && k.End <= p.End {
			if from < 0 {
				from = k.Start
			}
			to = k.End
		}
	}
	if from < 0 || len(language.Words(u.raw[from:to])) == 0 {
		return ""
	}
	return u.raw[from:to]
}

// trim gives the stretch of a clean sentence without the words that only tie it to its place ("so", "yeah", "and") and
// without a tail that adds nothing ("you know"). cut says that it stops in the middle: its last word wants another.
func trim(text string, l language.Language) (kept language.Span, cut bool) {
	g := grammars[l]
	words := language.Words(text)
	from, to := 0, len(words)
	for n := opening(words[from:to], l); n > 0; n = opening(words[from:to], l) {
		from += n
	}
	for again := true; again; {
		again = false
		if n := tail(words[from:to], g); n > 0 {
			to, again = to-n, true
		}
		for to-1 > from && g.danglers[words[to-1].Norm] {
			to, cut, again = to-1, cut || !g.loose[words[to-1].Norm], true
		}
	}
	if from >= to {
		return language.Span{}, true
	}
	return language.Span{Start: words[from].Start, End: words[to-1].End}, cut
}

// opening gives the number of words of the longest opener at the beginning, 0 where there is none or nothing else, or where it
// means something together with what follows ("because of").
func opening(words []language.Word, l language.Language) int {
	for _, k := range grammars[l].kept {
		if hasWords(words, k) {
			return 0
		}
	}
	longest := 0
	for _, o := range grammars[l].openers {
		if n := len(o); n > longest && n < len(words) && hasWords(words, o) {
			longest = n
		}
	}
	return longest
}

// tail gives the number of words of the longest tail at the end, 0 where there is none or little else.
func tail(words []language.Word, g grammar) int {
	const rest = 3
	longest := 0
	for _, p := range g.tails {
		if n := len(p); n > longest && n+rest <= len(words) && hasWords(words[len(words)-n:], p) {
			longest = n
		}
	}
	return longest
}

func hasWords(words []language.Word, phrase []string) bool {
	if len(words) < len(phrase) {
		return false
	}
	for i, p := range phrase {
		if words[i].Norm != p {
			return false
		}
	}
	return true
}

// finish gives the sentence a capital and the end mark.
func finish(text, mark string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ",;:–—- ")
	if text == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(text)
	if unicode.IsLower(first) {
		text = string(unicode.ToUpper(first)) + text[n:]
	}
	return text + mark
}
