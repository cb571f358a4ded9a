package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"mainstay/internal/accesslog"
	"mainstay/internal/api/idempotency"
	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/egress"
	"mainstay/internal/gate"
	"mainstay/internal/health"
	"mainstay/internal/httpd/waf"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/pipeline"
	"mainstay/internal/post"
	"mainstay/internal/postgres"
	"mainstay/internal/progress"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
	"mainstay/internal/speech/engine"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/ear"
	"mainstay/internal/vault"
	"mainstay/internal/vault/objectstore"
	"mainstay/internal/webhook"
)

// Program is the whole of Mainstay as one value: every service over one data folder.
type Program struct {
	Config   Config
	Log      *slog.Logger
	Gate     *gate.Gate
	Vault    *vault.Vault
	Queue    *queue.Queue
	Progress *progress.Service
	Identity *identity.Service
	Accounts *account.Service
	Roster   *roster.Service
	Tokens   *token.Service
	Hooks    *webhook.Service
	Meetings *meeting.Service
	Capture  *capture.Service
	Speech   *speech.Service
	Minutes  *minutes.Service
	Models   *llm.Service
	Egress   *egress.Service
	Health   *health.Service
	Post     *post.Service
	Once     *idempotency.Service
	Access   *accesslog.Service
	OIDC     *oidc.Service

	bucket  vault.Bucket
	store   *objectstore.Store // the bucket where it is no folder, else nil
	box     *sandbox.Sandbox
	media   *media.Decoder
	engines *engine.Set
	source  tenant.Source
	told    func(queue.Step, string, float64) // hears progress; may be nil
	close   []func()                          // in the order of opening

	beside  []func(context.Context) error // runs as long as the server does
	wall    *waf.Firewall
	damages atomic.Int64 // sealed bytes that did not verify
	proving sync.Mutex   // one proof at a time
	heard   *ear.Ear     // in front of the log
}

// ephemeral says that nothing of a program may outlive it: its root key and key store are in memory.
type ephemeral bool

// newProgram opens everything. Close must be called, also after Run.
func newProgram(ctx context.Context, cfg Config, log *slog.Logger, gone ephemeral) (*Program, error) {
	heard := ear.New(log.Handler())
	p := &Program{Config: cfg, Log: slog.New(heard), heard: heard, wall: waf.New(), source: tenant.Source{Now: now, Random: rand.Reader}}
	for _, open := range []func(context.Context, ephemeral) error{p.openGround, p.openServices} {
		if err := open(ctx, gone); err != nil {
			p.Close()
			return nil, err
		}
	}
	return p, nil
}

func (p *Program) onClose(f func()) { p.close = append(p.close, f) }

// Close lets go of everything, the last opened first.
func (p *Program) Close() {
	for i := len(p.close) - 1; i >= 0; i-- {
		p.close[i]()
	}
	p.close = nil
}

// openGround opens the key store, the vault, the database and the gate.
func (p *Program) openGround(ctx context.Context, gone ephemeral) error {
	if err := os.MkdirAll(p.Config.Data, 0o711); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	keys, root, err := p.openKeys(gone)
	if err != nil {
		return err
	}
	if err := p.openBucket(ctx, gone); err != nil {
		return err
	}
	p.Vault, err = vault.New(ctx, vault.Config{Root: root, Keys: keys, Bucket: p.bucket, Source: p.source, Events: func(e vault.Event) {
		p.damages.Add(1)
		p.Log.Error("sealed data does not verify", "workspace", e.Place.Workspace, "record", e.Place.Record, "kind", e.Place.Kind, "reason", e.Reason)
	}})
	if err != nil {
		return err
	}
	pools, err := p.openDatabase(ctx, gone)
	if err != nil {
		return err
	}
	p.Gate, err = gate.New(gate.Config{Pools: pools, Vault: p.Vault, Source: p.source})
	return err
}

// openBucket opens where sealed blobs lie. What leaves nothing behind uses its own folder.
func (p *Program) openBucket(ctx context.Context, gone ephemeral) (err error) {
	if p.Config.Blobs == "" || bool(gone) {
		p.bucket = vault.NewFolder(filepath.Join(p.Config.Data, "blobs"), nil)
		return nil
	}
	cfg := objectstore.Config{URL: p.Config.Blobs, Key: p.Config.BlobsKey, Secret: p.Config.BlobsSecret}
	if p.Config.BlobsCA != "" {
		if cfg.CA, err = authority("blobs_ca", p.Config.BlobsCA); err != nil {
			return err
		}
	}
	p.store, err = objectstore.Open(ctx, cfg)
	p.bucket = p.store
	return err
}

// authority reads the certificates of a setting's file.
func authority(setting, path string) (*x509.CertPool, error) {
	chain, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", setting, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(chain) {
		return nil, fmt.Errorf("%s holds no certificate", setting)
	}
	return pool, nil
}

func (p *Program) openKeys(gone ephemeral) (vault.KeyStore, vault.Root, error) {
	if gone {
		root, err := vault.MemoryRoot()
		return vault.NewMemoryStore(), root, err
	}
	path := filepath.Join(p.Config.Data, "keys.db")
	root, err := vault.FileRoot(p.Config.RootKey, exists(path))
	if err != nil {
		return nil, nil, err
	}
	store, err := vault.OpenBolt(path)
	if err != nil {
		return nil, nil, err
	}
	p.onClose(func() {
		if err := store.Close(); err != nil {
			p.Log.Error("closing the key store", "error", err)
		}
	})
	return store, root, nil
}

