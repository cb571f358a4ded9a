package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// ACME says from which authority certificates come, and for which names.
type ACME struct {
	Domains   []string
	Email     string         // where the authority writes to before a certificate ends; may be empty
	Directory string         // of the authority; empty: Let's Encrypt's
	Roots     *x509.CertPool // vouch for the authority's own address; nil: the system's
	Folder    string         // keys and certificates are kept here; only the owner of the process can enter it
	Listen    string         // where the TLS listener is, for the challenge tls-alpn-01
	Redirect  string         // where the plain listener is, for the challenge http-01; empty: there is none
	Log       *slog.Logger
}

// Managed are certificates that are got, renewed and, where the authority gives proofs of that, stapled as not revoked.
type Managed struct {
	domains []string
	cache   *certmagic.Cache
	config  *certmagic.Config
	issuer  *certmagic.ACMEIssuer
}

// Manage opens the folder. Nothing is asked of the authority before Run.
func (a ACME) Manage() (*Managed, error) {
	if len(a.Domains) == 0 || a.Folder == "" || a.Log == nil {
		return nil, errors.New("certificate: Domains, Folder and Log are required")
	}
	if err := os.MkdirAll(a.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of certificates: %w", err)
	}
	if err := os.Chmod(a.Folder, 0o700); err != nil {
		return nil, fmt.Errorf("closing the folder of certificates: %w", err)
	}
	m := &Managed{domains: a.Domains}
	m.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return m.config, nil }, Logger: zap.NewNop()})
	m.config = certmagic.New(m.cache, certmagic.Config{Storage: &certmagic.FileStorage{Path: a.Folder}, Logger: zap.NewNop(), OnEvent: a.tell})
	issuer, err := a.issuer()
	if err != nil {
		m.cache.Stop()
		return nil, err
	}
	m.issuer = certmagic.NewACMEIssuer(m.config, issuer)
	m.config.Issuers = []certmagic.Issuer{m.issuer}
	return m, nil
}

// issuer answers challenges on our own listeners and opens none beside them.
func (a ACME) issuer() (certmagic.ACMEIssuer, error) {
	i := certmagic.ACMEIssuer{CA: a.Directory, Email: a.Email, Agreed: true, TrustedRoots: a.Roots, Logger: zap.NewNop(),
		DisableHTTPChallenge: a.Redirect == ""}
	if i.CA == "" {
		i.CA = certmagic.LetsEncryptProductionCA
	} else {
		i.TestCA = i.CA
	}
	var err error
	if i.ListenHost, i.AltTLSALPNPort, err = hostAndPort(a.Listen); err == nil && a.Redirect != "" {
		_, i.AltHTTPPort, err = hostAndPort(a.Redirect)
	}
	return i, err
}

func hostAndPort(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("reading the address %q: %w", address, err)
	}
	port, err := strconv.Atoi(text)
	return host, port, err
}

// tell logs what became of certificates: names of hosts, and the authority's reason where it gave none.
func (a ACME) tell(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		a.Log.Info("a certificate was obtained", "host", data["identifier"], "renewal", data["renewal"])
	case "cert_failed":
		a.Log.Error("no certificate was obtained; it is tried again", "host", data["identifier"], "renewal", data["renewal"], "error", fmt.Sprint(data["error"]))
	}
	return nil
}

// Run gets what is missing and renews what is about to end, until ctx ends. Handshakes for names without a certificate fail
// meanwhile.
func (m *Managed) Run(ctx context.Context) error {
	defer m.cache.Stop()
	if err := m.config.ManageAsync(ctx, m.domains); err != nil {
		return fmt.Errorf("getting certificates: %w", err)
	}
	<-ctx.Done()
	return nil
}

// Config returns what a listener speaks TLS with: also the challenge tls-alpn-01.
func (m *Managed) Config(versions string) (*tls.Config, error) {
	c := m.config.TLSConfig()
	return c, Harden(c, versions)
}

// Challenges answers the challenge http-01 before next.
func (m *Managed) Challenges(next http.Handler) http.Handler {
	return m.issuer.HTTPChallengeHandler(next)
}
