package meeting

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// FactChanged is the fact of this package: about a meeting, its details are others now.
const FactChanged = "meeting.Changed"

// Changed says that a meeting's details are others now.
func Changed(id ID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactChanged, Input: id, Record: group}
}
