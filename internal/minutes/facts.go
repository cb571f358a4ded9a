package minutes

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// The facts of this package.
const (
	FactDrafted   = "minutes.Drafted"   // about minutes: a draft is stored
	FactSubmitted = "minutes.Submitted" // about minutes: somebody asked others to read a version
	FactApproved  = "minutes.Approved"  // about minutes: a version became the record
)

// Drafted says that a draft is stored.
func Drafted(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactDrafted, Input: id, Record: group}
}

// Submitted says that somebody asked others to read minutes.
func Submitted(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactSubmitted, Input: id, Record: group}
}

// ApprovedFact says that minutes became the record.
func ApprovedFact(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactApproved, Input: id, Record: group}
}
