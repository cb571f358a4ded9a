package commitment

import (
	"mainstay/internal/language/clause"
)

// Some verbs say what somebody is going to do only in some company.
var (
	// states are verbs of being, feeling and knowing: no deed.
	states = clause.Set(`be need want like love hate know think believe mean seem suppose guess understand hope wish wonder prefer remember forget matter
		depend happen belong lose miss feel worry reckon assume expect regret die live own mind agree disagree promise bet doubt appreciate
		struggle notice hear fit win care exist`)
	// talk is what is done in the meeting by saying it.
	talk = clause.Set(`say ask mention admit add repeat stress note point explain clarify apologise apologize thank interrupt remind summarise summarize tell
		confess speak talk warn comment flag`)
	// resolving is what a meeting does by agreeing.
	resolving = clause.Set(`resolve agree approve adopt accept vote decide note call settle confirm`)
	// conduct is what is done to hold the meeting.
	conduct = clause.Set(`start begin kick share move skip go come open close wrap pause stop mute unmute scroll read shut finish end hang jump drop let hold
		step show pull bring throw put walk take see look look turn zoom switch wait pass hand run try quote keep circle park revisit sit stand`)
)
