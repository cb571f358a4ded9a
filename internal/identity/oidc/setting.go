package oidc

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Setting is a workspace's provider as its owner sees and changes it.
type Setting struct {
	ID      ID
	Kind    Kind   // of [Service.Add]
	Issuer  string // for other providers than Google and Microsoft
	Client  string
	Secret  tenant.Secret // for [Service.Save]; what is read never holds it
	Whole   bool          // it has all that it needs
	Enabled bool
	Version int
	Rules
}

// Host returns where the provider is.
func (set Setting) Host() string { return hostOf(set.Issuer) }

// Offer is a way to sign in.
type Offer struct {
	Name string
	Kind Kind
	Host string // of the issuer
}

func missing() error {
	return fault.New(fault.Missing, "There is nothing at this address, or it is not shared with you.")
}

// Offers lists through which providers somebody may sign in: the deployment's; those of its only workspace, where it has
// one; and the one that the address of the page names. In a deployment of many workspaces a stranger learns of none.
func (s *Service) Offers(ctx context.Context, named string) ([]Offer, error) {
	offers := s.common()
	id, err := tenant.ParseID[ID](named)
	if err != nil {
		id = ID{}
	}
	err = s.Gate.Look(s.as(ctx), gate.ReadProvider, func(ctx context.Context, tx *gate.InstanceTx) error {
		found, err := offered(ctx, tx, id)
		offers = append(offers, found...)
		return err
	})
	return offers, err
}

func (s *Service) common() []Offer {
	var offers []Offer
	for _, p := range s.Everybody {
		offers = append(offers, Offer{p.Name, p.Kind, hostOf(p.Issuer)})
	}
	return offers
}

// Joinable lists by which providers somebody may join a workspace: the deployment's and its own. The caller has seen an invitation
// to it.
func (s *Service) Joinable(ctx context.Context, into tenant.WorkspaceID) ([]Offer, error) {
	return s.with(ctx, into)
}

// with returns the deployment's providers and a workspace's.
func (s *Service) with(ctx context.Context, ws tenant.WorkspaceID) ([]Offer, error) {
	offers := s.common()
	err := s.Gate.Look(s.as(ctx), gate.ReadProvider, func(ctx context.Context, tx *gate.InstanceTx) error {
		found, err := offeredIn(ctx, tx, ws)
		offers = append(offers, found...)
		return err
	})
	return offers, err
}

// Linkable lists to which providers the actor may link their account: the deployment's and their workspace's.
func (s *Service) Linkable(ctx context.Context) ([]Offer, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	return s.with(ctx, actor.Workspace)
}

func hostOf(issuer string) string {
	if u, err := url.Parse(issuer); err == nil {
		return u.Host
	}
	return ""
}

// provider returns a provider that is on, with its secret. It fails with fault.Missing.
func (s *Service) provider(ctx context.Context, name string) (Provider, error) {
	if i := slices.IndexFunc(s.Everybody, func(p Provider) bool { return p.Name == name }); i >= 0 {
		return s.Everybody[i], nil
	}
	id, err := tenant.ParseID[ID](name)
	if err != nil {
		return Provider{}, err
	}
	var ws tenant.WorkspaceID
	err = s.Gate.Look(s.as(ctx), gate.ReadProvider, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		ws, err = workspaceOf(ctx, tx, id)
		return err
	})
	if err != nil {
		return Provider{}, err
	}
	set, err := s.read(tenant.Within(ctx, gate.Authenticator, ws), gate.UseProvider, id)
	if err == nil && !set.Enabled {
		err = missing()
	}
	return s.whole(ws, set), err
}

// testable returns a provider of the actor's workspace, on or off, where they may change it.
func (s *Service) testable(ctx context.Context, name string) (Provider, error) {
	id, err := tenant.ParseID[ID](name)
	if err != nil {
		return Provider{}, err
	}
	set, err := s.read(ctx, gate.ChangeProvider, id)
	return s.whole(tenant.Visitor(ctx).Workspace, set), err
}

func (s *Service) read(ctx context.Context, verb gate.Verb, id ID) (Setting, error) {
	var set Setting
	err := s.Gate.View(ctx, gate.Act{Verb: verb, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = load(ctx, tx, id)
		return err
	})
	return set, err
}

func (s *Service) whole(ws tenant.WorkspaceID, set Setting) Provider {
	return Provider{Name: set.ID.String(), Workspace: ws, Kind: set.Kind, Issuer: set.Issuer, Client: set.Client, Secret: set.Secret, Rules: set.Rules}
}

// Settings lists the providers of the actor's workspace, without their secrets.
func (s *Service) Settings(ctx context.Context) ([]Setting, error) {
	var all []Setting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadProviders}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = list(ctx, tx)
		return err
	})
	return all, err
}

// most is how many providers a workspace has at most.
const most = 20

