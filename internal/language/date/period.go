package date

import "time"

// part is which part of a week, a month, a quarter or a year is spoken of.
type part int

const (
	whole part = iota
	start
	middle
	end
)

// part reads the words before a period that say which part of it is meant.
func (t reader) part(i int) (of part, next int) {
	switch w := t.At(i); {
	case w == "later":
		return end, i + 1
	case w == "mid":
		return middle, i + 1
	case w == "end":
		of = end
	case w == "middle":
		of = middle
	case (w == "start" || w == "beginning") && t.At(i+1) == "of":
		of = start
	default:
		return whole, i
	}
	if t.At(i+1) == "of" {
		return of, i + 2
	}
	return of, i + 1
}

// period reads the end of a week, a month or a quarter, and the week or month itself, which ends then.
func (t reader) period(c Calendar, i int) (time.Time, int) {
	switch {
	case t.At(i) == "month" && t.At(i+1) == "end":
		return c.monthEnd(0), i + 2
	case t.At(i) == "quarter" && t.At(i+1) == "end":
		return c.quarterEnd(0), i + 2
	}
	of, j := t.part(i)
	if m := months[t.At(j)]; of != whole && m > 0 {
		return c.inMonth(m, of), j + 1
	}
	which := 0
	switch w, next := t.At(j), t.At(j+1); {
	case w == "the" && of == whole && (next == "end" || next == "middle"):
		return t.period(c, j+1)
	case w == "this", w == "the" && (of != whole || next == "weekend"):
		j++
	case w == "next":
		which, j = 1, j+1
	case of == whole:
		return time.Time{}, 0
	}
	switch week := t.At(j) == "week"; {
	case of == middle && week:
		return c.inWeek(which, 3), j + 1
	case of == start && week:
		return c.inWeek(which, 1), j + 1
	case of == start, of == whole && t.At(j) == "year":
		return time.Time{}, 0
	}
	return t.unit(c, j, which)
}

// inMonth gives the day on which a part of a named month ends.
func (c Calendar) inMonth(m int, of part) time.Time {
	switch d, _ := c.date(m, 1, 0); {
	case of == start:
		return d
	case of == middle:
		d, _ = c.date(m, 15, 0)
		return d
	case m == int(c.day.Month()):
		return c.monthEnd(0)
	default:
		return time.Date(d.Year(), d.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	}
}

// unit gives the end of the week, weekend, month, quarter or year at token j.
func (t reader) unit(c Calendar, j, which int) (time.Time, int) {
	switch t.At(j) {
	case "week":
		if isoDay(c.day) > 5 && which == 0 {
			return c.inWeek(0, 7), j + 1
		}
		return c.inWeek(which, 5), j + 1
	case "weekend":
		if p := t.At(j - 2); p == "before" || p == "by" {
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
