package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// JourneyLife is how long somebody may take at the provider.
const JourneyLife = 10 * time.Minute

// Purpose is what a journey to a provider is for.
type Purpose string

// The purposes.
const (
	Enter Purpose = "enter" // to sign in
	Link  Purpose = "link"  // to link the account there to the one here
	Join  Purpose = "join"  // to make an account that signs in there, by an invitation
	Test  Purpose = "test"  // to see whether a workspace's provider works
)

// journey is what the browser keeps sealed while it is at the provider. Nothing of it is stored here.
type journey struct {
	V        int              `json:"v"`
	Random   []byte           `json:"random"` // the state's own part
	Provider string           `json:"provider"`
	Purpose  Purpose          `json:"purpose"`
	Session  tenant.SessionID `json:"session"` // in which it was begun; zero: in none
	Nonce    string           `json:"nonce"`
	Verifier string           `json:"verifier"` // of PKCE
	Redirect string           `json:"redirect"`
	Next     string           `json:"next,omitempty"`
	Invited  string           `json:"invited,omitempty"` // the invitation's secret, of a journey to join
	Ends     int64            `json:"ends"`
}

// sealedKind names a journey for the vault. It is never renamed.
const sealedKind = "sign-in journey"

func errJourney(cause string) error {
	return fault.Wrap(fault.Invalid, "This sign-in was not begun in this browser, was used already, or took more than ten minutes. Begin again.", errors.New(cause))
}

// begin completes a journey that sets out now.
func (s *Service) begin(j journey) journey {
	j.V, j.Random, j.Nonce, j.Verifier = 1, []byte(tenant.NewSecret().Reveal()), tenant.NewSecret().Reveal(), tenant.NewSecret().Reveal()
	j.Ends = s.Source.Now().Add(JourneyLife).Unix()
	return j
}

// state is what goes to the provider and comes back: random bits and a keyed digest that binds them to all else of the journey.
func (s *Service) state(j journey) (string, error) {
	bound := fmt.Sprintf("sign-in state\x00%s\x00%s\x00%s\x00%s\x00%s\x00%d\x00%s", j.Random, j.Provider, j.Purpose, j.Session, j.Nonce, j.Ends, j.Invited)
	mac, err := s.Vault.Lookup(bound)
	return string(j.Random) + "." + base64.RawURLEncoding.EncodeToString(mac), err
}

// pack seals a journey for the browser's cookie.
func (s *Service) pack(ctx context.Context, j journey) (tenant.Secret, error) {
	body, err := json.Marshal(j)
	if err != nil {
		return "", fmt.Errorf("writing a journey: %w", err)
	}
	row := rowOf(j.Random)
	sealed, err := s.Vault.Seal(ctx, vault.Place{Kind: sealedKind, Row: row}, body)
	if err != nil {
		return "", fmt.Errorf("sealing a journey: %w", err)
	}
	return tenant.Secret(base64.RawURLEncoding.EncodeToString(append(row[:], sealed...))), nil
}

func rowOf(random []byte) [16]byte {
	sum := sha256.Sum256(random)
	return [16]byte(sum[:16])
}

// unpack opens what the browser kept and holds it against what came back: the state, the provider's address, the session that
// the browser is in now, and the time. It fails with fault.Invalid.
func (s *Service) unpack(ctx context.Context, back Return) (journey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(back.Cookie.Reveal())
	if err != nil || len(raw) <= 16 || len(raw) > 4096 {
		return journey{}, errJourney("no journey in this browser")
	}
	opened, err := s.Vault.Open(ctx, vault.Sealed{Place: vault.Place{Kind: sealedKind, Row: [16]byte(raw[:16])}, Bytes: raw[16:]})
	if err != nil {
		return journey{}, errJourney("a journey that is not ours")
	}
	var j journey
	if err := json.Unmarshal(opened[0], &j); err != nil || j.V != 1 {
		return journey{}, errJourney("a journey of another form")
	}
	want, err := s.state(j)
	if err != nil {
		return journey{}, err
	}
	switch {
	case subtle.ConstantTimeCompare([]byte(want), []byte(back.State)) != 1:
		return journey{}, errJourney("another state")
	case j.Provider != back.Provider:
		return journey{}, errJourney("at another provider's address")
	case j.Session != tenant.Visitor(ctx).Session:
		return journey{}, errJourney("in another session")
	case s.Source.Now().Unix() >= j.Ends:
		return journey{}, errJourney("too late")
	}
	return j, nil
}

// named checks the issuer that the answer names (RFC 9207): it is the provider's, and where the provider always names it, it
// is there. Of many Microsoft tenants it may be any that may come.
func (p Provider) named(m *metadata, issuer string) error {
	if issuer == "" && !m.NamesSelf {
		return nil
	}
	if issuer != "" && !strings.Contains(issuer, placeholder) {
		allowed := []string{m.Issuer}
		if p.Kind == Microsoft {
			allowed = nil
			for _, t := range p.Tenants {
				allowed = append(allowed, p.issuerFor(t))
			}
		}
		for _, a := range allowed {
			if a == issuer {
				return nil
			}
		}
	}
	return errProvider(errors.New("the answer names another issuer, or none"))
}
