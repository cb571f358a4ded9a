package meeting

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Sort is the order of a list. The zero value is the newest first.
type Sort string

// The orders.
const (
	Newest   Sort = ""
	Oldest   Sort = "oldest"
	ByTitle  Sort = "title"
	TitleEnd Sort = "title-end" // by title, the last first
	Longest  Sort = "longest"
	Shortest Sort = "shortest"
)

// Filter narrows a list of meetings. Words are compared without case, a project as a whole; zero fields match everything.
type Filter struct {
	Title   string
	Project string
	Person  string
	Stages  []Stage
	From    *time.Time // included
	Until   *time.Time // excluded
	Sort    Sort
	Limit   int // 1 to 200; else 50
	Offset  int
}

// Page is a part of a list. Total counts all that match; Next is the offset of the part after it, 0 at the end.
type Page struct {
	Meetings []Meeting
	Total    int
	Next     int
}

// The most meetings that are opened to compare sealed words: beyond it a search index answers.
const maxOpened = 10_000

// List returns the meetings that the actor may read and that match, as one act whose event holds their count.
func (s *Service) List(ctx context.Context, f Filter) (Page, error) {
	if f.Limit < 1 || f.Limit > 200 {
		f.Limit = 50
	}
	f.Offset = max(f.Offset, 0)
	var p Page
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListMeetings}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if f.reads() {
			p, err = opened(ctx, tx, f)
		} else {
			p, err = closed(ctx, tx, f)
		}
		if next := f.Offset + len(p.Meetings); next < p.Total {
			p.Next = next
		}
		tx.Note("count", len(p.Meetings))
		return err
	})
	return p, err
}

// reads reports whether the filter needs words that are sealed.
func (f Filter) reads() bool {
	return f.Title != "" || f.Project != "" || f.Person != "" || f.Sort == ByTitle || f.Sort == TitleEnd
}

// closed lets the database page and opens what is shown.
func closed(ctx context.Context, tx *gate.Tx, f Filter) (Page, error) {
	var p Page
	rows, err := page(ctx, tx, f, f.Limit, f.Offset)
	if err != nil {
		return p, err
	}
	if p.Meetings, err = open(ctx, tx, rows); err != nil {
		return p, err
	}
	p.Total, err = count(ctx, tx, f)
	return p, err
}

// opened compares and sorts words that only stand open here.
func opened(ctx context.Context, tx *gate.Tx, f Filter) (Page, error) {
	var p Page
	rows, err := page(ctx, tx, f, maxOpened, 0)
	if err != nil {
		return p, err
	}
	all, err := open(ctx, tx, rows)
	if err != nil {
		return p, err
	}
	all = slices.DeleteFunc(all, func(m Meeting) bool { return !f.matches(m) })
	if f.Sort == ByTitle || f.Sort == TitleEnd {
		slices.SortStableFunc(all, func(a, b Meeting) int { return cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	}
	if f.Sort == TitleEnd {
		slices.Reverse(all)
	}
	p.Total = len(all)
	from := min(f.Offset, len(all))
	p.Meetings = all[from:min(from+f.Limit, len(all))]
	return p, nil
}

// The most meetings that are opened to find those before one.
const maxEarlier = 500

// Earlier returns the newest meetings before one that the actor may read and that one accepts, the newest first, inside an act
// about the one. A meeting whose start is unknown counts by when it was made.
func Earlier(ctx context.Context, tx *gate.Tx, m Meeting, accepts func(Meeting) bool, most int) ([]Meeting, error) {
	until := m.CreatedAt
	if m.StartsAt != nil {
		until = *m.StartsAt
	}
	rows, err := page(ctx, tx, Filter{Until: &until}, maxEarlier, 0)
	if err != nil {
		return nil, err
	}
	all, err := open(ctx, tx, rows)
	all = slices.DeleteFunc(all, func(e Meeting) bool { return e.ID == m.ID || !accepts(e) })
	return all[:min(len(all), most)], err
}

func (f Filter) matches(m Meeting) bool {
	if !contains(m.Title, f.Title) || f.Project != "" && !strings.EqualFold(m.Project, strings.TrimSpace(f.Project)) {
		return false
	}
	return f.Person == "" || slices.ContainsFunc(m.Attendees, func(p Person) bool { return contains(p.Name, f.Person) || contains(p.Email, f.Person) })
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(strings.TrimSpace(part)))
}

// offered is what a list offers its reader to do with a meeting. The gate decides when it is done.
func (m Meeting) offered(tx *gate.Tx) gate.Level {
	switch actor := tx.Actor(); {
	case actor.Kind != tenant.Member:
		return gate.Manager
	case tx.Role() == gate.Viewer:
		return gate.Reader
	case tx.Role() == gate.Owner, tx.Role() == gate.Admin, m.CreatedBy == actor.Member:
		return gate.Manager
	}
	return gate.Contributor
}

// Words are the projects and people of the newest meetings that the actor may read, in the order of the alphabet: what forms
// suggest. It is part of the page that shows them and no act of its own.
type Words struct {
	Projects []string
	People   []string
}

// The most meetings whose words are suggested.
const maxSuggested = 300

// Words returns what forms suggest.
func (s *Service) Words(ctx context.Context) (Words, error) {
	projects, people := map[string]bool{}, map[string]bool{}
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListMeetings}, func(ctx context.Context, tx *gate.Tx) error {
		rows, err := page(ctx, tx, Filter{}, maxSuggested, 0)
		if err != nil {
			return err
		}
		meetings, err := open(ctx, tx, rows)
		for _, m := range meetings {
			projects[m.Project] = true
			for _, p := range m.Attendees {
				people[p.Name] = true
			}
		}
		return err
	})
	return Words{Projects: sorted(projects), People: sorted(people)}, err
}

func sorted(all map[string]bool) []string {
	var words []string
	for w := range all {
		if w != "" {
			words = append(words, w)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return words
}
