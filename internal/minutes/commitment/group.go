package commitment

// group reads the verb group that begins at j into the clause; being says that a form of "be" stood before the subject.
func (t *turn) group(s *sentence, c clause, j int, being bool) (clause, bool) {
	for c.at = -1; j < s.to; {
		if next := t.step(&c, j, &being); next > j {
			j = next
			continue
		}
		break
	}
	if j >= s.to || t.broken(j) {
		c.object = min(j, s.to)
		c.verb = map[bool]string{true: "be", false: ""}[being]
		return c, c.force != 0 || being || c.past
	}
	t.main(&c, j, being)
	return c, true
}

// broken reports whether the words at j cannot go on a verb group.
func (t *turn) broken(j int) bool {
	w := t.at(j)
	return coordinators[w] || t.tokens[j].gap != "" && (t.tokens[j].gap[0] == ';' || t.tokens[j].gap[0] == '.')
}

// step reads one auxiliary or adverb at j and gives the token after it, or j where the main verb stands.
func (t *turn) step(c *clause, j int, being *bool) int {
	w, next := t.at(j), t.at(j+1)
	switch {
	case w == "not" || w == "never" || w == "hardly":
		c.negated = !c.negated
		return j + 1
	case adverbs[w] && !(w == "all" && *being):
		return j + 1
	case modals[w], w == "need" && next == "not":
		t.aux(c, j)
		return j + 1
	case w == "better" && c.force&would != 0, w == "better" && c.past:
		c.force, c.past = c.force&^would|must, false
		return j + 1
	case w == "be" || w == "been" || w == "am" || w == "is" || w == "are" || w == "was" || w == "were":
		*being = true
		c.past = c.past || w == "was" || w == "were"
		return j + 1
	case w == "going" && next == "to" && !determiners[t.at(j+2)]:
		c.force |= will
		return j + 2
	case w == "got" && next == "to", w == "ought" && next == "to":
		c.force |= map[bool]force{true: must, false: ought}[w == "got"]
		return j + 2
	}
	return t.stepOn(c, j, being)
}

// stepOn is the latter half of step: have, do, and the words that take "to".
func (t *turn) stepOn(c *clause, j int, being *bool) int {
	w, next := t.at(j), t.at(j+1)
	switch {
	case havings[w] && next == "to":
		c.force |= must
		c.past = c.past || w == "had"
		return j + 2
	case havings[w] && next == "got":
		return j + 1
	case havings[w] && w != "having" && t.perfect(j+1):
		c.past = true
		return j + 1
	case doings[w] && c.force&will == 0 && t.helps(j+1):
		c.past = c.past || w == "did"
		return j + 1
	case (w == "need" || w == "needs") && next == "to":
		c.force |= must
		return j + 2
	case (w == "want" || w == "wants" || (w == "like" || w == "love") && c.force&would != 0) && next == "to":
		c.force = c.force&^would | wants
		return j + 2
	case *being && next == "to" && (w == "happy" || w == "glad" || w == "willing" || w == "ready" || w == "prepared" || w == "pleased"):
		c.force = c.force&^would | glad
		return j + 2
	case *being && next == "to" && (w == "able" || w == "supposed" || w == "meant"):
		c.force |= map[bool]force{true: can, false: ought}[w == "able"]
		*being = false
		return j + 2
	case *being && w == "to" && !determiners[next] && !nominatives[next]:
		c.force |= must
		*being = false
		return j + 1
	}
	return j
}

// aux notes what a modal says.
func (t *turn) aux(c *clause, j int) {
	switch t.at(j) {
	case "will", "shall":
		c.force |= will
	case "can":
		c.force |= can
	case "could":
		c.force |= could
	case "would", "might", "may":
		c.force |= would
	case "must", "need":
		c.force |= must
	case "should":
		c.force |= ought
	case "did", "was", "were", "had":
		c.past = true
	}
}

// perfect reports whether what follows "have" is a participle.
func (t *turn) perfect(j int) bool {
	for adverbs[t.at(j)] || t.at(j) == "not" {
		j++
	}
	w := t.at(j)
	_, f := verb(w)
	return w == "been" || w == "had" || w == "done" || f != bare && isParticiple(w) || same[w] || w == "come" || w == "become" || w == "run"
}

// helps reports whether what follows "do" is a verb that it helps.
func (t *turn) helps(j int) bool {
	for adverbs[t.at(j)] || t.at(j) == "not" {
		j++
	}
	w := t.at(j)
	_, f := verb(w)
	return f == bare || w == "have" || w == "do" || w == "be"
}

