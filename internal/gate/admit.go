package gate

import (
	"slices"
	"strings"
	"time"

	"mainstay/internal/fault"
)

// ConfirmAge is how long a person counts as present after they showed a factor, for acts whose rule asks for that.
const ConfirmAge = 15 * time.Minute

// signInPolicy is what a workspace asks of the sessions that enter it.
type signInPolicy struct {
	factor string // a Strength
	hours  int    // how long after the sign-in
	idle   int    // how many minutes without use
}

// Strength is how well a person has shown who they are.
type Strength int

// The strengths, from the least to the most.
const (
	Single            Strength = iota // one factor
	Second                            // a second factor
	PhishingResistant                 // a passkey, or what a provider calls that
)

var strengths = []string{"none", "second", "phishing-resistant"}

func (s Strength) String() string { return strengths[s] }

// ParseStrength reads a strength's written form. It fails with fault.Invalid.
func ParseStrength(s string) (Strength, error) {
	if i := slices.Index(strengths, s); i >= 0 {
		return Strength(i), nil
	}
	return PhishingResistant, fault.New(fault.Invalid, "Choose one of none, second and phishing-resistant.")
}

// StrengthOf returns how strong the factors of a session are together. A passkey is one with the person's own verification,
// and counts as two.
func StrengthOf(factors []string) Strength {
	first, second := 0, 0
	for _, f := range factors {
		switch {
		case f == "passkey" || f == "phr":
			return PhishingResistant
		case f == "totp" || f == "recovery" || f == "sms" || f == "mfa":
			second++
		case f == "password" || strings.HasPrefix(f, "oidc:"):
			first++
		}
	}
	if first > 0 && second > 0 {
		return Second
	}
	return Single
}

// admitted refuses a session that the workspace's sign-in policy does not let in, and a credential that was not given for the
// act. It knows nothing of the object, so that its answer says nothing about one.
func (tx *Tx) admitted() error {
	if tx.actor.Credential != "" {
		if tx.rule.Scope == Anything || tx.rule.Scope != "" && slices.Contains(tx.actor.Scopes, string(tx.rule.Scope)) {
			return nil
		}
		return fault.New(fault.Denied, "This key was not given for that. Use one with the scope that the documentation of this act names.")
	}
	least, err := ParseStrength(tx.sign.factor)
	have := StrengthOf(tx.actor.Factors)
	switch {
	case err != nil || have < least && least == PhishingResistant:
		return fault.Ask(fault.Passkey, "This workspace asks for a passkey. Sign in with one, or add one to your account first.")
	case have < least:
		return fault.Ask(fault.SecondFactor, "This workspace asks for a second factor. Add one to your account, then go on.")
	case tx.now.Sub(tx.actor.SignedInAt) >= time.Duration(tx.sign.hours)*time.Hour, tx.now.Sub(tx.actor.SeenAt) >= time.Duration(tx.sign.idle)*time.Minute:
		return fault.Ask(fault.SignIn, "This workspace asks you to sign in again.")
	}
	return nil
}

// confirmed refuses an act that needs a person's presence where it was not shown lately.
func (tx *Tx) confirmed() error {
	if tx.rule.Confirm && tx.now.Sub(tx.actor.ConfirmedAt) >= ConfirmAge {
		return fault.Ask(fault.Confirmation, "Confirm that it is you, then do this again.")
	}
	return nil
}
