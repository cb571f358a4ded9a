package date

import (
	"time"

	"mainstay/internal/language"
	"mainstay/internal/language/clause"
)

// Said is what one speaker said in one go, with the times that it speaks of.
type Said struct {
	*clause.Text
	Times []When
}

// Talk is what was said in a meeting, in order.
type Talk []Said

// Resolve resolves times that name something else whose date is said elsewhere in the meeting: "before the audit", "by then",
// "before the next meeting". What is said nowhere stays without a date.
func (r Talk) Resolve() {
	for i, t := range r {
		for k := range t.Times {
			w := &t.Times[k]
			switch {
			case !w.Date.IsZero():
			case w.Back:
				w.Date = r.before(i, w.From)
			case w.Event != "":
				w.Date = r.dateOf(i, w)
			}
		}
	}
}

// before gives the last date that was said before a token, in its turn or the three before.
func (r Talk) before(i, token int) time.Time {
	const reach = 3
	for k := i; k >= 0 && k >= i-reach; k-- {
		t := r[k]
		for n := len(t.Times) - 1; n >= 0; n-- {
			if w := t.Times[n]; !w.Date.IsZero() && (k < i || w.To <= token) && !t.bygone(w) {
				return w.Date
			}
		}
	}
	return time.Time{}
}

// bygone reports whether a time stands in a clause about the past.
func (t Said) bygone(w When) bool {
	for _, c := range t.Sentences[t.SentenceOf(w.From)].Clauses {
		if w.From >= c.From && w.To <= c.To {
			return c.Past
		}
	}
	return false
}

// dateOf gives the date of an event: where a sentence names it and says its date, or the answer to the question when it is.
// The nearest one wins.
func (r Talk) dateOf(i int, w *When) time.Time {
	for reach := 0; reach < len(r); reach++ {
		for _, k := range []int{i + reach, i - reach} {
			if k < 0 || k >= len(r) {
				continue
			}
			if d := r.eventDate(k, w); !d.IsZero() {
				return d
			}
		}
	}
	return time.Time{}
}

// eventDate reads the date of an event from turn k.
func (r Talk) eventDate(k int, w *When) time.Time {
	t := r[k]
	for n := range t.Sentences {
		s := &t.Sentences[n]
		at := t.names(s, w.Event)
		if at < 0 {
			continue
		}
		asks := false
		for m := range s.Clauses {
			asks = asks || clause.Asking[t.At(s.Clauses[m].From)] || s.Clauses[m].Asks
		}
		if s.Asks || asks {
			if k+1 < len(r) && len(r[k+1].Tokens) <= 10 {
				if d := firstDate(r[k+1].Times, 0, len(r[k+1].Tokens)); !d.IsZero() {
					return d
				}
			}
			continue
		}
		if d := t.equated(s, at); !d.IsZero() {
			return d
		}
	}
	return time.Time{}
}

// names gives where a sentence names the event, or -1.
func (t Said) names(s *clause.Sentence, event string) int {
	en := language.English
	for i := s.From; i < s.To; i++ {
		if t.At(i) == event || en.Stem(t.At(i)) == en.Stem(event) {
			return i
		}
		if event == "next meeting" && t.At(i) == "next" && (t.At(i+1) == "meeting" || t.At(i+1) == "one" || t.At(i+1) == "call" || t.At(i+1) == "session") {
			return i
		}
	}
	return -1
}

// equated gives the date that "is" ties to the event named at a token: "the audit is on the fourth", "and that's the fourth".
func (t Said) equated(s *clause.Sentence, at int) time.Time {
	for i := at; i < s.To; i++ {
		if clause.Being[t.At(i)] || i == at && t.At(i+1) != "" && t.Tokens[i+1].Gap == ", " {
			if d := firstDate(t.Times, i, min(i+7, s.To)); !d.IsZero() {
				return d
			}
		}
	}
	next := t.SentenceOf(at) + 1
	if next < len(t.Sentences) && len(t.Sentences[next].Clauses) > 0 && clause.Being[t.At(t.Sentences[next].From+1)] {
		return firstDate(t.Times, t.Sentences[next].From, t.Sentences[next].From+8)
	}
	return time.Time{}
}

func firstDate(whens []When, from, to int) time.Time {
	for _, w := range whens {
		if w.From >= from && w.From < to && !w.Date.IsZero() {
			return w.Date
		}
	}
	return time.Time{}
}
