package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"mainstay/internal/capture/media"
	"mainstay/internal/health"
	"mainstay/internal/inference"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech/engine"
	"mainstay/internal/vault/objectstore"
)

// sandboxChild is the hidden subcommand that locks itself up where bubblewrap cannot start, and becomes a decoder.
const sandboxChild = "sandbox-child"

// openEngine prepares the decoder and the speech engine, after the ledger of what leaves. Nothing is started: a missing engine shows when there is work for it.
func (p *Program) openEngine() error {
	box, err := newSandbox()
	if err != nil {
		p.Log.Warn("recordings cannot be opened here", "error", err)
		box = sandbox.Without(err)
	}
	p.box, p.media = box, media.NewDecoder(box)
	server, err := p.server()
	if err != nil {
		return err
	}
	model := p.Config.Model
	if p.Config.Engine != "" {
		model = "whisper-base" // ours adds what the other lacks
	}
	local, err := p.openLocal(box, model)
	if err != nil {
		return err
	}
	p.engines, err = engine.New(engine.Config{Local: local, Model: model, Models: p.Config.Models, Server: server})
	return err
}

// server says how the configured engine is reached, nil where our own program is the engine.
func (p *Program) server() (*engine.Server, error) {
	if p.Config.Engine == "" {
		return nil, nil //nolint:nilnil // no server is what most have
	}
	s := &engine.Server{URL: p.Config.Engine, Token: p.Config.Token, Region: p.Config.EngineRegion, Egress: p.Egress}
	if s.Region == "" {
		s.Region = p.Config.Region
	}
	if p.Config.origin["model"] != "default" {
		s.Model = p.Config.Model
	}
	if p.Config.EngineCA == "" {
		return s, nil
	}
	var err error
	s.CA, err = authority("engine_ca", p.Config.EngineCA)
	return s, err
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

// needed are the models that recordings need here.
func (p *Program) needed() []string {
	if p.Config.Engine != "" {
		return []string{"voice"}
	}
	return []string{p.Config.Model, "voice"}
}

// parts is what this deployment is measured by.
func (p *Program) parts() health.Parts {
	parts := health.Parts{Version: version, Began: p.source.Now(), Pools: p.Gate.Pools, Private: p.Config.Database == "", Data: p.Config.Data,
		Models: p.Config.Models, Names: p.needed(), Work: p.Queue.Depth, Mail: p.Post.Counts}
	if at, err := objectstore.Parse(p.Config.Blobs); p.store != nil && err == nil {
		parts.Bucket = "the bucket " + at.Bucket
		if at.Endpoint != "" {
			parts.Bucket += " at " + strings.TrimPrefix(at.Endpoint, "https://")
		}
	}
	if keys := filepath.Join(p.Config.Data, "keys.db"); exists(keys) {
		parts.Keys = keys
	}
	return parts
}

// checks are what this deployment stands on, in the order in which the checks page shows them.
func (p *Program) checks() []health.Check {
	checks := []health.Check{
		health.Database(p.Gate.Pools, p.Config.Database == ""),
		health.RootKey(p.Config.RootKey),
		health.Disk(p.Config.Data),
		health.Clock(p.Gate.Pools, p.source.Now),
		health.Sandbox(p.box, newSandbox),
		health.Decoder(p.media),
		health.Models(p.Config.Models, p.needed()...),
		health.Speech(p.engines),
		p.tlsCheck(),
		p.mailCheck(),
	}
	if p.store != nil {
		checks = append(checks, health.Store(p.store))
	}
	return checks
}
