package evidence

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/language"
	"mainstay/internal/minutes/commitment"
)

// spans are stretches of a line that were already found to stand.
type spans []language.Span

func (s spans) hold(w language.Span) bool {
	for _, one := range s {
		if w.Start >= one.Start && w.End <= one.End {
			return true
		}
	}
	return false
}

// numbers refuses a number that was not said, and one that was said of something else.
func (e *Checker) numbers(text string, src source, said spans) string {
	known := map[string]bool{}
	clean := e.lang.Clean(src.text).Text // "forty, um, forty" is forty
	for _, heard := range []string{src.text, clean} {
		for _, n := range e.lang.Numbers(heard) {
			known[n.Value] = true
		}
	}
	for _, n := range e.lang.Numbers(text) {
		if said.hold(n.Span) {
			continue
		}
		if !known[n.Value] {
			return "holds a number that was not said"
		}
		if e.swapped(text, n, src.text) && e.swapped(text, n, clean) {
			return "says a number of something else than its source"
		}
	}
	for sign, words := range signs {
		if strings.Contains(text, sign) && !strings.Contains(src.text, sign) && !anyWord(src.text, words) {
			return "holds a sign that was not said"
		}
	}
	return ""
}

// signs stand for words that may have been said instead.
var signs = map[string][]string{
	"%": {"percent", "per cent", "prozent", "pour cent", "por ciento", "per cento", "procent", "por cento"},
	"$": {"dollar"}, "€": {"euro"}, "£": {"pound", "quid", "pfund", "livre", "libra", "sterlin"}, "¥": {"yen", "yuan"},
}

