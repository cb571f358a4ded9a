package roster

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/tenant"
)

// SignIn is what a workspace asks of the sessions and the passwords of its people.
type SignIn struct {
	Factor gate.Strength // the least that a session must have shown
	Hours  int           // after which a person signs in again
	Idle   int           // minutes without use, after which they do, too
	Passwords
	Version int
}

// Passwords is what a workspace asks of passwords. An account's password satisfies all of its workspaces.
type Passwords struct {
	Least   int // characters
	History int // how many earlier passwords are refused
	Days    int // after which a new one is asked for; 0: never
}

// The floors and ceilings. No workspace goes below a floor.
const (
	LeastHours, MostHours       = 1, 720
	LeastIdle, MostIdle         = 5, 43200
	LeastPassword, MostPassword = 12, 128
	MostHistory                 = 24
	LeastDays, MostAge          = 30, 1095
)

func (p SignIn) checked() error {
	says := func(field, sentence string) error {
		return identity.FieldError(field, fault.New(fault.Invalid, sentence))
	}
	switch {
	case p.Factor < gate.Single || p.Factor > gate.PhishingResistant:
		return says("factor", "Choose one of none, second and phishing-resistant.")
	case p.Hours < LeastHours || p.Hours > MostHours:
		return says("hours", "A session lasts between 1 and 720 hours.")
	case p.Idle < LeastIdle || p.Idle > MostIdle:
		return says("idle", "A session may be idle for 5 to 43,200 minutes.")
	case p.Least < LeastPassword || p.Least > MostPassword:
		return says("least", "A password has at least 12 characters, and no workspace asks for more than 128.")
	case p.History < 0 || p.History > MostHistory:
		return says("history", "Between 0 and 24 earlier passwords can be refused.")
	case p.Days != 0 && (p.Days < LeastDays || p.Days > MostAge):
		return says("days", "A password is asked for anew after 30 to 1,095 days, or never: 0.")
	}
	return nil
}

// SignIn returns what the workspace asks.
func (s *Service) SignIn(ctx context.Context) (SignIn, error) {
	var p SignIn
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadSignIn}, func(ctx context.Context, tx *gate.Tx) (err error) {
		p, err = loadSignIn(ctx, tx)
		return err
	})
	if err != nil {
		return p, err
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return p, err
	}
	return p, s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		p.Passwords, err = passwordRules(ctx, tx, actor.Workspace)
		return err
	})
}

// ChangeSignIn changes what the workspace asks; sessions are held to it from the next request on, passwords when they are
// chosen, and to their age at each sign-in with one. It fails with fault.Invalid below a floor, with fault.Conflict where somebody changed the settings since p.Version,
// and where the actor's own session would not be let in any more.
func (s *Service) ChangeSignIn(ctx context.Context, p SignIn) error {
	if err := p.checked(); err != nil {
		return err
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeSignIn}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("factor", p.Factor.String())
		tx.Note("hours", p.Hours)
		tx.Note("idle", p.Idle)
		tx.Note("passwords", p.Passwords)
		if err := fits(tx, p); err != nil {
			return err
		}
		return setSignIn(ctx, tx, p)
	})
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Registrar), gate.SetPasswordRules, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Workspace)
		tx.Note("by", actor.Member)
		return setPasswordRules(ctx, tx, actor.Workspace, p.Passwords)
	})
}

// fits refuses rules that would lock out who makes them.
func fits(tx *gate.Tx, p SignIn) error {
	actor := tx.Actor()
	if actor.Credential != "" {
		return nil
	}
	if gate.StrengthOf(actor.Factors) < p.Factor {
		return identity.FieldError("factor", fault.New(fault.Conflict, "You signed in with less than that yourself. Sign in with such a factor first, so that you do not lock yourself out."))
	}
	if tx.Now().Sub(actor.SignedInAt) >= time.Duration(p.Hours)*time.Hour {
		return identity.FieldError("hours", fault.New(fault.Conflict, "You signed in longer ago than that yourself. Sign in again first."))
	}
	return nil
}

// Reach is how many active members can show a second factor, and one that cannot be phished, with what they have set up.
type Reach struct {
	Members, Second, PhishingResistant int
	Known                              bool // false: nobody counts factors here
}

// Reach counts whom a stricter factor would ask to set one up. It is part of the page that shows it and no act of its own.
func (s *Service) Reach(ctx context.Context) (Reach, error) {
	var members []Member
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadSignIn}, func(ctx context.Context, tx *gate.Tx) (err error) {
		members, err = listMembers(ctx, tx)
		return err
	})
	if err != nil {
		return Reach{}, err
	}
	have, err := s.strengths(ctx, members)
	if err != nil {
		return Reach{}, err
	}
	r := Reach{Known: s.Factors != nil}
	for _, m := range members {
		if m.Disabled {
			continue
		}
		r.Members++
		if have[m.account] >= gate.Second {
			r.Second++
		}
		if have[m.account] >= gate.PhishingResistant {
			r.PhishingResistant++
		}
	}
	return r, nil
}
