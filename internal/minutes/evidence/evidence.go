// Package evidence checks lines of minutes against the transcript that they cite. It trusts nobody: rules and models pass the same
// door. What it takes for granted is the transcript alone; it knows no more of the world than a list of small words.
//
// A line stands if
//   - the segments that it cites exist and hold the quotes, at the bounds of words, and are not speaking to a machine;
//   - it holds no markup, link or hidden character that was not said;
//   - its numbers were said, with the things that they count; its dates were said, or follow from what was said and the
//     meeting's date; its names were said, or are those of who speaks there;
//   - at least 60 % of its other words were said, close together, and something of each of its clauses;
//   - it does not turn yes into no, a question into a decision, some into all, or more into less.
//
// What does not stand is dropped from a draft. A line that a person changed is the person's: it stays, and is marked where it
// would not stand.
package evidence

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// Checker checks lines against one version of a transcript; see [New]. It is not safe for concurrent use.
type Checker struct {
	meeting  document.Meeting
	segments map[string]document.Segment
	speakers map[string]string // id to name, "" where unknown
	labels   map[string]string // id to what an unknown speaker is called: "Speaker 2"
	people   []string          // names of attendees and speakers
	names    map[string]bool   // normalised words of them
	common   map[string]bool   // stems of words that somebody said without a capital
	order    []string          // ids of segments
	places   map[string]int    // and where they stand in it
	read     map[string][]clause
	lang     language.Language
}

// New returns a checker for one version of a transcript. The meeting's attendees are names that may turn up in lines,
// and its date is what dates are counted from.
func New(m document.Meeting, t document.Transcript) *Checker {
	e := &Checker{meeting: m, segments: map[string]document.Segment{}, speakers: map[string]string{}, labels: map[string]string{},
		names: map[string]bool{}, common: map[string]bool{}, places: map[string]int{}, read: map[string][]clause{}, people: append([]string(nil), m.Attendees...)}
	e.lang = Spoken(m, t)
	for _, s := range t.Segments {
		e.segments[s.ID] = s
		e.places[s.ID] = len(e.order)
		e.order = append(e.order, s.ID)
		for _, w := range language.Words(s.Text) {
			if !w.Capital() {
				e.common[e.lang.Stem(w.Norm)] = true
			}
		}
	}
	for _, s := range t.Speakers {
		e.speakers[s.ID] = ""
		if s.Name != nil && *s.Name != "" {
			e.speakers[s.ID] = *s.Name
			e.people = append(e.people, *s.Name)
		} else {
			e.labels[s.ID] = t.SpeakerName(s.ID)
		}
	}
	for _, name := range e.people {
		for _, w := range language.Words(name) {
			e.names[w.Norm] = true
		}
	}
	return e
}

// Spoken is the meeting's language, or what its words look like.
func Spoken(m document.Meeting, t document.Transcript) language.Language {
	if m.Language != nil && language.Parse(*m.Language) != "" {
		return language.Parse(*m.Language)
	}
	const enough = 20_000
	var b strings.Builder
	for _, s := range t.Segments {
		if s.Language != nil && *s.Language != "" {
			return language.Parse(*s.Language)
		}
		if b.Len() < enough {
			b.WriteString(s.Text + " ")
		}
	}
	if l := language.Guess(b.String()); l != "" {
		return l
	}
	return language.English
}

// Check says why a line does not stand, and "" if it does.
func (e *Checker) Check(line document.Line) string {
	text := strings.TrimSpace(line.Text)
	if text == "" {
		return "empty line"
	}
	src, reason := e.source(line.Evidence)
	if reason != "" {
		return reason
	}
	if reason := foreign(text, src.text); reason != "" {
		return reason
	}
	for _, ev := range line.Evidence {
		if fold(e.segments[ev.Segment].Text) == fold(text) {
			return "" // it is what somebody said, all of it
		}
	}
	text = src.unlabelled(text)
	said := e.saidDates(text, src)
	for _, check := range []func(string, source, spans) string{e.numbers, e.named, e.timed, e.worded, e.claimed} {
		if reason := check(text, src, said); reason != "" {
			return reason
		}
	}
	return ""
}

// CheckTranslation says why a line in another language than the spoken one does not stand. Spoken is what the line says in
// the spoken language; it must stand by itself. Of the translation code can see that it is free of markup, has the same names
// and numbers, is about as long, and does not turn yes into no.
func (e *Checker) CheckTranslation(line document.Line, spoken string, into language.Language) string {
	if reason := e.Check(document.Line{Text: spoken, Evidence: line.Evidence}); reason != "" {
		return reason
	}
	src, _ := e.source(line.Evidence)
	text := strings.TrimSpace(line.Text)
	if text == "" {
		return "empty line"
	}
	if reason := foreign(text, src.text); reason != "" {
		return reason
	}
	t := *e
	t.lang = into
	both := source{text: src.text + "\n" + spoken, known: src.known}
	text = src.unlabelled(text)
	if reason := t.sameNumbers(text, spoken, e.lang); reason != "" {
		return reason
	}
	if reason := t.translatedNames(text, both); reason != "" {
		return reason
	}
	long, short := len(language.Words(text)), len(language.Words(spoken))
	switch {
	case long > 2*short+4 || 3*long+3 < short:
		return "is not the same as what it translates"
	case len(into.Content("not no nicht pas no non niet não")) > 0 && denies(into, text) != denies(e.lang, spoken):
		return "says the opposite of its source"
	}
	return ""
}

