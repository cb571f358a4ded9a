package identity

import (
	"context"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/identity/link"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
)

// Mails reports whether letters are sent.
func (s *Service) Mails() bool { return s.Post != nil && s.Post.Works() }

// Reaches reports whether letters to an address are sent.
func (s *Service) Reaches(address string) bool { return s.Post != nil && s.Post.Reaches(address) }

// NotMe makes a link for a letter to an account: it says that a session, or whatever else was done, was somebody else's. Email
// is the address before a change. Where no mail is sent there is none.
func (s *Service) NotMe(ctx context.Context, tx *gate.InstanceTx, l link.Link) (path string, err error) {
	if !s.Mails() {
		return "", nil
	}
	l.Kind = link.NotMe
	path, _, err = link.Keeper{Vault: s.Vault}.Issue(ctx, tx, l)
	return path, err
}

// tellSignIn tells a person, in the app and by mail, of a sign-in from a browser that is new to us.
func (s *Service) tellSignIn(ctx context.Context, tx *gate.InstanceTx, a tenant.Actor) error {
	before, err := signedInBefore(ctx, tx, a.Account, a.Session)
	if err != nil || !before || s.Post == nil {
		return err
	}
	if err := s.Post.Tell(ctx, tx, a.Account, post.SignedIn, a.Session); err != nil || !s.Mails() {
		return err
	}
	path, err := s.NotMe(ctx, tx, link.Link{Account: a.Account, Session: a.Session})
	if err != nil {
		return err
	}
	from := tenant.Visitor(ctx)
	return s.Post.Account(ctx, tx, a.Account, "new-sign-in", post.NewSignIn{At: tx.Now(), Device: BrowserOf(from.Browser), Address: from.Address, NotMe: path})
}

// Changed tells the person of an account, in the app and by mail, that the ways into it changed, inside the act that
// changes them. Since is when the session began that changed them; zero: now.
func (s *Service) Changed(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time, what string) error {
	if s.Post == nil {
		return nil
	}
	if err := s.Post.Tell(ctx, tx, account, post.FactorChange, gate.NewID[tenant.EventID](&tx.Tx)); err != nil {
		return err
	}
	path, err := s.NotMe(ctx, tx, link.Link{Account: account, Since: since})
	if err != nil || !s.Mails() {
		return err
	}
	from := tenant.Visitor(ctx)
	return s.Post.Account(ctx, tx, account, "factor-changed",
		post.FactorChanged{At: tx.Now(), What: what, Device: BrowserOf(from.Browser), Address: from.Address, NotMe: path})
}

// AskVerification mails an account a link to show that its address is its person's, inside an act of its caller's.
func (s *Service) AskVerification(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	if !s.Mails() {
		return nil
	}
	if err := link.Void(ctx, tx, account, link.Verify); err != nil {
		return err
	}
	path, until, err := link.Keeper{Vault: s.Vault}.Issue(ctx, tx, link.Link{Kind: link.Verify, Account: account})
	if err != nil {
		return err
	}
	return s.Post.Account(ctx, tx, account, "verify-address", post.VerifyAddress{Link: path, Until: until})
}
