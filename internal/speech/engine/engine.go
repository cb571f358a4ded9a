// Package engine holds what recordings can be transcribed with: our own program with each model that is here, and another
// server where the operator configured one. What another server lacks, ours adds. What is sent to another machine stands in
// the egress ledger before it leaves; what a meeting's people want nobody else to hear stays here.
package engine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/inference"
	"mainstay/internal/speech"
	"mainstay/internal/speech/recognition"
	"mainstay/internal/tenant"
)

// Outside names the configured server among the engines.
const Outside = "outside"

// Config says what there is.
type Config struct {
	Local  *inference.Local // our own program
	Model  string           // the model that it uses unless another is named
	Models string           // the folder of its models
	Server *Server          // nil: our own program is the usual engine
}

// Server is an engine that is not our own program: ours on another machine, or any with OpenAI's request.
type Server struct {
	URL    string // https://, or http:// on this machine
	Token  tenant.Secret
	Model  string         // what it calls its model; empty: whisper-1
	CA     *x509.CertPool // who vouches for it; nil: the system's authorities
	Region string         // where it is, in the operator's words
	Egress *egress.Service
}

// Set is the engines of a deployment. It is a speech.Recognizer, safe for concurrent use.
type Set struct {
	cfg    Config
	usual  recognition.Engine
	health interface {
		Health(ctx context.Context) (inference.Health, error)
	}
	endpoint *url.URL // of the server, nil where nothing leaves this machine
}

// New returns the engines. Nothing is started or asked yet.
func New(cfg Config) (*Set, error) {
	if cfg.Local == nil {
		return nil, errors.New("engine: Local is required")
	}
	s := &Set{cfg: cfg, usual: cfg.Local, health: cfg.Local}
	if cfg.Server == nil {
		return s, nil
	}
	endpoint, err := url.Parse(cfg.Server.URL)
	here := strings.HasPrefix(cfg.Server.URL, "http://") && err == nil && slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, endpoint.Hostname())
	if err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && !here {
		return nil, errors.New("the engine's address does not begin with https://, and it is not on this machine")
	}
	if !here {
		if cfg.Server.Egress == nil {
			return nil, errors.New("engine: Egress is required")
		}
		s.endpoint = endpoint
	}
	pair := inference.Pair{Words: s.remote(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: cfg.Server.CA, MinVersion: tls.VersionTLS12}}), Voices: cfg.Local}
	s.usual, s.health = pair, pair
	return s, nil
}

// remote is the server as it is reached by a transport. A token and sound are for one address: no redirect is followed.
func (s *Set) remote(transport http.RoundTripper) *inference.Engine {
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return inference.Remote(inference.RemoteConfig{URL: s.cfg.Server.URL, Token: s.cfg.Server.Token, Model: s.cfg.Server.Model, Client: client})
}

// Health asks the usual engine what it can do.
func (s *Set) Health(ctx context.Context) (inference.Health, error) { return s.health.Health(ctx) }

// Engines implements speech.Recognizer.
func (s *Set) Engines() []string {
	names := []string{s.cfg.Model}
	if s.cfg.Server != nil {
		names[0] = Outside
	}
	found, err := filepath.Glob(filepath.Join(s.cfg.Models, "*", "model.bin"))
	if err != nil {
		return names
	}
	for _, path := range found {
		if name := filepath.Base(filepath.Dir(path)); name != names[0] {
			names = append(names, name)
		}
	}
	return names
}

// Recognize implements speech.Recognizer.
func (s *Set) Recognize(ctx context.Context, sound capture.Sound, hints speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	engine, model, err := s.choose(ctx, hints)
	if err != nil {
		return document.Transcript{}, err
	}
	heard, _, err := recognition.Recognize(ctx, engine, sound, recognition.Options{Language: hints.Language, Allowed: hints.Allowed,
		Glossary: slices.Concat(hints.Glossary, hints.Names), Speakers: hints.Speakers, Channels: sound.Channels(), Model: model,
		Expected: sound.Expected, Progress: progress})
	return heard, err
}

// choose returns the engine for a recording and what transcripts call its model. A meeting that must never be sent to a model
// of others is heard by our own program, here or on the machine that was configured.
func (s *Set) choose(ctx context.Context, hints speech.Hints) (recognition.Engine, string, error) {
	names := s.Engines()
	switch {
	case hints.Engine != "" && !slices.Contains(names, hints.Engine):
		return nil, "", fault.New(fault.Busy, "The speech engine that was chosen is not here any more. Run mainstay models pull, or choose another.")
	case hints.Engine != "" && hints.Engine != names[0]:
		return s.cfg.Local.Named(hints.Engine), hints.Engine, nil
	case s.cfg.Server == nil:
		return s.usual, s.cfg.Model, nil
	case s.endpoint == nil:
		return s.usual, s.model(), nil
	}
	if hints.Private {
		said, err := s.health.Health(ctx)
		if err != nil {
			return nil, "", err
		}
		if !said.Ours {
			return s.cfg.Local, s.cfg.Model, nil
		}
	}
	transport, err := s.cfg.Server.Egress.Carry(egress.Call{Verb: gate.DiscloseSound, Object: hints.Recording, Purpose: "speech", Provider: "engine",
		Model: s.model(), Region: s.cfg.Server.Region, Fields: []string{"recording.sound", "meeting.glossary", "attendees.name"},
		Endpoint: s.endpoint, Own: true}, s.cfg.Server.CA)
	if err != nil {
		return nil, "", err
	}
	return inference.Pair{Words: s.remote(transport), Voices: s.cfg.Local}, s.model(), nil
}

func (s *Set) model() string {
	if s.cfg.Server.Model == "" {
		return "whisper-1"
	}
	return s.cfg.Server.Model
}
