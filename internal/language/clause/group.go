package clause

// group reads the verb group that begins at j into the clause; being says that a form of "be" stood before the subject.
func (t *Text) group(s *Sentence, c Clause, j int, being bool) (Clause, bool) {
	for c.At = -1; j < s.To; {
		if next := t.step(&c, j, &being); next > j {
			j = next
			continue
		}
		break
	}
	if j >= s.To || t.broken(j) {
		c.Object = min(j, s.To)
		c.Verb = map[bool]string{true: "be", false: ""}[being]
		return c, c.Force != 0 || being || c.Past
	}
	t.main(&c, j, being)
	return c, true
}

// broken reports whether the words at j cannot go on a verb group.
func (t *Text) broken(j int) bool {
	w := t.At(j)
	return Coordinator[w] || interrupting[w] || t.Tokens[j].Gap != "" && (t.Tokens[j].Gap[0] == ';' || t.Tokens[j].Gap[0] == '.')
}

// interrupting words cannot be a main verb: something new begins.
var interrupting = Set(`of i we he she they yeah yes yep no okay ok thanks sorry oh well`)

// step reads one auxiliary or adverb at j and gives the token after it, or j where the main verb stands.
func (t *Text) step(c *Clause, j int, being *bool) int {
	w, next := t.At(j), t.At(j+1)
	switch {
	case w == "not" || w == "never" || w == "hardly":
		c.Negated = !c.Negated
		return j + 1
	case Adverb[w] && !(w == "all" && *being):
		return j + 1
	case Modal[w], w == "need" && next == "not":
		t.aux(c, j)
		return j + 1
	case w == "better" && c.Force&Would != 0, w == "better" && c.Past:
		c.Force, c.Past = c.Force&^Would|Must, false
		return j + 1
	case w == "be" || w == "been" || w == "am" || w == "is" || w == "are" || w == "was" || w == "were":
		*being = true
		c.Past = c.Past || w == "was" || w == "were"
		return j + 1
	case w == "going" && next == "to" && !Determiner[t.At(j+2)]:
		c.Force |= Will
		*being = false
		return j + 2
	case w == "got" && next == "to", w == "ought" && next == "to":
		c.Force |= map[bool]Force{true: Must, false: Ought}[w == "got"]
		*being = false // "somebody's got to"
		return j + 2
	}
	return t.stepOn(c, j, being)
}

// stepOn is the latter half of step: have, do, and the words that take "to".
func (t *Text) stepOn(c *Clause, j int, being *bool) int {
	w, next := t.At(j), t.At(j+1)
	switch {
	case Having[w] && next == "to":
		c.Force |= Must
		c.Past = c.Past || w == "had"
		return j + 2
	case Having[w] && next == "got":
		return j + 1
	case Having[w] && w != "having" && t.perfect(j+1):
		c.Past = true
		return j + 1
	case doings[w] && c.Force&Will == 0 && t.helps(j+1):
		c.Past = c.Past || w == "did"
		return j + 1
	case (w == "need" || w == "needs") && next == "to":
		c.Force |= Must
		return j + 2
	case (w == "want" || w == "wants" || (w == "like" || w == "love") && c.Force&Would != 0) && next == "to":
		c.Force = c.Force&^Would | Wants
		return j + 2
	case *being && next == "to" && (w == "happy" || w == "glad" || w == "willing" || w == "ready" || w == "prepared" || w == "pleased"):
		c.Force = c.Force&^Would | Glad
		*being = false
		return j + 2
	case *being && next == "to" && (w == "able" || w == "supposed" || w == "meant"):
		c.Force |= map[bool]Force{true: Can, false: Ought}[w == "able"]
		*being = false
		return j + 2
	case *being && w == "to" && !Determiner[next] && !Nominative[next]:
		c.Force |= Must
		*being = false
		return j + 1
	}
	return j
}

// aux notes what a modal says.
func (t *Text) aux(c *Clause, j int) {
	switch t.At(j) {
	case "will", "shall":
		c.Force |= Will
	case "can":
		c.Force |= Can
	case "could":
		c.Force |= Could
	case "would", "might", "may":
		c.Force |= Would
	case "must", "need":
		c.Force |= Must
	case "should":
		c.Force |= Ought
	case "did", "was", "were", "had":
		c.Past = true
	}
}

// perfect reports whether what follows "have" is a participle.
func (t *Text) perfect(j int) bool {
	for Adverb[t.At(j)] || t.At(j) == "not" {
		j++
	}
	w := t.At(j)
	_, f := Lookup(w)
	return w == "been" || w == "had" || w == "done" || f != Bare && IsParticiple(w) || same[w] || w == "come" || w == "become" || w == "run"
}

// helps reports whether what follows "do" is a verb that it helps.
func (t *Text) helps(j int) bool {
	for Adverb[t.At(j)] || t.At(j) == "not" {
		j++
	}
	w := t.At(j)
	_, f := Lookup(w)
	return f == Bare || w == "have" || w == "do" || w == "be"
}

