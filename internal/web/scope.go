package web

import "mainstay/internal/gate"

// ScopeSays says what a scope allows.
func ScopeSays(s gate.Scope) string {
	switch s {
	case gate.MeetingsRead:
		return "Read meetings, transcripts and minutes, and listen to recordings"
	case gate.MeetingsWrite:
		return "Make and change meetings, upload recordings, edit and approve minutes, erase"
	case gate.MembersRead:
		return "See who is in the workspace"
	case gate.MembersWrite:
		return "Invite, change and remove members"
	case gate.SettingsRead:
		return "See the settings"
	case gate.SettingsWrite:
		return "Change the settings"
	case gate.AuditRead:
		return "Read the audit log and what left the workspace"
	}
	return string(s)
}
