// Package account is what people do with their own account: its password and its address, on the page of the account or by links
// that were mailed to it. Sign-in and sessions are package identity's.
package account

import (
	"context"
	"errors"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/identity/limit"
	"mainstay/internal/identity/link"
	"mainstay/internal/identity/password"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Config is what the service stands on.
type Config struct {
	Gate     *gate.Gate
	Vault    *vault.Vault
	Identity *identity.Service // with the post by which letters are sent
	Source   tenant.Source
	Log      *slog.Logger // ids alone
}

// Service changes accounts for their people.
type Service struct {
	Config
	forgotten chan forgotten
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Identity == nil || cfg.Source.Now == nil || cfg.Log == nil {
		return nil, errors.New("account: Gate, Vault, Identity, Source and Log are required")
	}
	return &Service{Config: cfg, forgotten: make(chan forgotten, mostForgotten)}, nil
}

// How often may be tried, within [limit.Refill].
const (
	perPerson  = 10 // the current password, from inside
	perLetters = 4  // links to one account
	perForgot  = 20 // words of one address that a password was forgotten
)

func once(of string, most float64) limit.Tries {
	return limit.Tries{Hard: []limit.Allowance{{Of: of, Most: most}}}
}

func (s *Service) count() limit.Counter { return limit.Counter{Gate: s.Gate, Vault: s.Vault} }

func (s *Service) links() link.Keeper { return link.Keeper{Vault: s.Vault} }

// as returns ctx for the narrow actor that works on accounts, keeping the request that it serves.
func (s *Service) as(ctx context.Context) context.Context { return tenant.As(ctx, gate.Authenticator) }

// look runs reads of the schema control that are no act.
func (s *Service) look(ctx context.Context, fn func(ctx context.Context, tx *gate.InstanceTx) error) error {
	return s.Gate.Look(s.as(ctx), gate.ReadSession, fn)
}

// own returns the acting person, where the account is theirs to change.
func own(ctx context.Context) (tenant.Actor, error) {
	actor, err := tenant.ActorOf(ctx)
	if err == nil {
		err = identity.Own(actor)
	}
	return actor, err
}

func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// Profile is an account as its person sees it.
type Profile struct {
	Email      string
	Verified   bool // the person has shown that they read mail to it
	Password   bool // there is one
	PasswordAt time.Time
	Least      int  // characters that a new one must have
	Mails      bool // letters are sent
}

// Profile returns the acting person's account. It is part of the page that asks and no act of its own.
func (s *Service) Profile(ctx context.Context) (Profile, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Profile{}, err
	}
	p := Profile{Mails: s.Identity.Mails()}
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		rules, err := passwordRules(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		p.Least = rules.least
		p.Email, err = email(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		return loadProfile(ctx, tx, actor.Account, &p)
	})
	return p, err
}

// ChangePassword gives the acting person's account a new password. The session gets a new token and all others end. It fails
// with fault.Denied where current is not right, with fault.Invalid for a password that is not taken, and with
// fault.Unconfirmed where the account had none and no factor was shown lately.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (identity.Begun, error) {
	actor, err := own(ctx)
	if err != nil {
		return identity.Begun{}, err
	}
	shown, err := s.provePassword(ctx, actor, current)
	if err != nil {
		return identity.Begun{}, err
	}
	hash, err := s.acceptable(ctx, actor.Account, next, 0)
	if err != nil {
		return identity.Begun{}, err
	}
	var begun identity.Begun
	err = s.Gate.Instance(s.as(ctx), gate.ChangePassword, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(actor.Account)
		if begun, err = s.Identity.Renew(ctx, tx, actor, shown); err != nil {
			return err
		}
		return s.setPassword(ctx, tx, actor.Account, actor, hash)
	})
	return begun, err
}

// provePassword verifies the acting person's password, with the same counts as a sign-in. An account without one proves itself
// by a factor that was shown lately. It returns the factor that counts as shown.
func (s *Service) provePassword(ctx context.Context, actor tenant.Actor, current string) (factor string, err error) {
	var hash string
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		hash, err = hashOf(ctx, tx, actor.Account)
		return err
	})
	if err != nil {
		return "", err
	}
	if hash == "" {
		if s.Source.Now().Sub(actor.ConfirmedAt) >= gate.ConfirmAge || len(actor.Factors) == 0 {
			return "", fault.Ask(fault.Confirmation, "Confirm that it is you, then do this again.")
		}
		return actor.Factors[len(actor.Factors)-1], nil
	}
	counted := once("own "+actor.Account.String(), perPerson)
	if _, err := s.count().Take(ctx, counted); err != nil {
		return "", err
	}
	if _, err := s.Identity.Hasher.Verify(ctx, hash, current); err != nil {
		return "", s.refuseConfirmation(ctx, actor, err)
	}
	return identity.Password, s.count().Forgive(ctx, counted.Hard...)
}

