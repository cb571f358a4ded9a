package digest

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// phrase is a run of content words that may name what a stretch is about.
type phrase struct {
	key     string // its stems
	length  int
	count   float64
	nouns   float64 // how often it stood where a noun stands
	surface map[string]int
	order   int // of its first occurrence
}

// title names a stretch by its one or two phrases that are most its own and not in used, and notes them there.
func (t *talk) title(topic stretch, lines []document.Line, used map[string]bool) string {
	const second = 0.6
	inside := t.inside(topic)
	here := t.phrases(inside)
	size, all := float64(len(inside)), float64(len(t.sentences))
	score := func(p *phrase) float64 {
		everywhere := t.allPhrases[p.key]
		nouns := everywhere.nouns / everywhere.count
		if p.count < 2 || nouns < 0.35 || used[p.key] || p.length == 1 && nouns < 0.5 {
			return 0
		}
		lift := (p.count / size) / (everywhere.count / all)
		return math.Sqrt(p.count) * max(0.05, math.Log(0.3+lift)) * nouns * float64(p.length)
	}
	list := make([]*phrase, 0, len(here))
	for _, p := range here {
		if score(p) > 0 {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *phrase) int {
		if x, y := score(a), score(b); x != y {
			return cmp.Compare(y, x)
		}
		return a.order - b.order
	})
	if len(list) == 0 {
		return shortened(lines[0].Text)
	}
	title := list[0].most()
	used[list[0].key] = true
	for _, p := range list[1:] {
		if score(p) < second*score(list[0]) {
			break
		}
		if !shares(p.key, list[0].key) {
			used[p.key] = true
			title += " " + andWord(t.spoken) + " " + p.most()
			break
		}
	}
	return finish(title, "")
}

func andWord(l language.Language) string {
	if w := ands[l]; w != "" {
		return w
	}
	return "/"
}

func shares(a, b string) bool {
	for _, x := range strings.Fields(a) {
		if slices.Contains(strings.Fields(b), x) {
			return true
		}
	}
	return false
}

// most gives the form in which the phrase was said most.
func (p *phrase) most() string {
	best, n := "", 0
	for s, k := range p.surface {
		if k > n || k == n && s < best {
			best, n = s, k
		}
	}
	return best
}

// shortened gives the first words of a line, for a stretch without a phrase of its own.
func shortened(text string) string {
	const most = 7
	words := language.Words(text)
	if len(words) <= most {
		return strings.TrimRight(text, ".!?…。")
	}
	return text[:words[most-1].End] + "…"
}

// phrases collects the runs of up to three content words in the given sentences.
func (t *talk) phrases(numbers []int) map[string]*phrase {
	found := map[string]*phrase{}
	for _, i := range numbers {
		s := &t.sentences[i]
		words := language.Words(s.text)
		for from := range words {
			for n := 1; n <= 3 && from+n <= len(words); n++ {
				if !t.nameable(s, words, from, n) {
					break
				}
				t.addPhrase(found, s, words, from, n)
			}
		}
	}
	return found
}

// nameable reports whether the last of n words may stand in a title beside those before it.
func (t *talk) nameable(s *sentence, words []language.Word, from, n int) bool {
	w := words[from+n-1]
	l := s.language
	if l.Stop(w.Norm) || len(w.Norm) < 3 && (w.Text == w.Norm || len(w.Norm) < 2) || grammars[l].verbs[w.Norm] || len(l.Numbers(w.Text)) > 0 || plain[l][w.Norm] {
		return false
	}
	if t.names[w.Norm] || strings.HasSuffix(w.Norm, "ly") && l == language.English {
		return false
	}
	return n == 1 || strings.Trim(s.text[words[from+n-2].End:w.Start], " -") == ""
}

func (t *talk) addPhrase(found map[string]*phrase, s *sentence, words []language.Word, from, n int) {
	l := s.language
	stems := make([]string, n)
	for k := range n {
		stems[k] = l.Stem(words[from+k].Norm)
	}
	if n > 1 && slices.Contains(stems[1:], stems[0]) {
		return
	}
	key := strings.Join(stems, " ")
	p := found[key]
	if p == nil {
		p = &phrase{key: key, length: n, surface: map[string]int{}, order: len(found)}
		found[key] = p
	}
	p.count++
	text := s.text[words[from].Start:words[from+n-1].End]
	if from == 0 && !isAcronym(words[0].Text) {
		text = words[0].Norm + text[len(words[0].Text):]
	}
	p.surface[text]++
	if t.nounPlace(s, words, from, n) {
		p.nouns++
	}
}

func isAcronym(word string) bool { return len(word) > 1 && strings.ToUpper(word) == word }

// nounPlace reports whether a run of words stands where a noun phrase does: behind an article, a preposition or the like, and
// not before another word that it may belong to.
func (t *talk) nounPlace(s *sentence, words []language.Word, from, n int) bool {
	g := grammars[s.language]
	if len(g.nounBefore) == 0 {
		return true
	}
	if strings.HasPrefix(s.text[words[from+n-1].End:], "-") {
		return false
	}
	if end := from + n; end < len(words) && words[end].Start == words[end-1].End+1 && t.nameable(s, words, end, 1) {
		return false
	}
	return from > 0 && (g.nounBefore[words[from-1].Norm] || t.nameable(s, words, from-1, 1))
}
