package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/url"

	"mainstay/internal/api"
	"mainstay/internal/api/audio"
	"mainstay/internal/api/mcp"
	"mainstay/internal/api/oauth"
	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
	"mainstay/internal/web/account"
	"mainstay/internal/web/record"
	"mainstay/internal/web/reference"
	"mainstay/internal/web/settings"
)

// serve runs pages and jobs in one process until it is told to stop. Standard output gets one line with the address that was
// opened, then the address for people; standard error gets the log.
func serve(ctx context.Context, args []string, s streams) error {
	sample := false
	cfg, rest, err := flags("serve", args, s, func(set *flag.FlagSet) {
		set.BoolVar(&sample, "sample", false, "make a sample meeting in a deployment that nobody owns yet")
	})
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError("serve takes no arguments")
	}
	log, err := cfg.logTo(s.err)
	if err != nil {
		return err
	}
	listener, err := cfg.openFront(ctx, log)
	if err != nil {
		return err
	}
	defer listener.Close()
	cfg.URL = cfg.address(listener.Addr())
	p, err := newProgram(ctx, cfg, log, false)
	if err != nil {
		return err
	}
	defer p.Close()
	p.beside = listener.beside()
	fmt.Fprintf(s.out, "listening %s\n", listener.Addr())
	notify(s.environ, "READY=1")
	return p.Run(ctx, listener, func(ctx context.Context) error { return p.welcome(ctx, s, listener.Addr(), sample) })
}

// logTo returns the program's log: JSON lines with ids, sizes and kinds.
func (c *Config) logTo(w interface{ Write([]byte) (int, error) }) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log)); err != nil {
		return nil, errors.New("log is one of debug, info, warn and error")
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), nil
}

// Run serves pages on the listener and works off the queue until ctx ends or one of them fails. Meanwhile it does first,
// whose failure is logged and ends nothing. It returns once the pages are closed and running steps are finished or handed back.
func (p *Program) Run(ctx context.Context, listener net.Listener, first func(context.Context) error) error {
	server, err := p.pages()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := []func() error{
		func() error { return server.Run(ctx, listener) },
		func() error { return p.Queue.Run(ctx) },
		func() error { p.Capture.RunCollector(ctx, p.Log); return nil },
		func() error { p.Once.Run(ctx, p.Log); return nil },
		func() error { return p.Health.Run(ctx) },
		func() error { return p.Post.Run(ctx) },
		func() error { return p.Access.Run(ctx) },
		func() error { return p.control(ctx) },
		func() error { return p.Identity.Run(ctx) },
		func() error { return p.Accounts.Run(ctx) },
		func() error { return rest(ctx) },
		func() error {
			if err := first(ctx); err != nil && ctx.Err() == nil {
				p.Log.Error("welcoming", "error", err)
			}
			<-ctx.Done()
			return nil
		},
	}
	for _, part := range p.beside {
		parts = append(parts, func() error { return part(ctx) })
	}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			defer stop() // one that ends takes the others with it
			ended <- part()
		}()
	}
	var failures []error
	for range parts {
		failures = append(failures, <-ended)
	}
	p.closeAccess(ctx)
	return errors.Join(failures...)
}

// pages returns the listener's server with every route.
func (p *Program) pages() (*httpd.Server, error) { return p.pagesFor(nil) }

// pagesFor returns the pages for other sessions than the people's; nil are theirs.
func (p *Program) pagesFor(known httpd.Sessions, changes ...func(*httpd.Config)) (*httpd.Server, error) {
	app, err := web.NewApp(web.Config{
		Identity: p.Identity, Accounts: p.Accounts,
		Roster:   p.Roster,
		Tokens:   p.Tokens,
		Hooks:    p.Hooks,
		OIDC:     p.OIDC,
		Meetings: p.Meetings,
		Capture:  p.Capture,
		Speech:   p.Speech,
		Minutes:  p.Minutes,
		Progress: p.Progress,
		Models:   p.Models,
		Egress:   p.Egress,
		Post:     p.Post,
		Health:   p.Health,
		Access:   p.Access,
		Source:   p.source,
		Engine:   p.engineFacts(),
	})
	if err != nil {
		return nil, err
	}
	var ends httpd.Ends
	told := func(httpd.Access) {} // what the checks ask for is nobody's access
	if known == nil {
		known, told, ends = app, app.Accessed, p.Identity
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("making the forms' key: %w", err)
	}
	edge := httpd.Config{Source: p.source, Sessions: known, Bearer: p.Tokens.Resolve, Log: p.Log, FormKey: key, ErrorPage: app.Problem, Accessed: told, Ends: ends}
	if err := p.guard(&edge); err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(&edge)
	}
	server, err := httpd.New(edge)
	if err != nil {
		return nil, err
	}
	server.Health(version, p.ready)
	app.Register(server)
	account.Register(app, server)
	settings.Register(app, server)
	record.Register(app, server)
	return server, p.programs(app, server)
}

