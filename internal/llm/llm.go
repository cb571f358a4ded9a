// Package llm asks a language model for JSON of a given shape. One [Service.Complete] serves every provider: Anthropic's
// Messages API, any API in the shape of OpenAI's chat completions (Azure deployments and local servers included), and Gemini,
// each called directly and without a gateway in between. A model is off until an owner of the workspace turned one on; every
// call goes through the egress ledger. Answers are untrusted: they are read strictly, and what they say is for the caller to
// check.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Request is one question.
type Request struct {
	Object  [16]byte // the transcript whose text is in it
	Purpose string
	Fields  []string // what kinds of content it holds, for the ledger
	Permit  func(ctx context.Context, tx *gate.Tx) error
	System  string
	User    string
	Schema  Schema
	Tokens  int // of the answer, at most
}

// Config is what the service stands on.
type Config struct {
	Gate   *gate.Gate
	Egress *egress.Service
}

// Service keeps each workspace's choice and asks.
type Service struct {
	Config
	mu    sync.Mutex
	forms map[tenant.WorkspaceID]spoken
}

// spoken remembers in which form a workspace's model answered, so that not every question is asked twice.
type spoken struct{ version, form int }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Egress == nil {
		return nil, errors.New("llm: Gate and Egress are required")
	}
	return &Service{Config: cfg, forms: map[tenant.WorkspaceID]spoken{}}, nil
}

// Complete asks the workspace's model and returns JSON that fits the schema. An answer that does not fit is sent back once
// with what is wrong. It fails with fault.Denied where no model is on, the budget does not suffice or Permit refuses, and with
// fault.Busy where the model did not do as asked. Permit is asked in the act that enters each call in the ledger.
func (s *Service) Complete(ctx context.Context, r Request) (json.RawMessage, Setting, error) {
	set, err := s.chosen(ctx, gate.ReadModel)
	if err != nil {
		return nil, set.shown(), err
	}
	answer, err := s.complete(ctx, gate.Disclose, set, r)
	return answer, set.shown(), err
}

func (s *Service) complete(ctx context.Context, verb gate.Verb, set Setting, r Request) (json.RawMessage, error) {
	answer, wrong, err := s.ask(ctx, verb, set, r)
	if err != nil || wrong == nil {
		return answer, err
	}
	if errors.Is(wrong, errDeclined) {
		return nil, fault.Wrap(fault.Busy, "The model declined to answer.", wrong)
	}
	again := r
	again.User = r.User + "\n\nYour last answer could not be used: " + wrong.Error() + ". Answer again with JSON of the given shape only."
	answer, wrong, err = s.ask(ctx, verb, set, again)
	if err == nil && wrong != nil {
		return nil, fault.Wrap(fault.Busy, "The model's answer could not be read, twice.", wrong)
	}
	return answer, err
}

// ask puts a question in the first form that the server takes: one that refuses a form (400, 422) is asked in the next.
// Wrong says what is wrong with an answer that came, in words that hold nothing of it.
func (s *Service) ask(ctx context.Context, verb gate.Verb, set Setting, r Request) (answer json.RawMessage, wrong, err error) {
	base, err := set.base()
	if err != nil {
		return nil, nil, err
	}
	shape := shapes()[set.Provider]
	form := s.form(ctx, set)
	for ; ; form++ {
		call, err := shape.forms[form](set, base, r)
		if err != nil {
			return nil, nil, fmt.Errorf("writing a request: %w", err)
		}
		call.Verb, call.Object, call.Purpose, call.Fields, call.Permit = verb, r.Object, r.Purpose, r.Fields, s.permit(set, r)
		call.Provider, call.Model, call.Region, call.Own, call.Budget = set.Provider, set.Model, set.Region, set.Own, set.MonthlyTokens
		call.Reserve = int64(len(call.Body)/bytesAToken + r.Tokens)
		got, err := s.Egress.Send(ctx, call, shape.usage)
		if refusesForm(got.Status) && form+1 < len(shape.forms) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		s.speak(ctx, set, form)
		text, wrong := shape.answer(got.Body)
		if wrong == nil {
			wrong = r.Schema.Check(text)
		}
		return text, wrong, nil
	}
}

// bytesAToken is about how few bytes of a question make a token. Budgets count by it until the provider says the number.
const bytesAToken = 3

func refusesForm(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnprocessableEntity
}

// permit refuses a call where the owner changed the settings, or switched the model off, since the question began.
func (s *Service) permit(set Setting, r Request) func(context.Context, *gate.Tx) error {
	return func(ctx context.Context, tx *gate.Tx) error {
		now, err := load(ctx, tx)
		if err != nil {
			return err
		}
		if !now.Enabled || now.Version != set.Version {
			return fault.New(fault.Denied, "The model's settings changed meanwhile. Nothing was sent.")
		}
		if r.Permit == nil {
			return nil
		}
		return r.Permit(ctx, tx)
	}
}

func (s *Service) form(ctx context.Context, set Setting) int {
	actor, _ := tenant.ActorOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.forms[actor.Workspace]; f.version == set.Version {
		return f.form
	}
	return 0
}

func (s *Service) speak(ctx context.Context, set Setting, form int) {
	actor, _ := tenant.ActorOf(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forms[actor.Workspace] = spoken{version: set.Version, form: form}
}

// Trial is what came of a test.
type Trial struct {
	Sentence string // what to tell the owner
	AsAsked  bool   // the model gave the answer that was asked for, not just one of the right form
	Took     time.Duration
}

// The test's one sentence is invented by us. It is all that a test sends.
const (
	testSentence = "The invented bridge over the invented river was painted green on a Tuesday."
	testAnswer   = "green"
)

// Test sends one invented sentence to the model that is on and says how long the answer took. It goes through the ledger like
// any call. It fails with fault.Denied for everybody but an owner, and as [Service.Complete] does.
func (s *Service) Test(ctx context.Context) (Trial, error) {
	set, err := s.chosen(ctx, gate.TestModel)
	if err != nil {
		return Trial{}, err
	}
	began := s.Egress.Source.Now()
	answer, err := s.complete(ctx, gate.TestModel, set, Request{Purpose: "test", System: "You answer questions about a sentence.",
		User:   "Which colour does this sentence name? Give the one word in lower case.\n\n" + testSentence,
		Schema: Schema{Type: "object", Fields: []Field{{Name: "colour", Schema: Schema{Type: "string"}}}}, Tokens: 1000})
	trial := Trial{Took: s.Egress.Source.Now().Sub(began)}
	if err != nil {
		return trial, err
	}
	var got struct {
		Colour string `json:"colour"`
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return trial, fmt.Errorf("reading an answer that was checked: %w", err)
	}
	trial.AsAsked = got.Colour == testAnswer
	trial.Sentence = fmt.Sprintf("The model answered as asked, in %.1f s.", trial.Took.Seconds())
	if !trial.AsAsked {
		trial.Sentence = fmt.Sprintf("The model answered in the agreed form after %.1f s, but not what was asked. Minutes of its making will lose lines.", trial.Took.Seconds())
	}
	return trial, nil
}
