package commitment

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// token is a word as the grammar sees it. A contraction is two tokens with the span of the one word: "I'll" is "i" and "will".
type token struct {
	norm    string
	text    string
	span    language.Span // in the turn's clean text
	gap     string        // the marks before it
	capital bool
	second  bool // it is the latter part of a contraction
	name    *person
}

// sentence is a stretch of a turn's tokens that end marks part; recognized speech may have one for many.
type sentence struct {
	from, to int
	asks     bool // it ends with a question mark
	clauses  []clause
}

// turn is what one speaker said in one go: neighbouring segments of the same speaker.
type turn struct {
	speaker   string // an id, or "" where nobody knows
	parts     []part
	raw       string
	clean     language.Clean
	tokens    []token
	sentences []sentence
	whens     []when
	reply     reply
}

// part says which bytes of a turn are the text of which segment.
type part struct {
	language.Span
	segment int
}

const (
	// turnSegments and turnBytes bound a turn, so that a monologue is not one.
	turnSegments = 24
	turnBytes    = 2000
)

// turns joins the neighbouring segments of a speaker. A long turn is cut where a sentence ends, or else at its bounds.
func turns(segments []document.Segment) []*turn {
	var list []*turn
	for i, s := range segments {
		who := ""
		if s.Speaker != nil {
			who = *s.Speaker
		}
		if len(list) > 0 && who != "" && list[len(list)-1].speaker == who && list[len(list)-1].takes(s.Text) {
			list[len(list)-1].add(i, s.Text)
			continue
		}
		t := &turn{speaker: who}
		t.add(i, s.Text)
		list = append(list, t)
	}
	return list
}

func (t *turn) takes(text string) bool {
	full := len(t.parts) >= turnSegments/2 || len(t.raw)+len(text) > turnBytes/2
	if full && strings.HasSuffix(strings.TrimSpace(t.raw), ".") {
		return false
	}
	return len(t.parts) < turnSegments && len(t.raw)+len(text) <= turnBytes
}

func (t *turn) add(segment int, text string) {
	if t.raw != "" {
		t.raw += " "
	}
	t.parts = append(t.parts, part{language.Span{Start: len(t.raw), End: len(t.raw) + len(text)}, segment})
	t.raw += text
}

// read divides the turn into sentences and tokens.
func (t *turn) read() {
	en := language.English
	t.clean = en.Clean(t.raw)
	text := t.clean.Text
	for _, span := range en.Sentences(text) {
		s := sentence{from: len(t.tokens), asks: strings.HasSuffix(strings.TrimRight(span.In(text), " \"'”’)"), "?")}
		end := span.Start
		for _, w := range language.Words(span.In(text)) {
			at := language.Span{Start: w.Start + span.Start, End: w.End + span.Start}
			t.word(w, at, text[end:at.Start])
			end = at.End
		}
		if s.to = len(t.tokens); s.to > s.from {
			t.sentences = append(t.sentences, s)
		}
	}
}

// word adds the token or the tokens of a word.
func (t *turn) word(w language.Word, at language.Span, gap string) {
	first, rest := w.Norm, ""
	if full, ok := loose[w.Norm]; ok {
		first, rest, _ = strings.Cut(full, " ")
	} else if head, tail, ok := strings.Cut(w.Norm, "'"); ok {
		first, rest = contraction(w.Norm, head, tail)
	}
	t.tokens = append(t.tokens, token{norm: first, text: w.Text, span: at, gap: gap, capital: w.Capital()})
	if rest != "" {
		t.tokens = append(t.tokens, token{norm: rest, text: w.Text, span: at, second: true})
	}
}

// contraction divides a word at its apostrophe. A noun's "'s" stays: it says whose.
func contraction(whole, head, tail string) (string, string) {
	switch tail {
	case "ll":
		return head, "will"
	case "re":
		return head, "are"
	case "ve":
		return head, "have"
	case "d":
		return head, "would"
	case "m":
		return head, "am"
	case "t":
		if strings.HasSuffix(head, "n") {
			return strings.TrimSuffix(head, "n"), "not"
		}
	case "s":
		if nominatives[head] || asking[head] || head == "here" || head == "he" || head == "she" || head == "everyone" {
			return head, "is"
		}
	}
	return whole, ""
}

// at gives the norm of a token, "" outside of the turn.
func (t *turn) at(i int) string {
	if i < 0 || i >= len(t.tokens) {
		return ""
	}
	return t.tokens[i].norm
}

// has reports whether the words stand at i.
func (t *turn) has(i int, words []string) bool {
	if i < 0 || i+len(words) > len(t.tokens) {
		return false
	}
	for k, w := range words {
		if t.tokens[i+k].norm != w {
			return false
		}
	}
	return true
}

// find gives the first place in [from, to) where one of the phrases stands, or -1.
func (t *turn) find(from, to int, list [][]string) int {
	for i := from; i < to; i++ {
		for _, p := range list {
			if i+len(p) <= to && t.has(i, p) {
				return i
			}
		}
	}
	return -1
}

// text gives what stands in the clean text from one token to another, the second not included.
func (t *turn) text(from, to int) string {
	if from < 0 || from >= to || to > len(t.tokens) {
		return ""
	}
	return t.clean.Text[t.tokens[from].span.Start:t.tokens[to-1].span.End]
}

// sentenceOf gives the index of the sentence that holds a token.
func (t *turn) sentenceOf(i int) int {
	for k, s := range t.sentences {
		if i < s.to {
			return k
		}
	}
	return len(t.sentences) - 1
}
