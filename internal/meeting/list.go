package meeting

import (
	"context"
	"strings"
	"time"

	"mainstay/internal/gate"
)

// Filter narrows a list of meetings. Title and Person are compared without case; zero fields match everything.
type Filter struct {
	Title  string
	Person string
	Stage  Stage
	From   *time.Time // included
	Until  *time.Time // excluded
	Oldest bool       // oldest first; else newest first
	Limit  int        // 1 to 100; else 50
	Offset int
}

// Page is a part of a list. Next is the offset of the part after it, 0 at the end.
type Page struct {
	Meetings []Meeting
	Next     int
}

// The most rows that a filter on sealed words looks at: beyond it a search index answers.
const maxOpened = 10_000

// List returns the meetings that the actor may read and that match, as one act whose event holds their count.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	if f.Limit < 1 || f.Limit > 100 {
		f.Limit = 50
	}
	var p Page
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListMeetings}, func(ctx context.Context, tx *gate.Tx) (err error) {
		p, err = list(ctx, tx, f)
		tx.Note("count", len(p.Meetings))
		return err
	})
	return p, err
}

// list reads on until the page is full, because titles and names can be compared only once they are opened.
func list(ctx context.Context, tx *gate.Tx, f Filter) (Page, error) {
	var p Page
	const step = 200
	for at := max(f.Offset, 0); at < maxOpened; at += step {
		rows, err := page(ctx, tx, f, step, at)
		if err != nil {
			return p, err
		}
		meetings, err := open(ctx, tx, rows)
		if err != nil {
			return p, err
		}
		for i, m := range meetings {
			if !f.matches(m) {
				continue
			}
			if len(p.Meetings) == f.Limit {
				p.Next = at + i
				return p, nil
			}
			p.Meetings = append(p.Meetings, m)
		}
		if len(rows) < step {
			break
		}
	}
	return p, nil
}

func (f Filter) matches(m Meeting) bool {
	if !contains(m.Title, f.Title) {
		return false
	}
	if f.Person == "" {
		return true
	}
	for _, p := range m.Attendees {
		if contains(p.Name, f.Person) || contains(p.Email, f.Person) {
			return true
		}
	}
	return false
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(part)))
}
