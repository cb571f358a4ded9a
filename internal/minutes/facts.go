package minutes

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// The facts of this package.
const (
	FactDrafted  = "minutes.Drafted"  // about minutes: a draft is stored
	FactApproved = "minutes.Approved" // about minutes: a version became the record
)

// Drafted says that a draft is stored.
func Drafted(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactDrafted, Input: id, Record: group}
}

// ApprovedFact says that minutes became the record.
func ApprovedFact(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactApproved, Input: id, Record: group}
}
