// Package idempotency lets a program ask twice and be served once. A request that carries a key of its sender's is entered
// before it is done; whoever sends the same key with the same request gets the same answer for a day, and with another request
// is refused.
//
// The mark that a request was done is written in the transaction of the act itself ([gate.Beside]). After a crash, therefore,
// either nothing was done, and the same key does it, or all was done, and the key says so. The answer is sealed under the key of
// the record that it tells about and dies with it; of key and request only keyed digests are kept.
package idempotency

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type noun struct{}

func (noun) Prefix() string { return "idm" }

// ID names an entry.
type ID = tenant.ID[noun]

// Life is how long an answer is given again. Lease is how long a request may take before another may do it in its place, if
// nothing was done yet.
const (
	Life  = 24 * time.Hour
	Lease = 5 * time.Minute
)

// Answer is what a request was answered.
type Answer struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// Config is what the service stands on. All fields are required.
type Config struct {
	Gate   *gate.Gate
	Vault  *vault.Vault
	Source tenant.Source
}

// Service keeps answers.
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Vault == nil || cfg.Source.Now == nil {
		return nil, errors.New("idempotency: Gate, Vault and Source are required")
	}
	return &Service{cfg}, nil
}

// Claim is a request that is being done.
type Claim struct {
	service *Service
	lease   *gate.Lease
	entry   entry
	kept    bool
}

// Begin enters a request of the acting member. It returns a claim on it or, where it was answered before, that answer. It fails
// with fault.Invalid for a key that came with another request, with fault.Conflict while that is being done or where its answer
// was lost, and with fault.Ended where what it told of was destroyed.
func (s *Service) Begin(ctx context.Context, key string, request ...[]byte) (*Claim, *Answer, error) {
	if !sound(key) {
		return nil, nil, fault.New(fault.Invalid, "An Idempotency-Key has from 1 to 255 printable characters of ASCII.")
	}
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return nil, nil, err
	}
	if actor.Member.IsZero() {
		return nil, nil, fault.New(fault.Invalid, "An Idempotency-Key is for members of a workspace.")
	}
	e := entry{id: tenant.NewID[ID](s.Source), member: actor.Member}
	if e.key, err = s.Vault.Digest(ctx, actor.Workspace, joined([]byte("idempotency key"), []byte(key))); err != nil {
		return nil, nil, err
	}
	if e.request, err = s.Vault.Digest(ctx, actor.Workspace, joined(append([][]byte{[]byte("idempotent request")}, request...)...)); err != nil {
		return nil, nil, err
	}
	var before *Answer
	lease, err := s.Gate.Lease(s.as(ctx), gate.Act{Verb: gate.KeepAnswer}, func(ctx context.Context, tx *gate.Tx) (err error) {
		before, err = e.enter(ctx, tx)
		return err
	})
	if err != nil || before != nil {
		return nil, before, err
	}
	return &Claim{service: s, lease: lease, entry: e}, nil, nil
}

func sound(key string) bool {
	if key == "" || len(key) > 255 {
		return false
	}
	for _, b := range []byte(key) {
		if b < '!' || b > '~' {
			return false
		}
	}
	return true
}

// joined puts parts together so that no two lists of parts give the same bytes.
func joined(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = binary.BigEndian.AppendUint64(all, uint64(len(p)))
		all = append(all, p...)
	}
	return all
}

// as returns ctx for the keeper of answers in the actor's workspace.
func (s *Service) as(ctx context.Context) context.Context {
	from := tenant.Visitor(ctx)
	return tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.AnswerKeeper, Workspace: from.Workspace, OnBehalfOf: from.Member,
		Address: from.Address, Request: from.Request})
}

// Context returns a context whose acts are marked as done under this claim. An act fails with fault.Conflict where the claim
// took too long and another request stands in its place.
func (c *Claim) Context(ctx context.Context) context.Context {
	return gate.Beside(ctx, c.entry.mark)
}

// Keep stores the answer. Failures of our own are not kept: the same key tries again, unless something was done.
func (c *Claim) Keep(ctx context.Context, a Answer) error {
	if a.Status >= http.StatusInternalServerError || a.Status == http.StatusTooManyRequests {
		return nil
	}
	err := c.lease.Do(c.service.as(ctx), func(ctx context.Context, tx *gate.Tx) error { return c.entry.keep(ctx, tx, a) })
	c.kept = err == nil
	return err
}

// Release gives a claim up whose answer was not kept. Where something was done the entry stays, and says so.
func (c *Claim) Release(ctx context.Context) error {
	if c.kept {
		return nil
	}
	return c.lease.Do(c.service.as(ctx), c.entry.release)
}

// Run removes what ended, at once and then every hour of the injected clock, until ctx ends. Failures are logged and tried again.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	var last time.Time
	for {
		if now := s.Source.Now(); last.IsZero() || now.Sub(last) >= time.Hour {
			last = now
			if err := s.Collect(ctx); err != nil && ctx.Err() == nil {
				log.Error("removing kept answers", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Collect removes every entry whose day is over.
func (s *Service) Collect(ctx context.Context) error {
	var all []tenant.WorkspaceID
	err := s.Gate.Look(s.collector(ctx, tenant.System, tenant.WorkspaceID{}), gate.Collect, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		all, err = workspaces(ctx, tx)
		return err
	})
	failures := []error{err}
	for _, ws := range all {
		failures = append(failures, s.collectIn(s.collector(ctx, tenant.Job, ws)))
	}
	return errors.Join(failures...)
}

func (s *Service) collectIn(ctx context.Context) error {
	over := 0
	err := s.Gate.View(ctx, gate.Act{Verb: gate.Collect}, func(ctx context.Context, tx *gate.Tx) (err error) {
		over, err = countOver(ctx, tx)
		return err
	})
	if err != nil || over == 0 {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.Collect}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("answers", over)
		return removeOver(ctx, tx)
	})
}

func (s *Service) collector(ctx context.Context, kind tenant.Kind, ws tenant.WorkspaceID) context.Context {
	return tenant.WithActor(ctx, tenant.Actor{Kind: kind, Job: gate.Collector, Workspace: ws})
}
