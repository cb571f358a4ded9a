package post

// Kind is what notices are about. Its text is stored and never renamed.
type Kind string

// The kinds.
const (
	Ready        Kind = "ready"   // a draft of minutes is there
	Failed       Kind = "failed"  // a meeting's minutes could not be made
	Review       Kind = "review"  // minutes wait for approval
	SignedIn     Kind = "sign-in" // somebody signed in to one's own account
	FactorChange Kind = "factor"  // the ways into one's own account changed: factors, linked accounts, keys, programs
)

// Kinds lists the kinds, as people choose among them.
func Kinds() []Kind { return []Kind{Review, Ready, Failed, SignedIn, FactorChange} }

// Security reports whether a kind is about one's own account: its mails cannot be switched off.
func (k Kind) Security() bool { return k == SignedIn || k == FactorChange }

// Subject is what a notice of the kind is called, empty for what is no kind.
func (k Kind) Subject() string {
	switch k {
	case Ready:
		return "Minutes are ready"
	case Failed:
		return "Minutes could not be made"
	case Review:
		return "Minutes wait for your approval"
	case SignedIn:
		return "New sign-in to your account"
	case FactorChange:
		return "The ways into your account changed"
	}
	return ""
}

// Sentence says what to do.
func (k Kind) Sentence() string {
	switch k {
	case Ready:
		return "The draft is there. Read it, mend it, and approve it or ask others to read it."
	case Failed:
		return "Open the meeting to see why, and to try again."
	case Review:
		return "Somebody asks you to read these minutes and to approve them."
	case SignedIn:
		return "If this was not you, end that session and choose a new password."
	case FactorChange:
		return "If this was not you, end all other sessions and choose a new password."
	}
	return ""
}
