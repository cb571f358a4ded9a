package speech

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// The facts of this package.
const (
	FactTranscribed = "speech.Transcribed" // about a transcript: it is stored
	FactNamed       = "speech.Named"       // about a transcript: a speaker was named
)

// Transcribed says that a transcript is stored.
func Transcribed(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactTranscribed, Input: id, Record: group}
}

// Named says that a speaker of a transcript has another name.
func Named(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactNamed, Input: id, Record: group}
}
