package trust

import (
	"context"
	"fmt"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/minutes"
)

// talk is the meeting of the proof: ten minutes of a building site, with five actions in it.
func (p *proof) talk() string {
	lines := []string{
		"Anna: Thanks for coming. Let us begin with the delivery gate.",
		"Ben: We agreed to move the delivery gate to the north side of the site.",
		"Anna: Good, agreed.",
		"Anna: I will send the drawings to the engineer by Friday.",
		"Ben: I will order the steel for the second floor by 20 March.",
		"Anna: Carla, can you call the crane company tomorrow?",
		"Carla: Yes, I will call the crane company tomorrow.",
		"Dmitri: I will write the report on the noise by 31 March.",
		"Ben: I will book the meeting room for the inspector by next Wednesday.",
		"Anna: Who pays for the extra concrete?",
		p.name("speaker") + ": The supplier is called " + p.name("text") + ".",
	}
	return strings.Join(lines, "\n") + "\n"
}

// wanted are the actions of the talk: who does it, until when, and a word of it. The meeting is on Thursday, 12 March 2026.
func wanted() [][3]string {
	return [][3]string{
		{"Anna", "2026-03-13", "drawings"}, {"Ben", "2026-03-20", "steel"}, {"Carla", "2026-03-13", "crane"}, {"Dmitri", "2026-03-31", "report"},
		{"Ben", "2026-03-18", "inspector"},
	}
}

// minutesCite looks every citation up in the transcript.
func minutesCite(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	texts := map[string]string{}
	for _, s := range o.Transcript.Segments {
		texts[s.ID] = s.Text
	}
	lines := allLines(o.Minutes.Minutes)
	for _, l := range lines {
		if len(l.Evidence) == 0 {
			return fail("line %s of %d cites nothing", l.ID, len(lines))
		}
		for _, e := range l.Evidence {
			text, there := texts[e.Segment]
			if !there || e.Quote == "" || !strings.Contains(text, e.Quote) {
				return fail("line %s of %d quotes what segment %s of %d does not say", l.ID, len(lines), e.Segment, len(texts))
			}
		}
	}
	if len(lines) == 0 || len(o.Meeting.Attendees) != 5 {
		return fail("%d lines and %d attendees of 5", len(lines), len(o.Meeting.Attendees))
	}
	if len(o.Minutes.Decisions) == 0 {
		return fail("%d lines, and the decision is not among them", len(lines))
	}
	return pass("%d lines, %d decisions; each quotes one of %d segments word for word", len(lines), len(o.Minutes.Decisions), len(texts))
}

func allLines(m document.Minutes) []document.Line {
	lines := append(append(append([]document.Line{}, m.Summary...), m.Decisions...), m.Questions...)
	for _, t := range m.Topics {
		lines = append(lines, t.Lines...)
	}
	for _, a := range m.Actions {
		lines = append(lines, a.Line)
	}
	return lines
}

// actionsFound compares the actions with what was said, and changes one.
func actionsFound(ctx context.Context, p *proof) (finding, error) {
	o, err := p.opened(ctx)
	if err != nil {
		return finding{}, err
	}
	var missing []string
	for _, w := range wanted() {
		if !hasAction(o.Minutes.Actions, w) {
			missing = append(missing, w[2])
		}
	}
	if len(missing) > 0 {
		return fail("%d of %d actions have another owner or date, or are not there: %s", len(missing), len(wanted()), strings.Join(missing, ", "))
	}
	if err := p.edited(ctx, o); err != nil {
		return finding{}, err
	}
	return pass("%d of %d actions with owner and date; an edit was read back", len(wanted()), len(wanted()))
}

func hasAction(actions []document.Action, want [3]string) bool {
	for _, a := range actions {
		if a.Owner != nil && a.Owner.Name != nil && *a.Owner.Name == want[0] && a.Due != nil && a.Due.Date != nil && *a.Due.Date == want[1] &&
			strings.Contains(strings.ToLower(a.Text), want[2]) {
			return true
		}
	}
	return false
}

// edited changes an action's owner, reads it back, and gives it back.
func (p *proof) edited(ctx context.Context, o minutes.Opened) error {
	as, action, other := p.ours.as(ctx), o.Minutes.Actions[0], "Dmitri"
	before := *action.Owner.Name
	m, err := p.Minutes.Edit(as, o.Minutes.ID, o.Minutes.Version, minutes.Change{Line: action.ID, Text: action.Text, Owner: &other})
	if err != nil {
		return fmt.Errorf("editing an action: %w", err)
	}
	again, err := p.Minutes.Open(as, o.Meeting.ID)
	if err != nil {
		return err
	}
	if got := again.Minutes.Actions[0].Owner; got == nil || got.Name == nil || *got.Name != other {
		return fmt.Errorf("the edit of action %s was not stored", action.ID)
	}
	_, err = p.Minutes.Edit(as, o.Minutes.ID, m.Version, minutes.Change{Line: action.ID, Text: action.Text, Owner: &before})
	return err
}
