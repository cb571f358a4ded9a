package factor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/fxamacker/cbor/v2"

	"mainstay/internal/fault"
	"mainstay/internal/identity/factor"
)

const address = "https://mainstay.example.com"

func party(t *testing.T, address string) *factor.Party {
	t.Helper()
	p, err := factor.NewParty(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// device is a browser with an authenticator at an origin.
type device struct {
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func newDevice(handle []byte) *device {
	d := &device{site: virtualwebauthn.RelyingParty{ID: "mainstay.example.com", Name: "Mainstay", Origin: address}, auth: virtualwebauthn.NewAuthenticator()}
	d.auth.Options.UserHandle = handle
	for len(d.key.ID) == 0 || len(d.key.Key.AttestationData()) != 77 { // the library writes short coordinates short
		d.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return d
}

func (d *device) register(t *testing.T, c factor.Ceremony) []byte {
	t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(virtualwebauthn.CreateAttestationResponse(d.site, d.auth, d.key, *options))
}

func (d *device) assert(t *testing.T, c factor.Ceremony) []byte {
	t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(c.Options))
	if err != nil {
		t.Fatal(err)
	}
	d.key.Counter++
	return []byte(virtualwebauthn.CreateAssertionResponse(d.site, d.auth, d.key, *options))
}

func owner(handle string) factor.Owner {
	return factor.Owner{Handle: []byte(handle), Name: "ada@example.com", Title: "Ada Berg"}
}

// enrolled returns an owner with the device's passkey.
func enrolled(t *testing.T, p *factor.Party, handle string) (factor.Owner, *device) {
	t.Helper()
	o, d := owner(handle), newDevice([]byte(handle))
	c, err := p.BeginRegistration(o, true)
	if err != nil {
		t.Fatal(err)
	}
	key, err := p.FinishRegistration(o, c.State, d.register(t, c))
	if err != nil {
		t.Fatal(err)
	}
	o.Passkeys = append(o.Passkeys, key)
	return o, d
}

func TestAPasskeyNeedsANameAsItsAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{"https://mainstay.example.com": true, "https://mainstay.example.com:8443/": true, "http://localhost:7070": true,
		"http://mainstay.example.com": false, "https://192.0.2.1": false, "http://127.0.0.1:7070": false, "https://[2001:db8::1]": false,
		"https://mainstay.example.com/team": false, "https://a:b@example.com": false, "mainstay.example.com": false, "": false} {
		if _, err := factor.NewParty(address); (err == nil) != want || !want && !fault.Is(err, fault.Invalid) {
			t.Errorf("NewParty(%q): %v, want one: %t", address, err, want)
		}
	}
}

func TestAPasskeyIsMadeAndShown(t *testing.T) {
	t.Parallel()
	p := party(t, address)
	o, d := enrolled(t, p, "handle-of-ada")
	for name, whose := range map[string]factor.Owner{"of the owner": o, "of anybody": {}} {
		c, err := p.BeginAssertion(whose)
		if err != nil {
			t.Fatal(err)
		}
		answer := d.assert(t, c)
		claim, err := factor.ClaimOf(answer)
		if err != nil || claim.Challenge != c.Challenge || string(claim.Handle) != "handle-of-ada" || !bytes.Equal(claim.ID, o.Passkeys[0].ID) {
			t.Errorf("%s: ClaimOf() = %+v, %v", name, claim, err)
		}
		got, err := p.FinishAssertion(o, c.State, answer)
		if err != nil || !got.Verified || got.Cloned || got.Passkey.SignCount != d.key.Counter || !bytes.Equal(got.Passkey.ID, o.Passkeys[0].ID) {
			t.Errorf("%s: FinishAssertion() = %+v, %v", name, got, err)
		}
	}
	var asked struct {
		Attestation            string `json:"attestation"`
		AuthenticatorSelection struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		ExcludeCredentials []any `json:"excludeCredentials"`
		RP                 struct {
			ID string `json:"id"`
		} `json:"rp"`
	}
	c, err := p.BeginRegistration(o, true)
	if err := json.Unmarshal(c.Options, &asked); err != nil {
		t.Fatal(err)
	}
	if err != nil || asked.Attestation != "none" || asked.AuthenticatorSelection.ResidentKey != "required" || len(asked.ExcludeCredentials) != 1 || asked.RP.ID != "mainstay.example.com" {
		t.Errorf("asked for %s, %v", c.Options, err)
	}
}

// B10: what an attacker can change in an assertion, one at a time.
func TestAnAssertionThatIsNotWhollyRightIsRefused(t *testing.T) {
	t.Parallel()
	p := party(t, address)
	ada, d := enrolled(t, p, "handle-of-ada")
	bo, _ := enrolled(t, p, "handle-of-bo")
	anybody := factor.Owner{}
	begin := func(o factor.Owner) factor.Ceremony {
		c, err := p.BeginAssertion(o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for name, attack := range map[string]struct {
		asked factor.Owner // by the ceremony
		of    factor.Owner // whose passkeys it is checked against
		set   func(d *device)
		edit  func(answer []byte) []byte
	}{
		"another origin":       {asked: ada, of: ada, set: func(d *device) { d.site.Origin = "https://mainstay.example.com.evil.test" }},
		"another port":         {asked: ada, of: ada, set: func(d *device) { d.site.Origin = address + ":8443" }},
		"another rpId":         {asked: ada, of: ada, set: func(d *device) { d.site.ID = "example.com" }},
		"a replayed challenge": {asked: ada, of: ada, edit: func([]byte) []byte { return d.assert(t, begin(ada)) }},
		"nobody present":       {asked: ada, of: ada, set: func(d *device) { d.auth.Options.UserNotPresent = true }},
		"not verified where it is the only factor": {asked: anybody, of: ada, set: func(d *device) { d.auth.Options.UserNotVerified = true }},
		"no handle where nobody was named":         {asked: anybody, of: ada, set: func(d *device) { d.auth.Options.UserHandle = nil }},
		"another person's handle":                  {asked: ada, of: ada, set: func(d *device) { d.auth.Options.UserHandle = bo.Handle }},
		"another person's passkey":                 {asked: bo, of: bo, set: func(d *device) { d.auth.Options.UserHandle = bo.Handle }},
		"another person's passkey, nobody named":   {asked: anybody, of: bo, set: func(d *device) { d.auth.Options.UserHandle = bo.Handle }},
		"a changed signature":                      {asked: ada, of: ada, edit: func(answer []byte) []byte { return changed(t, answer, "signature") }},
		"changed data":                             {asked: ada, of: ada, edit: func(answer []byte) []byte { return changed(t, answer, "authenticatorData") }},
		"nothing":                                  {asked: ada, of: ada, edit: func([]byte) []byte { return []byte(`{}`) }},
	} {
		copied := *d
		if attack.set != nil {
			attack.set(&copied)
		}
		c := begin(attack.asked)
		answer := copied.assert(t, c)
		if attack.edit != nil {
			answer = attack.edit(answer)
		}
		if got, err := p.FinishAssertion(attack.of, c.State, answer); !fault.Is(err, fault.Denied) || got.Verified {
			t.Errorf("%s: FinishAssertion() = %+v, %v; want denied", name, got, err)
		}
	}
	c := begin(ada)
	if _, err := p.FinishAssertion(ada, c.State, d.assert(t, c)); err != nil {
		t.Errorf("the passkey itself: %v, so these cases show nothing", err)
	}
}

// B10: a count that does not grow is told, so that its caller refuses the passkey.
func TestACountThatGoesBackIsTold(t *testing.T) {
	t.Parallel()
	p := party(t, address)
	ada, d := enrolled(t, p, "handle-of-ada")
	ada.Passkeys[0].SignCount = 7
	for _, count := range []uint32{7, 3, 0} {
		d.key.Counter = count - 1 // assert counts on
		c, err := p.BeginAssertion(ada)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.FinishAssertion(ada, c.State, d.assert(t, c)); err != nil || !got.Cloned {
			t.Errorf("count %d after 7: %+v, %v; want it told", count, got, err)
		}
	}
}

// B10: no attestation is asked for, but a statement that is there must be true.
func TestAForgedAttestationIsRefused(t *testing.T) {
	t.Parallel()
	p := party(t, address)
	for name, forge := range map[string]func(map[string]any){
		"a packed statement whose signature is not the key's": func(o map[string]any) {
			o["attStmt"].(map[any]any)["sig"].([]byte)[9] ^= 1
		},
		"a packed statement without a signature":  func(o map[string]any) { delete(o["attStmt"].(map[any]any), "sig") },
		"a packed statement of another algorithm": func(o map[string]any) { o["attStmt"].(map[any]any)["alg"] = -257 },
		"a statement where none is said to be":    func(o map[string]any) { o["fmt"] = "none" },
		"a format that nobody knows":              func(o map[string]any) { o["fmt"] = "trust-me" },
		"the hash of another rpId": func(o map[string]any) {
			other := sha256.Sum256([]byte("example.com"))
			copy(o["authData"].([]byte), other[:])
			o["fmt"], o["attStmt"] = "none", map[any]any{}
		},
	} {
		o, d := owner("handle-of-ada"), newDevice([]byte("handle-of-ada"))
		c, err := p.BeginRegistration(o, true)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.FinishRegistration(o, c.State, forged(t, d.register(t, c), forge)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
		plain := forged(t, d.register(t, c), func(o map[string]any) { o["fmt"], o["attStmt"] = "none", map[any]any{} })
		if _, err := p.FinishRegistration(o, c.State, plain); err != nil {
			t.Errorf("no attestation: %v", err)
		}
	}
	for name, set := range map[string]func(d *device){
		"at another origin":                        func(d *device) { d.site.Origin = "https://example.com" },
		"not verified where it will be the factor": func(d *device) { d.auth.Options.UserNotVerified = true },
	} {
		o, d := owner("handle-of-ada"), newDevice([]byte("handle-of-ada"))
		c, err := p.BeginRegistration(o, true)
		if err != nil {
			t.Fatal(err)
		}
		set(d)
		if _, err := p.FinishRegistration(o, c.State, d.register(t, c)); !fault.Is(err, fault.Invalid) {
			t.Errorf("a registration %s: %v, want invalid", name, err)
		}
	}
}

// changed flips a bit of a field of an answer.
func changed(t *testing.T, answer []byte, field string) []byte {
	t.Helper()
	return edited(t, answer, field, func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
}

// forged changes the attestation object of an answer.
func forged(t *testing.T, answer []byte, forge func(map[string]any)) []byte {
	t.Helper()
	return edited(t, answer, "attestationObject", func(b []byte) []byte {
		var object map[string]any
		if err := cbor.Unmarshal(b, &object); err != nil {
			t.Fatal(err)
		}
		forge(object)
		mode, err := cbor.CTAP2EncOptions().EncMode()
		if err != nil {
			t.Fatal(err)
		}
		out, err := mode.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		return out
	})
}

func edited(t *testing.T, answer []byte, field string, edit func([]byte) []byte) []byte {
	t.Helper()
	var outer map[string]any
	if err := json.Unmarshal(answer, &outer); err != nil {
		t.Fatal(err)
	}
	response := outer["response"].(map[string]any)
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(response[field].(string), "="))
	if err != nil {
		t.Fatal(err)
	}
	response[field] = base64.RawURLEncoding.EncodeToString(edit(raw))
	out, err := json.Marshal(outer)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzClaimOf(f *testing.F) {
	f.Add([]byte(`{"rawId":"AA","response":{"clientDataJSON":"e30","userHandle":""}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if claim, err := factor.ClaimOf(answer); err == nil && claim.Challenge == "" {
			t.Error("a claim without a challenge")
		}
	})
}
