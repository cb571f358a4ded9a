package language

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean is a text as it would be written down: without fillers, false starts, repeated words and marks such as
// "[inaudible]", and with tidy blanks. It remembers where each kept piece stands in the original.
type Clean struct {
	Text   string
	pieces []piece
}

// piece says that length bytes from out in the clean text are those from src in the original.
type piece struct{ out, src, length int }

// Source gives the smallest stretch of the original that holds everything that the span of the clean text was taken from.
// The span is cut to the text; an empty span gives an empty one.
func (c Clean) Source(s Span) Span {
	var src Span
	found := false
	for _, p := range c.pieces {
		from, to := max(s.Start, p.out), min(s.End, p.out+p.length)
		if from >= to {
			continue
		}
		if !found {
			src.Start, found = p.src+from-p.out, true
		}
		src.End = p.src + to - p.out
	}
	return src
}

// Kept gives the stretches of the original that were kept, in order.
func (c Clean) Kept() []Span {
	spans := make([]Span, 0, len(c.pieces))
	for _, p := range c.pieces {
		spans = append(spans, Span{p.src, p.src + p.length})
	}
	return spans
}

// Clean removes from spoken text what nobody would write down: hesitation ("um"), asides ("you know", "I mean"), cut-off
// words ("th- the"), words and phrases said twice ("there's a, there's a beam") and bracketed marks ("[laughter]"). Blanks
// before punctuation and within contractions ("I 'm") close up, and so do spelled letters ("L_C_D_s" becomes "LCDs"). No
// word is added or changed, numbers said twice stay, and no negation is lost.
func (l Language) Clean(text string) Clean {
	words := Words(text)
	drop := make([]bool, len(words))
	l.dropMarks(text, words, drop)
	l.dropFillers(text, words, drop)
	l.dropAsides(text, words, drop)
	l.dropCutOff(text, words, drop)
	l.dropRepeats(text, words, drop)
	return join(text, words, drop)
}

// dropMarks drops what stands in brackets of a transcriber: [inaudible], {vocalsound}, <noise>.
func (l Language) dropMarks(text string, words []Word, drop []bool) {
	const longest = 40
	for i := 0; i < len(text); i++ {
		at := strings.IndexByte("[{<", text[i])
		if at < 0 {
			continue
		}
		end := strings.IndexByte(text[i:], "]}>"[at])
		if end < 0 || end > longest {
			continue
		}
		for k, w := range words {
			if w.Start > i && w.End <= i+end {
				drop[k] = true
			}
		}
		i += end
	}
}

func (l Language) dropFillers(text string, words []Word, drop []bool) {
	for i, w := range words {
		joined := i+1 < len(words) && text[w.End:words[i+1].Start] == "-" && fillers[""][w.Norm+"-"+words[i+1].Norm]
		if joined {
			drop[i], drop[i+1] = true, true
		}
		// A filler in capitals may be an abbreviation: "ER", "EM".
		if l.Filler(w.Norm) && (len(w.Text) == 1 || w.Text != strings.ToUpper(w.Text)) {
			drop[i] = true
		}
	}
}

// dropAsides drops phrases such as "you know" where they stand aside: between punctuation, or where no word next to them
// makes them part of the sentence.
func (l Language) dropAsides(text string, words []Word, drop []bool) {
	for i := range words {
		for _, a := range asides[l] {
			n := len(a.words)
			if i+n > len(words) || drop[i] || !matches(words[i:], a.words) {
				continue
			}
			before, after := neighbour(words, drop, i, -1), neighbour(words, drop, i+n-1, +1)
			within := !(stopBefore(text, words, i) && stopAfter(text, words, i+n-1))
			if within && (a.apart || a.notAfter[before] || a.notBefore[after]) || hasEnd(text[words[i].Start:words[i+n-1].End]) {
				continue
			}
			for k := i; k < i+n; k++ {
				drop[k] = true
			}
		}
	}
}

func matches(words []Word, phrase []string) bool {
	for k, p := range phrase {
		if words[k].Norm != p {
			return false
		}
	}
	return true
}

// neighbour gives the nearest word that is kept, or "".
func neighbour(words []Word, drop []bool, i, step int) string {
	for i += step; i >= 0 && i < len(words); i += step {
		if !drop[i] {
			return words[i].Norm
		}
	}
	return ""
}

func stopBefore(text string, words []Word, i int) bool {
	return i == 0 || strings.ContainsAny(text[words[i-1].End:words[i].Start], ",.;:!?—–")
}

func stopAfter(text string, words []Word, i int) bool {
	return i+1 == len(words) || strings.ContainsAny(text[words[i].End:words[i+1].Start], ",.;:!?—–")
}

// dropCutOff drops words that were broken off: "th- the", "W we".
func (l Language) dropCutOff(text string, words []Word, drop []bool) {
	for i := 0; i+1 < len(words); i++ {
		w, next := words[i], words[i+1]
		gap := text[w.End:next.Start]
		cut := strings.HasPrefix(gap, "-") && len(gap) > 1 && strings.TrimSpace(gap[1:]) == "" && utf8.RuneCountInString(w.Norm) <= 6
		if cut || l.stutter(w, next, gap, stopBefore(text, words, i)) {
			drop[i] = true
		}
	}
}

// stutter reports whether w is the beginning of next, said once before it.
func (l Language) stutter(w, next Word, gap string, opening bool) bool {
	const longest = 4
	n := utf8.RuneCountInString(w.Norm)
	if strings.Trim(gap, " ,") != "" || n > longest || len(next.Norm) <= len(w.Norm) || !strings.HasPrefix(next.Norm, w.Norm) {
		return false
	}
	if l.Stop(w.Norm) || strings.ContainsFunc(w.Norm, unicode.IsDigit) {
		return false
	}
	return opening || !w.Capital()
}

