package sample_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"mainstay/internal/sample"
)

func TestTheMeetingWasOnTheTuesdayBefore(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-03-10T23:00:00Z": "2026-03-03T10:00:00Z", // a Tuesday: the one a week ago, since today's may not have begun
		"2026-03-11T00:00:01Z": "2026-03-10T10:00:00Z",
		"2026-03-16T12:00:00Z": "2026-03-10T10:00:00Z",
		"2026-01-02T12:00:00Z": "2025-12-30T10:00:00Z",
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := sample.Meeting(at).StartsAt.Format(time.RFC3339); got != want {
			t.Errorf("Meeting(%s) was at %s, want %s", now, got, want)
		}
	}
}

func TestTheRecordingIsSmallAndOgg(t *testing.T) {
	t.Parallel()
	audio := sample.Audio()
	if !bytes.HasPrefix(audio, []byte("OggS")) || len(audio) > 2<<20 {
		t.Errorf("the recording has %d bytes and begins with %q", len(audio), audio[:4])
	}
	audio[0] = 'x'
	if !bytes.HasPrefix(sample.Audio(), []byte("OggS")) {
		t.Error("a caller can change the recording")
	}
}

func TestEverybodyWhoSpeaksIsInvited(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("script.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := ""
	for _, a := range sample.Meeting(time.Now()).Attendees {
		names += a.Name + " "
	}
	for _, line := range strings.Split(string(script), "\n") {
		if who, _, ok := strings.Cut(line, ": "); ok && !strings.HasPrefix(line, "#") && !strings.Contains(names, who+" ") {
			t.Errorf("%s speaks and is not invited", who)
		}
	}
}
