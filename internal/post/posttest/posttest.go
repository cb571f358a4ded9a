// Package posttest is an SMTP server on loopback for tests: it has a certificate authority of its own, speaks STARTTLS or TLS
// from the first byte, wants a sign-in where told to, and answers as a test says. Nothing of it is part of the program.
package posttest

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mode is how the server protects its connections.
type Mode string

// The modes.
const (
	StartTLS Mode = "starttls"
	TLS      Mode = "tls"
	Plain    Mode = "none"
)

// Mail is a mail that the server took.
type Mail struct {
	From, To string // of the envelope
	User     string // who signed in; empty: nobody
	TLS      bool
	Raw      string
	Header   mail.Header
	Text     string
	HTML     string
}

// Server is a running server.
type Server struct {
	Address string
	Roots   *x509.CertPool // its authority's
	CA      []byte         // the same in PEM

	mode     Mode
	tls      *tls.Config
	mu       sync.Mutex
	password string
	script   map[string][]string
	mails    []Mail
	took     func(Mail)
	open     map[net.Conn]bool
	begun    int
}

// New starts a server that ends with the test.
func New(t testing.TB, mode Mode) *Server {
	t.Helper()
	s := &Server{mode: mode, script: map[string][]string{}, open: map[net.Conn]bool{}}
	s.tls, s.Roots, s.CA = certificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Address = l.Addr().String()
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wait.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for conn := range s.open {
			_ = conn.Close()
		}
		s.mu.Unlock()
		wait.Wait()
	})
	return s
}

// Wants makes the server want a sign-in with this password.
func (s *Server) Wants(password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.password = password
}

// Answer makes the server answer at a place ("greeting", "auth", "mail", "rcpt", "data", "end") with these in turn, and well
// after them. "drop" closes the connection; "hang" says nothing more.
func (s *Server) Answer(place string, answers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[place] = append(s.script[place], answers...)
}

// Took is called with each mail before the server says that it took it.
func (s *Server) Took(f func(Mail)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = f
}

// Mails returns what the server took.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Begun returns how many connections there were.
func (s *Server) Begun() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

func (s *Server) answer(place, usual string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if next := s.script[place]; len(next) > 0 {
		s.script[place] = next[1:]
		return next[0]
	}
	return usual
}

// talk is one connection.
type talk struct {
	server *Server
	conn   net.Conn
	in     *bufio.Reader
	mail   Mail
}

func (s *Server) serve(conn net.Conn) {
	s.mu.Lock()
	s.open[conn] = true
	s.begun++
	s.mu.Unlock()
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	}()
	t := &talk{server: s, conn: conn}
	if s.mode == TLS {
		t.secure()
	}
	t.in = bufio.NewReader(t.conn)
	if !t.say("greeting", "220 posttest") {
		return
	}
	for {
		line, err := t.in.ReadString('\n')
		if err != nil || !t.command(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (t *talk) secure() {
	t.conn, t.mail.TLS = tls.Server(t.conn, t.server.tls), true
	t.in = bufio.NewReader(t.conn)
}

// say answers, and reports whether the talk goes on.
func (t *talk) say(place, usual string) bool {
	said := t.server.answer(place, usual)
	switch said {
	case "drop":
		return false
	case "hang":
		_, _ = io.Copy(io.Discard, t.conn)
		return false
	}
	_, err := io.WriteString(t.conn, strings.ReplaceAll(said, "\n", "\r\n")+"\r\n")
	return err == nil
}

func (t *talk) command(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO":
		return t.say("", "250-posttest\n"+t.offers()+"250 8BITMIME")
	case "STARTTLS":
		if !t.say("", "220 go on") {
			return false
		}
		t.secure()
		return true
	case "AUTH":
		return t.signIn(rest)
	case "MAIL":
		t.mail.From = between(rest)
		if t.server.wanted() != "" && t.mail.User == "" {
			return t.say("", "530 5.7.0 sign in first")
		}
		return t.say("mail", "250 fine")
	case "RCPT":
		t.mail.To = between(rest)
		return t.say("rcpt", "250 fine")
	case "DATA":
		return t.data()
	case "RSET", "NOOP":
		return t.say("", "250 fine")
	case "QUIT":
		t.say("", "221 bye")
		return false
	}
	return t.say("", "500 what")
}

func (s *Server) wanted() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.password
}

func (t *talk) offers() string {
	offers := ""
	if t.server.mode == StartTLS && !t.mail.TLS {
		offers = "250-STARTTLS\n"
	}
	if t.server.wanted() != "" {
		offers += "250-AUTH PLAIN\n"
	}
	return offers
}

func (t *talk) signIn(rest string) bool {
	_, coded, _ := strings.Cut(rest, " ")
	raw, _ := base64.StdEncoding.DecodeString(coded)
	parts := strings.Split(string(raw), "\x00")
	if len(parts) != 3 || parts[2] != t.server.wanted() {
		return t.say("auth", "535 5.7.8 no")
	}
	t.mail.User = parts[1]
	return t.say("auth", "235 welcome")
}

func (t *talk) data() bool {
	first := t.server.answer("data", "354 go on")
	if first == "drop" {
		return false
	}
	if _, err := io.WriteString(t.conn, first+"\r\n"); err != nil || !strings.HasPrefix(first, "354") {
		return err == nil
	}
	var raw strings.Builder
	for {
		line, err := t.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	got := t.mail
	got.read(raw.String())
	said := t.server.answer("end", "250 taken")
	if strings.HasPrefix(said, "250") || said == "drop" { // a server that took it and did not get to say so
		t.server.mu.Lock()
		t.server.mails = append(t.server.mails, got)
		took := t.server.took
		t.server.mu.Unlock()
		if took != nil {
			took(got)
		}
	}
	if said == "drop" {
		return false
	}
	_, err := io.WriteString(t.conn, said+"\r\n")
	return err == nil
}

func between(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

// read takes a mail apart; what cannot be read stays empty.
func (m *Mail) read(raw string) {
	m.Raw = raw
	msg, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return
	}
	m.Header = msg.Header
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if err != nil {
			return
		}
		var body io.Reader = part
		if part.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(part)
		}
		var b bytes.Buffer
		_, _ = b.ReadFrom(body)
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			m.HTML = b.String()
		} else {
			m.Text = strings.ReplaceAll(b.String(), "\r\n", "\n")
		}
	}
}

// Subject returns the subject as people read it.
func (m Mail) Subject() string {
	s, _ := (&mime.WordDecoder{}).DecodeHeader(m.Header.Get("Subject"))
	return s
}

// certificate makes an authority and a server's certificate for loopback under it.
func certificate(t testing.TB) (*tls.Config, *x509.CertPool, []byte) {
	t.Helper()
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	authorityKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "posttest"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey)
	check(err)
	authority, err = x509.ParseCertificate(der)
	check(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err = x509.CreateCertificate(rand.Reader, leaf, authority, &key.PublicKey, authorityKey)
	check(err)
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw})
}
