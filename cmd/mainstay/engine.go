package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/health"
	"mainstay/internal/inference"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
	"mainstay/internal/speech/recognition"
)

// sandboxChild is the hidden subcommand that locks itself up where bubblewrap cannot start, and becomes a decoder.
const sandboxChild = "sandbox-child"

// outside names the configured engine where it is not our own program.
const outside = "outside"

// engine is what listens to recordings, and says what it can do.
type engine interface {
	recognition.Engine
	health.Engine
}

// openEngine prepares the decoder and the speech engine. Nothing is started: a missing engine shows when there is work for it.
func (p *Program) openEngine() error {
	box, err := newSandbox()
	if err != nil {
		p.Log.Warn("recordings cannot be opened here", "error", err)
		box = sandbox.Without(err)
	}
	p.box, p.media = box, media.NewDecoder(box)
	model := p.Config.Model
	if p.Config.Engine != "" {
		model = "whisper-base" // ours adds what the other lacks
	}
	local, err := p.openLocal(box, model)
	if err != nil {
		return err
	}
	p.engines = engines{usual: model, engine: local, model: model, local: local, models: p.Config.Models}
	if p.Config.Engine == "" {
		return nil
	}
	address, err := url.Parse(p.Config.Engine)
	if err != nil || address.Host == "" || address.Scheme != "https" && !loopbackURL(p.Config.Engine) {
		return errors.New("engine is not an https:// address, and not on this machine")
	}
	remote := inference.RemoteConfig{URL: p.Config.Engine, Token: p.Config.Token, Client: &http.Client{}}
	if p.Config.origin["model"] != "default" {
		remote.Model = p.Config.Model
	}
	p.engines.usual, p.engines.model = outside, remote.Model
	p.engines.engine = inference.Pair{Words: inference.Remote(remote), Voices: local}
	return nil
}

func newSandbox() (*sandbox.Sandbox, error) {
	return sandbox.New(sandbox.Config{Child: []string{"/proc/self/exe", sandboxChild}})
}

// openLocal prepares our own program.
func (p *Program) openLocal(box *sandbox.Sandbox, model string) (*inference.Local, error) {
	sockets := filepath.Join(p.Config.Data, "engine")
	if len(sockets) > 80 { // a socket's path has at most 107 bytes
		made, err := os.MkdirTemp("", "mainstay-engine-")
		if err != nil {
			return nil, fmt.Errorf("making the engine's folder: %w", err)
		}
		sockets = made
		p.onClose(func() { _ = os.RemoveAll(made) })
	}
	local := inference.NewLocal(inference.LocalConfig{Sandbox: box, Python: p.Config.Python, Program: p.Config.Program, Models: p.Config.Models,
		Model: model, Sockets: sockets})
	p.onClose(local.Close)
	return local, nil
}

func loopbackURL(url string) bool {
	for _, prefix := range []string{"http://127.0.0.1:", "http://localhost:", "http://[::1]:"} {
		if strings.HasPrefix(url, prefix) {
			return true
		}
	}
	return false
}

// engines are what recordings can be transcribed with: the configured one, and our own program with each model that is here.
// It puts everything around them that the speech service wants of a recognizer.
type engines struct {
	usual  string // the configured one's name
	engine engine
	model  string // what transcripts call its model
	local  *inference.Local
	models string // folder of our own program's
}

// Engines implements speech.Recognizer.
func (e engines) Engines() []string {
	names := []string{e.usual}
	found, err := filepath.Glob(filepath.Join(e.models, "*", "model.bin"))
	if err != nil {
		return names
	}
	for _, path := range found {
		if name := filepath.Base(filepath.Dir(path)); name != e.usual {
			names = append(names, name)
		}
	}
	return names
}

// Recognize implements speech.Recognizer.
func (e engines) Recognize(ctx context.Context, sound capture.Sound, hints speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	engine, model := e.engine, e.model
	if hints.Engine != "" && hints.Engine != e.usual {
		if !slices.Contains(e.Engines(), hints.Engine) {
			return document.Transcript{}, fault.New(fault.Busy, "The speech engine that was chosen is not here any more. Run mainstay models pull, or choose another.")
		}
		engine, model = e.local.Named(hints.Engine), hints.Engine
	}
	heard, _, err := recognition.Recognize(ctx, engine, sound, recognition.Options{Language: hints.Language, Allowed: hints.Allowed,
		Glossary: slices.Concat(hints.Glossary, hints.Names), Speakers: hints.Speakers, Channels: sound.Channels(), Model: model,
		Expected: sound.Expected, Progress: progress})
	return heard, err
}

// checks are what this deployment stands on, in the order in which the checks page shows them.
func (p *Program) checks() []health.Check {
	models := []string{p.Config.Model, "voice"}
	if p.Config.Engine != "" {
		models = models[1:]
	}
	return []health.Check{
		health.Database(p.Gate.Pools, p.Config.Database == ""),
		health.RootKey(p.Config.RootKey),
		health.Disk(p.Config.Data),
		health.Clock(p.Gate.Pools, p.source.Now),
		health.Sandbox(p.box, newSandbox),
		health.Decoder(p.media),
		health.Models(p.Config.Models, models...),
		health.Speech(p.engines.engine),
		health.TLS(p.Config.TLSCert, p.source.Now),
		health.Mail(),
	}
}
