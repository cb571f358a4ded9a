// Package sample holds the meeting that a new workspace begins with: two synthetic voices speak a script of ours about the
// building site of a library, in less than three minutes. Its recording goes through the same pipeline as any other, so that its
// minutes show what the product does. `deploy/sample` makes the recording from script.txt.
package sample

import (
	_ "embed"
	"time"

	"mainstay/internal/meeting"
)

// File is the recording's file name.
const File = "library-site-meeting.ogg"

//go:embed meeting.ogg
var audio []byte

// Audio returns the recording: Ogg with Opus, one channel.
func Audio() []byte { return append([]byte(nil), audio...) }

// Meeting returns what its organizer says of the meeting. It was at ten on the last Tuesday before now, so that the days that
// are named in it ("by Friday") lie close to the day on which somebody looks at its minutes.
func Meeting(now time.Time) meeting.Details {
	zone := time.UTC
	day := now.In(zone).AddDate(0, 0, -1)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, -1)
	}
	start := time.Date(day.Year(), day.Month(), day.Day(), 10, 0, 0, 0, zone)
	return meeting.Details{
		Title:     "Library site meeting",
		Attendees: []meeting.Person{{Name: "Laura Miller"}, {Name: "Tom Baker"}},
		Told:      meeting.Told{State: "yes", How: "Tom says so when the meeting begins."},
		StartsAt:  &start,
		Zone:      "UTC",
		Language:  "en",
		Template:  "general",
		People:    2,
	}
}
