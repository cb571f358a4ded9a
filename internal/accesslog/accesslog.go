// Package accesslog keeps who asked for which address, when, from where, and what was answered: one line a request, refusals
// too, and nothing that anybody sent but the client's address. Lines go after a time that the operator chooses.
//
// A request never waits for its line and never fails with it: lines are held in memory and stored in batches. Where they come
// faster than they can be stored, or the database is away for long, some are dropped and counted.
package accesslog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

const (
	mostHeld = 8192 // lines that wait; about 2 MB
	ofNobody = 1024 // of these for who has no session, so that a flood of strangers pushes no person's line out
	perBatch = 1000
	pause    = 10 * time.Second // between batches, so that a busy server leaves one event for many lines
	sweeps   = time.Hour
	perSweep = 5000
)

// Config is what the log stands on. All fields are required but Strangers.
type Config struct {
	Gate   *gate.Gate
	Source tenant.Source
	Log    *slog.Logger
	Keep   time.Duration // how old a line gets
	// Strangers is how many lines of requests in no workspace are kept, so that a flood does not fill the disk; 1,000,000 if zero.
	Strangers int
}

// Line is one request.
type Line struct {
	At         time.Time
	Request    tenant.RequestID
	Kind       string // of the actor: "nobody", "member", "account"
	Credential string // "session", "key", "token"; empty for nobody
	Member     tenant.MemberID
	Account    tenant.AccountID
	Workspace  tenant.WorkspaceID // zero where the request was in none
	Address    string             // of the client
	Method     string
	Route      string // the pattern, "/meetings/{id}"; empty where there is no such route
	Status     int
	Took       time.Duration
	Bytes      int64
}

// Service takes, stores, shows and removes lines.
type Service struct {
	Config
	mu      sync.Mutex
	held    []Line
	nobodys int // of those that are held
	dropped int64
	storing sync.Mutex // one batch at a time
}

// New returns a log that holds nothing.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Source.Now == nil || cfg.Log == nil || cfg.Keep <= 0 {
		return nil, errors.New("accesslog: Gate, Source, Log and Keep are required")
	}
	if cfg.Strangers == 0 {
		cfg.Strangers = 1_000_000
	}
	return &Service{Config: cfg}, nil
}

// Take holds a line until it is stored. It never waits; where too many wait already, the line is dropped.
func (s *Service) Take(l Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) >= mostHeld || l.Workspace.IsZero() && s.nobodys >= ofNobody {
		s.dropped++
		return
	}
	if l.Workspace.IsZero() {
		s.nobodys++
	}
	s.held = append(s.held, l)
}

// Dropped returns how many lines were never stored.
func (s *Service) Dropped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// own is the narrow actor that keeps the log.
func own(ctx context.Context) context.Context {
	return tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.AccessLogger})
}

// Flush stores what waits. What cannot be stored goes on waiting.
func (s *Service) Flush(ctx context.Context) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	for {
		s.mu.Lock()
		batch := append([]Line(nil), s.held[:min(len(s.held), perBatch)]...)
		s.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		err := s.Gate.Instance(own(ctx), gate.KeepAccess, func(ctx context.Context, tx *gate.InstanceTx) error {
			tx.Note("lines", len(batch))
			return insert(ctx, tx, batch)
		})
		if err != nil {
			return fmt.Errorf("storing %d lines of the access log: %w", len(batch), err)
		}
		s.mu.Lock()
		s.held = append(s.held[:0], s.held[len(batch):]...)
		for _, l := range batch {
			if l.Workspace.IsZero() {
				s.nobodys--
			}
		}
		s.mu.Unlock()
	}
}

// Sweep removes the lines that are older than Keep, and those of strangers that are too many. It returns how many those were.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	before, all := s.Source.Now().Add(-s.Keep), int64(0)
	for {
		removed := int64(0)
		due := false
		err := s.Gate.Look(own(ctx), gate.KeepAccess, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
			due, err = anyDue(ctx, tx, before, s.Strangers)
			return err
		})
		if err != nil || !due {
			return all, err
		}
		err = s.Gate.Instance(own(ctx), gate.KeepAccess, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
			removed, err = remove(ctx, tx, before, s.Strangers, perSweep)
			tx.Note("removed", removed)
			return err
		})
		if all += removed; err != nil || removed == 0 {
			return all, err
		}
	}
}

// Run stores and removes until ctx ends. Failures are logged, and tried again. What waits at the end is the caller's to Flush,
// once no request runs any more.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	var swept time.Time
	told := int64(0)
	for {
		if now := s.Source.Now(); now.Sub(swept) >= sweeps {
			swept = now
			if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Log.Error("removing old lines of the access log", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := s.Flush(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("the access log waits", "error", err)
		}
		if n := s.Dropped(); n > told {
			s.Log.Warn("lines of the access log were dropped", "lines", n-told)
			told = n
		}
	}
}

// Filter says which lines are wanted. The zero value wants all.
type Filter struct {
	Member tenant.MemberID
	Status Status
	Before tenant.RequestID // lines older than this one's
	Limit  int              // 50 if zero, at most 200
}

// Status is what became of a request.
type Status string

// The answers that can be asked for. Any is all of them.
const (
	Any      Status = ""
	Answered Status = "answered" // below 400
	Refused  Status = "refused"  // 400 to 499
	Failed   Status = "failed"   // 500 and above
)

func (s Status) bounds() (low, high int) {
	switch s {
	case Answered:
		return 0, 399
	case Refused:
		return 400, 499
	case Failed:
		return 500, 599
	}
	return 0, 999
}

// Page is a part of the log, the newest first.
type Page struct {
	Lines   []Line
	Older   bool              // there are more
	Members []tenant.MemberID // who is in the workspace's log
}

// Newest returns lines of the actor's workspace. It needs [gate.ReadAccess], and leaves its event. What this node still holds is
// stored first.
func (s *Service) Newest(ctx context.Context, f Filter) (Page, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Page{}, err
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.ReadAccess}, func(_ context.Context, tx *gate.Tx) error {
		tx.Note("member", f.Member)
		tx.Note("status", f.Status)
		return nil
	})
	if err != nil {
		return Page{}, err
	}
	if err := s.Flush(ctx); err != nil {
		s.Log.Error("the access log waits", "error", err) // and is shown as far as it is stored
	}
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	var p Page
	err = s.Gate.Look(own(ctx), gate.KeepAccess, func(ctx context.Context, tx *gate.InstanceTx) error {
		if p.Lines, err = newest(ctx, tx, actor.Workspace, f); err != nil {
			return err
		}
		if len(p.Lines) > f.Limit {
			p.Lines, p.Older = p.Lines[:f.Limit], true
		}
		p.Members, err = members(ctx, tx, actor.Workspace)
		return err
	})
	return p, err
}
