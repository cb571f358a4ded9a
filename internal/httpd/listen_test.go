package httpd_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mainstay/internal/httpd"
)

// selfSigned returns a certificate that nobody vouches for.
func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// queue is a listener whose connections a test makes up.
type queue struct{ conns chan net.Conn }

func (q *queue) Accept() (net.Conn, error) {
	c, ok := <-q.conns
	if !ok {
		return nil, errors.New("closed")
	}
	return c, nil
}
func (q *queue) Close() error   { return nil }
func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection that comes from an address.
type from struct {
	net.Conn
	address string
	closed  bool
}

func (f *from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.address))
}
func (f *from) Close() error { f.closed = true; return nil }

// let reports which of the connections, opened one after the other, a listener lets in.
func let(t *testing.T, l httpd.Listening, addresses ...string) (in []bool, accepted []net.Conn) {
	t.Helper()
	q := &queue{make(chan net.Conn, len(addresses))}
	var all []*from
	for _, a := range addresses {
		c := &from{address: a}
		all = append(all, c)
		q.conns <- c
	}
	close(q.conns)
	bound := l.Bound(q)
	for {
		c, err := bound.Accept()
		if err != nil {
			break
		}
		accepted = append(accepted, c)
	}
	for _, c := range all {
		in = append(in, !c.closed)
	}
	return in, accepted
}

func TestAnAddressHasSoManyConnections(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for name, c := range map[string]struct {
		l         httpd.Listening
		addresses []string
		want      []bool
	}{
		"two of an address": {httpd.Listening{TLS: &tls.Config{}, PerAddress: 2}, []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1"}, []bool{true, true, false, true}},
		"this machine and proxies as many as they like": {httpd.Listening{TLS: &tls.Config{}, PerAddress: 1, Proxies: proxies},
			[]string{"127.0.0.1:1", "127.0.0.1:2", "10.1.1.1:1", "10.1.1.1:2", "[::1]:1", "[::1]:2"}, []bool{true, true, true, true, true, true}},
		"never more than all":             {httpd.Listening{TLS: &tls.Config{}, Most: 2}, []string{"127.0.0.1:1", "10.1.1.1:2", "10.1.1.1:1"}, []bool{true, true, false}},
		"in the clear from proxies alone": {httpd.Listening{Proxies: proxies}, []string{"192.0.2.1:1", "10.1.1.1:1", "127.0.0.1:1"}, []bool{false, true, true}},
		"in the clear to be redirected":   {httpd.Listening{Open: true, PerAddress: 1}, []string{"192.0.2.1:1", "192.0.2.1:2"}, []bool{true, false}},
	} {
		got, _ := let(t, c.l, c.addresses...)
		for i, want := range c.want {
			if got[i] != want {
				t.Errorf("%s: connection %d from %s is let in: %v", name, i, c.addresses[i], got[i])
			}
		}
	}
}

func TestAClosedConnectionMakesRoom(t *testing.T) {
	t.Parallel()
	q := &queue{make(chan net.Conn, 3)}
	bound := httpd.Listening{TLS: &tls.Config{}, PerAddress: 1}.Bound(q)
	for range 3 {
		q.conns <- &from{address: "192.0.2.1:1"}
		c, err := bound.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_, _ = c.Close(), c.Close() // twice, as net/http may
	}
}

func TestASocketForAProxy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "web.sock")
	s := newServer(t, io.Discard)
	s.API("GET /healthz", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
	for range 2 { // the second start finds what the first left
		l, err := httpd.Listening{Address: "unix:" + path}.Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o660 {
			t.Errorf("the socket is %v, %v; want mode 0660", info.Mode(), err)
		}
		if _, err := (httpd.Listening{Address: "unix:" + path}).Listen(t.Context()); err == nil {
			t.Error("a socket that somebody listens on was taken")
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx, l) }()
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}}}
		res, err := client.Get("http://mainstay/healthz")
		if err != nil || res.StatusCode != 200 {
			t.Fatalf("through the socket: %v", err)
		}
		_ = res.Body.Close()
		client.CloseIdleConnections()
		l.(*net.UnixListener).SetUnlinkOnClose(false) // as a kill leaves it
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if _, err := (httpd.Listening{Address: "unix:" + path, TLS: &tls.Config{}}).Listen(t.Context()); err == nil {
		t.Error("a socket with TLS was opened")
	}
}

// TestTheSlowDoNotHoldUpTheQuick opens sockets that send half a handshake, half of their headers, half of a body, or read nothing,
// and measures who behaves meanwhile. Every slow one is let go.
func TestTheSlowDoNotHoldUpTheQuick(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, func(c *httpd.Config) {
		c.Quiet, c.Patience, c.LimitFactor = 500*time.Millisecond, 500*time.Millisecond, 100
	})
	s.API("POST /body", httpd.Public(), func(_ http.ResponseWriter, r *http.Request) error { _, err := io.Copy(io.Discard, r.Body); return err })
	s.API("GET /ok", httpd.Public(), func(http.ResponseWriter, *http.Request) error { return nil })
	s.API("GET /long", httpd.Public(), func(w http.ResponseWriter, _ *http.Request) error {
		part := make([]byte, 1<<20)
		for range 64 {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}, httpd.Stream())
	l, err := httpd.Listening{Address: "127.0.0.1:0", TLS: selfSigned(t)}.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, l) }()
	trusting := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // the certificate is not what is tested
	var slow sync.WaitGroup
	for i := range 120 {
		slow.Go(func() { linger(t, l.Addr().String(), trusting, i%4) })
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trusting}}
	worst := time.Duration(0)
	for range 100 {
		began := time.Now()
		res, err := client.Get("https://" + l.Addr().String() + "/ok")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		worst = max(worst, time.Since(began))
	}
	t.Logf("the slowest of 100 requests took %s beside 120 slow sockets", worst)
	if worst > time.Second {
		t.Errorf("the slowest of 100 requests took %s, want less than 1 s", worst)
	}
	slow.Wait()
	client.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// linger opens a connection, does half of what it should, and waits until it is let go.
func linger(t *testing.T, at string, trusting *tls.Config, kind int) {
	conn, err := net.Dial("tcp", at)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if kind == 0 {
		_, _ = conn.Write([]byte{22, 3, 1, 0, 200, 1}) // the beginning of a ClientHello
	} else {
		conn = tls.Client(conn, trusting)
		_, _ = io.WriteString(conn, map[int]string{1: "GET /ok HTTP/1.1\r\nHost: x\r\nX-Slow: ",
			2: "POST /body HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nContent-Length: 100\r\n\r\nabc", 3: "GET /long HTTP/1.1\r\nHost: x\r\n\r\n"}[kind])
	}
	if kind == 3 {
		<-time.After(3 * time.Second) // reads nothing; the answer is larger than every buffer
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a slow socket of kind %d is held for ever", kind)
	}
}
