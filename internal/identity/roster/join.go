package roster

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// Offer is an invitation as its holder sees it.
type Offer struct {
	Workspace string
	Name      string // as the invitation has it
	Email     string
	Role      gate.Role
	By        string
	Least     int  // characters of a password
	Known     bool // the address has an account
	Yours     bool // whoever is signed in has the address
	Inside    bool // and is in the workspace already
	Into      tenant.WorkspaceID

	id     InvitationID
	mailed bool
}

func over() error {
	return fault.New(fault.Ended, "This invitation was used, replaced or revoked, or its time is over. Ask who invited you to send another.")
}

// Offer returns what an invitation's link offers to who opens it; ctx's actor may be nobody. It fails with fault.Ended for a
// link that is over or unknown.
func (s *Service) Offer(ctx context.Context, token string) (Offer, error) {
	visitor := tenant.Visitor(ctx)
	at, err := s.follow(ctx, token)
	if err != nil {
		return Offer{}, err
	}
	o := Offer{id: at.id, Into: at.workspace, mailed: at.mailed}
	err = s.Gate.View(tenant.Within(ctx, gate.Registrar, at.workspace), gate.Act{Verb: gate.OpenInvitation}, func(ctx context.Context, tx *gate.Tx) error {
		return loadOffer(ctx, tx, &o)
	})
	if err != nil {
		return Offer{}, err
	}
	lookup, err := s.Vault.Lookup(strings.ToLower(o.Email))
	if err != nil {
		return Offer{}, err
	}
	return o, s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) error {
		rules, err := passwordRules(ctx, tx, at.workspace)
		if err != nil {
			return err
		}
		o.Least = rules.Least
		if o.Known, err = hasAccount(ctx, tx, lookup); err != nil || visitor.Account.IsZero() {
			return err
		}
		mine, err := lookupOf(ctx, tx, visitor.Account)
		if err != nil {
			return err
		}
		o.Yours = bytes.Equal(mine, lookup)
		o.Inside, err = isSeated(ctx, tx, visitor.Account, at.workspace)
		return err
	})
}

// follow finds where a link leads.
func (s *Service) follow(ctx context.Context, token string) (link, error) {
	var at link
	err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		at, err = linkByToken(ctx, tx, tenant.Digest(token))
		return err
	})
	return at, err
}

// Join makes an account with a password for who was invited, seats it, and signs it in. It fails with fault.Invalid for a field
// that [identity.Wrong] names, with fault.Conflict where the address has an account, and with fault.Ended for a link that is over.
// After a crash on the way the account is there: its person signs in and accepts.
func (s *Service) Join(ctx context.Context, token, name, password string) (identity.Entry, error) {
	return s.join(ctx, token, identity.Newcomer{Name: name, Password: password})
}

// AskPasskey returns the options with which the browser of who was invited makes a passkey. What they typed is looked at first, so
// that nobody makes one for an account that will not be: it fails as [Service.Join] does.
func (s *Service) AskPasskey(ctx context.Context, token, name string) (json.RawMessage, error) {
	o, err := s.Offer(ctx, token)
	if err != nil {
		return nil, err
	}
	if name, err = identity.NameOk(name); err != nil {
		return nil, err
	}
	if o.Known {
		return nil, known()
	}
	return s.Identity.Factors.BeginFirst(ctx, name, o.Email)
}

// JoinByPasskey is Join with the browser's answer to [Service.AskPasskey]: the account has no password.
func (s *Service) JoinByPasskey(ctx context.Context, token, name, answer string) (identity.Entry, error) {
	if answer == "" {
		return identity.Entry{}, fault.New(fault.Invalid, "There is no passkey in the answer. Try again.")
	}
	return s.join(ctx, token, identity.Newcomer{Name: name, Passkey: answer})
}

// JoinByProvider is Join for who signed in at an identity provider, under the name that the invitation has: the account has no
// password. What a workspace's provider says is believed in that workspace alone, so for an invitation to another it fails with
// fault.Denied.
func (s *Service) JoinByProvider(ctx context.Context, token string, word identity.ProviderWord) (identity.Entry, error) {
	o, err := s.Offer(ctx, token)
	if err != nil {
		return identity.Entry{}, err
	}
	if of := word.Shown.Workspace; !of.IsZero() && of != o.Into {
		return identity.Entry{}, fault.New(fault.Denied, "This identity provider is another workspace's. Join another way.")
	}
	if o.Name == "" {
		o.Name, _, _ = strings.Cut(o.Email, "@")
	}
	return s.take(ctx, o, identity.Newcomer{Name: o.Name, Provider: &word})
}

func (s *Service) join(ctx context.Context, token string, n identity.Newcomer) (identity.Entry, error) {
	o, err := s.Offer(ctx, token)
	if err != nil {
		return identity.Entry{}, err
	}
	return s.take(ctx, o, n)
}

// take makes the account of who takes an offer, seats it, and lets it in.
func (s *Service) take(ctx context.Context, o Offer, n identity.Newcomer) (identity.Entry, error) {
	if o.Known {
		return identity.Entry{}, known()
	}
	n.Email, n.Least, n.Verified = o.Email, o.Least, o.mailed
	account, err := s.Identity.Register(ctx, n)
	if err != nil {
		return identity.Entry{}, err
	}
	if err := s.seat(ctx, o, account, n.Name); err != nil {
		return identity.Entry{}, err
	}
	return s.Identity.Enter(ctx, account, n.Shown())
}

func known() error {
	return fault.New(fault.Conflict, "There is an account with this address already. Sign in with it, then accept the invitation.")
}

// Accept seats the account that is signed in, and takes its session to the workspace. It fails with fault.Denied where the
// invitation is for another address, and with fault.Ended for a link that is over.
func (s *Service) Accept(ctx context.Context, token string) (identity.Begun, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return identity.Begun{}, err
	}
	o, err := s.Offer(ctx, token)
	if err != nil {
		return identity.Begun{}, err
	}
	if !o.Yours || actor.Credential != "" {
		return identity.Begun{}, fault.New(fault.Denied, "This invitation is for another address. Sign out, sign in with that address, and open the link again.")
	}
	if err := s.seat(ctx, o, actor.Account, o.Name); err != nil {
		return identity.Begun{}, err
	}
	return s.Identity.Switch(ctx, o.Into)
}

// seat makes the member and then opens the seat. Where a crash comes between the two, doing it again opens the seat.
func (s *Service) seat(ctx context.Context, o Offer, account tenant.AccountID, name string) error {
	name, err := identity.NameOk(name)
	if err != nil {
		return err
	}
	var member tenant.MemberID
	act := gate.Act{Verb: gate.AcceptInvitation}
	as := tenant.Within(ctx, gate.Registrar, o.Into)
	err = s.Gate.Do(as, act, func(ctx context.Context, tx *gate.Tx) (err error) {
		tx.Note("invitation", o.id)
		if err := lock(ctx, tx); err != nil {
			return err
		}
		member, err = acceptInvitation(ctx, tx, o.id, account, person{Name: name, Email: o.Email})
		tx.Note("member", member)
		return err
	})
	if err != nil {
		return err
	}
	return s.openSeat(as, account, member, func(ctx context.Context, tx *gate.InstanceTx) error {
		if o.mailed {
			if err := verifyAddress(ctx, tx, account); err != nil {
				return err
			}
		}
		return endLink(ctx, tx, o.id)
	})
}
