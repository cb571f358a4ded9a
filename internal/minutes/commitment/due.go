package commitment

import (
	"time"
)

// when is a time that was said.
type when struct {
	from, to int       // tokens, the preposition included
	date     time.Time // zero where none follows from the words
	deadline bool      // "by" or "before" leads it
	back     bool      // it points back: "then"
	event    string    // the event that it names: "before the audit"
	lead     string    // the word that leads it
}

// timed finds the times that a turn speaks of.
func (t *turn) timed(c calendar) {
	for i := 0; i < len(t.tokens); {
		w, next := t.timeAt(c, i)
		if next <= i {
			i++
			continue
		}
		w.from, w.to = i, next
		t.lead(&w)
		if !t.idle(w) {
			t.whens = append(t.whens, w)
		}
		i = next
	}
}

// lead takes the preposition before a time with it.
func (t *turn) lead(w *when) {
	for j := w.from - 1; j >= 0 && j >= w.from-3; j-- {
		switch p := t.at(j); p {
		case "by", "before", "until", "till", "on", "within", "inside", "from", "since", "after", "at", "for", "over", "in":
			w.deadline = w.deadline || p == "by" || p == "before" || p == "until" || p == "till" || p == "within" || p == "inside"
			w.lead = p
			w.from = j
			return
		case "the", "this", "first", "thing", "sometime", "say", "early", "late", "like", "maybe":
			continue
		case "last":
			w.lead = p
			return
		default:
			return
		}
	}
}

// idle reports whether a time is none to be done by: past, repeated, or whose ("Friday's").
func (t *turn) idle(w when) bool {
	before := t.at(w.from - 1)
	return w.lead == "last" || before == "last" || w.lead == "since" || before == "every" || before == "each" || before == "since" || before == "previous"
}

// timeAt reads a time that begins at token i, and the token after it.
func (t *turn) timeAt(c calendar, i int) (when, int) {
	for _, read := range []func(calendar, int) (time.Time, int){t.today, t.weekOf, t.monthDay, t.onWeekday, t.dayOnly, t.ahead, t.period} {
		if d, next := read(c, i); next > i {
			if !c.known {
				d = time.Time{}
			}
			return when{date: d}, next
		}
	}
	if next := t.vague(i); next > i {
		return when{}, next
	}
	return t.event(i)
}

// today reads today, tomorrow and the hours that belong to them.
func (t *turn) today(c calendar, i int) (time.Time, int) {
	w, next := t.at(i), t.at(i+1)
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
	case w == "day" && next == "after" && t.at(i+2) == "tomorrow":
		return c.day.AddDate(0, 0, 2), i + 3
	case w == "this" && hours[next] && next != "week":
		return c.day, i + 2
	case (w == "end" || w == "close") && next == "of":
		j := i + 2
		if t.at(j) == "the" || t.at(j) == "this" {
			j++
		}
		if w := t.at(j); w != "day" && w != "play" && w != "business" {
			return time.Time{}, 0
		}
		if d, n := t.dayAt(c, j+1); n > 0 {
			return d, n
		}
		return c.day, j + 1
	}
	return t.soon(c, i)
}

var hours = set(`morning afternoon evening arvo lunchtime noon night midday lunch`)

// soon reads what is still to come on the meeting's day: "after lunch", "after this call", "as soon as we hang up".
func (t *turn) soon(c calendar, i int) (time.Time, int) {
	w, next := t.at(i), t.at(i+1)
	if w != "after" && w != "before" && w != "by" && w != "at" {
		if w == "soon" && next == "as" && t.at(i+2) == "we" && (t.at(i+3) == "hang" || t.at(i+3) == "finish") {
			return c.day, min(i+5, len(t.tokens))
		}
		return time.Time{}, 0
	}
	j := i + 1
	if t.at(j) == "the" || t.at(j) == "this" {
		j++
	}
	switch noun := t.at(j); {
	case noun == "lunch" || noun == "lunchtime" || noun == "noon" || noun == "midday":
		return c.day, j + 1
	case w == "after" && next != t.at(j) && (noun == "call" || noun == "meeting"):
		return c.day, j + 1
	case w == "after" && next == "this" && (t.comma(min(j, len(t.tokens)-1)) || j >= len(t.tokens) || t.sentenceEnds(j)):
		return c.day, j
	}
	return time.Time{}, 0
}

func (t *turn) sentenceEnds(i int) bool {
	for _, s := range t.sentences {
		if s.to == i {
			return true
		}
	}
	return i >= len(t.tokens)
}

