package account

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/limit"
	"mainstay/internal/identity/link"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/token"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
)

// forgotten is somebody's word that they forgot the password of an address.
type forgotten struct {
	lookup []byte
	from   tenant.Actor
}

// mostForgotten is how many such words wait at most.
const mostForgotten = 1000

// Forgot has a link to choose a new password mailed to an address, where it is an account's. Whether it is shows in neither the
// answer nor its time: the work is done by [Service.Run], after the answer. It fails with fault.Busy, which
// [limit.RetryAfter] knows, after too many.
func (s *Service) Forgot(ctx context.Context, email string) error {
	from := tenant.Visitor(ctx)
	lookup, err := s.Vault.Lookup(normal(email))
	if err != nil {
		return err
	}
	if _, err := s.count().Take(ctx, once("forgot "+limit.Network(from.Address), perForgot)); err != nil {
		return err
	}
	select {
	case s.forgotten <- forgotten{lookup, from}:
		return nil
	default:
		return fault.New(fault.Busy, "Too many people ask at once. Try again in a minute.")
	}
}

// Run mails the links that were asked for until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-s.forgotten:
			if err := s.remind(ctx, f); err != nil && ctx.Err() == nil {
				s.Log.Error("mailing a link for a new password", "request", f.from.Request, "error", err)
			}
		}
	}
}

// Drain answers what was asked for so far, as [Service.Run] does.
func (s *Service) Drain(ctx context.Context) error {
	for {
		select {
		case f := <-s.forgotten:
			if err := s.remind(ctx, f); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// remind mails one link. The newest is the only one that is good.
func (s *Service) remind(ctx context.Context, f forgotten) error {
	ctx = tenant.WithActor(ctx, f.from)
	_, full := s.count().Take(ctx, once("letters "+string(f.lookup), perLetters))
	return s.Gate.Instance(s.as(ctx), gate.AskReset, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, active, err := find(ctx, tx, f.lookup)
		if fault.Is(err, fault.Missing) || err == nil && (!active || full != nil || !s.Identity.Mails()) {
			tx.Note("sent", false)
			return nil
		}
		if err != nil {
			return err
		}
		tx.About(id)
		path, until, err := s.renewable(ctx, tx, link.Link{Account: id})
		if err != nil {
			return err
		}
		return s.Identity.Post.Account(ctx, tx, id, "reset-password", post.ResetPassword{Link: path, Until: until})
	})
}

// ResetOpen reports whether a link would be taken. It fails with fault.Ended for one that was used, is over or never was.
func (s *Service) ResetOpen(ctx context.Context, token string) error {
	_, err := s.holding(ctx, link.Reset, token)
	return err
}

// Reset gives the account of a link a new password and ends all its sessions. Its second factor stays and is asked for at the
// next sign-in. It fails with fault.Invalid for a password that is not taken, and then the link stays good.
func (s *Service) Reset(ctx context.Context, token, next string) error {
	l, err := s.holding(ctx, link.Reset, token)
	if err != nil {
		return err
	}
	hash, err := s.acceptable(ctx, l.Account, next, 0)
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.ResetPassword, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(l.Account)
		if err := link.Use(ctx, tx, l); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, l.Account, tenant.Actor{}, hash); err != nil {
			return err
		}
		return markVerified(ctx, tx, l.Account)
	})
}

// DisownOpen reports whether a link would be taken, as [Service.ResetOpen] does.
func (s *Service) DisownOpen(ctx context.Context, token string) error {
	_, err := s.holding(ctx, link.NotMe, token)
	return err
}