// Add makes a provider of a kind for the actor's workspace: off, and without a client, which its owner makes for the address that
// [Service.Callback] gives, and then enters with [Service.Save].
func (s *Service) Add(ctx context.Context, kind Kind) (ID, error) {
	if !slices.Contains(Kinds(), kind) {
		return ID{}, fault.New(fault.Invalid, "Choose Google, Microsoft or another provider.")
	}
	set := Setting{ID: tenant.NewID[ID](s.Source), Kind: kind, Issuer: s.issuerOf(kind, ""), Version: 1}
	making := gate.Making{ID: tenant.NewID[tenant.RecordID](s.Source), Kind: "sign-in provider", Purpose: vault.Credentials}
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.AddProvider, Make: []gate.Making{making}}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("kind", kind)
		all, err := list(ctx, tx)
		if err != nil {
			return err
		}
		if len(all) >= most {
			return fault.New(fault.TooLarge, "A workspace has at most 20 providers. Remove one first.")
		}
		return insert(ctx, tx, making.ID, set)
	})
	return set.ID, err
}

// Setting returns a provider of the actor's workspace to who may change it, without its secret.
func (s *Service) Setting(ctx context.Context, id ID) (Setting, error) {
	set, err := s.read(ctx, gate.ChangeProvider, id)
	set.Secret = ""
	return set, err
}

// Save changes a workspace's provider. An empty secret keeps the one before, unless it would go to another issuer or for another
// client. It fails with fault.Invalid for what is not whole, with fault.Denied for an address that may not be asked, and with
// fault.Conflict unless Version is the one that was read.
func (s *Service) Save(ctx context.Context, set Setting) error {
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeProvider, Object: set.ID}, func(ctx context.Context, tx *gate.Tx) error {
		before, err := load(ctx, tx, set.ID)
		if err != nil {
			return err
		}
		if before.Version != set.Version {
			return fault.New(fault.Conflict, "Somebody else changed this provider meanwhile. Reload the page and try again.")
		}
		set.Kind, set.Issuer = before.Kind, s.issuerOf(before.Kind, set.Issuer)
		if set.Secret == "" && set.Issuer == before.Issuer && set.Client == before.Client {
			set.Secret = before.Secret
		}
		if err := s.usableAt(tx.Workspace(), set); err != nil {
			return err
		}
		set.Enabled, set.Version = before.Enabled, before.Version+1
		tx.Note("issuer", set.Issuer)
		tx.Note("client", set.Client)
		return save(ctx, tx, set)
	})
	if err != nil {
		return err
	}
	s.forget(set.ID.String())
	return s.publish(ctx, set)
}

// usableAt refuses what is not whole, and an issuer that may not be asked.
func (s *Service) usableAt(ws tenant.WorkspaceID, set Setting) error {
	if err := s.whole(ws, set).whole(); err != nil {
		return err
	}
	u, err := url.Parse(set.Issuer)
	if err != nil {
		return fault.New(fault.Invalid, "Enter the provider's issuer as it writes it, such as https://login.example.com.")
	}
	return s.Egress.Askable(u, s.own()...)
}

// Enable turns a provider of the actor's workspace on or off. It fails with fault.Conflict for one that is not finished. Off, it lets nobody in, and ends the sessions that were begun
// through it.
func (s *Service) Enable(ctx context.Context, id ID, on bool) error {
	var set Setting
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeProvider, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		tx.Note("enabled", on)
		if set, err = load(ctx, tx, id); err != nil {
			return err
		}
		if on && s.whole(tx.Workspace(), set).whole() != nil {
			return fault.New(fault.Conflict, "This provider is not finished. Enter its client ID and secret first.")
		}
		set.Enabled, set.Version = on, set.Version+1
		return save(ctx, tx, set)
	})
	if err != nil {
		return err
	}
	return s.publish(ctx, set)
}

// publish makes the deployment's list say what the workspace decided. The workspace's own row is what counts: where the list
// lags behind, nobody comes in.
func (s *Service) publish(ctx context.Context, set Setting) error {
	ws := tenant.Visitor(ctx).Workspace
	return s.Gate.Instance(s.as(ctx), gate.PublishProvider, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(set.ID)
		tx.Note("workspace", ws.String())
		if set.Enabled {
			return register(ctx, tx, ws, set)
		}
		return withdraw(ctx, tx, ws, set.ID, false)
	})
}

// Remove removes a provider of the actor's workspace with its secret, its links, and the sessions that were begun through it.
func (s *Service) Remove(ctx context.Context, id ID) error {
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.RemoveProvider, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		if _, err := tx.Erase(ctx, tx.Record()); err != nil {
			return fmt.Errorf("erasing provider %s: %w", id, err)
		}
		return remove(ctx, tx, id)
	})
	if err != nil {
		return err
	}
	s.forget(id.String())
	ws := tenant.Visitor(ctx).Workspace
	return s.Gate.Instance(s.as(ctx), gate.PublishProvider, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		return withdraw(ctx, tx, ws, id, true)
	})
}
