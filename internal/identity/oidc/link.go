package oidc

import (
	"context"
	"slices"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

type linkNoun struct{}

func (linkNoun) Prefix() string { return "lnk" }

// LinkID names a link between an account and somebody at a provider.
type LinkID = tenant.ID[linkNoun]

// Linked is a link as its account's person sees it.
type Linked struct {
	ID       LinkID
	Provider string
	Kind     Kind
	Host     string // of the issuer
	Email    string // as the provider has it
	LinkedAt time.Time
	UsedAt   time.Time
}

// subject is the digest of who somebody is at a provider: what a link is found by.
func (s *Service) subject(p Provider, id Identity) ([]byte, error) {
	return s.Vault.Lookup("identity\x00" + p.Name + "\x00" + id.Issuer + "\x00" + id.Subject)
}

// enter signs somebody in whose identity was verified: by their link, or by their address where that may make one. A
// workspace's provider lets them into its workspace and nowhere else.
func (s *Service) enter(ctx context.Context, p Provider, id Identity) (identity.Entry, error) {
	account, err := s.accountOf(ctx, p, id)
	if fault.Is(err, fault.Missing) {
		account, err = s.linkByAddress(ctx, p, id)
	}
	if err != nil {
		return identity.Entry{}, err
	}
	return s.Identity.Enter(ctx, account, shown(p, id))
}

func shown(p Provider, id Identity) identity.Shown {
	return identity.Shown{Factors: id.Factors, Until: id.Until, Workspace: p.Workspace}
}

// word is what a new account can be made of. The provider's address of the person is no part of it: the account has the
// invitation's, and whoever holds that chose who they are at the provider.
func (s *Service) word(p Provider, id Identity) identity.ProviderWord {
	return identity.ProviderWord{Shown: shown(p, id), Link: func(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
		tx.Note("provider", p.Name)
		return s.insertLink(ctx, tx, account, p, id)
	}}
}

// accountOf returns whose account is linked to an identity. It fails with fault.Missing.
func (s *Service) accountOf(ctx context.Context, p Provider, id Identity) (tenant.AccountID, error) {
	subject, err := s.subject(p, id)
	if err != nil {
		return tenant.AccountID{}, err
	}
	var account tenant.AccountID
	err = s.Gate.Look(s.as(ctx), gate.ReadProvider, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		account, err = linkedTo(ctx, tx, subject)
		return err
	})
	return account, err
}

const unlinked = "No account here is linked to this one. Sign in another way, then link it under Account, Security."

// linkByAddress links an identity to the account of the address that its provider vouches for. The account's person once showed
// here, too, that the address is theirs; a workspace has proven that the address's domain is its own; and the account has a place
// in it, and in the provider's workspace, if it is one's. It fails with fault.Denied, whatever is missing.
func (s *Service) linkByAddress(ctx context.Context, p Provider, id Identity) (tenant.AccountID, error) {
	denied := fault.New(fault.Denied, unlinked)
	if id.Vouched == "" {
		return tenant.AccountID{}, s.refuse(ctx, p, denied)
	}
	email, err := s.Vault.Lookup(id.Vouched)
	if err != nil {
		return tenant.AccountID{}, err
	}
	domain, err := s.domain(domainOf(id.Vouched))
	if err != nil {
		return tenant.AccountID{}, err
	}
	var account tenant.AccountID
	err = s.Gate.Instance(s.as(ctx), gate.LinkIdentity, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.Note("provider", p.Name)
		if account, err = accountIn(ctx, tx, email, domain, p.Workspace); err != nil {
			if fault.Is(err, fault.Missing) {
				return denied
			}
			return err
		}
		tx.About(account)
		if err := s.insertLink(ctx, tx, account, p, id); err != nil {
			return err
		}
		return s.Identity.Changed(ctx, tx, account, time.Time{}, added(p))
	})
	return account, err
}

// linkable returns a provider that the actor may link their account to: they are signed in by a factor of their own, which
// they showed lately, and the provider is the deployment's or their workspace's.
func (s *Service) linkable(ctx context.Context, name string) (Provider, error) {
	actor, err := s.self(ctx)
	if err != nil {
		return Provider{}, err
	}
	p, err := s.provider(ctx, name)
	if err != nil {
		return p, err
	}
	if !p.Workspace.IsZero() && p.Workspace != actor.Workspace {
		return p, missing()
	}
	return p, nil
}

// self returns the actor where their own account may be changed: in a session that is the account's own, after a factor that was
// shown lately.
func (s *Service) self(ctx context.Context) (tenant.Actor, error) {
	actor, err := tenant.ActorOf(ctx)
	if err == nil {
		err = identity.Own(actor)
	}
	if err == nil && s.Source.Now().Sub(actor.ConfirmedAt) >= gate.ConfirmAge {
		err = fault.Ask(fault.Confirmation, "Confirm that it is you, then do this again.")
	}
	return actor, err
}

// added is what a person is told of an account that was linked.
func added(p Provider) string {
	return "An account at " + p.Kind.Name(hostOf(p.Issuer)) + " was linked: you can sign in with it."
}

// changed ends the actor's other sessions and tells them what changed.
func (s *Service) changed(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, what string) error {
	if err := s.Identity.EndOthers(ctx, tx, actor.Account, actor.Session); err != nil {
		return err
	}
	return s.Identity.Changed(ctx, tx, actor.Account, actor.SignedInAt, what)
}

// link links the actor's account to an identity, ends their other sessions, and tells them. It fails with fault.Conflict where another account is.
func (s *Service) link(ctx context.Context, p Provider, id Identity) error {
	actor, err := s.self(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.LinkIdentity, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("provider", p.Name)
		if err := s.insertLink(ctx, tx, actor.Account, p, id); err != nil {
			return err
		}
		return s.changed(ctx, tx, actor, added(p))
	})
}

// Links lists what the actor's account is linked to.
func (s *Service) Links(ctx context.Context) ([]Linked, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	var links []Linked
	err = s.Gate.Look(s.as(ctx), gate.ReadProvider, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		links, err = s.linksOf(ctx, tx, actor.Account)
		return err
	})
	return links, err
}

// Unlink removes a link of the actor's own account, ends the other sessions, and tells the person. It fails with fault.Missing for any other
// link, and with fault.Conflict for the last way in that the account has.
func (s *Service) Unlink(ctx context.Context, id LinkID) error {
	actor, err := s.self(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.UnlinkIdentity, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		links, err := s.linksOf(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(links, func(l Linked) bool { return l.ID == id })
		if i < 0 {
			return missing()
		}
		if err := deleteLink(ctx, tx, actor.Account, id); err != nil {
			return err
		}
		return s.changed(ctx, tx, actor, "The account at "+links[i].Kind.Name(links[i].Host)+" was removed: you cannot sign in with it any more.")
	})
}