func anyWord(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// How close a number and what it counts stand, in words.
const (
	counted = 2 // the next word of content after a number in a line
	nearer  = 2 // in the source, another number may be this much closer to the word: "twenty to twenty-five people"
)

// swapped reports whether what a number counts in the line is, in the source, counted by another number.
func (e *Checker) swapped(text string, n language.Number, said string) bool {
	thing := e.counts(text, n)
	if thing == "" {
		return false
	}
	words, numbers := language.Words(said), e.lang.Numbers(said)
	const far = 1 << 30
	own, others := far, far
	for i, w := range words {
		if e.lang.Stem(w.Norm) != thing {
			continue
		}
		for _, other := range numbers {
			if d := apart(words, i, other.Span); other.Value == n.Value {
				own = min(own, d)
			} else {
				others = min(others, d)
			}
		}
	}
	return others < far && own > others+nearer
}

// counts returns the stem of what a number counts, "" where nothing follows it.
func (e *Checker) counts(text string, n language.Number) string {
	seen := 0
	for _, w := range language.Words(text) {
		if w.Start < n.End {
			continue
		}
		if seen++; seen > counted {
			break
		}
		if !e.lang.Stop(w.Norm) && len(e.lang.Numbers(w.Text)) == 0 {
			return e.lang.Stem(w.Norm)
		}
	}
	return ""
}

// apart counts the words between word i and a span.
func apart(words []language.Word, i int, s language.Span) int {
	from, to := i, i
	for from > 0 && words[from].Start > s.Start {
		from--
	}
	for to < len(words)-1 && words[to].End < s.End {
		to++
	}
	return max(i-from, to-i)
}

// sameNumbers refuses a translation whose numbers are not those of what it translates.
func (e *Checker) sameNumbers(text, spoken string, in language.Language) string {
	known := map[string]bool{}
	for _, n := range in.Numbers(spoken) {
		known[n.Value] = true
	}
	for _, n := range e.lang.Numbers(text) {
		if !known[n.Value] {
			return "holds a number that was not said"
		}
	}
	return ""
}

// date is a day that a line names; a year or weekday of 0 is not named.
type date struct {
	span             language.Span
	year, month, day int
	weekday          int // time's, Sunday 7
}

var (
	isoDate   = regexp.MustCompile(`\b(\d{4})-(\d{1,2})-(\d{1,2})\b`)
	dottedDay = regexp.MustCompile(`\b(\d{1,2})[./](\d{1,2})[./](\d{2,4})\b`)
)

// saidDates are the stretches of a line that name a day which follows from what its source says and the meeting's date.
func (e *Checker) saidDates(text string, src source) spans {
	var said spans
	var computed []time.Time
	for i, d := range e.dates(text) {
		if i == 0 {
			computed = e.computed(src.text)
		}
		for _, day := range computed {
			if d.is(day) {
				said = append(said, d.span)
				break
			}
		}
	}
	return said
}

func (d date) is(day time.Time) bool {
	weekday := int(day.Weekday()+6)%7 + 1
	return (d.year == 0 || d.year == day.Year() || d.year == day.Year()%100) && (d.month == 0 || d.month == int(day.Month())) &&
		(d.day == 0 || d.day == day.Day()) && (d.weekday == 0 || d.weekday == weekday)
}

// computed are the days that follow from the words of a text, read in windows as long as a date is said in.
func (e *Checker) computed(text string) []time.Time {
	const longest = 6
	var days []time.Time
	words := language.Words(text)
	for i := range words {
		for n := 1; n <= longest && i+n <= len(words); n++ {
			due := commitment.Due(e.meeting, text[words[i].Start:words[i+n-1].End])
			if due == nil || due.Date == nil {
				continue
			}
			if day, err := time.Parse(time.DateOnly, *due.Date); err == nil {
				days = append(days, day)
			}
		}
	}
	return days
}

// dates finds the days that a line names in digits, or in English words: "20 March 2026", "March 20th", "Friday 20 March".
func (e *Checker) dates(text string) []date {
	var found []date
	for _, m := range isoDate.FindAllStringSubmatchIndex(text, -1) {
		found = append(found, date{language.Span{Start: m[0], End: m[1]}, number(text, m, 1), number(text, m, 2), number(text, m, 3), 0})
	}
	for _, m := range dottedDay.FindAllStringSubmatchIndex(text, -1) {
		first, second := number(text, m, 1), number(text, m, 2)
		d := date{span: language.Span{Start: m[0], End: m[1]}, year: number(text, m, 3), month: second, day: first}
		if second > 12 {
			d.month, d.day = first, second
		}
		found = append(found, d)
	}
	words := language.Words(text)
	for i := 0; i < len(words); {
		d, used := wordDate(words[i:])
		if used == 0 {
			i++
			continue
		}
		d.span = language.Span{Start: words[i].Start, End: words[i+used-1].End}
		found = append(found, d)
		i += used
	}
	return found
}

func number(text string, m []int, group int) int {
	n, _ := strconv.Atoi(text[m[2*group]:m[2*group+1]])
	return n
}

// wordDate reads a date in English words from the first word on, and how many words it takes.
func wordDate(words []language.Word) (d date, used int) {
	at := func(i int) string {
		if i < len(words) {
			return words[i].Norm
		}
		return ""
	}
	i := 0
	if d.weekday = weekdays[at(0)]; d.weekday > 0 {
		i = 1
		if at(1) == "the" {
			i = 2
		}
	}
	switch {
	case dayNumber(at(i)) > 0 && months[at(i+1)] > 0:
		d.day, d.month, i = dayNumber(at(i)), months[at(i+1)], i+2
	case dayNumber(at(i)) > 0 && at(i+1) == "of" && months[at(i+2)] > 0:
		d.day, d.month, i = dayNumber(at(i)), months[at(i+2)], i+3
	case months[at(i)] > 0 && dayNumber(at(i+1)) > 0:
		d.month, d.day, i = months[at(i)], dayNumber(at(i+1)), i+2
	case d.weekday > 0:
		return d, 1
	default:
		return d, 0
	}
	if year, err := strconv.Atoi(at(i)); err == nil && year > 1900 && year < 2200 {
		d.year, i = year, i+1
	}
	return d, i
}

// dayNumber reads "20", "20th" and "2nd"; 0 where it is no day of a month.
func dayNumber(norm string) int {
	n, err := strconv.Atoi(strings.TrimRight(norm, "stndrh"))
	if err != nil || n < 1 || n > 31 {
		return 0
	}
	return n
}

// timed refuses a word of time that was neither said nor follows from what was said.
func (e *Checker) timed(text string, src source, said spans) string {
	words := language.Words(text)
	for i, w := range words {
		norm := bareName(w.Norm)
		if !timeWords[e.lang][norm] || said.hold(w.Span) || src.known[norm] || src.known[e.lang.Stem(norm)] {
			continue
		}
		if e.lang == language.English && (norm == "may" || norm == "march" || norm == "sun" || norm == "sat") && (!w.Capital() || i == 0) {
			continue // a verb, or a noun
		}
		return "names a time that was not said"
	}
	return ""
}

// NamesTime reports whether a normalised word names a day or a month in any language that is known.
func NamesTime(norm string) bool {
	for _, set := range timeWords {
		if set[norm] {
			return true
		}
	}
	return false
}
