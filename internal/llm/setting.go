package llm

import (
	"context"
	"errors"
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
	Key           tenant.Secret // for [Service.Change]; what is read never holds it
	HasKey        bool          // a key is stored
	Own           bool          // the operator's own server: private addresses are allowed
	Region        string        // where the provider computes
	Terms         string        // address of the provider's terms; one's own server has none
	Training      string        // "no": the terms rule out training on what is sent; anything else is refused
	RetentionDays *int          // how long the provider keeps what it is sent; nil: unknown, which is refused
	MonthlyTokens int64
	Version       int
}

// Providers lists the kinds of API that are spoken.
func Providers() []string { return []string{"anthropic", "openai", "gemini"} }

// Setting returns the workspace's choice, without its key. It is part of the step or page that asks. Where no choice was made
// Enabled is false.
func (s *Service) Setting(ctx context.Context) (Setting, error) {
	var set Setting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadModel}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = load(ctx, tx)
		return err
	})
	return set.shown(), err
}

// shown is a setting as it may leave the package.
func (set Setting) shown() Setting {
	set.Key = ""
	return set
}

// chosen returns the choice with its key, where a model is on.
func (s *Service) chosen(ctx context.Context, verb gate.Verb) (Setting, error) {
	var set Setting
	err := s.Gate.View(ctx, gate.Act{Verb: verb}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = load(ctx, tx)
		return err
	})
	if err == nil && !set.Enabled {
		err = fault.New(fault.Denied, "No model is turned on.")
	}
	return set, err
}

// Change stores the owner's choice. It fails with fault.Invalid where the terms are unknown or allow training, and with
// fault.Conflict unless version is the one that was read. An empty key keeps the one before, unless it would go to another
// provider or host than the one that it was entered for.
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
		if set.Key == "" && set.sameHost(before) {
			set.Key = before.Key
		}
		if set.Enabled && set.Key == "" && !set.Own {
			return fault.New(fault.Invalid, "Enter the provider's key.")
		}
		set.Version++
		for name, value := range map[string]any{"provider": set.Provider, "model": set.Model, "enabled": set.Enabled, "region": set.Region,
			"training": set.Training, "retention_days": *set.RetentionDays, "terms": set.Terms, "monthly_tokens": set.MonthlyTokens} {
			tx.Note(name, value)
		}
		return save(ctx, tx, set)
	})
}

func (set Setting) sameHost(before Setting) bool {
	now, err := set.base()
	if err != nil || set.Provider != before.Provider {
		return false
	}
	then, err := before.base()
	return err == nil && strings.EqualFold(now.Host, then.Host) && now.Scheme == then.Scheme
}

func (set Setting) check() error {
	if !slices.Contains(Providers(), set.Provider) {
		return fault.New(fault.Invalid, "Choose the kind of provider: Anthropic, OpenAI-compatible or Gemini.")
	}
	if _, err := set.base(); err != nil {
		return err
	}
	switch {
	case !named(set.Model, set.Provider):
		return fault.New(fault.Invalid, "Enter the model's name as the provider writes it.")
	case len(set.Key) > 1000 || strings.ContainsFunc(set.Key.Reveal(), unprintable):
		return fault.New(fault.Invalid, "Enter the key as the provider gave it, without spaces.")
	case strings.TrimSpace(set.Region) == "" || len(set.Region) > 60:
		return fault.New(fault.Invalid, "Say in which region the provider computes.")
	case set.Training != "no":
		return fault.New(fault.Invalid, "A provider whose terms on training are unknown, or allow it, cannot be used. Check its terms and choose again.")
	case set.RetentionDays == nil || *set.RetentionDays < 0 || *set.RetentionDays > 3650:
		return fault.New(fault.Invalid, "Say how many days the provider keeps what it is sent, from 0 to 3650. If its terms do not tell, it cannot be used.")
	case !link(set.Terms), set.Enabled && !set.Own && set.Terms == "":
		return fault.New(fault.Invalid, "Enter the address of the provider's terms, beginning with https://.")
	case set.MonthlyTokens < 1:
		return fault.New(fault.Invalid, "Set a monthly budget of at least one token.")
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r > '~' }

// named reports whether a text can be a model's name. Gemini puts it into a path.
func named(model, provider string) bool {
	if provider == "gemini" {
		model = strings.TrimPrefix(model, "models/")
	}
	allowed := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@/+ "
	if provider == "gemini" {
		allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	}
	return strings.TrimSpace(model) == model && model != "" && len(model) <= 200 && strings.Trim(model, allowed) == "" && strings.Trim(model, ".") != ""
}

// link reports whether a text is empty or an https address.
func link(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && len(text) <= 500
}

func (set Setting) base() (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(set.URL))
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "Enter the provider's address, beginning with https://.", errors.New("unreadable address"))
	}
	return u, egress.Allowed(u, set.Own)
}