func (s *Service) refuseConfirmation(ctx context.Context, actor tenant.Actor, cause error) error {
	if !fault.Is(cause, fault.Denied) {
		return cause
	}
	return s.Gate.Instance(s.as(ctx), gate.ConfirmSession, func(_ context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Session)
		return identity.FieldError("current", fault.New(fault.Denied, "This is not your current password."))
	})
}

// rules are what the strictest of an account's workspaces asks of passwords.
type rules struct {
	least   int
	history int // so many of the last are not taken again
	days    int // after so many one is too old; 0: never
}

// acceptable checks a new password against the rules and what is known of its person, and returns its hash. It differs from the
// last so many passwords at least, also where no workspace asks for that.
func (s *Service) acceptable(ctx context.Context, account tenant.AccountID, next string, differs int) (string, error) {
	about, err := s.known(ctx, account)
	if err != nil {
		return "", err
	}
	var asked rules
	var before []string
	err = s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		if asked, err = passwordRules(ctx, tx, account); err != nil {
			return err
		}
		at, err := email(ctx, tx, account)
		if err != nil {
			return err
		}
		about = append(about, at)
		before, err = formerPasswords(ctx, tx, account, max(asked.history, differs))
		return err
	})
	if err != nil {
		return "", err
	}
	if err := password.Check(next, asked.least, about...); err != nil {
		return "", identity.FieldError("password", err)
	}
	for _, hash := range before {
		_, err := s.Identity.Hasher.Verify(ctx, hash, next)
		if err == nil {
			return "", identity.FieldError("password", fault.New(fault.Invalid, "You had this password before, and a workspace of yours wants a new one. Choose another."))
		}
		if !fault.Is(err, fault.Denied) {
			return "", err
		}
	}
	return s.Identity.Hasher.Hash(ctx, next)
}

// known returns what everybody knows about an account's person: their names and the names of their workspaces.
func (s *Service) known(ctx context.Context, account tenant.AccountID) ([]string, error) {
	seats, err := s.seats(ctx, account)
	var about []string
	for _, seat := range seats[:min(len(seats), 8)] {
		if err != nil {
			break
		}
		var name, workspace string
		err = s.Gate.View(s.inside(ctx, seat), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
			name, workspace, err = loadNames(ctx, tx, seat.Member)
			return err
		})
		about = append(about, name, workspace)
	}
	return about, err
}

// setPassword stores a new password and ends what was begun with the old one: all sessions but the actor's, links, and what
// browsers but the actor's are known for.
func (s *Service) setPassword(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, actor tenant.Actor, hash string) error {
	if err := retirePassword(ctx, tx, account, hash); err != nil {
		return err
	}
	var keep []byte
	if actor.Device != "" {
		keep = identity.DeviceHash(actor.Device)
	}
	if err := forgetBrowsers(ctx, tx, account, keep); err != nil {
		return err
	}
	if err := link.Void(ctx, tx, account, link.Reset, link.Verify); err != nil {
		return err
	}
	if err := s.Identity.EndOthers(ctx, tx, account, actor.Session); err != nil {
		return err
	}
	return s.tellPassword(ctx, tx, account, actor.SignedInAt)
}

// tellPassword tells a person that there is a new password, chosen in a session that began at since.
func (s *Service) tellPassword(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time) error {
	path, err := s.Identity.NotMe(ctx, tx, link.Link{Account: account, Since: since})
	if err != nil || !s.Identity.Mails() {
		return err
	}
	from := tenant.Visitor(ctx)
	return s.Identity.Post.Account(ctx, tx, account, "password-changed",
		post.PasswordChanged{At: tx.Now(), Device: identity.BrowserOf(from.Browser), Address: from.Address, NotMe: path})
}

// AskVerification mails the acting person a link to show that their address is theirs.
func (s *Service) AskVerification(ctx context.Context) error {
	actor, err := own(ctx)
	if err != nil {
		return err
	}
	if !s.Identity.Mails() {
		return fault.New(fault.Conflict, "This deployment sends no mail. Ask whoever runs it to set a mail server up.")
	}
	if _, err := s.count().Take(ctx, once("verify "+actor.Account.String(), perLetters)); err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.AskVerification, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		return s.Identity.AskVerification(ctx, tx, actor.Account)
	})
}

