// Package fault names the kinds of failure that callers tell apart, and carries the one sentence that a person may see.
//
// An error has two readers. The person gets [Sentence]: what happened and the next step, never content, names or internals.
// The log gets Error(): the whole chain of what was being done, with ids. A kind is decided where the failure is understood
// and survives wrapping with fmt.Errorf("...: %w", err).
package fault

import (
	"errors"
	"fmt"
)

// Kind says what a caller can do about an error. The zero value is Internal, so that an unclassified error tells nothing.
type Kind uint8

// The kinds. Missing also stands for what the actor may not know of, so that both look the same outside.
const (
	Internal    Kind = iota // our fault; try later or tell the administrator
	Invalid                 // the input breaks a rule; change it
	Denied                  // the actor's role does not allow it
	Missing                 // no such object for this actor
	Conflict                // the object changed or is in another state; read it again
	TooLarge                // beyond a limit of size, length or count
	Busy                    // not now; try again later
	Ended                   // existed for its holder and is over (expired or revoked link)
	Unconfirmed             // allowed, once the person has shown what [Wanted] says
)

var names = [...]string{"internal", "invalid", "denied", "missing", "conflict", "too large", "busy", "ended", "unconfirmed"}

func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return names[Internal]
}

// Error is a failure of a kind with the sentence a person may see and, for the log, its cause.
type Error struct {
	kind     Kind
	sentence string
	want     Want
	cause    error
}

// New returns an error of the kind. The sentence is shown to people: it starts with a capital letter, ends with a full stop,
// names the next step where there is one, and holds no submitted value.
func New(kind Kind, sentence string) error { return &Error{kind: kind, sentence: sentence} }

// Wrap returns an error of the kind whose cause stays in the log. A nil cause gives nil.
func Wrap(kind Kind, sentence string, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{kind: kind, sentence: sentence, cause: cause}
}

// Want is what a person has to show before an act of theirs goes on.
type Want string

// The wants.
const (
	Confirmation Want = "confirmation" // that it is still them, by any factor
	SecondFactor Want = "factor"       // a second factor, which they may have to set up first
	Passkey      Want = "passkey"      // a factor that cannot be phished
	SignIn       Want = "sign-in"      // a new sign-in: this one is too old, or was idle for too long
)

// Ask returns an error of kind Unconfirmed that says what is wanted.
func Ask(want Want, sentence string) error {
	return &Error{kind: Unconfirmed, sentence: sentence, want: want}
}

// Wanted returns what the person has to show where err is of kind Unconfirmed, else nothing.
func Wanted(err error) Want {
	var e *Error
	if errors.As(err, &e) {
		return e.want
	}
	return ""
}

func (e *Error) Error() string {
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.kind, e.sentence)
	}
	return fmt.Sprintf("%s: %s: %v", e.kind, e.sentence, e.cause)
}

// Unwrap returns the cause, nil where there is none.
func (e *Error) Unwrap() error { return e.cause }

// KindOf returns the kind of the outermost fault in err's chain, Internal where there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.kind
	}
	return Internal
}

// Is reports whether err is a fault of the kind. A nil error is of no kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Sentence returns what a person may read about err. An unclassified error gets the general sentence, never its own text.
func Sentence(err error) string {
	var e *Error
	if errors.As(err, &e) && e.sentence != "" {
		return e.sentence
	}
	return "Something went wrong on our side. Nothing was lost; try again, and tell your administrator if it happens twice."
}
