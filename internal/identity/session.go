package identity

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// The paces of a session: how long it lasts at most, after how long of use its token is replaced, and how long the one before
// is still taken, for requests that were under way.
const (
	SessionLife = 30 * 24 * time.Hour
	RotateAfter = 24 * time.Hour
	RotateGrace = time.Minute
)

const (
	noteUse   = time.Minute        // a use is written down once in it
	leastIdle = 5 * time.Minute    // no workspace asks for a shorter one
	idleLimit = 7 * 24 * time.Hour // of a session in no workspace
)

// Begun is a session that was just begun or got a new token. Token is the cookie's value and is shown to nobody else. Device is
// the value of the cookie by which the browser is known from then on.
type Begun struct {
	Token  tenant.Secret
	EndsAt time.Time
	Actor  tenant.Actor
	Device tenant.Secret
}

// session is a row of control.session, as a request needs it.
type session struct {
	actor     tenant.Actor
	hash      []byte
	rotatedAt time.Time
	ends      time.Time
	previous  bool // it was found by the token before the last
	over      bool // and that is not taken any more
}

func sessionOver() error { return fault.New(fault.Denied, "Your session is over. Sign in again.") }

// Resolve returns who a session's token stands for, and changes nothing. It fails with fault.Denied for a token that is unknown,
// over, ended or replaced.
func (s *Service) Resolve(ctx context.Context, token string) (tenant.Actor, error) {
	found, err := s.find(ctx, token)
	return found.actor, err
}

// Resume is Resolve for a request of a browser: the session counts as used. Where the token was due to be replaced, Begun has
// the new one, which the browser must get; else its Token is empty. A session that was idle for longer than its workspace
// allows ends.
func (s *Service) Resume(ctx context.Context, token string) (Begun, error) {
	found, err := s.find(ctx, token)
	if err != nil {
		return Begun{}, err
	}
	now := s.Source.Now()
	idle := now.Sub(found.actor.SeenAt)
	if idle >= leastIdle {
		if err := s.awake(ctx, found.actor, idle); err != nil {
			return Begun{}, err
		}
	}
	if !found.previous && now.Sub(found.rotatedAt) >= RotateAfter {
		return s.rotate(ctx, found)
	}
	if idle >= noteUse {
		err = s.Gate.Tally(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) error {
			return touchSession(ctx, tx, found.actor.Session)
		})
	}
	return Begun{Actor: found.actor}, err
}

func (s *Service) find(ctx context.Context, token string) (session, error) {
	var found session
	err := s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		found, err = sessionByToken(ctx, tx, tenant.Digest(token))
		return err
	})
	if err == nil && found.over {
		err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(_ context.Context, tx *gate.InstanceTx) error {
			tx.About(found.actor.Session) // a token that was replaced is shown again: by a copy of it, or by a browser that missed the new one
			return sessionOver()
		})
	}
	if err != nil {
		return session{}, err
	}
	return found, nil
}

// awake ends a session that its workspace's sign-in policy does not let in any more.
func (s *Service) awake(ctx context.Context, actor tenant.Actor, idle time.Duration) error {
	asleep := idle >= idleLimit
	if !actor.Workspace.IsZero() {
		from := tenant.Visitor(ctx)
		actor.Address, actor.Request = from.Address, from.Request
		err := s.Gate.View(tenant.WithActor(ctx, actor), gate.Act{Verb: gate.ReadWorkspace}, func(context.Context, *gate.Tx) error { return nil })
		asleep = fault.Wanted(err) == fault.SignIn
	}
	if !asleep {
		return nil
	}
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignOut, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Session)
		tx.Note("idle", true)
		return endSession(ctx, tx, actor.Account, actor.Session)
	})
	if err != nil {
		return err
	}
	return sessionOver()
}

// rotate gives a session a new token. Of requests that find it due at once, one gets it.
func (s *Service) rotate(ctx context.Context, old session) (Begun, error) {
	begun := Begun{Actor: old.actor}
	err := s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.RotateSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(old.actor.Session)
		token := tenant.NewSecret()
		rotated, err := rotateSession(ctx, tx, old, tenant.Digest(token.Reveal()))
		if rotated {
			begun.Token, begun.EndsAt = token, old.ends
		}
		return err
	})
	return begun, err
}