// main reads the main verb at j.
func (t *turn) main(c *clause, j int, being bool) {
	w := t.at(j)
	base, f := verb(w)
	c.at, c.verb, c.object = j, base, j+1
	switch {
	case being && isGerund(w):
		c.force |= ongoing
		if f == noVerb {
			c.verb = ungerund(w)
		}
	case being && isParticiple(w):
		c.passive = true
	case being:
		c.at, c.verb, c.object = j-1, "be", j
	case w == "have" || w == "has":
		c.verb = "have"
	case (w == "needs" || w == "wants" || w == "need" || w == "want") && isGerund(t.at(j+1)):
		t.main(c, j+1, false)
		c.force, c.passive = c.force|must, true
		c.verb, _ = verb(t.at(j + 1))
	case f == past && c.force == 0:
		c.past = true
	}
	if base == "get" && c.object < len(t.tokens) && isParticiple(t.at(c.object)) && c.force != 0 {
		c.verb, _ = verb(t.at(c.object))
		c.at, c.object, c.passive = c.object, c.object+1, true
	}
}

func ungerund(w string) string {
	if len(w) > 4 {
		return w[:len(w)-3]
	}
	return w
}

// setSubject notes the subject at token i.
func (t *turn) setSubject(c *clause, i int) {
	c.subject, c.noun = thing, span{i, i + 1}
	switch w := t.at(i); w {
	case "i":
		c.subject = me
	case "we":
		c.subject = us
	case "you":
		c.subject = you
	case "someone", "somebody", "anyone", "anybody", "one":
		c.subject = someone
	case "everyone", "everybody", "nobody", "noone", "people", "all":
		c.subject = everyone
	case "who":
		c.subject = who
	default:
		if t.tokens[i].name != nil {
			c.subject, c.person = named, t.tokens[i].name
		}
	}
}

// subjectBefore finds the subject that stands before the verb group at i, not reaching back before last.
func (t *turn) subjectBefore(c *clause, s *sentence, i, last int) {
	j := i - 1
	for j > s.from && j >= last && adverbs[t.at(j)] && !nominatives[t.at(j)] {
		j--
	}
	if j < s.from || j < last {
		return
	}
	if nominatives[t.at(j)] && t.at(j) != "there" || t.tokens[j].name != nil {
		t.setSubject(c, j)
		if c.from = j; t.tokens[j].name != nil && j > s.from && t.tokens[j-1].name == t.tokens[j].name {
			c.from = j - 1
		}
		c.noun.from = c.from
		t.widen(c, s, last)
		return
	}
	from := t.nounFrom(s, j, last)
	if from > j {
		return
	}
	c.subject, c.noun, c.from = thing, span{from, j + 1}, from
	for k := from; k <= j; k++ {
		switch w := t.at(k); {
		case w == "people" || w == "everyone" || w == "everybody" || w == "nobody" || w == "all" && k == from || w == "every" || w == "anybody":
			c.subject = everyone
		case w == "somebody" || w == "someone":
			c.subject = someone
		}
	}
}

// widen takes "dave the plumber" and "one of us" as one subject.
func (t *turn) widen(c *clause, s *sentence, last int) {
	if j := c.from - 1; t.at(c.from) == "us" && t.at(j) == "of" && j > s.from && j-1 >= last {
		c.from = j - 1
		c.subject = someone
	}
}

// nounFrom gives the first token of the noun phrase that ends at j, or j+1 where none does.
func (t *turn) nounFrom(s *sentence, j, last int) int {
	const longest = 9
	from := j + 1
	for k := j; k >= s.from && k >= last && j-k < longest; k-- {
		w := t.at(k)
		if nominatives[w] && !determiners[w] || objects[w] || coordinators[w] || relations[w] || conditions[w] || openers[w] || t.opensGroup(k, s.to) || beings[w] ||
			w == "please" || w == "because" || w == "to" {
			break
		}
		if from = k; k > s.from && t.comma(k) {
			break
		}
	}
	for from <= j && (prepositions[t.at(from)] || adverbs[t.at(from)] && t.at(from) != "all" && t.at(from) != "both") {
		from++
	}
	return from
}

// comma reports whether a mark stands before token k.
func (t *turn) comma(k int) bool {
	for _, r := range t.tokens[k].gap {
		if r == ',' || r == ';' || r == ':' || r == '-' || r == '–' || r == '—' {
			return true
		}
	}
	return false
}
