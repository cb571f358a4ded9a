package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/health"
	"mainstay/internal/httpd"
	"mainstay/internal/httpd/certificate"
	"mainstay/internal/tenant"
)

// Edge is what an operator can set of the side that faces the network.
type Edge struct {
	TLS            string // "1.2" or "1.3"
	Redirect       string // host:port of the plain listener that sends people to https://; empty: none
	ACMEDomains    string
	ACMEEmail      string
	ACMEDirectory  string // empty: Let's Encrypt's
	ACMECA         string // file of the authority that vouches for the directory; empty: the system's
	Proxies        string // networks whose word about the client counts
	AddressSockets string // connections that one address may have open
	LimitFactor    string // multiplies every limit on how often somebody asks
	Firewall       string // "on" or "off"
	AccessLogDays  string
}

func newEdge() Edge {
	return Edge{TLS: certificate.From12, AddressSockets: "256", LimitFactor: "1", Firewall: "on", AccessLogDays: "30"}
}

func (e *Edge) settings() []setting {
	return []setting{
		{key: "tls", says: "1.2 (TLS 1.3, with 1.2 for who does not speak it) or 1.3 (nothing older)", text: &e.TLS},
		{key: "redirect", says: "host:port of a plain listener that sends people to https://; empty: none", text: &e.Redirect},
		{key: "acme_domains", says: "names to get certificates for by ACME: mainstay.example.com, other.example.com", text: &e.ACMEDomains},
		{key: "acme_email", says: "where the authority writes to about certificates", text: &e.ACMEEmail},
		{key: "acme_directory", says: "https:// address of the authority's directory; empty: Let's Encrypt's", text: &e.ACMEDirectory},
		{key: "acme_ca", says: "file of the certificate authority of that directory; empty: the system's", text: &e.ACMECA},
		{key: "proxies", says: "networks of proxies whose word about the client counts: 10.0.0.0/8, 192.0.2.7", text: &e.Proxies},
		{key: "address_sockets", says: "connections that one address may have open", text: &e.AddressSockets},
		{key: "limit_factor", says: "multiplies every limit on how often somebody asks", text: &e.LimitFactor},
		{key: "waf", says: "on or off: the firewall over requests without a session", text: &e.Firewall},
		{key: "access_log_days", says: "days after which lines of the access log are removed", text: &e.AccessLogDays},
	}
}

// words splits a setting that is a list.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

func (c *Config) socket() bool { return strings.HasPrefix(c.Listen, "unix:") }

// secure reports whether the listener itself speaks TLS.
func (c *Config) secure() bool { return c.TLSCert != "" || c.ACMEDomains != "" }

