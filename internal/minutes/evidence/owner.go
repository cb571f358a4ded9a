package evidence

import (
	"slices"
	"strings"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/language"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/people"
)

// Action blanks what does not stand of an action: an owner whom the cited segments neither name nor were spoken by, and a
// date that does not follow from words that were said there.
func (e *Checker) Action(a document.Action) document.Action {
	src, _ := e.source(a.Evidence)
	if a.Owner != nil {
		a.Owner = e.owner(*a.Owner, a.Evidence, src.text)
	}
	if a.Due != nil {
		a.Due = e.due(*a.Due, src.text)
	}
	return a
}

// due returns a date that follows from its words and the meeting's date, without it where it does not, and nil where the words
// were not said.
func (e *Checker) due(d document.Due, said string) *document.Due {
	if strings.TrimSpace(d.AsSaid) == "" || !strings.Contains(fold(said), fold(d.AsSaid)) {
		return nil
	}
	if d.Date == nil {
		return &d
	}
	day, err := time.Parse(time.DateOnly, *d.Date)
	if err != nil {
		return nil
	}
	if computed := commitment.Due(e.meeting, d.AsSaid); computed != nil && same(computed.Date, d.Date) {
		return &d
	}
	days := e.computed(d.AsSaid)
	if len(days) == 0 {
		days = e.eventDays(d.AsSaid)
	}
	if slices.ContainsFunc(days, day.Equal) {
		return &d
	}
	return nil
}

// eventDays are the days that were said of the event that words name ("before the audit"), anywhere in the meeting.
func (e *Checker) eventDays(words string) []time.Time {
	var days []time.Time
	named := e.lang.Content(words)
	for _, id := range e.order {
		said := e.segments[id].Text
		known := map[string]bool{}
		e.learn(known, said)
		if slices.ContainsFunc(named, func(stem string) bool { return known[stem] }) {
			days = append(days, e.computed(said)...)
		}
	}
	return days
}

func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// owner returns who bears an action by the name that people know them by: a speaker of the cited segments, or somebody whom
// they name. It is nil where neither is so.
func (e *Checker) owner(o document.Owner, evidence []document.Evidence, said string) *document.Owner {
	if o.Speaker != nil {
		name, ok := e.speakers[*o.Speaker]
		switch {
		case !ok, o.Name != nil && name != "" && !strings.EqualFold(*o.Name, name):
			return nil
		case name != "":
			o.Name = &name
		}
	}
	if o.Speaker == nil && o.Name == nil {
		return nil
	}
	known := true
	if o.Name != nil {
		if o.Name, known = e.calledFully(*o.Name); o.Name == nil {
			return nil
		}
	}
	if !known && people.Office(*o.Name) && strings.Contains(fold(said), fold(*o.Name)) {
		return &o
	}
	if e.speaks(o, evidence) || o.Name != nil && addressed(*o.Name, said, e.lang, !known) {
		return &o
	}
	return nil
}

// calledFully returns the name of an attendee or speaker by that name or, where only one person has it, by a part of it. Of
// somebody whom nobody knows it returns the name itself; of two people by that name none, as a blank is better than a guess.
func (e *Checker) calledFully(name string) (full *string, known bool) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || foreign(name, "") != "" {
		return nil, false
	}
	var found []string
	for _, one := range e.people {
		if strings.EqualFold(one, name) {
			return &one, true
		}
		if partOf(name, one) && (len(found) == 0 || !strings.EqualFold(found[0], one)) {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 0:
		return &name, false
	case 1:
		return &found[0], true
	}
	return nil, false
}

// partOf reports whether every word of a name is one of the full name.
func partOf(name, full string) bool {
	have := map[string]bool{}
	for _, w := range language.Words(full) {
		have[w.Norm] = true
	}
	for _, w := range language.Words(name) {
		if !have[w.Norm] {
			return false
		}
	}
	return true
}

