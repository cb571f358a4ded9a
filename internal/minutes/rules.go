package minutes

import (
	"context"

	"mainstay/internal/document"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/digest"
)

// Rules drafts minutes by rules of language alone: no network, no model, the same answer every time. It writes in the spoken
// language; where another was wanted, the draft's note says so.
type Rules struct{}

// Draft implements [Drafter].
func (Rules) Draft(_ context.Context, brief Brief) (Proposal, error) {
	found := commitment.Find(brief.Meeting, brief.Transcript)
	digest := digest.Of(brief.Meeting, brief.Transcript, templateOf(brief.Template).digest)
	m := document.Minutes{
		Template:  brief.Template,
		Language:  brief.Meeting.Language,
		DraftedBy: document.DraftedBy{Kind: "rules"},
		Summary:   digest.Summary,
		Topics:    digest.Topics,
		Decisions: found.Decisions,
		Actions:   found.Actions,
		Questions: found.Questions,
	}
	if brief.translates() {
		noted(&m, "These minutes are in the language that was spoken: without a language model nothing is translated.")
	}
	return Proposal{Minutes: m}, nil
}

// noted adds a sentence to a draft's note.
func noted(m *document.Minutes, note string) {
	if m.DraftedBy.Note != nil {
		note = *m.DraftedBy.Note + " " + note
	}
	m.DraftedBy.Note = &note
}
