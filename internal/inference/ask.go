package inference

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"mainstay/internal/fault"
)

const (
	transcriptions = "/v1/audio/transcriptions"
	maxAnswer      = 64 << 20 // half an hour of embeddings is about ten megabytes
	maxHealth      = 64 << 10
	healthTime     = 10 * time.Second
)

// Lacks reports whether an error says that a server does not have what was asked of it.
func Lacks(err error) bool { return errors.Is(err, errLacks) }

// Broke reports whether an error says that a server broke off while it worked: it crashed, was ended, or did not answer in
// time. Nothing is known of the work, which can be asked for again.
func Broke(err error) bool { return errors.Is(err, errBroke) }

var (
	errLacks = errors.New("the engine does not offer this")
	errBroke = errors.New("the engine broke off")
)

// known makes sure that the server runs and returns what it said of itself the first time.
func (e *Engine) known(ctx context.Context) (Health, error) {
	if err := e.ready(ctx); err != nil {
		return Health{}, err
	}
	e.mu.Lock()
	health := e.health
	e.mu.Unlock()
	if health != nil {
		return *health, nil
	}
	return e.ask(ctx)
}

// offers fails with an error that [Lacks] knows where the server has no such model.
func (e *Engine) offers(ctx context.Context, model func(Health) string) error {
	health, err := e.known(ctx)
	switch {
	case err != nil:
		return err
	case !health.Ours:
		return fault.Wrap(fault.Busy, "The speech engine cannot do this. Choose another engine.", errLacks)
	case model(health) == "":
		return fault.New(fault.Busy, "The speech models are missing. Run mainstay models pull.")
	}
	return nil
}

// ask asks for the server's health. A server without such a page is one of another make, which recognizes words alone.
func (e *Engine) ask(ctx context.Context) (Health, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+"/healthz", nil)
	if err != nil {
		return Health{}, fault.Wrap(fault.Busy, "The speech engine's address cannot be used. Check it in the configuration.", errors.New("unreadable address"))
	}
	resp, err := e.send(req)
	if err != nil {
		return Health{}, fault.Wrap(fault.Busy, "The speech engine does not answer. Check that it runs, then try again.", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
		return Health{}, refusal("/healthz", resp.StatusCode)
	}
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		return Health{}, fault.Wrap(fault.Busy, "The speech engine is not ready. It is asked again later.", fmt.Errorf("its health has status %d", resp.StatusCode))
	}
	var said struct {
		Version string             `json:"version"`
		Models  map[string]*string `json:"models"`
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxHealth))
	health := Health{}
	if err == nil && resp.StatusCode == http.StatusOK && json.Unmarshal(b, &said) == nil && said.Models != nil {
		name := func(kind string) string {
			if said.Models[kind] == nil {
				return ""
			}
			return *said.Models[kind]
		}
		health = Health{Version: said.Version, Recognition: name("recognition"), Activity: name("activity"),
			Segmentation: name("segmentation"), Embedding: name("embedding"), Ours: true}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.health = &health
	return health, nil
}

func (e *Engine) send(req *http.Request) (*http.Response, error) {
	if e.token != "" {
		req.Header.Set("Authorization", "Bearer "+e.token.Reveal())
	}
	return e.client.Do(req)
}

// forget makes the next request ask the server anew what it can do.
func (e *Engine) forget() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.health = nil
}

// post sends sound with fields and reads the answer into out. A server that ended itself in between is started and asked
// once more.
func (e *Engine) post(ctx context.Context, path string, pcm []int16, fields []field, out any) error {
	if len(pcm) > MaxSeconds*Rate {
		return errors.New("inference: more than half an hour of sound in one request")
	}
	ctx, cancel := context.WithTimeout(ctx, patience(len(pcm)))
	defer cancel()
	err := e.once(ctx, path, pcm, fields, out)
	if Broke(err) && ctx.Err() == nil && e.left() {
		if err := e.ready(ctx); err != nil {
			return err
		}
		err = e.once(ctx, path, pcm, fields, out)
	}
	return err
}

// patience is how long an answer may take: many times what a slow machine needs, so that only a server that hangs is given up.
func patience(samples int) time.Duration {
	return 5*time.Minute + 4*time.Duration(samples)*time.Second/Rate
}

func (e *Engine) once(ctx context.Context, path string, pcm []int16, fields []field, out any) error {
	req, err := soundRequest(ctx, e.base+path, pcm, fields)
	if err != nil {
		return fmt.Errorf("asking the speech engine: %w", err)
	}
	resp, err := e.send(req)
	if err != nil {
		return e.gone(ctx, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return e.gone(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		e.forget()
		return refusal(path, resp.StatusCode)
	}
	if len(b) > maxAnswer || json.Unmarshal(b, out) != nil {
		return unusable("not the JSON that was asked for")
	}
	return nil
}

// gone is a server that broke off, unless it was the caller who did.
func (e *Engine) gone(ctx context.Context, cause error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	e.forget()
	return fault.Wrap(fault.Internal, "The speech engine stopped while it listened. Nothing is lost: it is started again, and so is this work.",
		errors.Join(errBroke, cause))
}

func unusable(why string) error {
	return fault.Wrap(fault.Internal, "The speech engine gave an answer that cannot be used. Try again, or choose another engine.", errors.New(why))
}

func refusal(path string, status int) error {
	cause := fmt.Errorf("%s answered with status %d", strings.TrimPrefix(path, "/v1/audio/"), status)
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fault.Wrap(fault.Busy, "The speech engine cannot do this. Choose another engine.", errors.Join(errLacks, cause))
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Wrap(fault.Busy, "The speech engine refused the token. Check it in the configuration.", cause)
	case http.StatusServiceUnavailable:
		return fault.Wrap(fault.Busy, "The speech engine is busy, or its models are missing. Run mainstay models pull, or try again later.", cause)
	case http.StatusTooManyRequests:
		return fault.Wrap(fault.Busy, "The speech engine is busy. It is asked again later.", cause)
	case http.StatusRequestEntityTooLarge:
		return fault.Wrap(fault.TooLarge, "The speech engine takes only shorter recordings. Choose another engine.", cause)
	}
	if status >= 500 {
		return fault.Wrap(fault.Internal, "The speech engine failed. Try again, and tell your administrator if it happens twice.", cause)
	}
	return fault.Wrap(fault.Invalid, "The speech engine does not take this request. Choose another language or engine.", cause)
}
