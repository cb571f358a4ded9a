//go:build drill

package e2e

// The full counts of `make drill`.
const (
	killRounds  = 3
	killsARound = 0 // every one
	canaryKills = 0 // at every one
	realKills   = 0 // at every one
	firstStarts = 0 // after each thing that it makes

	scanExamples = 150
)

func scanWalks() []string { return []string{"by key", "by cookie"} }
