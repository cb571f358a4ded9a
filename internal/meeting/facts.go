package meeting

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// FactChanged is the fact of this package: about a meeting with a draft, details that decide on it are others now.
const FactChanged = "meeting.Changed"

// Changed says that details of a meeting with a draft are others now.
func Changed(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactChanged, Input: id, Record: group}
}
