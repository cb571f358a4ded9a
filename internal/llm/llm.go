// Package llm asks a language model for JSON of a given shape. One [Service.Complete] serves every provider: Anthropic's
// Messages API, any API in the shape of OpenAI's chat completions (Azure deployments included), and Gemini. A model is off
// until an owner of the workspace turned one on; every call goes through the egress ledger.
package llm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Setting is the model that a workspace chose, with what its owner declared about the provider's terms.
type Setting struct {
	Enabled       bool
	Provider      string // "anthropic", "openai" or "gemini": the shape of the API
	URL           string // base address; for Azure the deployment's, with its api-version
	Model         string
	Key           tenant.Secret
	Own           bool   // the operator's own server: private addresses are allowed
	Region        string // where the provider computes
	Training      string // "no": the terms rule out training on what is sent; anything else is refused
	RetentionDays int
	MonthlyTokens int64
	Version       int
}

// Request is one question.
type Request struct {
	Object  [16]byte // the transcript whose text is in it
	Purpose string
	Fields  []string // what kinds of content it holds, for the ledger
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
type Service struct{ Config }

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Egress == nil {
		return nil, errors.New("llm: Gate and Egress are required")
	}
	return &Service{cfg}, nil
}

// Setting returns the workspace's choice. It is part of the step or page that asks. Without one Enabled is false.
func (s *Service) Setting(ctx context.Context) (Setting, error) {
	var set Setting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadModel}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = load(ctx, tx)
		return err
	})
	return set, err
}

// Change stores the owner's choice. An empty key keeps the one before. It fails with fault.Conflict unless version is the
// one that was read.
func (s *Service) Change(ctx context.Context, set Setting) error {
	if err := set.check(); err != nil {
		return err
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeModel}, func(ctx context.Context, tx *gate.Tx) error {
		before, err := load(ctx, tx)
		if err != nil {
			return err
		}
		if before.Version != set.Version {
			return fault.New(fault.Conflict, "Somebody else changed these settings meanwhile. Reload the page and try again.")
		}
		if set.Key == "" {
			set.Key = before.Key
		}
		if set.Enabled && set.Key == "" && !set.Own {
			return fault.New(fault.Invalid, "Enter the provider's key.")
		}
		set.Version++
		tx.Note("provider", set.Provider)
		tx.Note("enabled", set.Enabled)
		tx.Note("region", set.Region)
		return save(ctx, tx, set)
	})
}

func (set Setting) check() error {
	if !slices.Contains([]string{"anthropic", "openai", "gemini"}, set.Provider) {
		return fault.New(fault.Invalid, "Choose the kind of provider: Anthropic, OpenAI-compatible or Gemini.")
	}
	if _, err := set.base(); err != nil {
		return err
	}
	switch {
	case strings.TrimSpace(set.Model) == "" || len(set.Model) > 200:
		return fault.New(fault.Invalid, "Enter the model's name as the provider writes it.")
	case set.Region == "" || len(set.Region) > 60:
		return fault.New(fault.Invalid, "Say in which region the provider computes.")
	case set.Training != "no":
		return fault.New(fault.Invalid, "A provider whose terms on training are unknown, or allow it, cannot be used. Check its terms and choose again.")
	case set.RetentionDays < 0 || set.RetentionDays > 3650:
		return fault.New(fault.Invalid, "Say how many days the provider keeps what it is sent, from 0 to 3650.")
	case set.MonthlyTokens < 1:
		return fault.New(fault.Invalid, "Set a monthly budget of at least one token.")
	}
	return nil
}

func (set Setting) base() (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(set.URL))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "Enter the provider's address, beginning with https://.", errors.New("unreadable address"))
	}
	return u, egress.Allowed(u, set.Own)
}

// Complete asks the workspace's model and returns JSON that fits the schema. An answer that does not fit is sent back once
// with what is wrong. It fails with fault.Denied where no model is on, with fault.Busy where the model did not do as asked.
func (s *Service) Complete(ctx context.Context, r Request) (json.RawMessage, Setting, error) {
	set, err := s.Setting(ctx)
	if err != nil {
		return nil, set, err
	}
	if !set.Enabled {
		return nil, set, fault.New(fault.Denied, "No model is turned on.")
	}
	answer, wrong, err := s.ask(ctx, set, r)
	if err != nil || wrong == nil {
		return answer, set, err
	}
	again := r
	again.User = r.User + "\n\nYour last answer could not be used: " + wrong.Error() + ". Answer again with JSON of the given shape only."
	answer, wrong, err = s.ask(ctx, set, again)
	if err == nil && wrong != nil {
		err = fault.Wrap(fault.Busy, "The model's answer could not be read, twice.", wrong)
	}
	return answer, set, err
}

// ask is one call. Wrong says what is wrong with an answer that came, in words that hold nothing of it.
func (s *Service) ask(ctx context.Context, set Setting, r Request) (answer json.RawMessage, wrong, err error) {
	base, err := set.base()
	if err != nil {
		return nil, nil, err
	}
	shape := shapes()[set.Provider]
	call, err := shape.request(set, base, r)
	if err != nil {
		return nil, nil, fmt.Errorf("writing a request: %w", err)
	}
	call.Object, call.Purpose, call.Fields = r.Object, r.Purpose, r.Fields
	call.Provider, call.Model, call.Region, call.Own, call.Budget = set.Provider, set.Model, set.Region, set.Own, set.MonthlyTokens
	got, err := s.Egress.Send(ctx, call, shape.usage)
	if err != nil {
		return nil, nil, err
	}
	text, wrong := shape.answer(got.Body)
	if wrong != nil {
		return nil, wrong, nil
	}
	if wrong := r.Schema.Check(text); wrong != nil {
		return nil, wrong, nil
	}
	return text, nil, nil
}
