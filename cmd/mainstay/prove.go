package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"text/tabwriter"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/trust"
)

// proved is what a run of the checks gives.
type proved struct {
	Results []trust.Result `json:"results"`
	Problem string         `json:"problem,omitempty"` // why the checks did not run, or what of theirs was left
}

// prove checks the promises on the deployment of the data folder: in the server that runs on it, or, where none runs, in a
// program of its own. It fails where a promise is not kept.
func prove(ctx context.Context, args []string, s streams) error {
	asJSON := false
	cfg, ids, err := flags("prove", args, s, func(set *flag.FlagSet) { set.BoolVar(&asJSON, "json", false, "print the results as JSON") })
	if err != nil {
		return err
	}
	got, err := askServer(ctx, cfg, ids)
	if errors.Is(err, errNoServer) {
		got, err = proveAlone(ctx, cfg, ids)
	}
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(got)
	} else {
		err = got.table(s.out)
	}
	return errors.Join(err, got.verdict())
}

func (p proved) table(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range p.Results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.ID, r.State, r.Says, r.Found)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var counts []string
	for _, state := range []trust.State{trust.Pass, trust.Fail, trust.NotApplicable, trust.InCI} {
		counts = append(counts, fmt.Sprintf("%d %s", p.count(state), state))
	}
	_, err := fmt.Fprintln(w, strings.Join(counts, ", "))
	return err
}

func (p proved) count(state trust.State) int {
	n := 0
	for _, r := range p.Results {
		if r.State == state {
			n++
		}
	}
	return n
}

// verdict fails where a promise is not kept or the checks did not run to their end.
func (p proved) verdict() error {
	if p.Problem != "" {
		return errors.New(p.Problem)
	}
	if n := p.count(trust.Fail); n > 0 {
		return fmt.Errorf("%d of %d promises are not kept", n, len(p.Results))
	}
	return nil
}

// proveAlone opens the data folder and checks it. Work that waits there goes on meanwhile.
func proveAlone(ctx context.Context, cfg Config, ids []string) (proved, error) {
	p, err := newProgram(ctx, cfg, slog.New(slog.DiscardHandler), false)
	if err != nil {
		return proved{}, err
	}
	defer p.Close()
	working, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- p.Queue.Run(working) }()
	got := p.prove(ctx, ids)
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		return got, err
	}
	return got, nil
}

// prove checks the promises here.
func (p *Program) prove(ctx context.Context, ids []string) proved {
	d, err := p.deployment()
	if err != nil {
		return proved{Problem: sentence(err)}
	}
	results, err := trust.Prove(ctx, d, ids...)
	if err != nil {
		return proved{Results: results, Problem: sentence(err)}
	}
	return proved{Results: results}
}

// deployment is this program as the checks see it.
func (p *Program) deployment() (trust.Deployment, error) {
	d := trust.Deployment{Gate: p.Gate, Vault: p.Vault, Identity: p.Identity, Meetings: p.Meetings, Capture: p.Capture, Speech: p.Speech, Minutes: p.Minutes,
		Progress: p.Progress, Models: p.Models, Egress: p.Egress, Roster: p.Roster, Accounts: p.Accounts, Tokens: p.Tokens, Access: p.Access, Post: p.Post, Source: p.source,
		Data: p.Config.Data, Temp: os.TempDir(), RootKey: p.Config.RootKey, Blobs: p.Config.Blobs, Objects: p.bucket, Damages: p.damages.Load,
		Pages: p.proofPages(1e6), Strict: p.proofPages(1e-9), Doors: p.proofDoors, Listen: p.heard.Listen, Dumps: dumps,
		Connect: func(ctx context.Context, dsn tenant.Secret) error {
			pools, err := postgres.Open(ctx, postgres.Config{DSN: dsn})
			if err == nil {
				pools.Close()
			}
			return err
		},
		Built:     debug.ReadBuildInfo,
		Providers: func(cfg oidc.Config) (trust.Journeys, error) { return oidc.New(cfg) },
		Refuses: func(settings ...string) bool {
			_, err := loadConfig("", settings)
			return err != nil
		}}
	if p.store != nil {
		d.Reached = p.store.Reached
	}
	server, err := p.pagesFor(nil)
	if err != nil {
		return d, err
	}
	server.Walk(func(r httpd.Route) {
		d.Routes = append(d.Routes, trust.Route{Method: r.Method, Pattern: r.Pattern, Policy: r.Policy.String()})
	})
	return d, nil
}

// proofPages returns the pages for the sessions of a proof, with its own limits: the checks ask more often than people.
func (p *Program) proofPages(factor float64) func(func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
	return func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
		server, err := p.pagesFor(sessions(s), func(c *httpd.Config) { c.LimitFactor = factor })
		if err != nil {
			return nil, err
		}
		return server.Handler(), nil
	}
}

// proofDoors returns the pages as people have them, with their sessions and the access log, but for the limits: the checks ask more
// often than people.
func (p *Program) proofDoors() (http.Handler, error) {
	server, err := p.pagesFor(nil, func(c *httpd.Config) { c.LimitFactor = 1e6 })
	if err != nil {
		return nil, err
	}
	return server.Handler(), nil
}

// dumps reports whether a crash would leave this process's memory on the disk. What it starts inherits the limit.
func dumps() bool {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit)
	return err != nil || limit.Cur > 1 // withoutDumps says why one byte is none
}

// sessions are those that the checks make up for themselves.
type sessions func(*http.Request) (tenant.Actor, error)

// Actor implements httpd.Sessions.
func (s sessions) Actor(_ http.ResponseWriter, r *http.Request) (tenant.Actor, error) { return s(r) }

// busy refuses a second proof beside the first.
func busy() error {
	return fault.New(fault.Busy, "The promises are being checked already. Wait for that to end.")
}