// speaks reports whether an owner says something in the cited segments that can be a promise: in the first person, or an answer.
func (e *Checker) speaks(o document.Owner, evidence []document.Evidence) bool {
	for _, ev := range evidence {
		seg := e.segments[ev.Segment]
		if seg.Speaker == nil {
			continue
		}
		name := e.speakers[*seg.Speaker]
		if o.Speaker != nil && *seg.Speaker == *o.Speaker || o.Name != nil && name != "" && strings.EqualFold(name, *o.Name) {
			if promises(seg.Text, e.lang) {
				return true
			}
		}
	}
	return false
}

// promises reports whether words can be a promise of who says them: in the first person, in assent, or short. Where the
// language's first person is not known, any can.
func promises(text string, l language.Language) bool {
	first, ok := firstPerson[l]
	if !ok || len(language.Words(text)) <= 6 || anyOf(text, assent[l]) {
		return true
	}
	for _, w := range language.Words(text) {
		if first[head(w.Norm)] || strings.HasSuffix(w.Norm, "'ll") {
			return true // "you'll have it by Tuesday" promises, too
		}
	}
	return false
}

var firstPerson = map[language.Language]map[string]bool{
	language.English: wordSet(`i me my mine myself we us our ours let`), language.German: wordSet(`ich mir mich mein meine wir uns unser unsere`),
	language.French: wordSet(`je j moi me m mon ma mes nous on notre nos`), language.Dutch: wordSet(`ik mij me mijn wij we ons onze`),
}

// addressed reports whether a text names somebody, by a word of the name or by all of them: where it stands as a name and not
// as the word that it may also be ("will", "may", "mark").
func addressed(name, text string, l language.Language, all bool) bool {
	parts := map[string]bool{}
	for _, w := range language.Words(name) {
		if len([]rune(w.Norm)) > 1 {
			parts[w.Norm] = false
		}
	}
	words := language.Words(text)
	capitals := slices.ContainsFunc(words, language.Word.Capital)
	for i, w := range words {
		norm := bareName(w.Norm)
		if _, ok := parts[norm]; !ok || capitals && !w.Capital() {
			continue
		}
		word := l.Stop(norm) || timeWords[l][norm] || ordinary(l, norm)
		opens := i == 0 || strings.ContainsAny(text[words[i-1].End:w.Start], ".!?\n")
		vocative := strings.HasPrefix(text[w.End:], ",")
		parts[norm] = parts[norm] || !word || capitals && !opens || vocative
	}
	found := 0
	for _, ok := range parts {
		if ok {
			found++
		}
	}
	return found > 0 && (!all || found == len(parts))
}

// Settle blanks an owner or a date of a model's actions where the rules found another one in a segment that both cite.
func (e *Checker) Settle(drafted, rules []document.Action) {
	for i := range drafted {
		a := &drafted[i]
		for _, r := range rules {
			if !slices.ContainsFunc(a.Evidence, func(x document.Evidence) bool {
				return slices.ContainsFunc(r.Evidence, func(y document.Evidence) bool { return x.Segment == y.Segment })
			}) || !Alike(a.Text, r.Text, e.lang) {
				continue
			}
			if a.Owner != nil && r.Owner != nil && e.differ(*a.Owner, *r.Owner, a.Evidence) {
				a.Owner = nil
			}
			if a.Due != nil && r.Due != nil && a.Due.Date != nil && r.Due.Date != nil && *a.Due.Date != *r.Due.Date {
				a.Due = nil
			}
		}
	}
}

// differ reports whether two owners are known to be two people.
func (e *Checker) differ(a, b document.Owner, evidence []document.Evidence) bool {
	src, _ := e.source(evidence)
	x, y := e.owner(a, evidence, src.text), e.owner(b, evidence, src.text)
	return x != nil && y != nil && x.Name != nil && y.Name != nil && *x.Name != *y.Name
}

// Alike reports whether two lines share at least half of their words of content.
func Alike(a, b string, l language.Language) bool {
	in, both := map[string]bool{}, map[string]bool{}
	for _, stem := range l.Content(a) {
		in[stem], both[stem] = true, true
	}
	shared := map[string]bool{}
	for _, stem := range l.Content(b) {
		if both[stem] = true; in[stem] {
			shared[stem] = true
		}
	}
	return 2*len(shared) >= len(both) && len(both) > 0
}

func same(a, b *string) bool { return a == b || a != nil && b != nil && *a == *b }
