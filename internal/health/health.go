// Package health tries what a deployment stands on: it starts something in the sandbox, writes to the database and the disk,
// decodes a recording, asks the speech engine. Nothing is looked up that can be tried. Each result says what was found and,
// where something is wrong, the one thing that mends it.
package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// State says how a try ended. The zero value is a try that has not ended.
type State uint8

// The states.
const (
	Waiting State = iota
	Works
	Warns // works, with something to know
	Broken
)

var stateNames = [...]string{"waiting", "works", "warns", "broken"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return stateNames[Waiting]
}

// Outcome is what one try found. Word is the state in one word where its own does not say enough ("Off").
type Outcome struct {
	State State
	Found string
	Fix   string // a sentence, empty where nothing needs mending
	Word  string
}

// Check is one thing that can be tried.
type Check struct {
	Name string
	Try  func(ctx context.Context) Outcome
	Keep time.Duration // how long a good outcome stands; zero: 10 s
}

// Result is the last outcome of a check, Waiting before the first.
type Result struct {
	Name string
	Outcome
}

// Config is what the service stands on.
type Config struct {
	Gate   *gate.Gate
	Source tenant.Source
	Log    *slog.Logger
	Checks []Check // in the order in which they are shown
	Parts  Parts
}

// Service tries the checks when somebody looks.
type Service struct {
	Config
	asked chan struct{}

	mu    sync.Mutex
	tries []try
}

type try struct {
	outcome Outcome
	ended   time.Time // zero while it goes on, and before the first
	running bool
}

// The paces of the checks.
const (
	longest  = 45 * time.Second // one try
	kept     = 10 * time.Second // a good outcome
	keptBad  = 3 * time.Second  // a bad one: somebody is mending it
	crowding = 3                // tries at once
)

// New returns the service. Nothing is tried before Run and a first look.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Source.Now == nil || cfg.Log == nil {
		return nil, errors.New("health: Gate, Source and Log are required")
	}
	return &Service{Config: cfg, asked: make(chan struct{}, 1), tries: make([]try, len(cfg.Checks))}, nil
}

// Open returns the last results and has those tried again that are old. To look is an act of who administrates.
func (s *Service) Open(ctx context.Context) ([]Result, error) {
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.CheckDeployment}, func(context.Context, *gate.Tx) error { return nil })
	return s.results(err)
}

// Again is Open for a page that is open already: it leaves no event.
func (s *Service) Again(ctx context.Context) ([]Result, error) {
	err := s.Gate.View(ctx, gate.Act{Verb: gate.CheckDeployment}, func(context.Context, *gate.Tx) error { return nil })
	return s.results(err)
}

func (s *Service) results(refusal error) ([]Result, error) {
	if refusal != nil {
		return nil, refusal
	}
	select {
	case s.asked <- struct{}{}:
	default: // asked already
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Result, len(s.Checks))
	for i, c := range s.Checks {
		out[i] = Result{c.Name, s.tries[i].outcome}
	}
	return out, nil
}

// Run tries what was asked for until ctx ends, and returns when the last try has ended.
func (s *Service) Run(ctx context.Context) error {
	var going sync.WaitGroup
	defer going.Wait()
	slots := make(chan struct{}, crowding)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.asked:
		}
		for _, i := range s.due() {
			going.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				s.try(ctx, i)
			})
		}
	}
}

// due marks the checks whose outcome is too old as running and returns their numbers.
func (s *Service) due() []int {
	now := s.Source.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []int
	for i := range s.tries {
		t := &s.tries[i]
		if t.running || !t.ended.IsZero() && now.Sub(t.ended) < s.keep(i) {
			continue
		}
		t.running = true
		out = append(out, i)
	}
	return out
}

func (s *Service) keep(i int) time.Duration {
	switch {
	case s.tries[i].outcome.State == Broken:
		return keptBad
	case s.Checks[i].Keep > 0:
		return s.Checks[i].Keep
	}
	return kept
}

func (s *Service) try(ctx context.Context, i int) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	outcome := guarded(ctx, s.Checks[i].Try)
	if outcome.State == Broken && ctx.Err() == nil {
		s.Log.Warn("a check failed", "check", s.Checks[i].Name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tries[i] = try{outcome: outcome, ended: s.Source.Now()}
}

// guarded turns a panic of a check into an outcome: a deployment that is broken in a way nobody foresaw must still be shown.
func guarded(ctx context.Context, f func(context.Context) Outcome) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = broken("The check itself failed", fmt.Errorf("panic: %v", p))
		}
	}()
	return f(ctx)
}

// broken is the outcome of a try that failed: the error's own sentence is what to do.
func broken(found string, err error) Outcome {
	return Outcome{State: Broken, Found: found, Fix: fault.Sentence(err)}
}
