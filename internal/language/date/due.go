package date

import (
	"slices"

	"mainstay/internal/language/clause"
	"time"
)

// When is a time that was said.
type When struct {
	From, To int         // tokens, the preposition included
	Date     time.Time   // zero where none follows from the words
	Deadline bool        // "by" or "before" leads it
	Back     bool        // it points back: "then"
	Event    string      // the event that it names: "before the audit"
	Lead     string      // the word that leads it
	Instead  clause.Span // where the date was said, if the speaker corrected it later; else empty
}

// reader reads times in a text.
type reader struct{ *clause.Text }

// Times finds the times that a text speaks of, in order. What points back ("last Friday") or recurs ("every Monday") is none.
func (c Calendar) Times(text *clause.Text) []When {
	var times []When
	t := reader{text}
	for i := 0; i < len(t.Tokens); {
		w, next := t.timeAt(c, i)
		if next <= i {
			i++
			continue
		}
		w.From, w.To = i, next
		t.lead(&w)
		if !t.idle(w) {
			times = append(times, w)
		}
		i = next
	}
	t.correct(times)
	return t.absent(times)
}

// absent takes out the times at which somebody is not there: nothing is done by them.
func (t reader) absent(times []When) []When {
	for _, s := range t.Sentences {
		for _, c := range s.Clauses {
			if w := t.At(c.Object); c.Verb != "be" || w != "away" && !((w == "out" || w == "off") && c.Force == 0 && (c.Subject == clause.Me || c.Subject == clause.Named || c.Subject == clause.Us)) && !(w == "on" && (t.At(c.Object+1) == "leave" || t.At(c.Object+1) == "holiday" || t.At(c.Object+1) == "vacation")) {
				continue
			}
			times = slices.DeleteFunc(times, func(w When) bool {
				return w.From >= c.Object && w.To <= c.To && w.Lead != "until" && w.Lead != "till" && w.Instead.Empty()
			})
		}
	}
	return times
}

// correct gives a time that its speaker takes back the date said instead: "by Wednesday, actually Thursday", "Tuesday, no, make
// that the ninth".
func (t reader) correct(times []When) {
	const reach = 12
	for a := range times {
		for b := a + 1; b < len(times) && times[b].From-times[a].To <= reach; b++ {
			w := &times[b]
			if w.Date.IsZero() || w.Date.Equal(times[a].Date) || !t.takenBack(times[a].To, w.From) {
				continue
			}
			times[a].Date, times[a].Instead = w.Date, clause.Span{From: w.From, To: w.To}
			break
		}
	}
}

// takenBack reports whether words between two times take the first one back.
func (t reader) takenBack(from, to int) bool {
	const close = 3
	for i := from; i < to; i++ {
		switch w, next := t.At(i), t.At(i+1); w {
		case "no":
			if i+1 == to || t.Tokens[i+1].Gap != " " || next == "wait" || next == "sorry" || next == "make" || next == "say" || next == "i" || next == "hang" || next == "hold" || next == "actually" {
				return true
			}
		case "make", "call":
			if (next == "it" || next == "that") && i+2 == to {
				return true
			}
		case "actually", "sorry", "wait", "rather", "scratch":
			if to-i <= close {
				return true
			}
		}
	}
	return false
}

// lead takes the preposition before a time with it.
func (t reader) lead(w *When) {
	for j := w.From - 1; j >= 0 && j >= w.From-3; j-- {
		switch p := t.At(j); p {
		case "by", "before", "until", "till", "on", "within", "inside", "from", "since", "after", "at", "for", "over", "in", "to":
			w.Deadline = w.Deadline || p == "by" || p == "before" || p == "until" || p == "till" || p == "within" || p == "inside"
			w.Lead = p
			w.From = j
			return
		case "the", "this", "first", "thing", "sometime", "say", "early", "late", "like", "maybe":
			continue
		case "last":
			w.Lead = p
			return
		default:
			return
		}
	}
}

// idle reports whether a time is none to be done by: past, repeated, or whose ("Friday's").
func (t reader) idle(w When) bool {
	before := t.At(w.From - 1)
	return w.Lead == "last" || before == "last" || w.Lead == "since" || before == "every" || before == "each" || before == "since" || before == "previous"
}

// timeAt reads a time that begins at token i, and the token after it.
func (t reader) timeAt(c Calendar, i int) (When, int) {
	for _, read := range []func(Calendar, int) (time.Time, int){t.today, t.weekOf, t.monthDay, t.onWeekday, t.weekIn, t.dayOnly, t.ahead, t.period} {
		if d, next := read(c, i); next > i {
			if !c.known {
				d = time.Time{}
			}
			return When{Date: d}, next
		}
	}
	if next := t.vague(i); next > i {
		return When{Event: t.nextMeeting(i)}, next
	}
	return t.event(c, i)
}