// main reads the main verb at j.
func (t *Text) main(c *Clause, j int, being bool) {
	w := t.At(j)
	base, f := Lookup(w)
	c.At, c.Verb, c.Object = j, base, j+1
	switch {
	case being && IsGerund(w):
		c.Force |= Ongoing
		if f == NoVerb {
			c.Verb = ungerund(w)
		}
	case being && IsParticiple(w):
		c.Passive = true
	case being:
		c.At, c.Verb, c.Object = j-1, "be", j
	case (base == "go" || base == "come" || base == "try") && f == Bare && t.At(j+1) == "and" && isBare(t.At(j+2)):
		t.main(c, j+2, false) // "I'll go and choose them"
		return
	case w == "have" || w == "has":
		c.Verb = "have"
	case (w == "needs" || w == "wants" || w == "need" || w == "want") && IsGerund(t.At(j+1)):
		t.main(c, j+1, false)
		c.Force, c.Passive = c.Force|Must, true
		c.Verb, _ = Lookup(t.At(j + 1))
	case f == Past && c.Force == 0:
		c.Past = true
	}
	if base == "get" && c.Object < len(t.Tokens) && IsParticiple(t.At(c.Object)) && c.Force != 0 {
		c.Verb, _ = Lookup(t.At(c.Object))
		c.At, c.Object, c.Passive = c.Object, c.Object+1, true
	}
}

func isBare(norm string) bool {
	_, f := Lookup(norm)
	return f == Bare
}

func ungerund(w string) string {
	if len(w) > 4 {
		return w[:len(w)-3]
	}
	return w
}

// setSubject notes the subject at token i.
func (t *Text) setSubject(c *Clause, i int) {
	c.Subject, c.Noun = Thing, Span{i, i + 1}
	switch w := t.At(i); w {
	case "i":
		c.Subject = Me
	case "we":
		c.Subject = Us
	case "you":
		c.Subject = You
	case "someone", "somebody", "anyone", "anybody", "one":
		c.Subject = Someone
	case "everyone", "everybody", "nobody", "noone", "people", "all":
		c.Subject = Everyone
	case "who":
		c.Subject = Who
	default:
		if t.Tokens[i].Who != 0 {
			c.Subject, c.Who = Named, t.Tokens[i].Who
		}
	}
}

// subjectBefore finds the subject that stands before the verb group at i, not reaching back before last.
func (t *Text) subjectBefore(c *Clause, s *Sentence, i, last int) {
	j := i - 1
	for j > s.From && j >= last && Adverb[t.At(j)] && !Nominative[t.At(j)] {
		j--
	}
	if j < s.From || j < last {
		return
	}
	if t.At(j) == "there" && c.Force == 0 && (j == s.From || Opener[t.At(j-1)] || Coordinator[t.At(j-1)]) && (Modal[t.At(i)] || Having[t.At(i)] || Being[t.At(i)] || t.At(i) == "needs") {
		c.Subject, c.Noun, c.From = Thing, Span{j, j + 1}, j
		return
	}
	if Nominative[t.At(j)] && t.At(j) != "there" || t.Tokens[j].Who != 0 {
		t.setSubject(c, j)
		if c.From = j; t.Tokens[j].Who != 0 && j > s.From && t.Tokens[j-1].Who == t.Tokens[j].Who {
			c.From = j - 1
		}
		c.Noun.From = c.From
		t.widen(c, s, last)
		return
	}
	from := t.nounFrom(s, j, last)
	if from > j || t.Comma(i) && !Determiner[t.At(from)] && t.Tokens[from].Who == 0 {
		return
	}
	c.Subject, c.Noun, c.From = Thing, Span{from, j + 1}, from
	for k := from; k <= j; k++ {
		switch w := t.At(k); {
		case w == "people" || w == "everyone" || w == "everybody" || w == "nobody" || w == "all" && k == from || w == "every" || w == "anybody":
			c.Subject = Everyone
		case w == "somebody" || w == "someone":
			c.Subject = Someone
		}
	}
}

// widen takes "dave the plumber" and "one of us" as one subject.
func (t *Text) widen(c *Clause, s *Sentence, last int) {
	if j := c.From - 1; t.At(c.From) == "us" && t.At(j) == "of" && j > s.From && j-1 >= last {
		c.From = j - 1
		c.Subject = Someone
	}
}

// nounFrom gives the first token of the noun phrase that ends at j, or j+1 where none does.
func (t *Text) nounFrom(s *Sentence, j, last int) int {
	const longest = 9
	from := j + 1
	for k := j; k >= s.From && k >= last && j-k < longest; k-- {
		w := t.At(k)
		if Nominative[w] && !Determiner[w] || Objective[w] || Coordinator[w] || Relation[w] || Condition[w] || Opener[w] || t.OpensGroup(k, s.To) || Being[w] ||
			w == "please" || w == "because" || w == "to" {
			break
		}
		if from = k; k > s.From && t.Comma(k) {
			break
		}
	}
	if from < j && Preposition[t.At(from)] && Determiner[t.At(from+1)] && from+3 <= j {
		from += 3 // "in the meanwhile people"
	}
	for from <= j && (Preposition[t.At(from)] || Adverb[t.At(from)] && t.At(from) != "all" && t.At(from) != "both") {
		from++
	}
	return from
}

// Comma reports whether a mark stands before token k.
func (t *Text) Comma(k int) bool {
	for _, r := range t.Tokens[k].Gap {
		if r == ',' || r == ';' || r == ':' || r == '-' || r == '–' || r == '—' {
			return true
		}
	}
	return false
}
