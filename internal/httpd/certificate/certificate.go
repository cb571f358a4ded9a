// Package certificate is what the listener speaks TLS with: a certificate from files that may change while the server runs, or
// one that an authority gives by ACME (RFC 8555).
//
// Only suites with forward secrecy and authenticated encryption are offered, by TLS 1.3 and, unless it is asked not to, 1.2.
package certificate

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"mainstay/internal/tenant"
)

// Versions that [Versions] knows.
const (
	From12 = "1.2" // TLS 1.3, with 1.2 for who does not speak it
	Only13 = "1.3"
)

// Harden sets the versions and suites of a configuration by the setting's text. It fails for another text.
func Harden(c *tls.Config, versions string) error {
	switch versions {
	case From12:
		c.MinVersion = tls.VersionTLS12
	case Only13:
		c.MinVersion = tls.VersionTLS13
	default:
		return errors.New(`tls is "1.2" (TLS 1.3, with 1.2 for who does not speak it) or "1.3" (nothing older)`)
	}
	c.CipherSuites = []uint16{ // of TLS 1.2; those of 1.3 are all of this kind
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}
	c.SessionTicketsDisabled = true // a ticket's key would open, for days, what was said in TLS 1.2
	c.NextProtos = append([]string{"h2", "http/1.1"}, c.NextProtos...)
	return nil
}

// looks is how long a file's state is believed.
const looks = 10 * time.Second

// Files is a certificate chain and its key in two files. It is safe for concurrent use.
type Files struct {
	chain, key string
	source     tenant.Source
	log        *slog.Logger

	mu     sync.Mutex
	held   *tls.Certificate
	looked time.Time
	marks  [2]mark
}

// mark tells a file from what stood there before.
type mark struct {
	at   time.Time
	size int64
}

// FromFiles reads the pair. It fails where it is not usable: a server does not start with a certificate that it cannot show.
func FromFiles(chain, key string, source tenant.Source, log *slog.Logger) (*Files, error) {
	f := &Files{chain: chain, key: key, source: source, log: log}
	f.looked, f.marks = source.Now(), f.look()
	var err error
	f.held, err = f.read()
	return f, err
}

func (f *Files) look() (marks [2]mark) {
	for i, path := range []string{f.chain, f.key} {
		if info, err := os.Stat(path); err == nil {
			marks[i] = mark{info.ModTime(), info.Size()}
		}
	}
	return marks
}

func (f *Files) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(f.chain, f.key)
	if err != nil {
		return nil, fmt.Errorf("reading the certificate of tls_cert and tls_key: %w", err)
	}
	if now := f.source.Now(); now.After(pair.Leaf.NotAfter) {
		return nil, fmt.Errorf("the certificate of tls_cert ended on %s: give one that is valid", pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return &pair, nil
}

// Get returns the newest usable certificate: what tls.Config.GetCertificate wants. At most every ten seconds it looks whether the
// files changed. What is no usable pair is logged once, and the certificate before it stays.
func (f *Files) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.source.Now(); now.Sub(f.looked) >= looks {
		f.looked = now
		if marks := f.look(); marks != f.marks {
			f.marks = marks
			f.replace()
		}
	}
	return f.held, nil
}

// Reload reads the files now, changed or not: what SIGHUP asks for.
func (f *Files) Reload() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked, f.marks = f.source.Now(), f.look()
	f.replace()
}

func (f *Files) replace() {
	pair, err := f.read()
	if err != nil {
		f.log.Error("the new certificate is not used, the one before it stays", "error", err)
		return
	}
	f.held = pair
	f.log.Info("a new certificate is used", "until", pair.Leaf.NotAfter.Format(time.DateOnly))
}

// Config returns what a listener speaks TLS with.
func (f *Files) Config(versions string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: f.Get}
	return c, Harden(c, versions)
}
