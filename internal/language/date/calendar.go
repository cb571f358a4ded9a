// Package date reads the times that people speak of in English and computes the dates that they mean, counted from the day of
// the meeting: "a week on Monday", "the twentieth", "by the end of next month", "close of business tomorrow".
//
// A weekday is the next one after the meeting's day, "next Friday" that of the week after, "this week" and "the end of the week"
// its Friday, "the weekend" its Sunday, the end of a month its last day, "the twentieth" the next one. What was and what recurs
// ("last Friday", "every Monday") is no time to do something by. Words that speak of a time without saying when ("before the
// audit", "by then") are found too, without a date.
package date

import (
	"strings"
	"time"
)

// Calendar computes dates from the day of the meeting.
type Calendar struct {
	day   time.Time // midnight UTC of the meeting's day in its own zone
	known bool
}

// New reads the day of a meeting: an RFC 3339 date, or a date and time, which is taken to the zone. Without either the calendar
// finds times but gives them no dates.
func New(said, zone *string) Calendar {
	if said == nil {
		return Calendar{}
	}
	day, err := time.Parse(time.DateOnly, *said)
	if err != nil {
		at, err := time.Parse(time.RFC3339, *said)
		if err != nil {
			return Calendar{}
		}
		if zone != nil {
			if zone, err := time.LoadLocation(*zone); err == nil {
				at = at.In(zone)
			}
		}
		day = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
	}
	return Calendar{day, true}
}

// Weekdays and months as they are said, counted as package time does; Sunday is 7.
var (
	weekdays = map[string]int{"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7, "mon": 1, "tue": 2, "tues": 2,
		"wed": 3, "weds": 3, "thu": 4, "thur": 4, "thurs": 4, "fri": 5}
	months = map[string]int{"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10,
		"november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12}
	ordinals = numbered31(`first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
		seventeenth eighteenth nineteenth twentieth`)
	cardinals = numbered31(`one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty`)
)

func numbered31(list string) map[string]int {
	m := map[string]int{}
	for i, w := range strings.Fields(list) {
		m[w] = i + 1
	}
	return m
}

// isoDay gives the number of a weekday with Sunday as 7.
func isoDay(d time.Time) int {
	return (int(d.Weekday())+6)%7 + 1
}

// weekday gives the next such weekday strictly after the meeting's day.
func (c Calendar) weekday(n int) time.Time {
	ahead := (n - isoDay(c.day) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return c.day.AddDate(0, 0, ahead)
}

// inWeek gives a weekday of the week that lies some weeks after the meeting's own, weeks beginning on Monday.
func (c Calendar) inWeek(weeks, n int) time.Time {
	return c.day.AddDate(0, 0, n-isoDay(c.day)+7*weeks)
}

// dayOfMonth gives the next day with that number, the meeting's day included; false where no month within a year has it.
func (c Calendar) dayOfMonth(n int) (time.Time, bool) {
	for k := range 12 {
		first := time.Date(c.day.Year(), c.day.Month()+time.Month(k), 1, 0, 0, 0, 0, time.UTC)
		d := first.AddDate(0, 0, n-1)
		if d.Month() == first.Month() && !d.Before(c.day) {
			return d, true
		}
	}
	return time.Time{}, false
}

// date gives the day of a month, in the year that puts it on or after the meeting's day. Where a year is said, it holds.
func (c Calendar) date(month, n, year int) (time.Time, bool) {
	y := year
	if y == 0 {
		y = c.day.Year()
	}
	for range 5 {
		d := time.Date(y, time.Month(month), n, 0, 0, 0, 0, time.UTC)
		valid := int(d.Month()) == month && d.Day() == n
		if year != 0 {
			return d, valid
		}
		if valid && !d.Before(c.day) {
			return d, true
		}
		y++
	}
	return time.Time{}, false
}

// monthEnd gives the last day of the month that lies some months after the meeting's.
func (c Calendar) monthEnd(months int) time.Time {
	return time.Date(c.day.Year(), c.day.Month()+time.Month(months)+1, 0, 0, 0, 0, 0, time.UTC)
}

// quarterEnd gives the last day of the quarter of the meeting, or of a later one.
func (c Calendar) quarterEnd(quarters int) time.Time {
	q := (int(c.day.Month()) - 1) / 3
	return time.Date(c.day.Year(), time.Month(3*(q+quarters)+4), 0, 0, 0, 0, 0, time.UTC)
}

// number reads a small number at token i, in digits or words, and how many tokens it takes.
func (t reader) number(i int) (n, used int) {
	w := t.At(i)
	if n, ok := cardinals[w]; ok {
		if n == 20 && cardinals[t.At(i+1)] > 0 && cardinals[t.At(i+1)] < 10 {
			return 20 + cardinals[t.At(i+1)], 2
		}
		return n, 1
	}
	if w == "thirty" || w == "forty" || w == "sixty" || w == "ninety" {
		tens := map[string]int{"thirty": 30, "forty": 40, "sixty": 60, "ninety": 90}[w]
		if ones := cardinals[t.At(i+1)]; ones > 0 && ones < 10 && t.At(i+1) != "" {
			return tens + ones, 2
		}
		return tens, 1
	}
	if n := digits(w); n > 0 && n <= 366 {
		return n, 1
	}
	switch {
	case w == "a" && t.At(i+1) == "couple" && t.At(i+2) == "of":
		return 2, 3
	case w == "a" || w == "an":
		return 1, 1
	}
	return 0, 0
}

// dayNumber reads the number of a day at token i: "twentieth", "twenty first", "3rd", and where plain is true "20" and
// "twenty" too. It gives 0 where there is none.
func (t reader) dayNumber(i int, plain bool) (n, used int) {
	w := t.At(i)
	if o := ordinals[w]; o > 0 {
		return o, 1
	}
	if w == "thirtieth" {
		return 30, 1
	}
	if o := ordinals[t.At(i+1)]; (w == "twenty" || w == "thirty") && o > 0 && o < 10 {
		n = map[string]int{"twenty": 20, "thirty": 30}[w] + o
		if n <= 31 {
			return n, 2
		}
		return 0, 0
	}
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		if d := digits(strings.TrimSuffix(w, ending)); strings.HasSuffix(w, ending) && d > 0 && d <= 31 {
			return d, 1
		}
	}
	if plain {
		if n, used = t.number(i); w != "a" && w != "an" && n <= 31 {
			return n, used
		}
	}
	return 0, 0
}

func digits(w string) int {
	n := 0
	for _, r := range w {
		if r < '0' || r > '9' || n > 9999 {
			return 0
		}
		n = 10*n + int(r-'0')
	}
	return n
}

// Unit reports whether a word measures time: "week", "days".
func Unit(norm string) bool { return units[strings.TrimSuffix(norm, "s")] }

var units = map[string]bool{"day": true, "week": true, "month": true, "year": true, "fortnight": true, "morning": true, "afternoon": true, "evening": true, "night": true, "later": true, "earlier": true}

// Word reports whether a word is a weekday or a month.
func Word(norm string) bool { return weekdays[norm] > 0 || months[norm] > 0 }

// Ordinal reports whether a word can be the number of a day: "twentieth", "3rd".
func Ordinal(norm string) bool {
	for _, ending := range []string{"st", "nd", "rd", "th"} {
		if d := digits(strings.TrimSuffix(norm, ending)); strings.HasSuffix(norm, ending) && d > 0 && d <= 31 {
			return true
		}
	}
	return ordinals[norm] > 3
}