// Disown is a person's word that a sign-in or a change was not theirs. It ends every session, makes the password worthless,
// takes back a changed address and what was added since the session began (factors, accounts at providers, keys and programs), and
// opens a case: an event in each workspace of the account, and a letter to its owners. It returns where a new password is chosen.
func (s *Service) Disown(ctx context.Context, token string) (path string, err error) {
	l, err := s.holding(ctx, link.NotMe, token)
	if err != nil {
		return "", err
	}
	err = s.Gate.Instance(s.as(ctx), gate.ReportAccount, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(l.Account)
		tx.Note("session", l.Session)
		if err := link.Use(ctx, tx, l); err != nil {
			return err
		}
		if err := s.lock(ctx, tx, l); err != nil {
			return err
		}
		path, _, err = s.renewable(ctx, tx, link.Link{Account: l.Account})
		return err
	})
	if err == nil && l.Email != "" {
		err = s.rewriteMembers(ctx, l.Account, func(p *person) { p.Email = l.Email })
	}
	if err != nil {
		return "", err
	}
	return path, s.openCases(ctx, l.Account)
}

// lock makes an account's password worthless, everything that was begun with it, and every way in that was added since.
func (s *Service) lock(ctx context.Context, tx *gate.InstanceTx, l link.Link) error {
	if l.Email != "" {
		if err := s.changeAddress(ctx, tx, l.Account, l.Email); err != nil {
			return err
		}
		if err := markVerified(ctx, tx, l.Account); err != nil {
			return err
		}
	}
	if err := retirePassword(ctx, tx, l.Account, ""); err != nil {
		return err
	}
	if err := forgetBrowsers(ctx, tx, l.Account, nil); err != nil {
		return err
	}
	if err := link.Void(ctx, tx, l.Account, link.Reset, link.Verify, link.NotMe); err != nil {
		return err
	}
	for _, takeBack := range []func(context.Context, *gate.InstanceTx, tenant.AccountID, time.Time) error{s.Identity.Factors.Reset, oidc.TakeBack, token.TakeBack} {
		if err := takeBack(ctx, tx, l.Account, l.Since); err != nil {
			return err
		}
	}
	return s.Identity.EndOthers(ctx, tx, l.Account, tenant.SessionID{})
}

// openCases leaves an event in each workspace of an account, and tells its owners.
func (s *Service) openCases(ctx context.Context, account tenant.AccountID) error {
	seats, err := s.seats(ctx, account)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		var owners []tenant.AccountID
		var name, workspace string
		err := s.Gate.Do(s.inside(ctx, seat), gate.Act{Verb: gate.ReportMember}, func(ctx context.Context, tx *gate.Tx) (err error) {
			tx.Note("member", seat.Member)
			if name, workspace, err = loadNames(ctx, tx, seat.Member); err == nil {
				owners, err = ownersOf(ctx, tx, account)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := s.tellOwners(ctx, account, owners, post.AccountReported{Name: name, Workspace: workspace}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tellOwners(ctx context.Context, account tenant.AccountID, owners []tenant.AccountID, letter post.AccountReported) error {
	if len(owners) == 0 || !s.Identity.Mails() {
		return nil
	}
	return s.Gate.Instance(s.as(ctx), gate.ReportAccount, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		tx.Note("told", len(owners))
		letter.At = tx.Now()
		for _, owner := range owners {
			if err := s.Identity.Post.Account(ctx, tx, owner, "account-reported", letter); err != nil {
				return err
			}
		}
		return nil
	})
}

// renewable makes the link by which an account chooses a new password: the only one that is good.
func (s *Service) renewable(ctx context.Context, tx *gate.InstanceTx, l link.Link) (path string, until time.Time, err error) {
	if err := link.Void(ctx, tx, l.Account, link.Reset); err != nil {
		return "", until, err
	}
	l.Kind = link.Reset
	return s.links().Issue(ctx, tx, l)
}

// holding returns what a link that was not used yet is for. It fails with fault.Ended.
func (s *Service) holding(ctx context.Context, kind link.Kind, token string) (link.Link, error) {
	var l link.Link
	err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		l, err = s.links().Open(ctx, tx, kind, token)
		return err
	})
	if err == nil && !l.Maker.IsZero() {
		err = s.stands(ctx, l)
	}
	return l, err
}