// today reads today, tomorrow and the hours that belong to them.
func (t reader) today(c Calendar, i int) (time.Time, int) {
	w, next := t.At(i), t.At(i+1)
	switch {
	case w == "today" || w == "tonight" || w == "eod" || w == "eob" || w == "cob":
		if w != "today" && w != "tonight" {
			if d, n := t.dayAt(c, i+1); n > 0 {
				return d, n
			}
		}
		return c.day, i + 1
	case w == "tomorrow":
		return c.day.AddDate(0, 0, 1), t.skipHours(i + 1)
	case w == "in" && next == "the" && t.At(i+2) == "morning" && (i == 0 || !t.clock(i-1)):
		return c.day.AddDate(0, 0, 1), i + 3
	case w == "day" && next == "after" && t.At(i+2) == "tomorrow":
		return c.day.AddDate(0, 0, 2), i + 3
	case w == "this" && hours[next] && next != "week":
		return c.day, i + 2
	case (w == "end" || w == "close") && next == "of":
		j := i + 2
		if t.At(j) == "the" || t.At(j) == "this" {
			j++
		}
		if w := t.At(j); w != "day" && w != "play" && w != "business" {
			return time.Time{}, 0
		}
		if d, n := t.dayAt(c, j+1); n > 0 {
			return d, n
		}
		return c.day, j + 1
	}
	return t.soon(c, i)
}

// clock reports whether a token is an hour or part of a day's name, so that "in the morning" behind it belongs to that.
func (t reader) clock(i int) bool {
	w := t.At(i)
	return cardinals[w] > 0 || digits(w) > 0 || Word(w) || w == "half" || w == "early" || w == "late"
}

var hours = clause.Set(`morning afternoon evening arvo lunchtime noon night midday lunch`)

// soon reads what is still to come on the meeting's day: "after lunch", "after this call", "as soon as we hang up".
func (t reader) soon(c Calendar, i int) (time.Time, int) {
	w, next := t.At(i), t.At(i+1)
	if w != "after" && w != "before" && w != "by" && w != "at" {
		if w == "soon" && next == "as" && t.At(i+2) == "we" && (t.At(i+3) == "hang" || t.At(i+3) == "finish") {
			return c.day, min(i+5, len(t.Tokens))
		}
		return time.Time{}, 0
	}
	j := i + 1
	if t.At(j) == "the" || t.At(j) == "this" {
		j++
	}
	switch noun := t.At(j); {
	case noun == "lunch" || noun == "lunchtime" || noun == "noon" || noun == "midday":
		return c.day, j + 1
	case w == "after" && next != t.At(j) && (noun == "call" || noun == "meeting"):
		return c.day, j + 1
	case w == "after" && next == "this" && (t.Comma(min(j, len(t.Tokens)-1)) || j >= len(t.Tokens) || t.SentenceEnds(j)):
		return c.day, j
	}
	return time.Time{}, 0
}

// dayAt reads one day: today, tomorrow, a weekday or a date.
func (t reader) dayAt(c Calendar, i int) (time.Time, int) {
	for t.At(i) == "on" || t.At(i) == "the" && weekdays[t.At(i+1)] > 0 {
		i++
	}
	switch t.At(i) {
	case "today":
		return c.day, i + 1
	case "tomorrow":
		return c.day.AddDate(0, 0, 1), i + 1
	}
	for _, read := range []func(Calendar, int) (time.Time, int){t.monthDay, t.onWeekday, t.dayOnly} {
		if d, n := read(c, i); n > i {
			return d, n
		}
	}
	return time.Time{}, 0
}

// weekOf reads what counts weeks from a day: "a week on Monday", "a week from tomorrow", "a fortnight today", "Monday week".
func (t reader) weekOf(c Calendar, i int) (time.Time, int) {
	if t.At(i) == "this" && t.At(i+1) == "day" && t.At(i+2) == "week" {
		return c.day.AddDate(0, 0, 7), i + 3
	}
	n, used := t.number(i)
	j := i + used
	if used == 0 && t.At(i) != "week" {
		return time.Time{}, 0
	}
	days := 7 * max(n, 1)
	switch t.At(j) {
	case "week", "weeks":
	case "fortnight":
		days = 14
	default:
		return time.Time{}, 0
	}
	j++
	if t.At(j) == "on" || t.At(j) == "from" || t.At(j) == "today" || t.At(j) == "tomorrow" {
		if t.At(j) == "from" && (t.At(j+1) == "now" || t.At(j+1) == "today") {
			return c.day.AddDate(0, 0, days), j + 2
		}
		if d, next := t.dayAt(c, j+map[bool]int{true: 1}[t.At(j) == "from"]); next > 0 {
			return d.AddDate(0, 0, days), next
		}
	}
	return time.Time{}, 0
}