func (p *Program) openDatabase(ctx context.Context, gone ephemeral) (*postgres.Pools, error) {
	dsn := p.Config.Database
	if dsn == "" {
		open := postgres.NewPrivate
		if gone {
			open = postgres.NewFast // nothing is kept, so nothing waits for the disk
		}
		private, err := open(filepath.Join(p.Config.Data, "postgres"))
		if err != nil {
			return nil, err
		}
		if err := private.Start(ctx); err != nil {
			return nil, err
		}
		p.onClose(private.Stop)
		dsn = private.DSN("mainstay")
	}
	pools, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
	if err == nil {
		p.onClose(pools.Close)
	}
	return pools, err
}

// openServices makes the services and the order of work between them.
func (p *Program) openServices(_ context.Context, gone ephemeral) error {
	hosts, err := p.Config.hosts()
	if err != nil {
		return err
	}
	if p.Egress, err = egress.New(egress.Config{Gate: p.Gate, Source: p.source, Hosts: hosts}); err != nil {
		return err
	}
	if err := p.openEngine(); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("asking for this machine's name: %w", err)
	}
	order := &pipeline.Pipeline{Gate: p.Gate}
	p.Queue, err = queue.New(queue.Config{Gate: p.Gate, Source: p.source, Node: host + ":" + p.Config.Data, Log: p.Log,
		Kinds: order.Kinds(), Subscribers: pipeline.Subscribers(), Dead: order.Dead, Steered: order.Steered, Told: p.tell})
	if err != nil {
		return err
	}
	if err := p.openPost(gone); err != nil {
		return err
	}
	err = errors.Join(p.openPeople(gone), p.openProducts())
	order.Hooks, order.Queue, order.Capture, order.Speech, order.Minutes, order.Post = p.Hooks, p.Queue, p.Capture, p.Speech, p.Minutes, p.Post
	return err
}

// openPeople makes the services of accounts, workspaces and keys.
func (p *Program) openPeople(gone ephemeral) (err error) {
	var failures []error
	keep := func(err error) { failures = append(failures, err) }
	people := identity.Config{Gate: p.Gate, Vault: p.Vault, Source: p.source, Region: p.Config.Region, Log: p.Log, Post: p.Post, Address: p.Config.URL}
	keep(p.texting(&people))
	if gone {
		people.Hash = identity.HashCost{Memory: 64, Passes: 1, Threads: 1} // nobody signs in with it, and it ends with the run
	}
	p.Identity, err = identity.New(people)
	keep(errors.Join(err, p.openProviders()))
	founders, err := roster.ParseFounders(p.Config.Workspaces)
	keep(err)
	p.Roster, err = roster.New(roster.Config{Gate: p.Gate, Vault: p.Vault, Source: p.source, Identity: p.Identity, Post: p.Post, Founders: founders, Factors: p.Identity.Factors.Strengths})
	keep(err)
	p.Accounts, err = account.New(account.Config{Gate: p.Gate, Vault: p.Vault, Identity: p.Identity, Source: p.source, Log: p.Log})
	keep(err)
	p.Tokens, err = token.New(token.Config{Gate: p.Gate, Vault: p.Vault, Source: p.source, People: p.Identity})
	keep(err)
	return errors.Join(failures...)
}

// openProducts makes the services of meetings and of what stands beside them.
func (p *Program) openProducts() (err error) {
	var failures []error
	keep := func(err error) { failures = append(failures, err) }
	p.Meetings, err = meeting.New(meeting.Config{Gate: p.Gate, Queue: p.Queue, Source: p.source})
	keep(err)
	p.Models, err = llm.New(llm.Config{Gate: p.Gate, Egress: p.Egress})
	keep(err)
	p.Minutes, err = minutes.New(minutes.Config{Gate: p.Gate, Queue: p.Queue, Source: p.source,
		Drafter: minutes.Model{Completer: p.Models, Fallback: minutes.Rules{}}})
	keep(err)
	p.Progress, err = progress.New(progress.Config{Gate: p.Gate, Queue: p.Queue, Source: p.source})
	keep(err)
	p.Capture, err = capture.New(capture.Config{Gate: p.Gate, Queue: p.Queue, Vault: p.Vault, Source: p.source, Media: p.media})
	keep(err)
	p.Speech, err = speech.New(speech.Config{Gate: p.Gate, Queue: p.Queue, Source: p.source, Capture: p.Capture, Recognizer: p.engines})
	keep(err)
	p.Health, err = health.New(health.Config{Gate: p.Gate, Source: p.source, Log: p.Log, Checks: p.checks(), Parts: p.parts()})
	keep(err)
	p.Once, err = idempotency.New(idempotency.Config{Gate: p.Gate, Vault: p.Vault, Source: p.source})
	keep(err)
	p.Access, err = p.openAccess()
	keep(err)
	p.Hooks, err = webhook.New(webhook.Config{Gate: p.Gate, Queue: p.Queue, Egress: p.Egress, Source: p.source, Meetings: pipeline.Meetings})
	keep(err)
	return errors.Join(failures...)
}

func (p *Program) tell(step queue.Step, phase string, done float64) {
	if p.told != nil {
		p.told(step, phase, done)
	}
}
