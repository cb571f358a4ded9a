package certificate_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"mainstay/internal/httpd/certificate"
)

// issuing is an authority that speaks as much of RFC 8555 as one order takes. It visits the applicant as a real one does.
type issuing struct {
	*authority
	server *httptest.Server
	visit  func(name, token, proof string) error

	mu      sync.Mutex
	key     *jose.JSONWebKey
	name    string
	proven  bool
	chain   []byte
	asked   map[string]int
	accepts []string // the kinds of challenge that it offers
}

func newIssuing(t *testing.T, kind string) *issuing {
	t.Helper()
	i := &issuing{authority: newAuthority(t), asked: map[string]int{}, accepts: []string{kind}}
	i.server = httptest.NewTLSServer(http.HandlerFunc(i.answer))
	t.Cleanup(i.server.Close)
	return i
}

// answer is every address of the authority.
func (i *issuing) answer(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked[r.URL.Path]++
	at := i.server.URL
	w.Header().Set("Replay-Nonce", fmt.Sprintf("nonce-%d", time.Now().UnixNano()))
	w.Header().Set("Content-Type", "application/json")
	payload, err := i.open(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	say := func(status int, v any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	switch r.URL.Path {
	case "/directory":
		say(200, map[string]string{"newNonce": at + "/nonce", "newAccount": at + "/account", "newOrder": at + "/order", "revokeCert": at + "/revoke", "keyChange": at + "/change"})
	case "/nonce":
		w.WriteHeader(200)
	case "/account":
		w.Header().Set("Location", at+"/account/1")
		say(201, map[string]string{"status": "valid"})
	case "/order":
		var order struct{ Identifiers []struct{ Value string } }
		_ = json.Unmarshal(payload, &order)
		i.name, i.proven = order.Identifiers[0].Value, false
		w.Header().Set("Location", at+"/order/1")
		say(201, i.order())
	case "/order/1":
		w.Header().Set("Location", at+"/order/1")
		say(200, i.order())
	case "/authorization":
		say(200, i.authorization())
	case "/challenge":
		i.proven = i.prove() == nil
		say(200, i.challenge())
	case "/finalize":
		i.finalize(payload)
		w.Header().Set("Location", at+"/order/1")
		say(200, i.order())
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(i.chain)
	default:
		http.NotFound(w, r)
	}
}

// open verifies a signed request and returns what it says; the account's key comes with the first.
func (i *issuing) open(r *http.Request) ([]byte, error) {
	if r.Method != http.MethodPost {
		return nil, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedJSON(string(body), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, err
	}
	if key := signed.Signatures[0].Protected.JSONWebKey; key != nil {
		i.key = key
	}
	return signed.Verify(i.key)
}

func (i *issuing) order() map[string]any {
	o := map[string]any{"status": "pending", "identifiers": []map[string]string{{"type": "dns", "value": i.name}},
		"authorizations": []string{i.server.URL + "/authorization"}, "finalize": i.server.URL + "/finalize"}
	if i.proven {
		o["status"] = "ready"
	}
	if i.chain != nil {
		o["status"], o["certificate"] = "valid", i.server.URL+"/certificate"
	}
	return o
}

func (i *issuing) authorization() map[string]any {
	status := "pending"
	if i.proven {
		status = "valid"
	}
	return map[string]any{"status": status, "identifier": map[string]string{"type": "dns", "value": i.name}, "challenges": []any{i.challenge()}}
}

const token = "a-token-of-the-authority"

func (i *issuing) challenge() map[string]string {
	status := "pending"
	if i.proven {
		status = "valid"
	}
	return map[string]string{"type": i.accepts[0], "url": i.server.URL + "/challenge", "status": status, "token": token}
}

func (i *issuing) prove() error {
	print, err := i.key.Thumbprint(crypto.SHA256)
	if err != nil {
		return err
	}
	return i.visit(i.name, token, token+"."+base64.RawURLEncoding.EncodeToString(print))
}

func (i *issuing) finalize(payload []byte) {
	var sent struct{ CSR string }
	_ = json.Unmarshal(payload, &sent)
	der, _ := base64.RawURLEncoding.DecodeString(sent.CSR)
	if request, err := x509.ParseCertificateRequest(der); err == nil && i.proven && request.CheckSignature() == nil {
		i.chain = i.sign(&testing.T{}, request.PublicKey, time.Now().Add(24*time.Hour), i.name)
	}
}

// byALPN visits a TLS listener as the challenge tls-alpn-01 does (RFC 8737).
func byALPN(at string) func(name, token, proof string) error {
	return func(name, _, proof string) error {
		conn, err := tls.Dial("tcp", at, &tls.Config{ServerName: name, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}) //nolint:gosec // RFC 8737 says so
		if err != nil {
			return err
		}
		defer conn.Close()
		want, err := asn1.Marshal(sumOf(proof))
		if err != nil {
			return err
		}
		for _, e := range conn.ConnectionState().PeerCertificates[0].Extensions {
			if e.Id.String() == "1.3.6.1.5.5.7.1.31" && e.Critical && string(e.Value) == string(want) {
				return nil
			}
		}
		return errors.New("the certificate does not prove the name")
	}
}

func sumOf(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

// byHTTP visits a plain listener as the challenge http-01 does.
func byHTTP(at string) func(name, token, proof string) error {
	return func(name, token, proof string) error {
		r, err := http.NewRequest(http.MethodGet, "http://"+at+"/.well-known/acme-challenge/"+token, nil)
		if err != nil {
			return err
		}
		r.Host = name
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if body, err := io.ReadAll(res.Body); err != nil || strings.TrimSpace(string(body)) != proof {
			return fmt.Errorf("the answer proves nothing: %w", err)
		}
		return nil
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// serve answers on both listeners with what the manager gives, until the test ends.
func serve(t *testing.T, m *certificate.Managed, secure, plain net.Listener) {
	t.Helper()
	config, err := m.Config("1.2")
	check(t, err)
	for l, h := range map[net.Listener]http.Handler{tls.NewListener(secure, config): http.NotFoundHandler(), plain: m.Challenges(http.NotFoundHandler())} {
		server := &http.Server{Handler: h, ReadHeaderTimeout: time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
		go func() { _ = server.Serve(l) }()
		t.Cleanup(func() { _ = server.Close() })
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// TestACertificateComesByACME orders one by each challenge from a private authority, and again from the folder alone.
func TestACertificateComesByACME(t *testing.T) {
	t.Parallel()
	for kind, visit := range map[string]func(string) func(name, token, proof string) error{"tls-alpn-01": byALPN, "http-01": byHTTP} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			i, folder, secure, plain := newIssuing(t, kind), filepath.Join(t.TempDir(), "acme"), listen(t), listen(t)
			i.visit = visit(map[string]string{"tls-alpn-01": secure.Addr().String(), "http-01": plain.Addr().String()}[kind])
			roots := x509.NewCertPool()
			roots.AddCert(i.server.Certificate())
			name := kind + ".mainstay.internal"
			a := certificate.ACME{Domains: []string{name}, Email: "admin@mainstay.internal", Directory: i.server.URL + "/directory", Roots: roots, Folder: folder,
				Listen: secure.Addr().String(), Redirect: plain.Addr().String(), Log: slog.New(slog.DiscardHandler)}
			m, err := a.Manage()
			check(t, err)
			serve(t, m, secure, plain)
			reach(t, i.authority, secure.Addr().String(), name)
			closed(t, folder)
			before := i.asked["/finalize"]
			again, other := listen(t), listen(t)
			a.Listen, a.Redirect = again.Addr().String(), other.Addr().String()
			m, err = a.Manage()
			check(t, err)
			serve(t, m, again, other)
			reach(t, i.authority, again.Addr().String(), name)
			i.mu.Lock()
			defer i.mu.Unlock()
			if i.asked["/finalize"] != before || before != 1 {
				t.Errorf("%d certificates were ordered, want one: the second start finds it in the folder", i.asked["/finalize"])
			}
		})
	}
}

// reach waits until a listener shows a certificate of the authority for a name.
func reach(t *testing.T, a *authority, at, name string) {
	t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		var conn *tls.Conn
		if conn, err = tls.Dial("tcp", at, &tls.Config{RootCAs: a.roots(), ServerName: name}); err == nil {
			_ = conn.Close()
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatalf("%s has no certificate: %v", name, err)
}

// closed wants nothing of a folder to be readable by anybody else.
func closed(t *testing.T, folder string) {
	t.Helper()
	files := 0
	check(t, filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %s", path, info.Mode())
		}
		files++
		return err
	}))
	if files < 4 {
		t.Errorf("the folder holds %d files", files)
	}
}
