package post

import (
	"context"
	"encoding/json"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type noun struct{}

func (noun) Prefix() string { return "out" }

// ID names a letter in the outbox.
type ID = tenant.ID[noun]

// Account queues a letter to an account's own address, inside the act of the instance that it tells of: it is sent if and only
// if the act commits. Template names one of the letters above, letter is the struct of that name. Where no mail is sent it does
// nothing.
func (s *Service) Account(ctx context.Context, tx *gate.InstanceTx, to tenant.AccountID, template string, letter any) error {
	if !s.Works() {
		return nil
	}
	address, err := addressOfAccount(ctx, tx, to)
	if err != nil || !s.Reaches(address) {
		return err
	}
	return s.queue(ctx, tx, to, address, template, letter)
}

// Address queues a letter to an address that belongs to no account yet: an invitation, an address that is to be verified.
func (s *Service) Address(ctx context.Context, tx *gate.InstanceTx, to string, template string, letter any) error {
	if !s.Reaches(to) {
		return nil
	}
	return s.queue(ctx, tx, tenant.AccountID{}, to, template, letter)
}

func (s *Service) queue(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, to, template string, letter any) error {
	doc, err := s.sealable(to, template, letter)
	if err != nil {
		return err
	}
	return insertLetter(ctx, tx, account, doc)
}

// The paces of the outbox, by the clock of the service.
const (
	leaseLife = 2 * time.Minute // a letter whose sender is silent for so long is sent again: longer than sendTime
	patience  = 72 * time.Hour  // after which a letter is given up
	keepEnded = 30 * 24 * time.Hour
)

// pauseAfter grows from half a minute to four hours.
func pauseAfter(tries int) time.Duration {
	pauses := []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, 2 * time.Hour, 4 * time.Hour}
	return pauses[min(max(tries, 1), len(pauses))-1]
}

// Drain sends every letter that is due and shows what is to be shown in the app, each taken and settled in an act of its own and sent between the two.
func (s *Service) Drain(ctx context.Context) error {
	for ctx.Err() == nil {
		var due bool
		err := s.Gate.Look(s.postman(ctx), gate.TakeLetter, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
			due, err = lettersDue(ctx, tx)
			return err
		})
		if err != nil || !due {
			return err
		}
		if err := s.sendNext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// taken is a letter that this process sends.
type taken struct {
	id        ID
	account   tenant.AccountID
	disabled  bool // its account is gone or may not sign in
	tries     int  // this one included; whoever holds another number has lost it
	createdAt time.Time
	sealed    []byte
}

// sendNext sends the letter that is due longest, if another node did not take it meanwhile.
func (s *Service) sendNext(ctx context.Context) error {
	var t taken
	err := s.Gate.Instance(s.postman(ctx), gate.TakeLetter, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		t, err = take(ctx, tx)
		tx.About(t.id)
		tx.Note("try", t.tries)
		return err
	})
	if fault.Is(err, fault.Missing) && t.id.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	return s.settle(context.WithoutCancel(ctx), t, s.attempt(ctx, t))
}

// attempt sends a letter unless it is pointless by now.
func (s *Service) attempt(ctx context.Context, t taken) ending {
	now := s.Source.Now()
	doc, err := s.unseal(ctx, t)
	if err == nil && (t.disabled || doc.over(now)) {
		return ending{state: "dropped"}
	}
	var v verdict
	switch {
	case err != nil:
	case doc.Template == toldTemplate:
		err = s.show(ctx, t.account, doc)
		v.sent = err == nil
	case s.Works():
		v, err = s.dispatch(ctx, t, doc)
	}
	s.Log.Info("letter", "letter", t.id, "try", t.tries, "sent", v.sent, "status", v.status, "error", errorOf(err))
	next := now.Add(pauseAfter(t.tries))
	switch {
	case v.sent:
		return ending{state: "sent", status: v.status}
	case v.finally, next.After(t.createdAt.Add(patience)):
		return ending{state: "dead", status: v.status}
	}
	return ending{state: "waiting", status: v.status, next: next}
}

// dispatch mails a letter. Its error is one of ours; the server's is in the verdict.
func (s *Service) dispatch(ctx context.Context, t taken, doc sealedLetter) (verdict, error) {
	w, err := s.open(doc)
	if err != nil {
		return verdict{}, err
	}
	return verdictOf(s.carrier.send(ctx, envelope{id: t.id.String(), at: t.createdAt, to: doc.To, written: w})), nil
}

func errorOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// unseal opens a letter.
func (s *Service) unseal(ctx context.Context, t taken) (doc sealedLetter, err error) {
	plain, err := s.Gate.Vault.Open(ctx, vault.Sealed{Place: vault.Place{Kind: letterKind, Row: t.id}, Bytes: t.sealed})
	if err == nil {
		err = json.Unmarshal(plain[0], &doc)
	}
	return doc, err
}

// ending is what becomes of a letter after an attempt.
type ending struct {
	state  string
	status int       // of SMTP; 0 where no server answered
	next   time.Time // when a waiting one is tried again
}

// settle writes how an attempt ended. A letter that ended loses what it said.
func (s *Service) settle(ctx context.Context, t taken, e ending) error {
	return s.Gate.Instance(s.postman(ctx), gate.SettleLetter, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(t.id)
		tx.Note("state", e.state)
		tx.Note("status", e.status)
		return settle(ctx, tx, t, e)
	})
}

// Counts is how mail goes, for who runs the deployment.
type Counts struct {
	Works   bool
	Waiting int
	Sent    int        // in the last day
	Dead    int        // given up in the last 30 days
	Oldest  *time.Time // when the oldest that waits was written
	Status  int        // what the server said to the newest attempt that failed in the last day; 0: nothing did, or it did not answer
}

// Counts returns how mail goes to who may have the deployment's parts tried.
func (s *Service) Counts(ctx context.Context) (Counts, error) {
	c := Counts{Works: s.Works()}
	err := s.Gate.View(ctx, gate.Act{Verb: gate.CheckDeployment}, func(context.Context, *gate.Tx) error { return nil })
	if err != nil {
		return c, err
	}
	err = s.Gate.Look(s.postman(ctx), gate.TakeLetter, func(ctx context.Context, tx *gate.InstanceTx) error { return counts(ctx, tx, &c) })
	return c, err
}
