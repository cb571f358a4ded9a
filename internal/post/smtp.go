package post

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Server is the SMTP server that takes our mail. Its certificate is always verified.
type Server struct {
	Address  string // host:port; empty: none
	User     string // empty: without signing in
	Password tenant.Secret
	From     string         // "Mainstay <mainstay@example.com>", or an address alone
	TLS      string         // "starttls" (also if empty), "tls" from the first byte, or "none", which only a loopback address may
	Roots    *x509.CertPool // certificate authorities; nil: the system's
	Wait     time.Duration  // how long one mail may take, connection and answer included; zero: 60 s, and never more
}

// The ways to protect the connection.
const (
	startTLS  = "starttls"
	directTLS = "tls"
	plain     = "none"
)

// sendTime is the longest that one mail may take.
const sendTime = 60 * time.Second

// carrier hands mails to the server, a connection each.
type carrier struct {
	server Server
	host   string
	port   int
	from   *netmail.Address
	domain string // of the sender: what Message-IDs end with
}

// Check says what is wrong with the settings, nil where they can work.
func (s Server) Check() error {
	_, err := newCarrier(s)
	return err
}

func newCarrier(s Server) (*carrier, error) {
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil || host == "" {
		return nil, errors.New("smtp is host:port, such as mail.example.com:587")
	}
	c := &carrier{server: s, host: host}
	if c.port, err = strconv.Atoi(port); err != nil || c.port < 1 || c.port > 65535 {
		return nil, errors.New("smtp is host:port, such as mail.example.com:587")
	}
	if c.from, err = addressOf(s.From); err != nil {
		return nil, errors.New("smtp_from is the sender's address, such as mainstay@example.com")
	}
	c.domain = c.from.Address[strings.LastIndexByte(c.from.Address, '@')+1:]
	if s.Wait <= 0 || s.Wait > sendTime {
		c.server.Wait = sendTime
	}
	switch s.TLS {
	case "":
		c.server.TLS = startTLS
	case startTLS, directTLS:
	case plain:
		if !loopback(host) {
			return nil, errors.New("smtp_tls is none, which only a loopback address may: use starttls or tls")
		}
	default:
		return nil, errors.New("smtp_tls is starttls, tls, or none for a server on this machine")
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// addressOf reads one address. What could end a header or a command, and what is no address, is refused.
func addressOf(text string) (*netmail.Address, error) {
	bad := fault.New(fault.Invalid, "Enter an e-mail address such as name@company.com.")
	if unsafe(text) || len(text) > 500 {
		return nil, bad
	}
	at, err := netmail.ParseAddress(text)
	if err != nil || unsafe(at.Name) || unsafe(at.Address) || len(at.Address) > 254 {
		return nil, bad
	}
	return at, nil
}

// unsafe reports whether text holds what may not stand in a header: line ends and other control characters.
func unsafe(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// envelope is one mail, ready to go.
type envelope struct {
	id      string // the Message-ID's part before the @
	at      time.Time
	to      string
	written written
	leave   string // where one click ends such mails (RFC 8058); empty: they cannot be ended

	entry egress.ID // in the ledger of what leaves; zero where the mail holds no content
}

// size is how many bytes the mail says.
func (e envelope) size() int {
	return len(e.written.subject) + len(e.written.text) + len(e.written.html)
}

// message builds the mail. It fails with fault.Invalid for what could change its headers.
func (c *carrier) message(e envelope) (*gomail.Msg, error) {
	to, err := addressOf(e.to)
	if err != nil {
		return nil, err
	}
	if unsafe(e.written.subject) || unsafe(e.leave) || unsafe(e.id) {
		return nil, fault.New(fault.Invalid, "A header of this mail would hold a line end. It was not sent.")
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(c.from)
	m.ToMailAddress(to)
	m.Subject(e.written.subject)
	m.SetMessageIDWithValue(e.id + "@" + c.domain)
	m.SetDateWithValue(e.at.UTC())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no vacation notice comes back
	if e.leave != "" {
		m.SetGenHeader("List-Unsubscribe", "<"+e.leave+">")
		m.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	m.SetBodyString(gomail.TypeTextPlain, e.written.text)
	m.AddAlternativeString(gomail.TypeTextHTML, e.written.html)
	return m, nil
}

// send hands one mail to the server. Its error tells by [verdictOf] whether to try again.
func (c *carrier) send(ctx context.Context, e envelope) error {
	m, err := c.message(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.server.Wait)
	defer cancel() // which also closes a connection that the library left open
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, m)
	if m.IsDelivered() {
		return nil // whatever became of the parting
	}
	return err
}

// reach connects and signs in, and sends nothing.
func (c *carrier) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.server.Wait)
	defer cancel()
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return err
	}
	return conn.Quit()
}

// client returns a client whose connections end with ctx.
func (c *carrier) client(ctx context.Context) (*gomail.Client, error) {
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := c.dial(dialing, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	policy := gomail.NoTLS
	if c.server.TLS == startTLS {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{gomail.WithPort(c.port), gomail.WithTimeout(c.server.Wait), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(c.tls()),
		gomail.WithHELO(c.domain), gomail.WithDialContextFunc(dial), gomail.WithoutNoop()}
	if c.server.User != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&signIn{server: c.server, plainly: c.server.TLS == plain}))
	}
	return gomail.NewClient(c.host, options...)
}

