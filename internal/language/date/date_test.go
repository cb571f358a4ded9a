package date_test

import (
	"testing"
	"time"

	"mainstay/internal/language/clause"
	"mainstay/internal/language/date"
)

func days(day, said string) []string {
	var got []string
	for _, w := range date.New(&day, nil).Times(clause.New(said)) {
		if w.Date.IsZero() {
			got = append(got, "none")
			continue
		}
		got = append(got, w.Date.Format(time.DateOnly))
	}
	return got
}

// The meeting is on Thursday, 12 March 2026.
func TestTimes(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"today": "2026-03-12", "by EOD": "2026-03-12", "tonight": "2026-03-12", "this afternoon": "2026-03-12", "by end of play today": "2026-03-12",
		"by the close of business": "2026-03-12", "after lunch": "2026-03-12", "right after this call": "2026-03-12", "close of business Monday": "2026-03-16",
		"by end of day Friday": "2026-03-13", "tomorrow": "2026-03-13", "tomorrow before lunch": "2026-03-13", "the day after tomorrow": "2026-03-14",
		"on Friday": "2026-03-13", "Thursday": "2026-03-19", "by Tuesday noon": "2026-03-17", "next Wednesday": "2026-03-18", "next Friday": "2026-03-20",
		"this Friday": "2026-03-13", "Monday week": "2026-03-23", "a week on Monday": "2026-03-23", "a week from tomorrow": "2026-03-20", "a fortnight on Tuesday": "2026-03-31",
		"Friday the twentieth": "2026-03-20", "Thursday the ninth of April": "2026-04-09", "the week after": "",
		"by the twentieth": "2026-03-20", "on the 3rd": "2026-04-03", "the thirty-first of December": "2026-12-31", "March 3rd": "2027-03-03", "April the second": "2026-04-02",
		"3 April": "2026-04-03", "by Feb 12, 2027": "2027-02-12", "2026-05-01": "2026-05-01", "the first of May": "2026-05-01", "by the 15th": "2026-03-15",
		"in two weeks": "2026-03-26", "within a fortnight": "2026-03-26", "in ten days' time": "2026-03-22", "give me three weeks": "2026-04-02", "in a month": "2026-04-12", "two weeks from now": "2026-03-26",
		"this week": "2026-03-13", "by the end of the week": "2026-03-13", "end of next week": "2026-03-20", "by the end of the month": "2026-03-31", "before the end of May": "2026-05-31",
		"by month end": "2026-03-31", "end of the quarter": "2026-03-31", "by the end of the year": "2026-12-31", "before the weekend": "2026-03-13", "over the weekend": "2026-03-15", "middle of next week": "2026-03-18",
		"before the next meeting": "none", "as soon as possible": "none", "by then": "none", "before the audit": "none",
		"by Wednesday, uh, actually Thursday": "2026-03-19", "Tuesday, no. Make that the nineteenth": "2026-03-19", "by Friday. No, wait, I'm out Friday. Monday": "2026-03-16",
		"by Friday, and the other one on Monday": "2026-03-13", "in the morning": "2026-03-13", "at ten in the morning": "", "by the middle of July": "2026-07-15", "the first week of December": "2026-12-04",
		"the start of next week": "2026-03-16", "the survey again this year": "",
		"two weeks ago": "", "last Friday": "", "since Tuesday": "", "every Monday": "", "the second lift": "", "the first one": "", "Friday's outage": "", "phase two": "", "may I": "",
	} {
		got := ""
		if all := days("2026-03-12", said); len(all) > 0 {
			got = all[0]
		}
		if got != want {
			t.Errorf("%q is %q, want %q", said, got, want)
		}
	}
}

func TestTheDayIsThatOfTheZone(t *testing.T) {
	t.Parallel()
	at, zone := "2026-03-12T23:30:00Z", "Pacific/Auckland"
	got := date.New(&at, &zone).Times(clause.New("today"))
	if len(got) != 1 || got[0].Date.Format(time.DateOnly) != "2026-03-13" {
		t.Errorf("today = %v, want 2026-03-13", got)
	}
}

func TestWithoutADateWordsStayWithoutOne(t *testing.T) {
	t.Parallel()
	got := date.New(nil, nil).Times(clause.New("by Friday"))
	if len(got) != 1 || !got[0].Date.IsZero() {
		t.Errorf("times = %v, want one without a date", got)
	}
}

func FuzzTimes(f *testing.F) {
	for _, s := range []string{"", "by the thirty-first of February", "a week on the week", "Monday week after next", "in 366 days", "the 0th", "May", "9999-99-99", "next next end of the"} {
		f.Add(s, "2026-02-28")
	}
	f.Fuzz(func(t *testing.T, said, day string) {
		text := clause.New(said)
		for _, w := range date.New(&day, nil).Times(text) {
			if w.From < 0 || w.To <= w.From || w.To > len(text.Tokens) {
				t.Fatalf("time %v outside of %q", w, said)
			}
		}
	})
}
