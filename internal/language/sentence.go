package language

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// runOn is the number of words without an end mark from which a sentence is cut before "and we", "so I" and the like.
	runOn = 28
	// minPiece is the smallest piece in words that such a cut may leave.
	minPiece = 8
)

// Sentences gives the sentences of a text in order, without the blanks around them. Together they hold every word.
//
// A full stop does not end a sentence after an abbreviation or an initial, nor within a number. Recognized speech may have
// little punctuation: a stretch of more than 28 words without an end mark is cut before a conjunction that opens a new
// clause ("and we", "so I"), and any stretch before a small word with a capital ("it is dear We want two").
func (l Language) Sentences(text string) []Span {
	var spans []Span
	start := 0
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		next := i + n
		if end, ends := l.sentenceEnd(text, start, i, r, next); ends {
			spans = l.addSentence(spans, text, Span{start, end})
			start, next = end, end
		}
		i = next
	}
	return l.addSentence(spans, text, Span{start, len(text)})
}

// addSentence appends the trimmed span, cut where it runs on; a span without a word is joined to the sentence before it.
func (l Language) addSentence(spans []Span, text string, s Span) []Span {
	part := s.In(text)
	s.Start += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	s.End -= len(part) - len(strings.TrimRightFunc(part, unicode.IsSpace))
	if s.Start >= s.End {
		return spans
	}
	words := Words(s.In(text))
	if len(words) == 0 {
		if n := len(spans); n > 0 {
			spans[n-1].End = s.End
		}
		return spans
	}
	for _, cut := range l.cuts(s.In(text), words) {
		at := s.Start + cut
		from := strings.TrimRightFunc(text[s.Start:at], unicode.IsSpace)
		spans = append(spans, Span{s.Start, s.Start + len(from)})
		s.Start = at
	}
	return append(spans, s)
}

// cuts gives where to cut a sentence that lacks end marks, each counted from the cut before it.
func (l Language) cuts(text string, words []Word) []int {
	var cuts []int
	from, base := 0, 0
	for i := 1; i <= len(words); i++ {
		if i < len(words) && !l.restart(text, words, i) {
			continue
		}
		for i-from > runOn {
			at := l.clauseStart(words[:i], from)
			if at < 0 {
				break
			}
			cuts = append(cuts, words[at].Start-base)
			base, from = words[at].Start, at
		}
		if i < len(words) {
			cuts = append(cuts, words[i].Start-base)
			base, from = words[i].Start, i
		}
	}
	return cuts
}

// restart reports whether word i begins a sentence although no mark ends the one before: a small word with a capital among
// words without ("rubber is dear We want titanium").
func (l Language) restart(text string, words []Word, i int) bool {
	w, before := words[i], words[i-1]
	if !w.Capital() || before.Capital() || w.Norm == "i" || l == German || strings.TrimSpace(text[before.End:w.Start]) != "" {
		return false
	}
	head := firstPart(w.Norm)
	return head != "i" && (subjects[l][head] || clauseOpeners[l][w.Norm]) && i+1 < len(words) && !words[i+1].Capital()
}

// clauseStart gives the first word after from that opens a clause and leaves pieces that are long enough, or -1.
func (l Language) clauseStart(words []Word, from int) int {
	for i := from + minPiece; i+minPiece <= len(words); i++ {
		if clauseOpeners[l][words[i].Norm] && subjects[l][firstPart(words[i+1].Norm)] {
			return i
		}
	}
	return -1
}

func firstPart(norm string) string {
	head, _, _ := strings.Cut(norm, "'")
	return head
}

// sentenceEnd reports whether the rune r at i ends the sentence that began at start, and where the sentence ends then.
func (l Language) sentenceEnd(text string, start, i int, r rune, next int) (int, bool) {
	switch r {
	case '。', '！', '？', '｡':
		return skipClosers(text, next), true
	case '\n':
		return next, strings.HasPrefix(strings.TrimLeft(text[next:], " \t\r"), "\n")
	case '.', '!', '?', '…':
	default:
		return 0, false
	}
	end := skipClosers(text, next)
	if end >= len(text) {
		return end, true
	}
	after, size := utf8.DecodeRuneInString(text[end:])
	if !unicode.IsSpace(after) {
		return end, r == '.' && end == next && gluedSentence(text, i, after, text[end+size:]) && !l.abbreviated(text, start, i, true)
	}
	if r != '.' {
		return end, true
	}
	following := strings.TrimLeftFunc(text[end:], unicode.IsSpace)
	first, _ := utf8.DecodeRuneInString(following)
	return end, !l.abbreviated(text, start, i, unicode.IsLower(first) || unicode.IsDigit(first))
}

// gluedSentence reports whether a blank is missing after a full stop: a lower-case word before, "Word" after.
func gluedSentence(text string, dot int, after rune, rest string) bool {
	if !unicode.IsUpper(after) || dot < 3 {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:dot])
	second, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLower(before) && (unicode.IsLower(second) || unicode.IsSpace(second))
}

// abbreviated reports whether the full stop at dot belongs to the word before it. small says that what follows does not
// look like the beginning of a sentence.
func (l Language) abbreviated(text string, start, dot int, small bool) bool {
	from := strings.LastIndexFunc(text[start:dot], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(\"“—–-", r) })
	from += start + 1
	word := Norm(strings.TrimLeftFunc(text[from:dot], func(r rune) bool { return !isWordRune(r) }))
	switch {
	case word == "":
		return false
	case titles[word]:
		return true
	case abbreviations[word] || strings.Contains(word, ".") && !strings.ContainsFunc(word, unicode.IsDigit):
		return small
	case word == "no" || word == "nr":
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text[dot+1:], " "))
		return unicode.IsDigit(first)
	}
	if l == German && strings.Trim(word, "0123456789") == "" {
		next := Words(firstField(text[dot+1:]))
		return small || len(next) > 0 && germanMonths[next[0].Norm]
	}
	if utf8.RuneCountInString(word) != 1 || word == "i" && l == English {
		return false
	}
	return isInitial(text[start:from], text[from:dot])
}

func firstField(s string) string {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	if at := strings.IndexFunc(s, unicode.IsSpace); at >= 0 {
		return s[:at]
	}
	return s
}

// isInitial reports whether a single letter is a person's initial: a capital after nothing or after a capitalised word.
func isInitial(before, letter string) bool {
	r, _ := utf8.DecodeRuneInString(letter)
	if !unicode.IsUpper(r) {
		return false
	}
	before = strings.TrimRightFunc(before, unicode.IsSpace)
	if before == "" {
		return true
	}
	last, _ := utf8.DecodeRuneInString(before[strings.LastIndexFunc(before, unicode.IsSpace)+1:])
	return unicode.IsUpper(last)
}

// skipClosers moves past further end marks, quotes and brackets.
func skipClosers(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		if !strings.ContainsRune(".!?…\"”’')]»。！？」", r) || r == utf8.RuneError {
			break
		}
		i += n
	}
	return i
}
