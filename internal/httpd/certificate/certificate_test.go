package certificate_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/httpd/certificate"
	"mainstay/internal/tenant"
)

// authority signs certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &a.key.PublicKey, a.key)
	check(t, err)
	a.cert, err = x509.ParseCertificate(der)
	check(t, err)
	return a
}

func (a *authority) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// sign returns the chain of a certificate for a public key.
func (a *authority) sign(t *testing.T, public any, ends time.Time, names ...string) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	check(t, err)
	shape := &x509.Certificate{SerialNumber: serial, NotBefore: time.Now().Add(-time.Hour), NotAfter: ends, DNSNames: names,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, shape, a.cert, public, a.key)
	check(t, err)
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})...)
}

// write makes a new pair in a folder's files.
func (a *authority) write(t *testing.T, dir string, ends time.Time, name string) (chain, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	chain, key = filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	check(t, os.WriteFile(chain, a.sign(t, &private.PublicKey, ends, name), 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return chain, key
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// clock is a time that moves when a test says so.
type clock struct{ at time.Time }

func (c *clock) source() tenant.Source {
	return tenant.Source{Now: func() time.Time { return c.at }, Random: rand.Reader}
}

func shown(t *testing.T, f *certificate.Files) string {
	t.Helper()
	pair, err := f.Get(nil)
	check(t, err)
	return pair.Leaf.DNSNames[0]
}

// TestFilesThatChangeAreUsed: a new pair is used, a bad one is not and is logged once, and the one before it stays.
func TestFilesThatChangeAreUsed(t *testing.T) {
	t.Parallel()
	a, dir, now, log := newAuthority(t), t.TempDir(), &clock{time.Now()}, &bytes.Buffer{}
	ends := now.at.Add(time.Hour)
	chain, key := a.write(t, dir, ends, "one.example.com")
	f, err := certificate.FromFiles(chain, key, now.source(), slog.New(slog.NewJSONHandler(log, nil)))
	check(t, err)
	a.write(t, dir, ends, "two.example.com")
	if got := shown(t, f); got != "one.example.com" {
		t.Errorf("at once %s is shown", got)
	}
	now.at = now.at.Add(10 * time.Second)
	if got := shown(t, f); got != "two.example.com" {
		t.Errorf("after ten seconds %s is shown, want the new one", got)
	}
	for what, spoil := range map[string]func(){
		"a chain that is none":     func() { check(t, os.WriteFile(chain, []byte("half a file"), 0o600)) },
		"a key of another":         func() { check(t, os.WriteFile(chain, a.sign(t, &a.key.PublicKey, ends, "x.example.com"), 0o600)) },
		"one that ended":           func() { a.write(t, dir, now.at.Add(-time.Minute), "old.example.com") },
		"a file that is not there": func() { check(t, os.Remove(key)) },
	} {
		log.Reset()
		spoil()
		for range 3 {
			now.at = now.at.Add(10 * time.Second)
			if got := shown(t, f); got != "two.example.com" {
				t.Errorf("%s: %s is shown, want the one before", what, got)
			}
		}
		if n := strings.Count(log.String(), "the one before it stays"); n != 1 {
			t.Errorf("%s is logged %d times: %s", what, n, log)
		}
	}
	a.write(t, dir, ends, "three.example.com")
	f.Reload()
	if got := shown(t, f); got != "three.example.com" {
		t.Errorf("after Reload %s is shown", got)
	}
}

func TestAServerDoesNotStartWithABadPair(t *testing.T) {
	t.Parallel()
	a, dir, now := newAuthority(t), t.TempDir(), &clock{time.Now()}
	chain, key := a.write(t, dir, now.at.Add(-time.Minute), "one.example.com")
	for _, pair := range [][2]string{{chain, key}, {key, chain}, {chain, filepath.Join(dir, "none")}} {
		if _, err := certificate.FromFiles(pair[0], pair[1], now.source(), slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%v was taken", pair)
		}
	}
}

// TestOnlyModernTLS shakes hands with each version and with suites that keep no secret forward.
func TestOnlyModernTLS(t *testing.T) {
	t.Parallel()
	a, dir, now := newAuthority(t), t.TempDir(), &clock{time.Now()}
	chain, key := a.write(t, dir, now.at.Add(time.Hour), "one.example.com")
	f, err := certificate.FromFiles(chain, key, now.source(), slog.New(slog.DiscardHandler))
	check(t, err)
	if _, err := f.Config("1.1"); err == nil {
		t.Error("a setting for TLS 1.1 was taken")
	}
	for _, c := range []struct {
		setting string
		version uint16
		suite   uint16
		want    bool
	}{
		{"1.2", tls.VersionTLS13, 0, true}, {"1.2", tls.VersionTLS12, 0, true}, {"1.2", tls.VersionTLS11, 0, false}, {"1.2", tls.VersionTLS10, 0, false},
		{"1.3", tls.VersionTLS13, 0, true}, {"1.3", tls.VersionTLS12, 0, false},
		{"1.2", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, true},
		{"1.2", tls.VersionTLS12, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, false},
		{"1.2", tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, false},
	} {
		server, err := f.Config(c.setting)
		check(t, err)
		client := &tls.Config{RootCAs: a.roots(), ServerName: "one.example.com", MinVersion: c.version, MaxVersion: c.version}
		if c.suite != 0 {
			client.CipherSuites = []uint16{c.suite}
		}
		if err := shake(server, client); (err == nil) != c.want {
			t.Errorf("tls %s, version %x, suite %s: %v", c.setting, c.version, tls.CipherSuiteName(c.suite), err)
		}
	}
}

func shake(server, client *tls.Config) error {
	near, far := net.Pipe()
	defer near.Close()
	go func() {
		_ = tls.Server(far, server).Handshake()
		_ = far.Close()
	}()
	return tls.Client(near, client).Handshake()
}
