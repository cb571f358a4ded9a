// Package commitment finds decisions, actions and open questions in a transcript by rules of language.
package commitment

import "mainstay/internal/document"

// Findings is what was found, in the order of the meeting.
type Findings struct {
	Decisions []document.Line
	Actions   []document.Action
	Questions []document.Line
}

// Find returns what the transcript holds.
func Find(document.Meeting, document.Transcript) Findings { return Findings{} }

// Due returns the date that words mean, counted from the meeting's date.
func Due(document.Meeting, string) *document.Due { return nil }
