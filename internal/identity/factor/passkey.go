package factor

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"mainstay/internal/fault"
)

// Party is the relying party of WebAuthn level 3: one origin and the id that follows from it. Ceremonies of any other origin
// fail.
type Party struct{ web *webauthn.WebAuthn }

// NewParty returns the relying party of a public address such as https://mainstay.example.com. It fails with fault.Invalid for
// an address that browsers make no passkeys for: an IP address, or http:// beyond this machine.
func NewParty(address string) (*Party, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, fault.New(fault.Invalid, "The public address is one such as https://mainstay.example.com, without a path.")
	}
	host := u.Hostname()
	if net.ParseIP(host) != nil || u.Scheme != "https" && (u.Scheme != "http" || host != "localhost") {
		return nil, fault.New(fault.Invalid, "Passkeys need a name: https:// with a host name, or http://localhost.")
	}
	web, err := webauthn.New(&webauthn.Config{RPID: host, RPDisplayName: "Mainstay", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired,
			RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationPreferred}})
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "Passkeys cannot be used at this public address.", err)
	}
	return &Party{web}, nil
}

// Passkey is what is kept of one: never a secret.
type Passkey struct {
	ID         []byte
	PublicKey  []byte // COSE
	SignCount  uint32
	Backup     bool // may be copied to other devices of its owner by its maker's cloud
	Transports []string
}

// Owner is whose passkeys they are. The handle is what the device keeps with a passkey; it tells nothing about the person.
type Owner struct {
	Handle      []byte
	Name, Title string // what the device shows: the address, and the person's name
	Passkeys    []Passkey
}

// Ceremony is one that was begun: Options is JSON for the browser, State what the caller keeps until the answer. The challenge
// is 256 random bits; that it is taken once and not for long is the caller's to see to.
type Ceremony struct {
	Options, State json.RawMessage
	Challenge      string
}

// BeginRegistration asks for a new passkey. Those that the owner has are excluded. One that will be the only factor must verify
// its person; others are asked to.
func (p *Party) BeginRegistration(o Owner, alone bool) (Ceremony, error) {
	var have []protocol.CredentialDescriptor
	for _, c := range o.WebAuthnCredentials() {
		have = append(have, c.Descriptor())
	}
	want := p.web.Config.AuthenticatorSelection
	if alone {
		want.UserVerification = protocol.VerificationRequired
	}
	options, session, err := p.web.BeginRegistration(o, webauthn.WithExclusions(have), webauthn.WithAuthenticatorSelection(want))
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning to register a passkey: %w", err)
	}
	return ceremony(options.Response, session)
}

