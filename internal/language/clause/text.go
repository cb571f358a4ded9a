package clause

import (
	"strings"

	"mainstay/internal/language"
)

// Token is a word as the grammar sees it. A contraction is two tokens with the span of the one word: "I'll" is "i" and "will".
type Token struct {
	Norm    string
	Text    string
	Span    language.Span // in the turn's clean text
	Gap     string        // the marks before it
	Capital bool
	Second  bool // it is the latter part of a contraction
	Who     int  // the person that it names, counted by the caller from 1; 0 where it names nobody
}

// Sentence is a stretch of a turn's tokens that end marks part; recognized speech may have one for many.
type Sentence struct {
	From, To int
	Asks     bool // it ends with a question mark
	Clauses  []Clause
}

// Text is a stretch of speech by one person, read into sentences of clauses.
type Text struct {
	Clean     language.Clean
	Tokens    []Token
	Sentences []Sentence
}

// New divides spoken words into sentences and tokens. Clauses come with Parse, once names are marked.
func New(raw string) *Text {
	en := language.English
	t := &Text{Clean: en.Clean(raw)}
	text := t.Clean.Text
	for _, span := range en.Sentences(text) {
		s := Sentence{From: len(t.Tokens), Asks: strings.HasSuffix(strings.TrimRight(span.In(text), " \"'”’)"), "?")}
		end := span.Start
		for _, w := range language.Words(span.In(text)) {
			at := language.Span{Start: w.Start + span.Start, End: w.End + span.Start}
			t.word(w, at, text[end:at.Start])
			end = at.End
		}
		if s.To = len(t.Tokens); s.To > s.From {
			t.Sentences = append(t.Sentences, s)
		}
	}
	return t
}

// word adds the token or the tokens of a word.
func (t *Text) word(w language.Word, at language.Span, gap string) {
	first, rest := w.Norm, ""
	if full, ok := loose[w.Norm]; ok {
		first, rest, _ = strings.Cut(full, " ")
	} else if head, tail, ok := strings.Cut(w.Norm, "'"); ok {
		first, rest = contraction(w.Norm, head, tail)
	}
	t.Tokens = append(t.Tokens, Token{Norm: first, Text: w.Text, Span: at, Gap: gap, Capital: w.Capital()})
	t.possessor()
	if rest != "" {
		t.Tokens = append(t.Tokens, Token{Norm: rest, Text: w.Text, Span: at, Second: true})
	}
}

// possessor parts the "'s" of the word before the last one if it stands for "is": "Robin's going", "the dog's at the bin".
func (t *Text) possessor() {
	n := len(t.Tokens)
	if n < 2 {
		return
	}
	before, w := &t.Tokens[n-2], t.Tokens[n-1].Norm
	head, ok := strings.CutSuffix(before.Norm, "'s")
	_, f := Lookup(w)
	if !ok || !(f == Gerund || f == Past && owning[head] || w == "going" || w == "got" || w == "supposed" || w == "meant" || w == "been" || w == "not" || Determiner[w] && w != "all" || Preposition[w] || w == "already" || w == "still") {
		return
	}
	is := Token{Norm: "is", Text: before.Text, Span: before.Span, Second: true}
	before.Norm = head
	t.Tokens = append(t.Tokens[:n-1], is, t.Tokens[n-1])
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
		if Nominative[head] && !owning[head] || Asking[head] || head == "here" {
			return head, "is"
		}
	}
	return whole, ""
}

// At gives the norm of a token, "" outside of the turn.
func (t *Text) At(i int) string {
	if i < 0 || i >= len(t.Tokens) {
		return ""
	}
	return t.Tokens[i].Norm
}

// Has reports whether the words stand at i.
func (t *Text) Has(i int, words []string) bool {
	if i < 0 || i+len(words) > len(t.Tokens) {
		return false
	}
	for k, w := range words {
		if t.Tokens[i+k].Norm != w {
			return false
		}
	}
	return true
}

// Find gives the first place in [from, to) where one of the phrases stands, or -1.
func (t *Text) Find(from, to int, list [][]string) int {
	for i := from; i < to; i++ {
		for _, p := range list {
			if i+len(p) <= to && t.Has(i, p) {
				return i
			}
		}
	}
	return -1
}

// Words gives what stands in the clean text from one token to another, the second not included.
func (t *Text) Words(from, to int) string {
	if from < 0 || from >= to || to > len(t.Tokens) {
		return ""
	}
	return t.Clean.Text[t.Tokens[from].Span.Start:t.Tokens[to-1].Span.End]
}

// SentenceOf gives the index of the sentence that holds a token.
func (t *Text) SentenceOf(i int) int {
	for k, s := range t.Sentences {
		if i < s.To {
			return k
		}
	}
	return len(t.Sentences) - 1
}

// SentenceEnds reports whether a sentence ends before token i.
func (t *Text) SentenceEnds(i int) bool {
	for _, s := range t.Sentences {
		if s.To == i {
			return true
		}
	}
	return i >= len(t.Tokens)
}

// EndsSentence reports whether the marks between two words end a sentence.
func EndsSentence(gap string) bool { return strings.ContainsAny(gap, ".?!") }