// StillIn fails with fault.Denied where the acting session has ended meanwhile. It is for what goes on for long.
func (s *Service) StillIn(ctx context.Context) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		ended, err := endedAmong(ctx, tx, []tenant.SessionID{actor.Session})
		if err == nil && len(ended) > 0 {
			return sessionOver()
		}
		return err
	})
}

// Confirm notes that the acting person has just shown a factor, which the caller has verified, and gives the session a new
// token: the one before is dead at once.
func (s *Service) Confirm(ctx context.Context, factor string) (Begun, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Begun{}, err
	}
	var begun Begun
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.ConfirmSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Session)
		tx.Note("factor", factor)
		begun, err = s.Renew(ctx, tx, actor, factor)
		return err
	})
	return begun, err
}

// Renew is Confirm inside an act of its caller's.
func (s *Service) Renew(ctx context.Context, tx *gate.InstanceTx, actor tenant.Actor, factor string) (Begun, error) {
	token := tenant.NewSecret()
	actor.ConfirmedAt = tx.Now()
	begun := Begun{Token: token, Actor: actor}
	var err error
	begun.Actor.Factors, begun.EndsAt, err = renewSession(ctx, tx, actor, tenant.Digest(token.Reveal()), factor)
	return begun, err
}

// SignOut ends a session of the actor's own account at once. It fails with fault.Missing for any other.
func (s *Service) SignOut(ctx context.Context, session tenant.SessionID) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SignOut, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(session)
		return endSession(ctx, tx, actor.Account, session)
	})
}

// SignOutOthers ends all sessions of the actor's account but the acting one, and returns how many there were.
func (s *Service) SignOutOthers(ctx context.Context) (int, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return 0, err
	}
	var n int
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndSessions, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		n, err = endSessions(ctx, tx, actor.Account, actor.Session)
		tx.Note("ended", n)
		return err
	})
	return n, err
}

// EndAll ends all sessions of an account. Its caller has decided that.
func (s *Service) EndAll(ctx context.Context, account tenant.AccountID) error {
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndSessions, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(account)
		return s.EndOthers(ctx, tx, account, tenant.SessionID{})
	})
}

// EndMember ends the sessions of a member in a workspace: where the account goes on in another, it signs in there anew. Its
// caller has decided that.
func (s *Service) EndMember(ctx context.Context, workspace tenant.WorkspaceID, member tenant.MemberID) error {
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndSessions, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(member)
		return endSessionsIn(ctx, tx, workspace, member)
	})
}

// EndOthers ends all sessions of an account but one, or all where keep is zero, and the sign-ins that are half done, inside an act
// of its caller's.
func (s *Service) EndOthers(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, keep tenant.SessionID) error {
	if _, err := endSessions(ctx, tx, account, keep); err != nil {
		return err
	}
	return voidChallenges(ctx, tx, account)
}

// Session is a session as its person sees it.
type Session struct {
	ID      tenant.SessionID
	Name    string // which the person gave it
	Browser string // "Firefox on Linux"
	Address string
	Since   time.Time
	Used    time.Time
	Ends    time.Time
	Factors []string
	Current bool // the one that asks
}

// seen is what a session's row keeps sealed.
type seen struct {
	Browser string `json:"browser"`
	Address string `json:"address"`
	Name    string `json:"name,omitempty"`
}

// Sessions lists the sessions of the acting person's account that go on, the acting one first and then the one used last. It is
// part of the page that asks and no act of its own.
func (s *Service) Sessions(ctx context.Context) ([]Session, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, err
	}
	var all []Session
	err = s.Gate.Look(tenant.As(ctx, gate.Authenticator), gate.ReadSession, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		all, err = s.listSessions(ctx, tx, actor)
		return err
	})
	return all, err
}

// NameSession gives a session of the actor's own account a name; an empty one takes it away. It fails with fault.Missing for any
// other session.
func (s *Service) NameSession(ctx context.Context, id tenant.SessionID, name string) error {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return err
	}
	name = strings.Join(strings.Fields(name), " ")
	if utf8.RuneCountInString(name) > 60 {
		return fault.New(fault.Invalid, "A name has at most 60 characters. Choose a shorter one.")
	}
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.NameSession, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		return s.renameSession(ctx, tx, actor.Account, id, name)
	})
}
