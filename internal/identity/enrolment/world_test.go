package enrolment_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"mainstay/internal/gate/gatetest"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

const (
	password = "a stone beside the canal"
	address  = "https://mainstay.example.com"
	email    = "ada@example.com"
)

// gateway is a provider of text messages that keeps what it was given.
type gateway struct {
	mu   sync.Mutex
	sent []string // "number text"
	fail error
}

func (g *gateway) Send(_ context.Context, number, text string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent = append(g.sent, number+" "+text)
	return g.fail
}

// code returns the code of the last message.
func (g *gateway) code(t *testing.T) string {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.sent) == 0 {
		t.Fatal("no message was sent")
	}
	return strings.Fields(g.sent[len(g.sent)-1])[1]
}

// house is a deployment with one owner.
type house struct {
	*gatetest.World
	*identity.Service
	texts *gateway
	ada   identity.Begun
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{World: gatetest.New(t), texts: &gateway{}}
	h.Service = h.service(t)
	begun, err := h.FirstRun(t.Context(), identity.Setup{Token: h.setup(t), Name: "Ada Berg", Email: email, Password: password, Workspace: "Bridges"})
	check(t, err)
	h.ada = begun
	return h
}

// service returns another node's service over the same database.
func (h *house) service(t *testing.T) *identity.Service {
	t.Helper()
	s, err := identity.New(identity.Config{Gate: h.World.Gate, Vault: h.World.Vault, Source: h.World.Source, Region: "here", Hash: identity.HashCost{Memory: 64, Passes: 1, Threads: 1},
		Address: address, Texts: h.texts, Daily: 12})
	check(t, err)
	return s
}

func (h *house) setup(t *testing.T) string {
	t.Helper()
	token, err := h.IssueSetup(t.Context())
	check(t, err)
	return token.Reveal()
}

// as returns a context in which a session's person acts, from what the session holds now.
func (h *house) as(t *testing.T, token tenant.Secret) context.Context {
	t.Helper()
	actor, err := h.Resolve(t.Context(), token.Reveal())
	check(t, err)
	return tenant.WithActor(t.Context(), actor)
}

func (h *house) owner(t *testing.T) context.Context { return h.as(t, h.ada.Token) }

// app enrols an authenticator app and returns its secret and the recovery codes. The clock stands on a step of its own after.
func (h *house) app(t *testing.T) (string, []string) {
	t.Helper()
	app, err := h.Factors.BeginApp(h.owner(t))
	check(t, err)
	added, err := h.Factors.ConfirmApp(h.owner(t), app.Token.Reveal(), h.totp(t, app.Secret, 0))
	check(t, err)
	h.ada = begunOf(added.Session)
	h.Clock.Advance(time.Minute)
	return app.Secret, added.Codes
}

// totp returns the code of the time step that is ahead of now.
func (h *house) totp(t *testing.T, secret string, ahead int64) string {
	t.Helper()
	code, err := hotp.GenerateCodeCustom(secret, uint64(factor.Step(h.Clock.Now())+ahead), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	check(t, err)
	return code
}

// challenge signs Ada in by her password, up to the second factor.
func (h *house) challenge(t *testing.T) tenant.Secret {
	t.Helper()
	entry, err := h.SignIn(t.Context(), email, password)
	check(t, err)
	if entry.Challenge == "" || !entry.Actor.Session.IsZero() {
		t.Fatalf("a password alone led to %+v, want a challenge", entry.Actor)
	}
	return entry.Challenge
}

func (h *house) count(t *testing.T, sql string) int {
	t.Helper()
	var n int
	check(t, h.Admin.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

// device is a browser with an authenticator at the deployment's address.
type device struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newDevice() *device {
	d := &device{site: virtualwebauthn.RelyingParty{ID: "mainstay.example.com", Name: "Mainstay", Origin: address}, auth: virtualwebauthn.NewAuthenticator()}
	for len(d.key.ID) == 0 || len(d.key.Key.AttestationData()) != 77 { // the library writes short coordinates short
		d.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return d
}

func (d *device) register(t *testing.T, options []byte) string {
	t.Helper()
	asked, err := virtualwebauthn.ParseAttestationOptions(string(options))
	check(t, err)
	d.auth.Options.UserHandle = []byte(asked.UserID)
	return virtualwebauthn.CreateAttestationResponse(d.site, d.auth, d.key, *asked)
}

func (d *device) assert(t *testing.T, options []byte) string {
	t.Helper()
	asked, err := virtualwebauthn.ParseAssertionOptions(string(options))
	check(t, err)
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.site, d.auth, d.key, *asked)
}

// passkey adds a passkey to Ada's account.
func (h *house) passkey(t *testing.T, name string) *device {
	t.Helper()
	d := newDevice()
	options, err := h.Factors.BeginPasskey(h.owner(t))
	check(t, err)
	added, err := h.Factors.FinishPasskey(h.owner(t), name, d.register(t, options))
	check(t, err)
	h.ada = begunOf(added.Session)
	return d
}

// enter signs in by a passkey alone.
func (h *house) enter(t *testing.T, d *device) (identity.Entry, error) {
	t.Helper()
	options, err := h.AskPasskey(t.Context(), "")
	check(t, err)
	return h.SignInPasskey(t.Context(), d.assert(t, options))
}

// holds reports whether any row of the factors' tables has a text in the clear, or its base32 bytes.
func (h *house) holds(t *testing.T, secret string) bool {
	t.Helper()
	raw, _ := base32.StdEncoding.DecodeString(secret)
	for _, table := range []string{"ceremony", "totp", "passkey", "recovery_code", "phone", "text_message", "wrong_code", "event"} {
		rows, err := h.Admin.Query(t.Context(), `select t::text from control.`+table+` t`)
		check(t, err)
		for rows.Next() {
			var row []byte
			check(t, rows.Scan(&row))
			if bytes.Contains(row, []byte(secret)) || len(raw) > 0 && bytes.Contains(row, raw) {
				return true
			}
		}
		check(t, rows.Err())
	}
	return false
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func begunOf(s enrolment.Session) identity.Begun {
	return identity.Begun{Token: s.Token, EndsAt: s.EndsAt, Actor: s.Actor}
}