// FinishRegistration verifies the browser's answer: type, challenge, origin, rpId, presence, the key's algorithm, and an
// attestation statement where there is one, none being fine. It fails with fault.Invalid.
func (p *Party) FinishRegistration(o Owner, state, answer []byte) (Passkey, error) {
	session, err := stateOf(state)
	if err != nil {
		return Passkey{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return Passkey{}, refused(err)
	}
	c, err := p.web.CreateCredential(o, session, parsed)
	if err != nil {
		return Passkey{}, refused(err)
	}
	key := Passkey{ID: c.ID, PublicKey: c.PublicKey, SignCount: c.Authenticator.SignCount, Backup: c.Flags.BackupEligible}
	for _, t := range c.Transport {
		key.Transports = append(key.Transports, string(t))
	}
	return key, nil
}

// BeginAssertion asks for a passkey of the owner, or, where the owner has no handle, for anybody's: then the passkey is the
// only factor and must verify its person.
func (p *Party) BeginAssertion(o Owner) (Ceremony, error) {
	begin := func() (*protocol.CredentialAssertion, *webauthn.SessionData, error) { return p.web.BeginLogin(o) }
	if len(o.Handle) == 0 {
		begin = func() (*protocol.CredentialAssertion, *webauthn.SessionData, error) {
			return p.web.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
		}
	}
	options, session, err := begin()
	if err != nil {
		return Ceremony{}, fmt.Errorf("beginning to ask for a passkey: %w", err)
	}
	return ceremony(options.Response, session)
}

// Claim is what a browser's answer says of itself, before anything of it is verified: which ceremony it answers, whose passkey
// it is, and which.
type Claim struct {
	Challenge  string
	Handle, ID []byte
}

// ClaimOf reads the claim of an answer to either ceremony. It fails with fault.Invalid.
func ClaimOf(answer []byte) (Claim, error) {
	var outer struct {
		RawID    string `json:"rawId"`
		Response struct {
			ClientDataJSON string `json:"clientDataJSON"`
			UserHandle     string `json:"userHandle"`
		} `json:"response"`
	}
	var inner struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(answer, &outer); err != nil {
		return Claim{}, refused(err)
	}
	data, err := unpadded(outer.Response.ClientDataJSON)
	if err != nil {
		return Claim{}, refused(err)
	}
	if err := json.Unmarshal(data, &inner); err != nil || inner.Challenge == "" {
		return Claim{}, refused(errors.New("client data without a challenge"))
	}
	claim := Claim{Challenge: inner.Challenge}
	if claim.ID, err = unpadded(outer.RawID); err != nil {
		return Claim{}, refused(err)
	}
	if claim.Handle, err = unpadded(outer.Response.UserHandle); err != nil {
		return Claim{}, refused(err)
	}
	return claim, nil
}

func unpadded(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}

// Assertion is what a verified answer showed.
type Assertion struct {
	Passkey  Passkey // with its new count
	Verified bool    // the device verified its person, and did not only see somebody there
	Cloned   bool    // the count did not grow: another copy of this passkey may be in use. It must not be taken
}

// FinishAssertion verifies the browser's answer against the owner's passkeys. It fails with fault.Denied.
func (p *Party) FinishAssertion(o Owner, state, answer []byte) (Assertion, error) {
	session, err := stateOf(state)
	if err != nil {
		return Assertion{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return Assertion{}, denied(err)
	}
	var c *webauthn.Credential
	if len(session.UserID) == 0 {
		c, err = p.web.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return o, nil }, session, parsed)
	} else {
		c, err = p.web.ValidateLogin(o, session, parsed)
	}
	if err != nil {
		return Assertion{}, denied(err)
	}
	key := Passkey{ID: c.ID, PublicKey: c.PublicKey, SignCount: c.Authenticator.SignCount, Backup: c.Flags.BackupEligible}
	return Assertion{Passkey: key, Verified: parsed.Response.AuthenticatorData.Flags.HasUserVerified(), Cloned: c.Authenticator.CloneWarning}, nil
}

func ceremony(options any, session *webauthn.SessionData) (Ceremony, error) {
	shown, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	state, err := json.Marshal(session)
	return Ceremony{Options: shown, State: state, Challenge: session.Challenge}, err
}

func stateOf(state []byte) (webauthn.SessionData, error) {
	var session webauthn.SessionData
	err := json.Unmarshal(state, &session)
	if err == nil && session.Challenge == "" {
		err = errors.New("a ceremony without a challenge")
	}
	return session, err
}

// refused and denied keep the cause for the log without what was submitted: the library's details quote it.
func refused(err error) error {
	return fault.Wrap(fault.Invalid, "The passkey could not be added. Try again.", cause(err))
}

func denied(err error) error {
	return fault.Wrap(fault.Denied, "This passkey was not accepted. Try again, or use another way to sign in.", cause(err))
}

func cause(err error) error {
	var known *protocol.Error
	if errors.As(err, &known) {
		return fmt.Errorf("%s: %s", known.Type, known.Details)
	}
	return fmt.Errorf("a malformed answer (%T)", err)
}

// WebAuthnID, WebAuthnName, WebAuthnDisplayName and WebAuthnCredentials implement webauthn.User.
func (o Owner) WebAuthnID() []byte          { return o.Handle }
func (o Owner) WebAuthnName() string        { return o.Name }
func (o Owner) WebAuthnDisplayName() string { return o.Title }
func (o Owner) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, k := range o.Passkeys {
		c := webauthn.Credential{ID: k.ID, PublicKey: k.PublicKey, Authenticator: webauthn.Authenticator{SignCount: k.SignCount}}
		c.Flags.BackupEligible = k.Backup
		for _, t := range k.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}
