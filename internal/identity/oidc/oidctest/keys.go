package oidctest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// keys are what a provider signs with. The stranger's is in no published set, and the one of RSA, which takes long to make, comes
// with its first use.
type keys struct {
	ec       *ecdsa.PrivateKey
	ed       ed25519.PrivateKey
	rsa      *rsa.PrivateKey
	stranger *ecdsa.PrivateKey
}

func newKeys() (keys, error) {
	var k keys
	var err error
	if k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return k, fmt.Errorf("making a key: %w", err)
	}
	if k.stranger, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return k, fmt.Errorf("making a key: %w", err)
	}
	if _, k.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return k, fmt.Errorf("making a key: %w", err)
	}
	return k, nil
}

func (k keys) published() jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: k.ec.Public(), KeyID: "ec", Algorithm: "ES256", Use: "sig"},
		{Key: k.ed.Public(), KeyID: "ed", Algorithm: "EdDSA", Use: "sig"},
	}}
	if k.rsa != nil {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.rsa.Public(), KeyID: "rsa", Algorithm: "RS256", Use: "sig"})
	}
	return set
}

// sign writes a token. "none" leaves it unsigned, "HS256" signs with the client's secret, "RS512" is outside of what is
// believed, and "stranger" signs with a key of somebody else's under a known name.
func (k *keys) sign(alg, secret string, claims map[string]any) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("writing a token: %w", err)
	}
	switch alg {
	case "none":
		return part(`{"alg":"none"}`) + "." + part(string(body)) + ".", nil
	case "HS256":
		signed := part(`{"alg":"HS256"}`) + "." + part(string(body))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(signed))
		return signed + "." + part(string(mac.Sum(nil))), nil
	}
	if k.rsa == nil && (alg == "RS256" || alg == "RS512") {
		if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return "", fmt.Errorf("making a key: %w", err)
		}
	}
	key := map[string]jose.SigningKey{
		"":         {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: k.ec, KeyID: "ec"}},
		"ES256":    {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: k.ec, KeyID: "ec"}},
		"EdDSA":    {Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: k.ed, KeyID: "ed"}},
		"RS256":    {Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: k.rsa, KeyID: "rsa"}},
		"RS512":    {Algorithm: jose.RS512, Key: jose.JSONWebKey{Key: k.rsa, KeyID: "rsa"}},
		"stranger": {Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: k.stranger, KeyID: "ec"}},
	}[alg]
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return "", fmt.Errorf("signing with %q: %w", alg, err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("signing with %q: %w", alg, err)
	}
	return signed.CompactSerialize()
}

func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
