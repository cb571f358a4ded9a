package capture

import (
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// FactFinished says of a recording that all of it is in.
const FactFinished = "capture.Finished"

// Finished says that all of a recording is in.
func Finished(id RecordingID, group tenant.RecordID) queue.Fact {
	return queue.Fact{Kind: FactFinished, Input: id, Record: group}
}