// ChangeAddress begins to change the address of the acting person's account: a link goes to the new one, and the change is made
// when it is followed. Where no mail is sent the change is made at once. Whether somebody else has the address does not show. It
// fails with fault.Invalid, and with fault.Unconfirmed where no factor was shown lately.
func (s *Service) ChangeAddress(ctx context.Context, to string) error {
	actor, err := own(ctx)
	if err != nil {
		return err
	}
	if to, err = checked(to); err != nil {
		return err
	}
	if s.Source.Now().Sub(actor.ConfirmedAt) >= gate.ConfirmAge {
		return fault.Ask(fault.Confirmation, "Confirm that it is you, then do this again.")
	}
	if _, err := s.count().Take(ctx, once("verify "+actor.Account.String(), perLetters)); err != nil {
		return err
	}
	if !s.Identity.Mails() {
		return s.moveAddress(ctx, actor.Account, to, nil)
	}
	lookup, err := s.Vault.Lookup(normal(to))
	if err != nil {
		return err
	}
	return s.Gate.Instance(s.as(ctx), gate.AskVerification, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		if err := link.Void(ctx, tx, actor.Account, link.Verify); err != nil {
			return err
		}
		_, _, err := find(ctx, tx, lookup)
		if !fault.Is(err, fault.Missing) {
			return err // somebody's: who asks learns nothing, and its owner gets no mail that they did not ask for
		}
		path, until, err := s.links().Issue(ctx, tx, link.Link{Kind: link.Verify, Account: actor.Account, Email: to, Since: actor.SignedInAt})
		if err != nil {
			return err
		}
		return s.Identity.Post.Address(ctx, tx, to, "verify-address", post.VerifyAddress{Link: path, Until: until})
	})
}

// checked returns an e-mail address without what surrounds it. It fails with fault.Invalid, about the field "email".
func checked(email string) (string, error) {
	email = strings.TrimSpace(email)
	if at, err := mail.ParseAddress(email); err != nil || at.Address != email || len(email) > 254 {
		return "", identity.FieldError("email", fault.New(fault.Invalid, "Enter an e-mail address such as name@company.com."))
	}
	return email, nil
}

// VerifyOpen reports whether a link would be taken, as [Service.ResetOpen] does.
func (s *Service) VerifyOpen(ctx context.Context, token string) error {
	_, err := s.holding(ctx, link.Verify, token)
	return err
}

// Verify takes a link as proof that its holder reads the address that it was mailed to. Where that was to be the account's new
// one it is from then on, and the one before is told.
func (s *Service) Verify(ctx context.Context, token string) error {
	l, err := s.holding(ctx, link.Verify, token)
	if err != nil {
		return err
	}
	if l.Email != "" {
		return s.moveAddress(ctx, l.Account, l.Email, &l)
	}
	return s.Gate.Instance(s.as(ctx), gate.VerifyAddress, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(l.Account)
		if err := link.Use(ctx, tx, l); err != nil {
			return err
		}
		return markVerified(ctx, tx, l.Account)
	})
}

// moveAddress makes an address an account's, by a link that is used up, or by nobody's proof where by is nil.
func (s *Service) moveAddress(ctx context.Context, account tenant.AccountID, to string, by *link.Link) error {
	err := s.Gate.Instance(s.as(ctx), gate.ChangeAddress, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		before, err := email(ctx, tx, account)
		if err != nil {
			return err
		}
		var since time.Time
		if by != nil {
			since = by.Since
			if err := link.Use(ctx, tx, *by); err != nil {
				return err
			}
		}
		if err := s.tellMoved(ctx, tx, link.Link{Account: account, Email: before, Since: since}); err != nil {
			return err
		}
		if err := s.changeAddress(ctx, tx, account, to); err != nil {
			return err
		}
		if by != nil {
			err = markVerified(ctx, tx, account)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.rewriteMembers(ctx, account, func(p *person) { p.Email = to })
}

// tellMoved tells the address before a change, with a way back.
func (s *Service) tellMoved(ctx context.Context, tx *gate.InstanceTx, back link.Link) error {
	path, err := s.Identity.NotMe(ctx, tx, back)
	if err != nil || !s.Identity.Mails() {
		return err
	}
	from := tenant.Visitor(ctx)
	return s.Identity.Post.Address(ctx, tx, back.Email, "factor-changed", post.FactorChanged{At: tx.Now(), What: "The e-mail address of your account was changed to another one.",
		Device: identity.BrowserOf(from.Browser), Address: from.Address, NotMe: path})
}

// rewriteMembers changes an account's person in each of its workspaces.
func (s *Service) rewriteMembers(ctx context.Context, account tenant.AccountID, change func(*person)) error {
	seats, err := s.seats(ctx, account)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		err := s.Gate.Do(s.inside(ctx, seat), gate.Act{Verb: gate.ReaddressMember}, func(ctx context.Context, tx *gate.Tx) error {
			return rewriteMember(ctx, tx, seat.Member, change)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// seats returns the places of an account, each as the member there.
func (s *Service) seats(ctx context.Context, account tenant.AccountID) ([]tenant.Actor, error) {
	var all []tenant.Actor
	err := s.look(ctx, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		all, err = seatsOf(ctx, tx, account)
		return err
	})
	return all, err
}

// inside returns ctx for identity's narrow actor in the workspace of a seat.
func (s *Service) inside(ctx context.Context, seat tenant.Actor) context.Context {
	return tenant.Within(ctx, gate.Authenticator, seat.Workspace)
}
