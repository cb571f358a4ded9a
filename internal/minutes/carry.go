package minutes

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/language"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes/evidence"
)

// carriedPrefix begins the id of an item of an earlier meeting: "c-", the id of its minutes, and its own.
const carriedPrefix = "c-"

// The most meetings that are looked back at, and the most items that are carried.
const (
	maxBack    = 12
	maxCarried = 100
)

// carry lists the open actions and questions of the meetings before this one of its series, where its template carries them
// forward. They are looked up for each reader until approval freezes them, so that nobody reads here of a meeting that is
// not shared with them; who approves answers for what all readers of the approved minutes then see. It looks back from the
// newest earlier minutes and stops at the first that are approved, as those hold what was open before them.
func (m *Minutes) carry(ctx context.Context, tx *gate.Tx, about meeting.Meeting) error {
	if !templateOf(m.Template).carry || m.State == Approved {
		return nil
	}
	m.Carried = nil
	earlier, err := meeting.Earlier(ctx, tx, about, func(e meeting.Meeting) bool { return sameSeries(about, e) }, maxBack)
	if err != nil {
		return err
	}
	settled := map[string]bool{}
	settles := func(more map[string]bool) {
		for id := range more {
			settled[id] = true
		}
	}
	settles(m.settled)
	for _, e := range earlier {
		old, err := latest(ctx, tx, e.ID)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return err
		}
		settles(old.settled)
		m.Carried = append(m.Carried, old.opened(e, settled)...)
		if old.State == Approved {
			break
		}
	}
	m.Carried = m.Carried[:min(len(m.Carried), maxCarried)]
	return nil
}

// opened are the items of earlier minutes that are still open: their own, and those that were carried into them and frozen.
func (m Minutes) opened(in meeting.Meeting, settled map[string]bool) []document.Carried {
	var open []document.Carried
	from := in.Title
	if date := in.Date(); date != nil {
		from += ", " + *date
	}
	item := func(l document.Line, kind string) document.Carried {
		id := carriedPrefix + m.ID.String() + "-" + l.ID
		return document.Carried{Line: document.Line{ID: id, Text: l.Text}, Kind: kind, From: from, Meeting: in.ID.String(), Item: l.ID}
	}
	for _, a := range m.Actions {
		if c := item(a.Line, "action"); !settled[c.ID] {
			c.Owner, c.Due = a.Owner, a.Due
			if c.Owner != nil && c.Owner.Name == nil {
				c.Owner = nil // a voice without a name means nothing in another meeting
			}
			open = append(open, c)
		}
	}
	for _, q := range m.Questions {
		if c := item(q, "question"); !settled[c.ID] {
			open = append(open, c)
		}
	}
	if m.State != Approved {
		return open
	}
	for _, c := range m.Carried {
		if !settled[c.ID] {
			open = append(open, c)
		}
	}
	return open
}

// settle marks a carried item as no longer open.
func (m *Minutes) settle(ctx context.Context, tx *gate.Tx, c Change) error {
	about, err := meeting.Load(ctx, tx, m.Meeting)
	if err != nil {
		return err
	}
	if err := m.carry(ctx, tx, about); err != nil {
		return err
	}
	if !c.Remove {
		return fault.New(fault.Invalid, "An item that is carried forward can only be settled. Change it in its own meeting.")
	}
	if !slices.ContainsFunc(m.Carried, func(one document.Carried) bool { return one.ID == c.Line }) {
		return fault.New(fault.Missing, "There is no such item any more.")
	}
	m.before = m.now(tx.Actor().Member)
	m.settled = maps.Clone(m.settled)
	if m.settled == nil {
		m.settled = map[string]bool{}
	}
	m.settled[c.Line] = true
	m.Version++
	return m.carry(ctx, tx, about)
}

// sameSeries reports whether two meetings are of one series: of the same project where both name one, and by a title that is
// the same but for numbers and dates ("Owner's meeting 14", "Owner's meeting, November").
func sameSeries(a, b meeting.Meeting) bool {
	if a.Template != b.Template || a.Project != "" && b.Project != "" && !strings.EqualFold(a.Project, b.Project) {
		return false
	}
	x, y := seriesOf(a.Title), seriesOf(b.Title)
	return x == y && (x != "" || a.Project != "" && strings.EqualFold(a.Project, b.Project))
}

// seriesOf is what of a title stays from one meeting to the next.
func seriesOf(title string) string {
	title, _, _ = strings.Cut(title, ":")
	var kept []string
	for _, w := range language.Words(title) {
		counts := strings.ContainsFunc(w.Norm, unicode.IsDigit) || w.Norm == "no" || w.Norm == "nr" || w.Norm == "of"
		if !counts && !evidence.NamesTime(w.Norm) {
			kept = append(kept, w.Norm)
		}
	}
	return strings.Join(kept, " ")
}
