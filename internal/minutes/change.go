package minutes

import (
	"slices"
	"time"

	"mainstay/internal/document"
	"mainstay/internal/fault"
)

// change applies a person's change to the line that it names, wherever in the minutes it stands.
func (m *Minutes) change(c Change) error {
	if c.Due != nil && *c.Due != "" {
		if _, err := time.Parse(time.DateOnly, *c.Due); err != nil {
			return fault.Wrap(fault.Invalid, "Enter a date such as 2026-03-31.", err)
		}
	}
	if !c.Remove && c.Text == "" {
		return fault.New(fault.Invalid, "A line cannot be empty. Remove it instead.")
	}
	if i := slices.IndexFunc(m.Actions, func(a document.Action) bool { return a.ID == c.Line }); i >= 0 {
		m.changeAction(i, c)
	} else if list := m.listOf(c.Line); list != nil {
		changeLine(list, c)
	} else {
		return fault.New(fault.Missing, "There is no such line any more.")
	}
	if m.Edited == nil {
		m.Edited = map[string]bool{}
	}
	m.Edited[c.Line] = true
	m.Version++
	return nil
}

func (m *Minutes) changeAction(i int, c Change) {
	if c.Remove {
		m.Actions = slices.Delete(m.Actions, i, i+1)
		return
	}
	a := &m.Actions[i]
	a.Text = c.Text
	if c.Owner != nil {
		a.Owner = nil
		if *c.Owner != "" {
			a.Owner = &document.Owner{Name: c.Owner}
		}
	}
	if c.Due != nil {
		said := ""
		if a.Due != nil {
			said = a.Due.AsSaid
		}
		a.Due = nil
		if *c.Due != "" {
			a.Due = &document.Due{Date: c.Due, AsSaid: said}
		}
	}
}

// listOf returns the list that holds a line, nil where none does.
func (m *Minutes) listOf(id string) *[]document.Line {
	lists := []*[]document.Line{&m.Summary, &m.Decisions, &m.Questions}
	for i := range m.Topics {
		lists = append(lists, &m.Topics[i].Lines)
	}
	for _, list := range lists {
		if slices.ContainsFunc(*list, func(l document.Line) bool { return l.ID == id }) {
			return list
		}
	}
	return nil
}

func changeLine(list *[]document.Line, c Change) {
	i := slices.IndexFunc(*list, func(l document.Line) bool { return l.ID == c.Line })
	if c.Remove {
		*list = slices.Delete(*list, i, i+1)
		return
	}
	(*list)[i].Text = c.Text
}