func (c *carrier) tls() *tls.Config {
	return &tls.Config{ServerName: c.host, RootCAs: c.server.Roots, MinVersion: tls.VersionTLS12}
}

// dial connects. The connection never waits longer than a mail may take: the library waits for a greeting as long as the
// server likes.
func (c *carrier) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: c.server.Wait}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(c.server.Wait)); err != nil { // sockets go by the machine's own clock
		return nil, errors.Join(err, conn.Close())
	}
	if c.server.TLS != directTLS {
		return conn, nil
	}
	secured := tls.Client(conn, c.tls())
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return secured, nil
}

// signIn takes the strongest way to sign in that the server offers and that does not tell the password to whoever listens.
type signIn struct {
	server  Server
	plainly bool // on loopback
	chosen  smtp.Auth
}

// Start implements smtp.Auth.
func (a *signIn) Start(server *smtp.ServerInfo) (string, []byte, error) {
	user, password := a.server.User, a.server.Password.Reveal()
	offers := func(name string) bool { return slices.Contains(server.Auth, name) }
	switch {
	case offers("SCRAM-SHA-256"):
		a.chosen = smtp.ScramSHA256Auth(user, password)
	case !server.TLS && !a.plainly:
		return "", nil, errors.New("the connection is not protected")
	case offers("PLAIN"):
		a.chosen = smtp.PlainAuth("", user, password, server.Name, a.plainly)
	case offers("LOGIN"):
		a.chosen = smtp.LoginAuth(user, password, server.Name, a.plainly)
	default:
		return "", nil, errors.New("the server offers no way to sign in that is known here")
	}
	return a.chosen.Start(server)
}

// Next implements smtp.Auth.
func (a *signIn) Next(said []byte, more bool) ([]byte, error) { return a.chosen.Next(said, more) }

// verdict is what an attempt to send came to.
type verdict struct {
	sent     bool
	finally  bool   // refused for good
	status   int    // of SMTP; 0 where the server did not answer
	sentence string // what people who run the deployment read
}

// verdictOf reads an error of send. A mail is refused for good where the server refuses this recipient or this text with a
// 5xx; a server that does not let us in at all may tomorrow.
func verdictOf(err error) verdict {
	if err == nil {
		return verdict{sent: true, status: 250, sentence: "The mail server took it."}
	}
	var sending *gomail.SendError
	if errors.As(err, &sending) && sending.ErrorCode() > 0 {
		about := sending.Reason == gomail.ErrSMTPRcptTo || sending.Reason == gomail.ErrSMTPData || sending.Reason == gomail.ErrSMTPDataClose
		return verdict{finally: about && sending.ErrorCode() >= 500, status: sending.ErrorCode(),
			sentence: fmt.Sprintf("The mail server refused it with status %d.", sending.ErrorCode())}
	}
	var said *textproto.Error
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case fault.Is(err, fault.Invalid):
		return verdict{finally: true, sentence: fault.Sentence(err)}
	case errors.As(err, &said):
		return verdict{status: said.Code, sentence: fmt.Sprintf("The mail server refused us with status %d. Check smtp_user and smtp_password.", said.Code)}
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return verdict{sentence: "The mail server's certificate does not verify, so nothing was sent. Check smtp and smtp_ca."}
	case strings.Contains(err.Error(), "STARTTLS"):
		return verdict{sentence: "The mail server does not offer STARTTLS, so nothing was sent. Check smtp_tls."}
	}
	return verdict{sentence: "The mail server did not answer as agreed. Check smtp, and that this machine can reach it."}
}