// programs adds the JSON API and its reference to the pages' server.
func (p *Program) programs(app *web.App, server *httpd.Server) error {
	cursors, err := p.Vault.Lookup("the key of the API's cursors, 1")
	if err != nil {
		return err
	}
	oauth.Register(p.Tokens, server)
	audio.Register(p.Speech, server)
	mcp.Register(mcp.Config{Meetings: p.Meetings, Minutes: p.Minutes, Version: version}, server)
	programs, err := api.Register(api.Config{Identity: p.Identity, Accounts: p.Accounts, OIDC: p.OIDC, Hooks: p.Hooks, Access: p.Access, Enter: app.Enter, Roster: p.Roster, Tokens: p.Tokens, Post: p.Post, Meetings: p.Meetings, Capture: p.Capture, Speech: p.Speech, Minutes: p.Minutes,
		Progress: p.Progress, Models: p.Models, Egress: p.Egress, Health: p.Health, Once: p.Once, Source: p.source, Cursors: cursors,
		Version: version}, server)
	if err != nil {
		return err
	}
	return reference.Register(app, server, programs.OpenAPI())
}

// engineFacts says what recordings are heard with, for the settings.
func (p *Program) engineFacts() []web.Fact {
	if p.Config.Engine != "" {
		host := ""
		if address, err := url.Parse(p.Config.Engine); err == nil {
			host = address.Host // and not what else an address can hold
		}
		return []web.Fact{{Name: "Engine", Value: "A server of yours: " + host}, {Name: "Speakers", Value: "Told apart on this machine"}}
	}
	return []web.Fact{{Name: "Engine", Value: "Built in: recordings never leave this machine"}, {Name: "Recognition", Value: p.Config.Model},
		{Name: "Speakers", Value: "pyannote segmentation 3.0 and CAM++"}}
}

// ready reports whether the database answers.
func (p *Program) ready(ctx context.Context) error {
	pool, err := p.Gate.Pools.Control()
	if err != nil {
		return err
	}
	return pool.Ping(ctx)
}

// welcome prints where people go: the setup address with its one-time token while nobody owns the deployment, else its home.
// Before that it prints the minutes of the sample meeting, where one was asked for and is not there yet.
func (p *Program) welcome(ctx context.Context, s streams, at net.Addr, wanted bool) error {
	if wanted {
		p.printSample(ctx, s)
	}
	token, err := p.Identity.IssueSetup(ctx)
	if err != nil {
		return err
	}
	path := "/"
	if token != "" {
		path = "/setup/" + token.Reveal()
	}
	if p.Config.socket() {
		_, err = fmt.Fprintf(s.out, "Open %s at the proxy's address\n", path)
		return err
	}
	_, err = fmt.Fprintf(s.out, "Open %s%s\n", p.Config.address(at), path)
	return err
}

// printSample makes the sample meeting and prints its minutes, or why there are none yet.
func (p *Program) printSample(ctx context.Context, s streams) {
	minutes, err := p.sample(ctx, func() {
		fmt.Fprintln(s.out, "Making the sample meeting's minutes. This takes about a minute; the server is up meanwhile.")
	})
	switch {
	case ctx.Err() != nil:
	case err != nil:
		p.Log.Warn("the sample meeting has no minutes yet", "error", err)
		fmt.Fprintln(s.out, "The sample meeting has no minutes yet. "+fault.Sentence(err))
	case minutes != "":
		fmt.Fprintf(s.out, "\n%s\n", minutes)
	}
}

// address is the deployment's as people type it: what url says, else where it listens. A passkey needs a name, so that loopback
// is called localhost.
func (c *Config) address(at net.Addr) string {
	if c.URL != "" {
		return c.URL
	}
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return at.String()
	}
	if loopback(host) {
		host = "localhost"
	}
	if names := words(c.ACMEDomains); len(names) > 0 {
		host = names[0]
	}
	scheme := "http"
	if c.secure() {
		scheme = "https"
	}
	if port == "443" && scheme == "https" {
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