// dayAt reads one day: today, tomorrow, a weekday or a date.
func (t *turn) dayAt(c calendar, i int) (time.Time, int) {
	for t.at(i) == "on" || t.at(i) == "the" && weekdays[t.at(i+1)] > 0 {
		i++
	}
	switch t.at(i) {
	case "today":
		return c.day, i + 1
	case "tomorrow":
		return c.day.AddDate(0, 0, 1), i + 1
	}
	for _, read := range []func(calendar, int) (time.Time, int){t.monthDay, t.onWeekday, t.dayOnly} {
		if d, n := read(c, i); n > i {
			return d, n
		}
	}
	return time.Time{}, 0
}

// weekOf reads what counts weeks from a day: "a week on Monday", "a week from tomorrow", "a fortnight today", "Monday week".
func (t *turn) weekOf(c calendar, i int) (time.Time, int) {
	n, used := t.number(i)
	j := i + used
	if used == 0 && t.at(i) != "week" {
		return time.Time{}, 0
	}
	days := 7 * max(n, 1)
	switch t.at(j) {
	case "week", "weeks":
	case "fortnight":
		days = 14
	default:
		return time.Time{}, 0
	}
	j++
	if t.at(j) == "on" || t.at(j) == "from" || t.at(j) == "today" || t.at(j) == "tomorrow" {
		if t.at(j) == "from" && (t.at(j+1) == "now" || t.at(j+1) == "today") {
			return c.day.AddDate(0, 0, days), j + 2
		}
		if d, next := t.dayAt(c, j+map[bool]int{true: 1}[t.at(j) == "from"]); next > 0 {
			return d.AddDate(0, 0, days), next
		}
	}
	return time.Time{}, 0
}

// monthDay reads a day with its month: "March 3rd", "the third of March", "3 March 2026", "2026-03-31".
func (t *turn) monthDay(c calendar, i int) (time.Time, int) {
	if y := digits(t.at(i)); y > 2000 && y < 2200 && i+2 < len(t.tokens) && t.tokens[i+1].gap == "-" && t.tokens[i+2].gap == "-" {
		if d, ok := c.date(digits(t.at(i+1)), digits(t.at(i+2)), y); ok {
			return d, i + 3
		}
		return time.Time{}, 0
	}
	j := i
	if m := months[t.at(j)]; m > 0 {
		if j++; t.at(j) == "the" {
			j++
		}
		n, used := t.dayNumber(j, true)
		if used == 0 {
			return time.Time{}, 0
		}
		return t.dated(c, m, n, j+used)
	}
	if t.at(j) == "the" {
		j++
	}
	n, used := t.dayNumber(j, true)
	if j += used; used == 0 {
		return time.Time{}, 0
	}
	if t.at(j) == "of" {
		j++
	}
	if m := months[t.at(j)]; m > 0 {
		return t.dated(c, m, n, j+1)
	}
	return time.Time{}, 0
}

// dated ends a day with its month: a year may follow.
func (t *turn) dated(c calendar, month, day, j int) (time.Time, int) {
	year := 0
	if y := digits(t.at(j)); y > 2000 && y < 2200 {
		year, j = y, j+1
	}
	if d, ok := c.date(month, day, year); ok {
		return d, j
	}
	return time.Time{}, 0
}

