package oidc_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mainstay/internal/egress"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/oidc/oidctest"
	"mainstay/internal/post"
	"mainstay/internal/post/posttest"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

const base = "https://mainstay.example.com"

// studio is a deployment with a provider of its own that the test can make misbehave.
type studio struct {
	*gatetest.World
	*oidc.Service
	idp    *oidctest.Provider
	server *httptest.Server
	texts  texts
}

// texts is the domain name system.
type texts map[string][]string

// LookupTXT implements oidc.Resolver.
func (t texts) LookupTXT(_ context.Context, name string) ([]string, error) { return t[name], nil }

// allow lists a server of the test among those that the operator allows to be asked.
func (s *studio) allow(server *httptest.Server) {
	s.Egress.Hosts = append(s.Egress.Hosts, egress.Host{Name: strings.TrimPrefix(server.URL, "http://")})
}

// serve starts a provider on loopback. Its issuer is its address and the path.
func serve(t *testing.T, w *gatetest.World, path string) (*oidctest.Provider, *httptest.Server) {
	t.Helper()
	idp, err := oidctest.New("", w.Source.Now)
	check(t, err)
	server := httptest.NewServer(idp)
	t.Cleanup(server.Close)
	idp.Issuer = server.URL + path
	return idp, server
}

// newStudio configures the provider as the deployment's of a kind. Microsoft's issuer is its address with the first tenant's path.
func newStudio(t *testing.T, kind oidc.Kind, rules oidc.Rules) *studio {
	t.Helper()
	w := gatetest.New(t)
	path := ""
	if kind == oidc.Microsoft {
		path = "/" + rules.Tenants[0] + "/v2.0"
	}
	s := &studio{World: w, texts: texts{}}
	s.idp, s.server = serve(t, w, path)
	out, err := egress.New(egress.Config{Gate: w.Gate, Source: w.Source})
	check(t, err)
	people, err := identity.New(identity.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, Region: "here", Hash: identity.HashCost{Memory: 64, Passes: 1, Threads: 1}})
	check(t, err)
	cfg := oidc.Config{Gate: w.Gate, Vault: w.Vault, Egress: out, Identity: people, Source: w.Source, Resolver: s.texts, Base: base,
		GoogleIssuer: s.server.URL, MicrosoftIssuer: s.server.URL,
		Everybody: []oidc.Provider{{Kind: kind, Issuer: s.server.URL, Client: s.idp.Client, Secret: tenant.Secret(s.idp.Secret), Rules: rules}}}
	s.Service, err = oidc.New(cfg)
	check(t, err)
	return s
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// person makes an account with an address and a place in a workspace, and returns a context of a session of theirs.
func (s *studio) person(t *testing.T, ws gatetest.Workspace, role gate.Role, email string) context.Context {
	t.Helper()
	ctx := ws.Member(t, role)
	a, err := tenant.ActorOf(ctx)
	check(t, err)
	lookup, err := s.World.Vault.Lookup(email)
	check(t, err)
	body, err := json.Marshal(map[string]string{"email": email})
	check(t, err)
	sealed, err := s.World.Vault.Seal(t.Context(), vault.Place{Kind: "account", Row: a.Account}, body)
	check(t, err)
	_, err = s.Admin.Exec(t.Context(), `insert into control.account (id, email_hmac, password, state, created_at, verified_at, sealed) values ($1, $2, '$x', 'active', $3, $3, $4)`,
		a.Account, lookup, s.Clock.Now(), sealed)
	check(t, err)
	_, err = s.Admin.Exec(t.Context(), `insert into control.seat (account_id, workspace_id, member_id, created_at) values ($1, $2, $3, $4)`, a.Account, ws.ID, a.Member, s.Clock.Now())
	check(t, err)
	return ctx
}

func accountOf(t *testing.T, ctx context.Context) tenant.AccountID {
	t.Helper()
	a, err := tenant.ActorOf(ctx)
	check(t, err)
	return a.Account
}

// away begins a journey and goes to the provider, which sends back at once.
func (s *studio) away(t *testing.T, ctx context.Context, to oidc.Start) oidc.Return {
	t.Helper()
	gone, err := s.Begin(ctx, to)
	check(t, err)
	return s.back(t, gone, to.Provider)
}

func (s *studio) back(t *testing.T, gone oidc.Away, provider string) oidc.Return {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gone.Address, nil)
	check(t, err)
	resp, err := client.Do(req)
	check(t, err)
	_ = resp.Body.Close()
	at, err := resp.Location()
	if err != nil {
		t.Fatalf("the provider answers %d: %v", resp.StatusCode, err)
	}
	q := at.Query()
	return oidc.Return{Provider: provider, State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error"), Cookie: gone.Cookie}
}

// signIn goes to a provider and back.
func (s *studio) signIn(t *testing.T, provider string) (oidc.Arrival, error) {
	t.Helper()
	return s.Finish(t.Context(), s.away(t, t.Context(), oidc.Start{Provider: provider, Purpose: oidc.Enter, Next: "/meetings"}))
}

// linked links a person's account to the provider's.
func (s *studio) linked(t *testing.T, ctx context.Context, provider string) {
	t.Helper()
	_, err := s.Finish(ctx, s.away(t, ctx, oidc.Start{Provider: provider, Purpose: oidc.Link}))
	check(t, err)
}

// noSubjects finds no meeting: what happens to an account is about none.
func noSubjects(context.Context, *gate.Tx, []tenant.RecordID, bool) (map[tenant.RecordID]post.Subject, error) {
	return nil, nil
}

// mails has the deployment mail, and returns what sends the letters that wait and returns their mails.
func (s *studio) mails(t *testing.T) func() []posttest.Mail {
	t.Helper()
	smtp, log := posttest.New(t, posttest.StartTLS), slog.New(slog.DiscardHandler)
	work, err := queue.New(queue.Config{Gate: s.World.Gate, Source: s.World.Source, Node: "test", Log: log})
	check(t, err)
	s.Identity.Post, err = post.New(post.Config{Gate: s.World.Gate, Queue: work, Source: s.World.Source, Base: base, Log: log, Subjects: noSubjects,
		Server: post.Server{Address: smtp.Address, From: "Mainstay <mainstay@example.com>", Roots: smtp.Roots}})
	check(t, err)
	read := 0
	return func() []posttest.Mail {
		t.Helper()
		check(t, s.Identity.Post.Drain(t.Context()))
		all := smtp.Mails()
		fresh := all[read:]
		read = len(all)
		return fresh
	}
}

// provider adds a provider to an owner's workspace and turns it on.
func (s *studio) provider(t *testing.T, owner context.Context, set oidc.Setting) oidc.ID {
	t.Helper()
	id, err := s.saved(owner, set)
	check(t, err)
	check(t, s.Enable(owner, id, true))
	return id
}

// saved adds a provider and enters what it needs.
func (s *studio) saved(owner context.Context, set oidc.Setting) (oidc.ID, error) {
	id, err := s.Add(owner, set.Kind)
	if err != nil {
		return id, err
	}
	set.ID, set.Version = id, 1
	return id, s.Save(owner, set)
}

// sessions counts the sessions that were begun.
func (s *studio) sessions(t *testing.T) int {
	t.Helper()
	return s.count(t, `select count(*) from control.session`)
}

func (s *studio) count(t *testing.T, sql string) int {
	t.Helper()
	var n int
	check(t, s.Admin.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