// weekIn reads a week of a month, which ends on its Friday: "the first week of December".
func (t reader) weekIn(c Calendar, i int) (time.Time, int) {
	n := ordinals[t.At(i)]
	if n == 0 || n > 4 || t.At(i+1) != "week" || t.At(i+2) != "of" && t.At(i+2) != "in" || months[t.At(i+3)] == 0 {
		return time.Time{}, 0
	}
	first, _ := c.date(months[t.At(i+3)], 1, 0)
	friday := first.AddDate(0, 0, (5-isoDay(first)+7)%7+7*(n-1))
	return friday, i + 4
}

// monthDay reads a day with its month: "March 3rd", "the third of March", "3 March 2026", "2026-03-31".
func (t reader) monthDay(c Calendar, i int) (time.Time, int) {
	if y := digits(t.At(i)); y > 2000 && y < 2200 && i+2 < len(t.Tokens) && t.Tokens[i+1].Gap == "-" && t.Tokens[i+2].Gap == "-" {
		if d, ok := c.date(digits(t.At(i+1)), digits(t.At(i+2)), y); ok {
			return d, i + 3
		}
		return time.Time{}, 0
	}
	j := i
	if m := months[t.At(j)]; m > 0 {
		if j++; t.At(j) == "the" {
			j++
		}
		n, used := t.dayNumber(j, true)
		if used == 0 {
			return time.Time{}, 0
		}
		return t.dated(c, m, n, j+used)
	}
	if t.At(j) == "the" {
		j++
	}
	n, used := t.dayNumber(j, true)
	if j += used; used == 0 {
		return time.Time{}, 0
	}
	if t.At(j) == "of" {
		j++
	}
	if m := months[t.At(j)]; m > 0 {
		return t.dated(c, m, n, j+1)
	}
	return time.Time{}, 0
}

// dated ends a day with its month: a year may follow.
func (t reader) dated(c Calendar, month, day, j int) (time.Time, int) {
	year := 0
	if y := digits(t.At(j)); y > 2000 && y < 2200 {
		year, j = y, j+1
	}
	if d, ok := c.date(month, day, year); ok {
		return d, j
	}
	return time.Time{}, 0
}

// onWeekday reads a weekday: "Friday", "next Wednesday", "this Thursday", "Monday week", "Friday the sixth", "Tuesday noon".
func (t reader) onWeekday(c Calendar, i int) (time.Time, int) {
	which, j := "", i
	if w := t.At(i); w == "next" || w == "this" || w == "coming" {
		which, j = w, i+1
	}
	n := weekdays[t.At(j)]
	if n == 0 {
		return time.Time{}, 0
	}
	d := c.weekday(n)
	switch which {
	case "next":
		d = c.inWeek(1, n)
	case "this":
		if this := c.inWeek(0, n); !this.Before(c.day) {
			d = this
		}
	}
	j++
	if t.At(j) == "week" && !(t.At(j+1) == "is" || t.At(j+1) == "after") {
		return d.AddDate(0, 0, 7), j + 1
	}
	if t.At(j) == "fortnight" {
		return d.AddDate(0, 0, 14), j + 1
	}
	if t.At(j) == "after" && t.At(j+1) == "next" {
		return c.inWeek(2, n), j + 2
	}
	if t.At(j) == "the" || months[t.At(j)] > 0 {
		if full, next := t.monthDay(c, j); next > 0 {
			return full, next
		}
		if day, used := t.dayNumber(j+1, false); used > 0 {
			if full, ok := c.dayOfMonth(day); ok {
				return full, j + 1 + used
			}
		}
	}
	return d, t.skipHours(j)
}

// skipHours passes "morning", "at five", "by noon", "before lunch" behind a day.
func (t reader) skipHours(j int) int {
	if hours[t.At(j)] {
		return j + 1
	}
	if p := t.At(j); (p == "at" || p == "by" || p == "before") && (hours[t.At(j+1)] || cardinals[t.At(j+1)] > 0 || digits(t.At(j+1)) > 0) {
		return j + 2
	}
	return j
}

