package digest

import (
	"cmp"
	"math"
	"slices"
	"strings"

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
	score   float64
}

// title names a stretch: as it was announced, or by its one or two phrases that are most its own and not in used, and notes them
// there. lines are the sentences that the minutes print of it.
func (t *talk) title(topic stretch, lines []int, used map[string]bool) string {
	const second = 0.75
	if key := t.key(topic.name); key != "" && !used[key] {
		used[key] = true
		return finish(topic.name, "")
	}
	list := t.ranked(t.inside(topic), lines, used)
	if len(list) == 0 {
		list = t.ranked(t.inside(topic), lines, map[string]bool{})
	}
	if len(list) == 0 {
		return shortened(t.sentences[lines[0]].text)
	}
	best := list[0]
	title := best.most()
	used[best.key] = true
	for _, p := range list[1:] {
		if p.score < second*best.score || p.length == 1 && best.length == 1 {
			break
		}
		if !shares(p.key, best.key) {
			used[p.key] = true
			title += " " + andWord(t.spoken) + " " + p.most()
			break
		}
	}
	return finish(title, "")
}

// key gives the stems of a name.
func (t *talk) key(name string) string {
	return strings.Join(t.spoken.Content(name), " ")
}

// ranked gives the phrases of the given sentences that could be a title, the best first: said more than once, more here than
// elsewhere, where nouns stand, and best in a line that is printed; a single word even more often. Where there is none, once less
// will do.
func (t *talk) ranked(inside, lines []int, used map[string]bool) []*phrase {
	const printed = 1.4
	lengths := [...]float64{1: 0.8, 2: 2, 3: 2.8}
	here, shown := t.phrases(inside), t.phrases(lines)
	share := float64(len(t.sentences)) / float64(len(inside))
	for least := 2.0; least >= 1; least-- {
		var list []*phrase
		for _, p := range here {
			everywhere := t.allPhrases[p.key]
			nouns := everywhere.nouns / everywhere.count
			if p.count < least || isUsed(p.key, used) || nouns < 0.35 || p.length == 1 && (nouns < 0.5 || p.count < least+1) || t.isParticiple(p) || t.modifies(p) {
				continue
			}
			lift := share * p.count / everywhere.count
			p.score = math.Sqrt(p.count) * max(0.05, math.Log(0.3+lift)) * nouns * lengths[p.length]
			if shown[p.key] != nil {
				p.score *= printed
			}
			list = append(list, p)
		}
		if len(list) > 0 {
			slices.SortFunc(list, func(a, b *phrase) int { return cmp.Or(cmp.Compare(b.score, a.score), a.order-b.order) })
			return list
		}
	}
	return nil
}

// isUsed reports whether a title names the phrase already.
func isUsed(key string, used map[string]bool) bool {
	for title := range used {
		if strings.Contains(" "+title+" ", " "+key+" ") {
			return true
		}
	}
	return false
}

// modifies reports whether a phrase ends with a word that stands before others more often than not: "younger", "federal".
func (t *talk) modifies(p *phrase) bool {
	last := p.key[strings.LastIndexByte(p.key, ' ')+1:]
	return 2*t.followed[last] > t.said[last]
}

// isParticiple reports whether a phrase ends like a verb: "reminders stopped".
func (t *talk) isParticiple(p *phrase) bool {
	return t.spoken == language.English && strings.HasSuffix(p.most(), "ed")
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
	v := verbForms(l)
	if t.names[w.Norm] || strings.HasSuffix(w.Norm, "ly") && l == language.English || v.finite[w.Norm] && !v.nouns[w.Norm] {
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
	p.nouns += t.nounPlace(s, words, from, n)
}

// countUses notes how often each stem was said, and how often right before another content word, to which it may belong.
func (t *talk) countUses() {
	t.said, t.followed = map[string]int{}, map[string]int{}
	for i := range t.sentences {
		s := &t.sentences[i]
		words := language.Words(s.text)
		for k, w := range words {
			stem := s.language.Stem(w.Norm)
			t.said[stem]++
			if k+1 < len(words) && words[k+1].Start == w.End+1 && !s.language.Stop(words[k+1].Norm) {
				t.followed[stem]++
			}
		}
	}
}

func isAcronym(word string) bool { return len(word) > 1 && strings.ToUpper(word) == word }

// nounPlace says how surely a run of words stands where a noun phrase does, from 0 to 1: behind an article, a preposition or
// the like, less surely behind another content word, and not before one that it may belong to.
func (t *talk) nounPlace(s *sentence, words []language.Word, from, n int) float64 {
	g := grammars[s.language]
	end := from + n
	switch {
	case len(g.nounBefore) == 0:
		return 1
	case strings.HasPrefix(s.text[words[end-1].End:], "-"):
		return 0
	case end < len(words) && words[end].Start == words[end-1].End+1 && t.nameable(s, words, end, 1):
		return 0
	case from > 0 && g.nounBefore[words[from-1].Norm]:
		return 1
	case from > 0 && t.nameable(s, words, from-1, 1), n > 1:
		return 0.5
	}
	return 0
}
