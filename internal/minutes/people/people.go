// Package people knows who is meant by a name that is spoken in a meeting: an attendee, a speaker, or somebody else.
package people

import (
	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
	"slices"
	"strings"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// Person is somebody who can own an action: an attendee, a speaker, both, or a name that was only spoken.
type Person struct {
	Name    *string
	Speaker *string
	words   []string // of the name, normalised
}

// Owner gives the person as the minutes name them.
func (p *Person) Owner() *document.Owner {
	if p == nil || p.Name == nil && p.Speaker == nil {
		return nil
	}
	return &document.Owner{Name: p.Name, Speaker: p.Speaker}
}

// People are those whom the meeting knows.
type People struct {
	all     []*Person
	ByID    map[string]*Person
	byWord  map[string]*Person // nil where two share the word
	written bool               // the transcript has capitals, so that a name has one
}

// New joins the attendees and the speakers. A speaker whose label only numbers a voice has no name.
func New(m document.Meeting, t document.Transcript) *People {
	p := &People{ByID: map[string]*Person{}, byWord: map[string]*Person{}}
	for _, s := range t.Speakers {
		one := &Person{Speaker: &s.ID}
		if s.Name != nil && !numbered(*s.Name) {
			one.Name = s.Name
		}
		p.ByID[s.ID] = one
		p.all = append(p.all, one)
	}
	for _, name := range m.Attendees {
		if strings.TrimSpace(name) != "" && !p.known(name) {
			p.all = append(p.all, &Person{Name: &name})
		}
	}
	for _, one := range p.all {
		if one.Name != nil {
			p.index(one)
		}
	}
	p.written = hasCapitals(t.Segments)
	return p
}

// numbered reports whether a label only numbers a voice: "Speaker 1", "S2", "Unknown".
func numbered(label string) bool {
	words := language.Words(label)
	if len(words) == 0 {
		return true
	}
	switch strings.TrimRight(words[0].Norm, "0123456789_") {
	case "speaker", "s", "spk", "voice", "unknown", "participant", "guest", "person", "":
		return len(words) <= 2
	}
	return false
}

// known finds an attendee among the speakers by the full name.
func (p *People) known(name string) bool {
	for _, one := range p.all {
		if one.Name != nil && language.Norm(strings.TrimSpace(*one.Name)) == language.Norm(strings.TrimSpace(name)) {
			return true
		}
	}
	return false
}

// index makes a person known by each word of the name and by the short forms of the first one.
func (p *People) index(one *Person) {
	for _, w := range language.Words(*one.Name) {
		if !Title[w.Norm] {
			one.words = append(one.words, w.Norm)
		}
	}
	keys := map[string]bool{}
	for i, w := range one.words {
		if utf8.RuneCountInString(w) < 2 || particles[w] {
			continue
		}
		keys[w] = true
		if i == 0 {
			for _, short := range strings.Fields(shortForms[w]) {
				keys[short] = true
			}
		}
	}
	for k := range keys {
		if _, taken := p.byWord[k]; taken {
			p.byWord[k] = nil
			continue
		}
		p.byWord[k] = one
	}
}

// hasCapitals reports whether the transcript writes sentences with capitals.
func hasCapitals(segments []document.Segment) bool {
	capitals, all := 0, 0
	for _, s := range segments {
		words := language.Words(s.Text)
		if len(words) == 0 {
			continue
		}
		all++
		if words[0].Capital() {
			capitals++
		}
	}
	return 2*capitals > all
}

// Mark marks the tokens of a text that name somebody.
func (p *People) Mark(t *clause.Text) {
	for i := range t.Tokens {
		tok := &t.Tokens[i]
		if tok.Second || p.written && !tok.Capital {
			continue
		}
		one := p.lookup(tok.Norm)
		if one == nil || p.otherwise(t, i) {
			continue
		}
		tok.Who = p.number(one)
	}
}

// lookup finds who is meant by a word: a part of the name, a short form, or one letter off a long first name, as recognizers
// write names they do not know.
func (p *People) lookup(norm string) *Person {
	if one, ok := p.byWord[norm]; ok {
		return one
	}
	if Title[norm] || clause.Nominative[norm] || clause.Opener[norm] || len(norm) < 3 {
		return nil
	}
	if _, f := clause.Lookup(norm); f != clause.NoVerb && !p.written {
		return nil
	}
	var found *Person
	for _, one := range p.all {
		if len(one.words) == 0 {
			continue
		}
		first := one.words[0]
		short := len(norm) >= 3 && len(norm) < len(first) && strings.HasPrefix(first, norm)
		if !short && !(len(norm) >= 5 && len(first) >= 5 && oneOff(norm, first)) {
			continue
		}
		if found != nil {
			return nil
		}
		found = one
	}
	return found
}

// oneOff reports whether two words differ by one letter that is changed, missing or added, not the first.
func oneOff(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 || len(x) == 0 || x[0] != y[0] {
		return false
	}
	i := 0
	for i < len(x) && x[i] == y[i] {
		i++
	}
	if len(x) == len(y) {
		return i < len(x) && string(x[i+1:]) == string(y[i+1:])
	}
	return string(x[i:]) == string(y[i+1:])
}

// opens reports whether a sentence begins at token i, words that only open it aside.
func opens(t *clause.Text, i int) bool {
	for i > 0 && clause.Opener[t.At(i-1)] {
		i--
	}
	return i == t.Sentences[t.SentenceOf(i)].From
}

// otherwise reports whether a word that can be a name is more likely the common word that it also is.
func (p *People) otherwise(t *clause.Text, i int) bool {
	w := t.At(i)
	if !alsoWords[w] || p.written && i > 0 && t.Tokens[i].Gap != "" && !clause.EndsSentence(t.Tokens[i].Gap) {
		return false
	}
	if p.written {
		// The capital may be the sentence's.
		for _, s := range t.Sentences {
			if s.From == i {
				return t.At(i+1) != "" && t.Tokens[i+1].Gap[:1] == " "
			}
		}
		return false
	}
	return !(i == 0 || clause.Opener[t.At(i-1)]) || clause.Nominative[t.At(i+1)] && w != "pat"
}

// Vocative reports whether the name at token i is called and not talked about.
func Vocative(t *clause.Text, s *clause.Sentence, i int) bool {
	if t.Tokens[i].Who == 0 {
		return false
	}
	for _, c := range s.Clauses {
		if c.Subject == clause.Named && i >= c.Noun.From && i < c.Noun.To {
			return false
		}
	}
	before := t.At(i - 1)
	if i == s.From {
		return true
	}
	if t.Comma(i) && (i+1 >= s.To || t.Comma(i+1)) {
		return true
	}
	if clause.Preposition[before] || clause.Determiner[before] || Title[before] || before == "and" && !t.Comma(i) && i-1 > s.From || before == "to" || before == "is" || before == "are" {
		return clause.Opener[before] && i-1 == s.From
	}
	if _, f := clause.Lookup(before); (f == clause.Bare || f == clause.Past || f == clause.Third || f == clause.Gerund) && !clause.Opener[before] && !t.Comma(i) {
		return i+1 >= s.To && !calling[before]
	}
	return true
}

// calling are verbs whose object may be a person.
var calling = clause.Set(`ask tell call ring phone email message chase contact see meet get give send let show text brief remind copy thank know knows asked told called
	saw met gave sent include invite involve cc owe help cover pay`)

// Of gives the person whom a token names by number, and number the other way round.
func (p *People) Of(who int) *Person {
	if who < 1 || who > len(p.all) {
		return nil
	}
	return p.all[who-1]
}

func (p *People) number(one *Person) int { return slices.Index(p.all, one) + 1 }

// Third finds who a noun phrase names: an attendee, or a name that was only spoken.
func (p *People) Third(t *clause.Text, n clause.Span) *Person {
	for i := n.From; i < n.To; i++ {
		if t.Tokens[i].Who != 0 && !strings.HasSuffix(t.Tokens[i].Norm, "'s") {
			return p.Of(t.Tokens[i].Who)
		}
	}
	if one := p.spoken(t, n); one != nil {
		return one
	}
	return Role(t, n)
}

// Role reads somebody named by an office or a trade, or a department: "the clerk", "our roofing contractor", "purchasing".
func Role(t *clause.Text, n clause.Span) *Person {
	for n.From < n.To && (clause.Opener[t.At(n.From)] || clause.Coordinator[t.At(n.From)]) {
		n.From++
	}
	const longest = 4
	if n.Empty() || n.To-n.From > longest {
		return nil
	}
	first, head := t.At(n.From), t.At(n.To-1)
	one := n.To-n.From == 1 && departments[head]
	if !one && !(offices[head] && n.To-n.From > 1 && (first == "the" || first == "our" || first == "your" || first == "their")) {
		return nil
	}
	for i := n.From + 1; i < n.To; i++ {
		if t.Tokens[i].Gap != " " || clause.Preposition[t.At(i)] || clause.Relation[t.At(i)] {
			return nil
		}
	}
	text := strings.TrimSuffix(strings.TrimSuffix(t.Words(n.From, n.To), "'s"), "’s")
	return &Person{Name: &text}
}

// Office reports whether a name that was spoken is an office, a trade or a department.
func Office(name string) bool {
	words := strings.Fields(strings.ToLower(name))
	n := len(words)
	return n == 1 && departments[words[0]] || n > 1 && offices[words[n-1]] && (clause.Determiner[words[0]])
}

// Crew reports whether a noun with "my" before it names who works for the speaker: "my foreman", "my lads".
func Crew(noun string) bool { return offices[noun] || crews[noun] }

var crews = clause.Set(`guys guy lads lad crew people team boys staff assistant`)

var (
	// departments act under a name without an article.
	departments = clause.Set(`purchasing procurement facilities marketing finance legal sales payroll accounts operations logistics compliance security reception maintenance engineering housekeeping catering estates hr`)
	// offices are the heads of what names somebody by office or trade, or a body that acts.
	offices = clause.Set(`contractor subcontractor supplier landlord architect electrician plumber surveyor engineer accountant auditor solicitor lawyer caretaker janitor manager clerk secretary treasurer chair
		chairman bursar registrar council agency agent broker insurer bank vendor installer fitter roofer joiner carpenter painter decorator builder designer developer printer caterer photographer
		technician consultant receptionist administrator coordinator director head foreman superintendent gardener cleaner cleaners office team department company firm electricians plumbers fitters builders contractors`)
)

// spoken reads a name that no attendee has: capitalised words, or in a transcript without capitals a single noun without an
// article.
func (p *People) spoken(t *clause.Text, n clause.Span) *Person {
	for n.From < n.To && (clause.Opener[t.At(n.From)] || Title[t.At(n.From)] && n.To-n.From == 1 || clause.Coordinator[t.At(n.From)]) {
		n.From++
	}
	if n.Empty() || n.To-n.From > 4 || clause.Determiner[t.At(n.From)] || clause.Nominative[t.At(n.From)] || clause.Adverb[t.At(n.From)] || clause.Objective[t.At(n.From)] {
		return nil
	}
	to := n.From
	for to < n.To && (t.Tokens[to].Capital || !p.written) && !clause.Preposition[t.At(to)] && !clause.Determiner[t.At(to)] && len(language.English.Numbers(t.At(to))) == 0 {
		to++
	}
	if to == n.From || to < n.To && !clause.Determiner[t.At(to)] && t.Tokens[to].Gap == " " {
		if !(clause.Preposition[t.At(to)] && to > n.From) && (!p.written || to != n.From+1 || n.To != to+1 || !opens(t, n.From)) {
			return nil
		}
		if !clause.Preposition[t.At(to)] {
			to++ // "Public works"
		}
	}
	first := t.At(n.From)
	if _, f := clause.Lookup(first); f == clause.Gerund || f == clause.Third || date.Word(first) || things[first] {
		return nil
	}
	if !p.written && (to-n.From > 1 && !Title[first] || len(first) < 3) {
		return nil
	}
	text, _, _ := strings.Cut(t.Words(n.From, to), "'")
	return &Person{Name: &text}
}

var (
	Title     = clause.Set(`mr mrs ms miss dr doctor prof professor sister father sir madam lady lord councillor captain nurse judge chef coach uncle auntie aunt`)
	particles = clause.Set(`van der de la le da di von den ten ter bin al el del dos mac`)
	// alsoWords are first names that are words too.
	alsoWords = clause.Set(`will mark bill sue rose grant art drew pat rob joy hope faith grace jack dawn guy june april august may robin frank max chase
		dean miles earl pierce skip chip gene ray rich stew nick ward page hunter mason carter cook baker price may summer autumn sunny
		ivy olive ruby amber jade crystal penny van wade lance chuck`)
	// things are words that stand without an article and name nobody.
	things = clause.Set(`mechanical landscaping structural electrical plumbing item option plan phase part number step question point problem issue step stage
		work weather traffic money time people everything something nothing anything somebody everybody steel concrete paint water power
		level floor block page section client customer management`)
)

// shortForms are the usual short forms of first names that are not their beginnings.
var shortForms = map[string]string{
	"robert": "bob rob bobby", "william": "bill will billy liam", "richard": "dick rick ricky", "elizabeth": "liz beth lizzie betty eliza", "margaret": "maggie peggy meg",
	"katherine": "kate kathy katie", "catherine": "kate cathy katie", "kathleen": "kathy kate", "katarzyna": "kasia kasha", "michael": "mike mick mikey", "james": "jim jimmy jamie",
	"john": "jack johnny", "anthony": "tony", "andrew": "drew andy", "edward": "ted ned eddie", "charles": "chuck charlie", "david": "dave davey", "stephen": "steve",
	"steven": "steve", "joseph": "joe joey", "thomas": "tom tommy", "theodore": "ted theo", "patricia": "pat patty trish", "patrick": "pat paddy", "deborah": "deb debbie",
	"alexander": "alex sandy sasha", "alexandra": "alex sandra sasha", "henry": "hank harry", "harold": "harry", "lawrence": "larry", "ronald": "ron", "donald": "don",
	"susan": "sue susie", "suzanne": "sue", "rebecca": "becky becca", "jennifer": "jen jenny", "jessica": "jess", "christopher": "chris kit", "christine": "chris tina",
	"francis": "frank", "frederick": "fred", "gerald": "gerry jerry", "gregory": "greg", "jonathan": "jon jonny", "joshua": "josh", "kenneth": "ken", "leonard": "len lenny",
	"matthew": "matt", "nathan": "nate", "nathaniel": "nate", "nicholas": "nick", "peter": "pete", "philip": "phil", "raymond": "ray", "samuel": "sam", "samantha": "sam",
	"sarah": "sally", "mary": "molly", "dorothy": "dot dottie", "barbara": "barb babs", "eleanor": "ellie nell", "helen": "nell", "isabella": "bella izzy", "abigail": "abby",
	"victoria": "vicky tori", "virginia": "ginny", "walter": "walt", "geoffrey": "geoff", "jeffrey": "jeff", "daniel": "dan danny", "benjamin": "ben", "bernadette": "bernie",
	"oluwaseun": "seun", "mohammed": "mo", "muhammad": "mo", "muhammed": "mo",
}
