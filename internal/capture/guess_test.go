package capture_test

import (
	"testing"
	"time"

	"mainstay/internal/capture"
)

func TestGuess(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	made := time.Date(2026, 3, 12, 13, 45, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		title, at string // at in UTC, "made" for when the file was made, "" for nothing
		created   bool
	}{
		"GMT20260312-143000_Recording.mp4":                    {at: "2026-03-12T14:30:00Z"},
		"GMT20260312-143000_Recording_1920x1080.mp4":          {at: "2026-03-12T14:30:00Z"},
		"2026-03-12 14.30.m4a":                                {at: "2026-03-12T13:30:00Z"},
		"2026-03-12 14.30.05 Site walk.m4a":                   {title: "Site walk", at: "2026-03-12T13:30:05Z"},
		"2026-07-12 14-30-00.mkv":                             {at: "2026-07-12T12:30:00Z"},
		"Screen Recording 2026-03-12 at 2.30.00 PM.mov":       {at: "2026-03-12T13:30:00Z"},
		"Screen Recording 2026-03-12 at 12.05.00 AM.mov":      {at: "2026-03-11T23:05:00Z"},
		"Bildschirmaufnahme 2026-03-12 um 14.30.00.mov":       {at: "2026-03-12T13:30:00Z"},
		"Budget review-20260312_143000-Meeting Recording.mp4": {title: "Budget review", at: "2026-03-12T14:30:00Z"},
		"Budget review (2026-03-12 at 14:30 GMT+1).mp4":       {title: "Budget review", at: "2026-03-12T13:30:00Z"},
		"Budget review (2026-03-12 at 14:30 GMT-4:30).mp4":    {title: "Budget review", at: "2026-03-12T19:00:00Z"},
		"Budget review (2026-03-12T14:30:00Z).mp4":            {title: "Budget review", at: "2026-03-12T14:30:00Z"},
		"Recording_20260312_143000.m4a":                       {at: "2026-03-12T13:30:00Z"},
		"20260312143000.wav":                                  {at: "2026-03-12T13:30:00Z"},
		"Voice 260312_143000.m4a":                             {at: "2026-03-12T13:30:00Z"},
		"260312-143000.wav":                                   {at: "2026-03-12T13:30:00Z"},
		"VID_20260312_143000.mp4":                             {at: "2026-03-12T13:30:00Z"},
		"PTT-20260312-WA0001.opus":                            {at: "2026-03-11T23:00:00Z"},
		"2026-03-12 Owner's meeting no. 7.mp3":                {title: "Owner's meeting no. 7", at: "2026-03-11T23:00:00Z"},
		"2026-03-12 Owner's meeting.mp3":                      {title: "Owner's meeting", at: "made", created: true},
		"2026-03-11 Owner's meeting.mp3":                      {title: "Owner's meeting", at: "2026-03-10T23:00:00Z", created: true},
		"Baubesprechung 12.03.2026 14.30.mp3":                 {title: "Baubesprechung", at: "2026-03-12T13:30:00Z"},
		`C:\Users\me\Desktop\2026-03-12_kick-off_meeting.m4a`: {title: "kick-off meeting", at: "2026-03-11T23:00:00Z"},
		"Baubesprechung.mp3":                                  {title: "Baubesprechung", at: "made", created: true},
		"Meeting with Video Systems.m4a":                      {title: "Meeting with Video Systems", at: ""},
		"Recording of the voice workshop.m4a":                 {title: "Recording of the voice workshop"},
		"DJI_0042.MP4":                                        {},
		"New Recording 12.m4a":                                {at: "made", created: true},
		"zoom_0.mp4":                                          {},
		"audio1234567890.m4a":                                 {},
		"Invoice 20269912.m4a":                                {title: "Invoice 20269912"},
		"Order 1202603121.m4a":                                {title: "Order 1202603121"},
		"2026-02-30 Impossible.m4a":                           {title: "2026-02-30 Impossible"},
		"2026-03-12 25.99.m4a":                                {title: "", at: ""},
		"":                                                    {},
		"../../etc/passwd":                                    {title: "passwd"},
		"2026-03-12 14.30 Jour fixe — Straße 9, Haus Ä (Fortsetzung).m4a": {title: "Jour fixe — Straße 9, Haus Ä Fortsetzung", at: "2026-03-12T13:30:00Z"},
	} {
		var created *time.Time
		if c.created {
			created = &made
		}
		title, at := capture.Guess(name, created, berlin)
		got := ""
		if at != nil {
			got = at.UTC().Format(time.RFC3339)
		}
		if c.at == "made" {
			c.at = made.Format(time.RFC3339)
		}
		if title != c.title || got != c.at {
			t.Errorf("Guess(%q) = %q at %s, want %q at %s", name, title, got, c.title, c.at)
		}
	}
}

func FuzzGuess(f *testing.F) {
	f.Add("GMT20260312-143000_Recording.mp4")
	f.Add("Budget (2026-03-12 at 14:30 GMT+1).mp4")
	f.Fuzz(func(t *testing.T, name string) {
		title, at := capture.Guess(name, nil, time.UTC)
		if len(title) > 3*len(name)+3 || at != nil && (at.Year() < 1999 || at.Year() > 2100) {
			t.Errorf("Guess(%q) = %q, %v", name, title, at)
		}
	})
}
