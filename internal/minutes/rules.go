package minutes

import (
	"context"

	"mainstay/internal/document"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/digest"
)

// Rules drafts minutes by rules of language alone: no network, no model, the same answer every time.
type Rules struct{}

// Draft implements [Drafter].
func (Rules) Draft(_ context.Context, brief Brief) (document.Minutes, error) {
	found := commitment.Find(brief.Meeting, brief.Transcript)
	digest := digest.Of(brief.Meeting, brief.Transcript, digest.Options{})
	return document.Minutes{
		Template:  brief.Template,
		Language:  brief.Meeting.Language,
		DraftedBy: document.DraftedBy{Kind: "rules"},
		Summary:   digest.Summary,
		Topics:    digest.Topics,
		Decisions: found.Decisions,
		Actions:   found.Actions,
		Questions: found.Questions,
	}, nil
}