// checkEdge refuses what cannot work, or would let somebody in who should not be.
func (c *Config) checkEdge() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("tls_cert and tls_key belong together: set both or neither")
	}
	if c.TLSCert != "" && c.ACMEDomains != "" {
		return errors.New("tls_cert and acme_domains exclude each other: certificates come from files or from an authority")
	}
	if c.ACMEDomains == "" && (c.ACMEEmail != "" || c.ACMEDirectory != "" || c.ACMECA != "") {
		return errors.New("acme_email, acme_directory and acme_ca are for acme_domains: set that, too, or none of them")
	}
	if u, err := url.Parse(c.ACMEDirectory); c.ACMEDirectory != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		return errors.New("acme_directory is no https:// address")
	}
	if err := certificate.Harden(&tls.Config{}, c.TLS); err != nil { //nolint:gosec // nobody speaks with it
		return err
	}
	if c.Firewall != "on" && c.Firewall != "off" {
		return errors.New("waf is on or off")
	}
	proxies, err := c.proxies()
	if err != nil {
		return err
	}
	for _, check := range []func() error{
		func() error { _, err := c.limitFactor(); return err },
		func() error { _, err := count("address_sockets", c.AddressSockets); return err },
		func() error { _, err := count("access_log_days", c.AccessLogDays); return err },
		func() error { return c.checkListen(len(proxies) > 0) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) checkListen(proxied bool) error {
	if c.Redirect != "" {
		if _, _, err := net.SplitHostPort(c.Redirect); err != nil {
			return fmt.Errorf("redirect is not host:port: %w", err)
		}
		if !c.secure() {
			return errors.New("redirect sends people to https://, which needs tls_cert and tls_key, or acme_domains")
		}
	}
	if c.socket() {
		if c.secure() {
			return errors.New("listen is a Unix socket, where the proxy before it speaks TLS: leave tls_cert and acme_domains out")
		}
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("listen is neither host:port nor unix:/path: %w", err)
	}
	if !c.secure() && !proxied && !loopback(host) {
		return errors.New("listen is not a loopback address, which needs TLS: set tls_cert and tls_key, or acme_domains; or list the proxies; or listen on 127.0.0.1")
	}
	return nil
}

// proxies reads the list of networks; a bare address is one alone.
func (c *Config) proxies() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, word := range words(c.Proxies) {
		p, err := netip.ParsePrefix(word)
		if a, bare := netip.ParseAddr(word); bare == nil {
			p, err = a.Prefix(a.BitLen())
		}
		if err != nil || p.Bits() == 0 {
			return nil, errors.New("proxies is a list of networks such as 10.0.0.0/8, 192.0.2.7, and never everybody")
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

func (c *Config) limitFactor() (float64, error) {
	f, err := strconv.ParseFloat(c.LimitFactor, 64)
	if err != nil || !(f > 0 && f <= 1e6) {
		return 0, errors.New("limit_factor is a number above 0, such as 0.5 or 100")
	}
	return f, nil
}

func count(key, text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return 0, fmt.Errorf("%s is a whole number from 1 to 100000", key)
	}
	return n, nil
}

// front is where people come in: the listener, and what runs beside it.
type front struct {
	net.Listener
	plain   net.Listener // where people are sent to https://; may be nil
	log     *slog.Logger
	to      http.Handler // of the plain listener
	files   *certificate.Files
	managed *certificate.Managed
}

// openFront opens the listeners, so that a port that is taken or a certificate that is none ends the start before anything else.
func (c *Config) openFront(ctx context.Context, log *slog.Logger) (*front, error) {
	f := &front{log: log}
	speaks, err := f.certificates(c, log)
	if err != nil {
		return nil, err
	}
	proxies, err := c.proxies()
	if err != nil {
		return nil, err
	}
	most, err := count("address_sockets", c.AddressSockets)
	if err != nil {
		return nil, err
	}
	f.Listener, err = httpd.Listening{Address: c.Listen, TLS: speaks, Proxies: proxies, PerAddress: most}.Listen(ctx)
	if err != nil || c.Redirect == "" {
		return f, err
	}
	_, port, err := net.SplitHostPort(f.Addr().String())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.to = httpd.Redirect(port, words(c.ACMEDomains)...)
	if f.managed != nil {
		f.to = f.managed.Challenges(f.to)
	}
	f.plain, err = httpd.Listening{Address: c.Redirect, Open: true, PerAddress: most}.Listen(ctx)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// certificates returns what the listener speaks TLS with, nil for plain HTTP.
func (f *front) certificates(c *Config, log *slog.Logger) (_ *tls.Config, err error) {
	switch {
	case c.TLSCert != "":
		if f.files, err = certificate.FromFiles(c.TLSCert, c.TLSKey, tenant.Source{Now: now}, log); err != nil {
			return nil, err
		}
		return f.files.Config(c.TLS)
	case c.ACMEDomains != "":
		if err := os.MkdirAll(c.Data, 0o711); err != nil {
			return nil, fmt.Errorf("making the data folder: %w", err)
		}
		var roots *x509.CertPool
		if c.ACMECA != "" {
			if roots, err = authority("acme_ca", c.ACMECA); err != nil {
				return nil, err
			}
		}
		f.managed, err = certificate.ACME{Domains: words(c.ACMEDomains), Email: c.ACMEEmail, Directory: c.ACMEDirectory, Roots: roots,
			Folder: filepath.Join(c.Data, "acme"), Listen: c.Listen, Redirect: c.Redirect, Log: log}.Manage()
		if err != nil {
			return nil, err
		}
		return f.managed.Config(c.TLS)
	}
	return nil, nil
}

// Close closes both listeners.
func (f *front) Close() error {
	err := f.Listener.Close()
	if f.plain != nil {
		err = errors.Join(err, f.plain.Close())
	}
	return err
}

// beside returns what runs as long as the server does: certificates that are got and renewed, the plain listener, and SIGHUP, which
// reads the certificate's files again.
func (f *front) beside() []func(context.Context) error {
	parts := []func(context.Context) error{f.hearHangUps}
	if f.managed != nil {
		parts = append(parts, f.managed.Run)
	}
	if f.plain != nil {
		parts = append(parts, func(ctx context.Context) error { return httpd.Serve(ctx, f.plain, f.to, f.log) })
	}
	return parts
}

func (f *front) hearHangUps(ctx context.Context) error {
	heard := make(chan os.Signal, 1)
	signal.Notify(heard, syscall.SIGHUP)
	defer signal.Stop(heard)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-heard:
			if f.files != nil {
				f.files.Reload()
			}
		}
	}
}

// guard sets who is believed, how often everybody may ask, and what looks at strangers' requests.
func (p *Program) guard(c *httpd.Config) (err error) {
	if c.Proxies, err = p.Config.proxies(); err != nil {
		return err
	}
	if c.LimitFactor, err = p.Config.limitFactor(); err != nil {
		return err
	}
	if c.PerAddress, err = count("address_sockets", p.Config.AddressSockets); err != nil {
		return err
	}
	if p.Config.Firewall == "on" {
		c.Firewall = p.wall.Refuses
	}
	return nil
}

func (p *Program) openAccess() (*accesslog.Service, error) {
	days, err := count("access_log_days", p.Config.AccessLogDays)
	if err != nil {
		return nil, err
	}
	return accesslog.New(accesslog.Config{Gate: p.Gate, Source: p.source, Log: p.Log, Keep: time.Duration(days) * 24 * time.Hour})
}

// closeAccess stores the last lines of the access log once no request runs any more. What it cannot store is logged and lost: the
// server stops all the same.
func (p *Program) closeAccess(ctx context.Context) {
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := p.Access.Flush(late); err != nil {
		p.Log.Error("the last lines of the access log are lost", "error", err)
	}
}

// tlsCheck says how this deployment is reached.
func (p *Program) tlsCheck() health.Check {
	found := ""
	switch {
	case p.Config.ACMEDomains != "":
		found = "Certificates come by ACME and are renewed by themselves"
	case p.Config.socket(), !p.Config.secure() && p.Config.Proxies != "":
		found = "A proxy before Mainstay speaks TLS"
	default:
		return health.TLS(p.Config.TLSCert, p.source.Now)
	}
	return health.Check{Name: "TLS", Try: func(context.Context) health.Outcome { return health.Outcome{State: health.Works, Found: found} }}
}

// flushTime is how long the access log may take to store its last lines.
const flushTime = 5 * time.Second
