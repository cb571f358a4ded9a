//go:build !drill

package e2e

// The short form of each drill, for the ordinary suite: the same lines, fewer times.
const (
	killRounds  = 1
	killsARound = 3
	canaryKills = 1
	realKills   = 1
	firstStarts = 1

	scanExamples = 2
)

func scanWalks() []string { return []string{"by key"} }
