package identity

import (
	"slices"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Own fails unless the actor is a person in a session that was begun with a factor of their account. A session that stands on
// the word of a workspace's own provider acts in that workspace alone: whoever runs the provider must not reach the account,
// which can be in other workspaces, too. Showing a factor of the account makes such a session one's own. It fails with
// fault.Unconfirmed then, and with fault.Denied for who is no person in a session.
func Own(actor tenant.Actor) error {
	if actor.Account.IsZero() || actor.Session.IsZero() || actor.Credential != "" {
		return fault.New(fault.Denied, "This is for a person who is signed in.")
	}
	if !slices.ContainsFunc(actor.Factors, ownFactor) {
		return fault.Ask(fault.Confirmation, "Confirm that it is you by a password or a factor of your own, then do this again.")
	}
	return nil
}

// ownFactor reports whether a factor is the account's, or a provider of the whole deployment's.
func ownFactor(f string) bool {
	return slices.Contains([]string{Password, Passkey, TOTP, SMS, Recovery}, f) || strings.HasPrefix(f, "oidc:") && !strings.HasPrefix(f, "oidc:idp_")
}
