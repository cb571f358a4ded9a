package token

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Request is what a person wants a key for.
type Request struct {
	Name   string
	Scopes []gate.Scope
	Days   int // until it ends; zero: [KeyDays]
}

// Made is a key that was just made. It is shown once and nowhere again.
type Made struct {
	Credential
	Key tenant.Secret
}

// Credential is a key or a program as its person and the admins see it.
type Credential struct {
	ID        ID
	Kind      string // "key" or "program"
	Name      string
	Prefix    string // how the key begins; empty for a program
	Member    tenant.MemberID
	Scopes    []gate.Scope
	CreatedAt time.Time
	EndsAt    time.Time
	UsedAt    time.Time // to the hour; zero: never
}

// shownLetters is how much of a key, behind its prefix, lists show: 36 of its 256 bits.
const shownLetters = 6

// Create makes a key for the acting member. Its row in the workspace comes first and what makes it work last, so that a crash
// between leaves a key that never works. The person is told. It fails with fault.Invalid for a name, scope or life that cannot be.
func (s *Service) Create(ctx context.Context, want Request) (Made, error) {
	want, err := want.checked()
	if err != nil {
		return Made{}, err
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Made{}, err
	}
	made := Made{Key: newKey()}
	made.Credential = Credential{ID: tenant.NewID[ID](s.Source), Kind: "key", Name: want.Name, Member: actor.Member, Scopes: want.Scopes,
		Prefix: made.Key.Reveal()[:len(keyPrefix)+shownLetters], CreatedAt: s.Source.Now().UTC()}
	made.EndsAt = made.CreatedAt.AddDate(0, 0, want.Days)
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.CreateKey}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("credential", made.ID.String())
		tx.Note("scopes", made.Scopes)
		return insertCredential(ctx, tx, made.Credential)
	})
	if err != nil {
		return Made{}, err
	}
	return made, s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.IssueCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(made.ID)
		if err := issue(ctx, tx, actor, made.Credential, tenant.Digest(made.Key.Reveal())); err != nil {
			return err
		}
		return s.tell(ctx, tx, actor, "An API key was made: whoever has it acts for you, within its scopes.")
	})
}

// tell tells the acting person of a way in that was added.
func (s *Service) tell(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, what string) error {
	if s.People == nil {
		return nil
	}
	return s.People.Changed(ctx, tx, actor.Account, actor.SignedInAt, what)
}

func newKey() tenant.Secret { return keyPrefix + tenant.NewSecret() }

func (r Request) checked() (Request, error) {
	r.Name = strings.Join(strings.Fields(r.Name), " ")
	if r.Days == 0 {
		r.Days = KeyDays
	}
	switch {
	case r.Name == "" || utf8.RuneCountInString(r.Name) > 120:
		return r, fault.New(fault.Invalid, "Give the key a name that says what uses it, at most 120 characters.")
	case r.Days < 1 || r.Days > mostDays:
		return r, fault.New(fault.Invalid, "A key lives for 1 to 366 days.")
	}
	var err error
	r.Scopes, err = checkScopes(r.Scopes)
	return r, err
}

func checkScopes(scopes []gate.Scope) ([]gate.Scope, error) {
	for _, scope := range scopes {
		if !slices.Contains(gate.Scopes(), scope) {
			return nil, fault.New(fault.Invalid, "There is no such scope. The list of scopes stands in the documentation of the API.")
		}
	}
	scopes = slices.Compact(slices.Sorted(slices.Values(scopes)))
	if len(scopes) == 0 {
		return nil, fault.New(fault.Invalid, "Choose at least one scope.")
	}
	return scopes, nil
}

// List returns the credentials that still hold: a member's own, and all of the workspace to its owners and admins, the newest
// first.
func (s *Service) List(ctx context.Context) ([]Credential, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	var all []Credential
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ListKeys}, func(ctx context.Context, tx *gate.Tx) (err error) {
		whose := actor.Member
		if tx.Role() == gate.Owner || tx.Role() == gate.Admin {
			whose = tenant.MemberID{}
		}
		all, err = listCredentials(ctx, tx, whose)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.UseCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		return fillUses(ctx, tx, all)
	})
	return all, err
}

// End ends a credential at once, with all its tokens: a member's own, or any to an owner or admin. It fails with fault.Missing
// for one that is not there for the actor. To end it twice is no error.
func (s *Service) End(ctx context.Context, id ID) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	act := gate.Act{Verb: gate.EndKey, Object: id}
	// It is looked for first, ended where it works next, and marked in the workspace last: a crash between leaves it ended.
	err = s.Gate.View(ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		theirs, err := mayEnd(ctx, tx, id, actor.Member)
		if err == nil && !theirs {
			return tx.Hide()
		}
		return err
	})
	if err != nil {
		return err
	}
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		_, err = endCredential(ctx, tx, id, "revoked")
		return err
	})
	if err != nil {
		return err
	}
	return s.Gate.Do(ctx, act, func(ctx context.Context, tx *gate.Tx) error { return markEnded(ctx, tx, id) })
}
