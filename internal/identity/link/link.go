// Package link makes and takes the links that are mailed to people: to choose a new password, to show that an address is theirs,
// to say that a sign-in was not. A link is 256 random bits of which a hash is stored; it is used once, by one, before its end.
package link

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Kind is what a link is for. Its text is stored, begins its path and is never renamed.
type Kind string

// The kinds.
const (
	Reset  Kind = "reset"  // choosing a new password
	Verify Kind = "verify" // showing that an address is one's own
	NotMe  Kind = "not-me" // saying that a sign-in or a change was somebody else's
)

// Life returns how long a link of the kind is good.
func (k Kind) Life() time.Duration {
	switch k {
	case Verify:
		return 48 * time.Hour
	case NotMe:
		return 7 * 24 * time.Hour
	}
	return 30 * time.Minute
}

// Link is what a link is for. Session is the one that a sign-in began. Email is the address that is to be verified, or the one
// before a change. Since is when the session began that the link is about; zero: now. Maker is the member who hands it over; zero: it is mailed.
type Link struct {
	Kind    Kind
	Account tenant.AccountID
	Session tenant.SessionID
	Email   string
	Since   time.Time
	Maker   tenant.MemberID

	id tenant.SessionID
}

// Keeper makes links and knows them again.
type Keeper struct{ Vault *vault.Vault }

// Issue makes a link and returns its path. Whoever has it has what it is for.
func (k Keeper) Issue(ctx context.Context, tx *gate.InstanceTx, l Link) (path string, until time.Time, err error) {
	token := tenant.NewSecret().Reveal()
	until = tx.Now().Add(l.Kind.Life())
	if l.Since.IsZero() {
		l.Since = tx.Now()
	}
	return "/" + string(l.Kind) + "/" + token, until, k.insert(ctx, tx, l, tenant.Digest(token), until)
}

// Open returns what a token of a kind is for. It fails with fault.Ended, with the next step, for one that was used, is over or
// never was.
func (k Keeper) Open(ctx context.Context, tx *gate.InstanceTx, kind Kind, token string) (Link, error) {
	return k.load(ctx, tx, kind, tenant.Digest(token))
}

// Use uses a link up. Of several uses at once one wins; it fails with fault.Ended for the others.
func Use(ctx context.Context, tx *gate.InstanceTx, l Link) error { return use(ctx, tx, l) }

// Void ends the links of an account that were not used.
func Void(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kinds ...Kind) error {
	return void(ctx, tx, account, kinds)
}

// keep is how long a link is known after its end.
const keep = 30 * 24 * time.Hour

// Tidy removes links that ended long ago, inside a tally of its caller's.
func Tidy(ctx context.Context, tx *gate.InstanceTx) error { return removeOver(ctx, tx) }

// Over fails with fault.Ended and tells who holds a link that is over what to do next.
func Over(k Kind) error {
	switch k {
	case Verify:
		return fault.New(fault.Ended, "This link was used, replaced, or is older than two days. Ask for another on the page of your account.")
	case NotMe:
		return fault.New(fault.Ended, "This link was used or is older than a week. Choose a new password by “Forgot your password?” on the sign-in page: that ends all sessions, too.")
	}
	return fault.New(fault.Ended, "This link was used, replaced, or is older than half an hour. Ask for another by “Forgot your password?” on the sign-in page.")
}