// onWeekday reads a weekday: "Friday", "next Wednesday", "this Thursday", "Monday week", "Friday the sixth", "Tuesday noon".
func (t *turn) onWeekday(c calendar, i int) (time.Time, int) {
	which, j := "", i
	if w := t.at(i); w == "next" || w == "this" || w == "coming" {
		which, j = w, i+1
	}
	n := weekdays[t.at(j)]
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
	if t.at(j) == "week" && !(t.at(j+1) == "is" || t.at(j+1) == "after") {
		return d.AddDate(0, 0, 7), j + 1
	}
	if t.at(j) == "fortnight" {
		return d.AddDate(0, 0, 14), j + 1
	}
	if t.at(j) == "after" && t.at(j+1) == "next" {
		return c.inWeek(2, n), j + 2
	}
	if t.at(j) == "the" || months[t.at(j)] > 0 {
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
func (t *turn) skipHours(j int) int {
	if hours[t.at(j)] {
		return j + 1
	}
	if p := t.at(j); (p == "at" || p == "by" || p == "before") && (hours[t.at(j+1)] || cardinals[t.at(j+1)] > 0 || digits(t.at(j+1)) > 0) {
		return j + 2
	}
	return j
}

// dayOnly reads a day of the month without the month: "the twentieth", "on the 3rd". What counts something else ("the second
// lift") is none: a noun follows, or nothing says that it is a date.
func (t *turn) dayOnly(c calendar, i int) (time.Time, int) {
	if t.at(i) != "the" && !t.dateLed(i) {
		return time.Time{}, 0
	}
	j := i
	if t.at(i) == "the" {
		j++
	}
	n, used := t.dayNumber(j, false)
	if used == 0 {
		return time.Time{}, 0
	}
	j += used
	after := t.at(j)
	closed := j >= len(t.tokens) || t.tokens[j].gap != " " && t.tokens[j].gap != "" || coordinators[after] || nominatives[after] || prepositions[after] && after != "of" ||
		relations[after] || modals[after] || adverbs[after] || openers[after] || endings[after] || beings[after] || after == "because" || after == "good" || after == "works" || after == "at" || t.sentenceEnds(j)
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
func (t *turn) dateLed(i int) bool {
	switch t.at(i - 1) {
	case "on", "by", "before", "until", "till", "is", "say", "from", "for":
		return true
	}
	return false
}

// ahead reads a stretch of time that begins at the meeting: "in two weeks", "within a fortnight", "give me ten days".
func (t *turn) ahead(c calendar, i int) (time.Time, int) {
	n, used := t.number(i)
	if used == 0 || !t.countsFrom(i) {
		return time.Time{}, 0
	}
	j := i + used
	switch t.at(j) {
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
func (t *turn) countsFrom(i int) bool {
	switch t.at(i - 1) {
	case "in", "within", "inside":
		return true
	case "me", "us":
		return t.at(i-2) == "give"
	}
	return i == 0 && len(t.tokens) <= 3
}

func (t *turn) skipTime(j int) int {
	if t.at(j) == "time" {
		return j + 1
	}
	return j
}

// period reads the end of a week, a month or a quarter, and the week or month itself, which ends then.
func (t *turn) period(c calendar, i int) (time.Time, int) {
	j, middle := i, false
	switch w := t.at(i); {
	case w == "end" || w == "middle":
		middle = w == "middle"
		if j++; t.at(j) == "of" {
			j++
		}
	case w == "later" || w == "mid":
		middle = w == "mid"
		j++
	case w == "month" && t.at(i+1) == "end":
		return c.monthEnd(0), i + 2
	case w == "quarter" && t.at(i+1) == "end":
		return c.quarterEnd(0), i + 2
	}
	ends := j > i
	which := 0
	if m := months[t.at(j)]; ends && m > 0 {
		d, _ := c.date(m, 1, 0)
		if m == int(c.day.Month()) {
			d = c.day
		}
		return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC), j + 1
	}
	switch t.at(j) {
	case "the":
		if !ends && t.at(j+1) != "weekend" {
			return time.Time{}, 0
		}
		j++
	case "this":
		j++
	case "next":
		which, j = 1, j+1
	default:
		if !ends {
			return time.Time{}, 0
		}
	}
	if middle && t.at(j) == "week" {
		return c.inWeek(which, 3), j + 1
	}
	return t.unit(c, j, which)
}

// unit gives the end of the week, weekend, month, quarter or year at token j.
func (t *turn) unit(c calendar, j, which int) (time.Time, int) {
	switch t.at(j) {
	case "week":
		if isoDay(c.day) > 5 && which == 0 {
			return c.inWeek(0, 7), j + 1
		}
		return c.inWeek(which, 5), j + 1
	case "weekend":
		if p := t.at(j - 2); p == "before" || p == "by" {
			return c.inWeek(which, 5), j + 1
		}
		return c.inWeek(which, 7), j + 1
	case "month":
		return c.monthEnd(which), j + 1
	case "quarter":
		return c.quarterEnd(which), j + 1
	case "year":
		return time.Date(c.day.Year()+which, 12, 31, 0, 0, 0, 0, time.UTC), j + 1
	}
	return time.Time{}, 0
}

// vague reads words that speak of a time without giving one.
func (t *turn) vague(i int) int {
	for _, p := range vagueTimes {
		if t.has(i, p) {
			return i + len(p)
		}
	}
	return i
}

var vagueTimes = phrases(`as soon as possible, asap, straight away, right away, immediately, next meeting, next call, next session, next board meeting, early next week,
	end of term, end of the term, end of the season`)

// event reads a deadline that is something else's date: "before the audit", "by then".
func (t *turn) event(i int) (when, int) {
	p, j := t.at(i), i+1
	if p != "by" && p != "before" && p != "for" && p != "in" {
		return when{}, 0
	}
	if t.at(j) == "then" && p != "for" && p != "in" {
		return when{back: true, deadline: true}, j + 1
	}
	if t.at(j) != "the" && t.at(j) != "our" {
		return when{}, 0
	}
	for k := j + 1; k < j+3 && k < len(t.tokens); k++ {
		w := t.at(k)
		if prepositions[w] || coordinators[w] || nominatives[w] || modals[w] || beings[w] || t.tokens[k].gap != " " {
			break
		}
		if nx := t.at(k + 1); k+1 >= len(t.tokens) || t.tokens[k+1].gap != " " || coordinators[nx] || prepositions[nx] || relations[nx] || nominatives[nx] || t.sentenceEnds(k+1) {
			return when{event: w, deadline: p == "by" || p == "before"}, k + 1
		}
	}
	return when{}, 0
}