// source is what a line cites, read once.
type source struct {
	text     string
	known    map[string]bool // words and stems said there, and of the names of who said them
	labels   []string        // what unknown speakers who speak there are called
	clauses  []clause
	capitals bool // names can be told by their capitals
}

// The most segments that one line may stand on.
const maxCited = 12

// source joins the segments that a line cites. Quotes must stand in their segments at the bounds of words, and one of them must
// hold more than a small word, or be all that was said there: "yeah" alone may stand beside the words that it answers.
func (e *Checker) source(evidence []document.Evidence) (src source, reason string) {
	if len(evidence) == 0 {
		return src, "no source"
	}
	if len(evidence) > maxCited {
		return src, "cites too much"
	}
	var all strings.Builder
	seen, telling := map[string]bool{}, false
	src.known = map[string]bool{}
	for _, ev := range evidence {
		seg, ok := e.segments[ev.Segment]
		switch {
		case !ok:
			return src, "cites a segment that does not exist"
		case !quotes(seg.Text, ev.Quote):
			return src, "quotes what was not said"
		case commandsMachine(seg.Text):
			return src, "stands on words that were said to a machine"
		}
		telling = telling || e.tells(seg.Text, ev.Quote)
		if seen[ev.Segment] {
			continue
		}
		seen[ev.Segment] = true
		all.WriteString(seg.Text + " .\n") // the full stop keeps numbers and sentences of two segments apart
		if _, ok := e.read[seg.ID]; !ok {
			e.read[seg.ID] = e.clauses(seg.Text)
		}
		src.clauses = append(src.clauses, e.read[seg.ID]...)
		e.learn(src.known, seg.Text)
		if seg.Speaker != nil {
			e.learn(src.known, e.speakers[*seg.Speaker])
			src.labels = append(src.labels, e.labels[*seg.Speaker])
		}
	}
	if !telling {
		return src, "quotes nothing that says it"
	}
	src.text = all.String()
	for _, w := range language.Words(src.text) {
		src.capitals = src.capitals || w.Capital()
	}
	return src, ""
}

func (e *Checker) learn(known map[string]bool, text string) {
	for _, w := range language.Words(text) {
		norm := bareName(w.Norm)
		known[w.Norm], known[norm], known[e.lang.Stem(norm)] = true, true, true
	}
}

// tells reports whether a quote says something by itself.
func (e *Checker) tells(text, quote string) bool {
	return len(language.Words(quote)) > 1 || len(e.lang.Content(quote)) > 0 || len(language.Words(quote)) == len(language.Words(text))
}

// quotes reports whether a quote stands in a text, not cutting a word.
func quotes(text, quote string) bool {
	if strings.TrimSpace(quote) == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(quote)
	last, _ := utf8.DecodeLastRuneInString(quote)
	for at := strings.Index(text, quote); at >= 0; at = next(text, quote, at) {
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(quote):])
		if !(letter(before) && letter(first)) && !(letter(last) && letter(after)) {
			return true
		}
	}
	return false
}

// next is where quote stands again after at, -1 where it does not.
func next(text, quote string, at int) int {
	_, n := utf8.DecodeRuneInString(text[at:])
	again := strings.Index(text[at+n:], quote)
	if again < 0 {
		return -1
	}
	return at + n + again
}

// letter reports whether a rune parts no words. Ideographs are words by themselves.
func letter(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}

// unlabelled takes "Speaker 2" out of a line where that unknown speaker speaks in what it cites.
func (src source) unlabelled(text string) string {
	for _, label := range src.labels {
		if label != "" {
			text = strings.ReplaceAll(text, label, "they")
		}
	}
	return text
}

// foreign says what a line holds that nobody can say: markup, links, code, hidden characters. What the source itself holds
// (a pasted transcript may) is as said.
func foreign(text, said string) string {
	for _, r := range text {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return "holds hidden characters"
		case strings.ContainsRune("<>`*{}[]|\\^~", r) && !strings.ContainsRune(said, r):
			return "holds markup"
		}
	}
	said = strings.ToLower(said)
	for _, word := range strings.Fields(strings.ToLower(text)) {
		word = strings.Trim(word, ".,;:!?()\"'”“’‘")
		if linkLike(word) && !strings.Contains(said, word) {
			return "holds a link or address that was not said"
		}
	}
	return ""
}

// linkLike reports whether a word is an address of the web or of mail, a scheme, or an entity of HTML.
func linkLike(word string) bool {
	for _, sign := range []string{"://", "www.", "@", "javascript:", "data:", "vbscript:", "mailto:", "file:", "&#", "&lt", "&gt", "&amp", "&quot", "%3c"} {
		if strings.Contains(word, sign) {
			return true
		}
	}
	dot := strings.IndexByte(word, '.')
	if dot <= 0 || dot == len(word)-1 {
		return false
	}
	if slash := strings.IndexByte(word, '/'); slash > dot {
		return true // example.com/path
	}
	host, letters := word, 0
	for _, r := range host[strings.LastIndexByte(host, '.')+1:] {
		if !unicode.IsLetter(r) {
			return false
		}
		letters++
	}
	return letters >= 2 && dot > 1 // "example.com", not "e.g", "p.m", "12.5", "U.S"
}
