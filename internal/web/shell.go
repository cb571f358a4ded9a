package web

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/gate"
)

// Shell is what surrounds a page: the navigation, who is signed in, and what the browser must load.
type Shell struct {
	Title     string // of the browser's tab
	Member    string
	Initials  string
	Workspace string
	Places    []Place // the person's workspaces, where there are several
	Nav       []NavItem
	Token     string // of this session's forms; empty before sign-in
	Theme     string // "light", "dark", or empty for the system's
	NoKeys    bool   // single-key shortcuts are switched off
	Unread    int    // notices
	Bell      bool   // the number of unread notices follows the server
	Wide      bool   // of pages without navigation
	Live      string // "" without htmx, "htmx", or "sse" for a page that listens
	Style     string // what the page adds to the style; empty for all pages but a meeting
	Script    string // what runs; empty for the shell alone
	Player    bool
	Toast     *Toast
}

// NavItem is a line of the navigation.
type NavItem struct {
	Name, Href, Icon string
	Current          bool
	Count            int
	CountOf          string // what is counted, for those who hear the page
	Below            []NavItem
}

// Toast is a short message with, for ten seconds, a way back.
type Toast struct {
	Text    string
	UndoURL string
}

// Stamp is an instant as people read it and as machines do.
type Stamp struct{ ISO, Text string }

// Access says who can see a record.
type Access struct {
	Icon, Text string
	Detail     []string
}

// StateChip is a state with its word, its colour and its icon, never one of them alone.
type StateChip struct{ Class, Icon, Text string }

// Note is a sentence above the content, with a place to go where there is one.
type Note struct{ Class, Icon, Text, Name, Href string }

// Trouble is why a list could not be shown, and what to do.
type Trouble struct {
	Reason, Request, Retry string
}

// Refusal is what a person sees in place of what they may not see.
type Refusal struct {
	Reason string
	Grants []string // who can give access
}

// Nav returns a role's navigation with the current place marked. ToApprove counts drafts, jobs those that stopped, unread the notices.
func Nav(current string, role gate.Role, toApprove, jobs, unread int) []NavItem {
	items := []NavItem{
		{Name: "Home", Href: "/", Icon: "house", Count: toApprove, CountOf: "drafts to approve"},
		{Name: "Meetings", Href: "/meetings", Icon: "notebook-text"},
		{Name: "New meeting", Href: "/meetings/new", Icon: "plus"},
		{Name: "Jobs", Href: "/jobs", Icon: "activity", Count: jobs, CountOf: "need you"},
		{Name: "Notices", Href: "/notices", Icon: "bell", Count: unread, CountOf: "unread"},
		{Name: "Settings", Href: "/settings", Icon: "settings", Below: settingsNav(current, role)},
	}
	for i := range items {
		items[i].Current = items[i].Href == current
	}
	if role == gate.Viewer {
		items = slices.DeleteFunc(items, func(i NavItem) bool { return i.Href == "/meetings/new" })
	}
	return items
}

// Initials returns the first letters of the first and last word of a name.
func Initials(name string) string {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "?"
	}
	first, _ := utf8.DecodeRuneInString(words[0])
	if len(words) == 1 {
		return strings.ToUpper(string(first))
	}
	last, _ := utf8.DecodeRuneInString(words[len(words)-1])
	return strings.ToUpper(string(first) + string(last))
}

// StampAt returns t as people of the zone read it. A zero time gives a stamp that says that no date is known.
func StampAt(t time.Time, zone *time.Location) Stamp {
	if t.IsZero() {
		return Stamp{}
	}
	return Stamp{ISO: t.UTC().Format(time.RFC3339), Text: t.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")}
}

// Clock returns milliseconds as a place in a recording: 0:07, 12:41, 1:02:03.
func Clock(ms int64) string {
	s := ms / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Lasting returns a length of time in words: "under a minute", "47 min", "1 h 12 min".
func Lasting(d time.Duration) string {
	minutes := int(d.Round(time.Minute) / time.Minute)
	switch {
	case minutes < 1:
		return "under a minute"
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes%60 == 0:
		return fmt.Sprintf("%d h", minutes/60)
	}
	return fmt.Sprintf("%d h %d min", minutes/60, minutes%60)
}

// ChipOf returns the chip of a meeting's state. An unknown state shows as itself, without a promise.
func ChipOf(state string) StateChip {
	switch state {
	case "draft":
		return StateChip{"draft", "pencil", "Draft"}
	case "review":
		return StateChip{"review", "eye", "In review"}
	case "approved":
		return StateChip{"approved", "circle-check", "Approved"}
	case "running":
		return StateChip{"running", "activity", "Being made"}
	case "waiting":
		return StateChip{"", "hourglass", "Waiting"}
	case "dead":
		return StateChip{"dead", "triangle-alert", "Stopped"}
	case "uploading":
		return StateChip{"running", "upload", "Uploading"}
	}
	return StateChip{"", "circle-dot", state}
}

// Count returns a number with its noun: "1 person", "4 people".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