// dropRepeats drops the first of two equal phrases of up to four words that follow each other.
func (l Language) dropRepeats(text string, words []Word, drop []bool) {
	var kept []int
	for i := range words {
		if !drop[i] {
			kept = append(kept, i)
		}
	}
	for at := range kept {
		for n := min(4, (len(kept)-at)/2); n >= 1; n-- {
			if l.repeated(text, words, kept[at:at+2*n]) {
				for _, k := range kept[at : at+n] {
					drop[k] = true
				}
				break
			}
		}
	}
}

// repeated reports whether the two halves of the given words are equal and no sentence ends between them.
func (l Language) repeated(text string, words []Word, at []int) bool {
	n := len(at) / 2
	for k := range n {
		a, b := words[at[k]], words[at[k+n]]
		last := k == n-1
		same := a.Norm == b.Norm || last && strings.HasPrefix(b.Norm, a.Norm+"'")
		if !same || l.isNumber(a.Norm) || a.Norm != "" && len(a.Text) == 1 && a.Capital() && a.Norm != "i" && a.Norm != "a" {
			return false
		}
	}
	for k := range len(at) - 1 {
		if hasEnd(text[words[at[k]].End:words[at[k+1]].Start]) {
			return false
		}
	}
	return true
}

func hasEnd(gap string) bool { return strings.ContainsAny(gap, ".!?;:…") }

// join builds the clean text of the words that are kept.
func join(text string, words []Word, drop []bool) Clean {
	b := builder{text: text}
	end, dropped := 0, false
	for i, w := range words {
		if drop[i] {
			b.gap(Span{end, w.Start})
			end, dropped = w.End, true
			continue
		}
		b.gap(Span{end, w.Start})
		b.flush(dropped, w)
		b.word(w)
		end, dropped = w.End, false
	}
	b.gap(Span{end, len(text)})
	b.finish()
	return Clean{b.out.String(), b.pieces}
}

type builder struct {
	text   string
	out    strings.Builder
	pieces []piece
	gaps   []Span // what stands between the last word that was kept and the next one
}

func (b *builder) gap(s Span) { b.gaps = append(b.gaps, s) }

// word copies a word, without the underscores where it spells letters.
func (b *builder) word(w Word) {
	parts := strings.Split(w.Text, "_")
	if len(parts) == 1 || slices.ContainsFunc(parts[:len(parts)-1], func(p string) bool { return utf8.RuneCountInString(p) != 1 }) {
		b.copy(w.Span)
		return
	}
	at := w.Start
	for _, p := range parts {
		b.copy(Span{at, at + len(p)})
		at += len(p) + 1
	}
}

func (b *builder) copy(s Span) {
	if s.Start >= s.End {
		return
	}
	out := b.out.Len()
	b.out.WriteString(b.text[s.Start:s.End])
	if n := len(b.pieces); n > 0 {
		if p := &b.pieces[n-1]; p.src+p.length == s.Start && p.out+p.length == out {
			p.length += s.End - s.Start
			return
		}
	}
	b.pieces = append(b.pieces, piece{out, s.Start, s.End - s.Start})
}

// flush writes what parts two kept words: the gap as it stands where nothing was dropped, else the strongest mark.
func (b *builder) flush(dropped bool, next Word) {
	gaps := b.gaps
	b.gaps = nil
	if !dropped && len(gaps) == 1 {
		b.tidy(gaps[0], next)
		return
	}
	if b.out.Len() == 0 {
		return
	}
	for _, g := range gaps {
		if at := strings.IndexAny(g.In(b.text), ".!?;:"); at >= 0 {
			b.copy(Span{g.Start + at, g.Start + at + 1})
			b.blank()
			return
		}
	}
	first, last := gaps[0].In(b.text), gaps[len(gaps)-1].In(b.text)
	if at := strings.IndexByte(first, ','); at >= 0 && !strings.Contains(last, ",") {
		b.copy(Span{gaps[0].Start + at, gaps[0].Start + at + 1})
	}
	b.blank()
}

func (b *builder) blank() {
	if s := b.out.String(); s != "" && !strings.HasSuffix(s, " ") {
		b.out.WriteByte(' ')
	}
}

// tidy copies a gap without blanks before punctuation, without doubled blanks and without emptied brackets.
func (b *builder) tidy(g Span, next Word) {
	if strings.HasPrefix(next.Norm, "'") && len(next.Norm) <= len("'ve") && next.Norm != "'em" || next.Norm == "n't" {
		if strings.TrimSpace(g.In(b.text)) == "" {
			return
		}
	}
	pending := false
	for i := g.Start; i < g.End; {
		r, n := utf8.DecodeRuneInString(b.text[i:])
		switch {
		case unicode.IsSpace(r):
			pending = true
		case strings.ContainsRune(",.;:!?…)”»", r):
			pending = false
			b.copy(Span{i, i + n})
		default:
			if pending && b.out.Len() > 0 {
				b.blank()
			}
			pending = false
			b.copy(Span{i, i + n})
		}
		i += n
	}
	if pending && b.out.Len() > 0 {
		b.blank()
	}
}

// finish writes the end mark that follows the last kept word.
func (b *builder) finish() {
	if b.out.Len() == 0 {
		b.pieces = nil
		return
	}
	for _, g := range b.gaps {
		if at := strings.IndexAny(g.In(b.text), ".!?"); at >= 0 {
			b.copy(Span{g.Start + at, g.Start + at + 1})
			return
		}
	}
}