// dayOnly reads a day of the month without the month: "the twentieth", "on the 3rd". What counts something else ("the second
// lift") is none: a noun follows, or nothing says that it is a date.
func (t reader) dayOnly(c Calendar, i int) (time.Time, int) {
	if t.At(i) != "the" && !t.dateLed(i) {
		return time.Time{}, 0
	}
	j := i
	if t.At(i) == "the" {
		j++
	}
	n, used := t.dayNumber(j, false)
	if used == 0 {
		return time.Time{}, 0
	}
	j += used
	after := t.At(j)
	closed := j >= len(t.Tokens) || t.Tokens[j].Gap != " " && t.Tokens[j].Gap != "" || clause.Coordinator[after] || clause.Nominative[after] || clause.Preposition[after] && after != "of" ||
		clause.Relation[after] || clause.Modal[after] || clause.Adverb[after] || clause.Opener[after] || clause.Ending[after] || clause.Being[after] || after == "because" || after == "good" || after == "works" || after == "at" || t.SentenceEnds(j)
	small := n < 4 && used == 1
	if !closed || small && !t.dateLed(i) {
		return time.Time{}, 0
	}
	if d, ok := c.dayOfMonth(n); ok {
		return d, j
	}
	return time.Time{}, 0
}

// dateLed reports whether the words before token i lead to a date.
func (t reader) dateLed(i int) bool {
	switch t.At(i - 1) {
	case "on", "by", "before", "until", "till", "is", "say", "from", "for":
		return true
	}
	return false
}

// ahead reads a stretch of time that begins at the meeting: "in two weeks", "within a fortnight", "give me ten days".
func (t reader) ahead(c Calendar, i int) (time.Time, int) {
	n, used := t.number(i)
	if used == 0 || !t.countsFrom(i) || t.At(i+used+1) == "ago" {
		return time.Time{}, 0
	}
	j := i + used
	switch t.At(j) {
	case "day", "days", "day's":
		return c.day.AddDate(0, 0, n), t.skipTime(j + 1)
	case "week", "weeks", "week's":
		return c.day.AddDate(0, 0, 7*n), t.skipTime(j + 1)
	case "fortnight":
		return c.day.AddDate(0, 0, 14), j + 1
	case "month", "months", "month's":
		return c.day.AddDate(0, n, 0), t.skipTime(j + 1)
	case "business", "working":
		return time.Time{}, 0
	}
	return time.Time{}, 0
}

// countsFrom reports whether what stands before a stretch of time counts it from now.
func (t reader) countsFrom(i int) bool {
	switch t.At(i - 1) {
	case "in", "within", "inside":
		return true
	case "me", "us":
		return t.At(i-2) == "give"
	}
	return i == 0 && len(t.Tokens) <= 3
}

func (t reader) skipTime(j int) int {
	if t.At(j) == "time" {
		return j + 1
	}
	return j
}

// vague reads words that speak of a time without giving one.
func (t reader) vague(i int) int {
	for _, p := range vagueTimes {
		if t.Has(i, p) {
			return i + len(p)
		}
	}
	return i
}

// nextMeeting names the meeting's successor as an event, since somebody may say when it is.
func (t reader) nextMeeting(i int) string {
	if t.At(i) == "next" {
		return "next meeting"
	}
	return ""
}

var vagueTimes = clause.Phrases(`as soon as possible, asap, straight away, right away, immediately, next meeting, next call, next session, next board meeting, early next week,
	end of term, end of the term, end of the season`)

// dayBegins reports whether a date can be read at token i.
func (t reader) dayBegins(c Calendar, i int) bool {
	if _, n := t.dayAt(c, i); n > i {
		return true
	}
	_, n := t.period(c, i)
	_, k := t.today(c, i)
	return n > i || k > i
}

// event reads a deadline that is something else's date: "before the audit", "by then".
func (t reader) event(c Calendar, i int) (When, int) {
	p, j := t.At(i), i+1
	if p != "by" && p != "before" {
		return When{}, 0
	}
	if t.At(j) == "then" {
		return When{Back: true, Deadline: true}, j + 1
	}
	if t.At(j) != "the" && t.At(j) != "our" || t.dayBegins(c, j) || t.dayBegins(c, j+1) {
		return When{}, 0
	}
	for k := j + 1; k < j+3 && k < len(t.Tokens); k++ {
		w := t.At(k)
		if clause.Preposition[w] || clause.Coordinator[w] || clause.Nominative[w] || clause.Modal[w] || clause.Being[w] || t.Tokens[k].Gap != " " {
			break
		}
		if nx := t.At(k + 1); k+1 >= len(t.Tokens) || t.Tokens[k+1].Gap != " " || clause.Coordinator[nx] || clause.Preposition[nx] || clause.Relation[nx] || clause.Nominative[nx] || t.SentenceEnds(k+1) {
			return When{Event: w, Deadline: true}, k + 1
		}
	}
	return When{}, 0
}
