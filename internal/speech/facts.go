package speech

import (
	"mainstay/internal/capture"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// The facts of this package.
const (
	FactTranscribed = "speech.Transcribed" // about a transcript: it is stored
	FactNamed       = "speech.Named"       // about a transcript: a speaker was named
	FactSpent       = "speech.Spent"       // about a recording: its transcript is stored, and its sound is not to be kept
)

// Transcribed says that a transcript is stored.
func Transcribed(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactTranscribed, Input: id, Record: group}
}

// Named says that a speaker of a transcript has another name.
func Named(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactNamed, Input: id, Record: group}
}

// Spent says that a recording's transcript is stored and that its sound is not to be kept.
func Spent(id capture.RecordingID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactSpent, Input: id, Record: group}
}
