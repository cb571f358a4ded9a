package trust

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
)

// serve answers on a free port of loopback until close.
func serve(h http.Handler, certificate *tls.Certificate) (address string, closing func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("opening a port: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	address = "http://" + listener.Addr().String()
	if certificate != nil {
		address = "https://" + listener.Addr().String()
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12})
	}
	go func() { _ = server.Serve(listener) }()
	return address, func() { _ = server.Close() }, nil
}

// standIn is a model that answers nothing of use and keeps what it was sent.
type standIn struct {
	mu       sync.Mutex
	requests []received
}

type received struct {
	method, path, key string
	body              []byte
}

// ServeHTTP implements http.Handler.
func (m *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	m.mu.Lock()
	m.requests = append(m.requests, received{r.Method, r.URL.Path, r.Header.Get("Authorization"), body})
	m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"choices":[{"message":{"role":"assistant","content":"{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
}

func (m *standIn) got() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.requests)
}

// asked turns a model on in our workspace, has minutes drafted, and turns it off.
func (p *proof) asked(ctx context.Context, address string) (minutes.Opened, []egress.Entry, error) {
	as := p.ours.as(ctx)
	before, err := p.Egress.Ledger(as)
	if err != nil {
		return minutes.Opened{}, nil, err
	}
	if err := p.choose(as, address, true); err != nil {
		return minutes.Opened{}, nil, err
	}
	d := meeting.Details{Title: "For a model " + p.name("title"), Language: "en", ModelAllowed: true,
		Attendees: []meeting.Person{{Name: p.name("attendee"), Email: p.word + "mail@example.com"}}}
	o, err := p.drafted(ctx, &p.ours, d, p.talk())
	if err != nil {
		return o, nil, err
	}
	if err := p.choose(as, address, false); err != nil {
		return o, nil, err
	}
	ledger, err := p.Egress.Ledger(as)
	if err != nil || len(ledger) < len(before) {
		return o, nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return o, ledger[:len(ledger)-len(before)], nil
}

func (p *proof) choose(as context.Context, address string, on bool) error {
	set, err := p.Models.Setting(as)
	if err != nil {
		return err
	}
	none := 0
	return p.Models.Change(as, llm.Setting{Enabled: on, Provider: "openai", URL: address, Model: "stand-in", Key: tenant.Secret(p.name("key")), Own: true,
		Region: "here", Terms: "https://localhost.invalid/terms", Training: "no", RetentionDays: &none, MonthlyTokens: 10_000_000, Version: set.Version})
}

// allowed says why no stand-in can be asked, where the operator named the hosts that may be.
func (p *proof) allowed() (finding, bool) {
	if n := len(p.Egress.Hosts); n > 0 {
		f, _ := notApplicable("the operator allows %d named hosts, and a stand-in on this machine is none of them", n)
		return f, false
	}
	return finding{}, true
}

// modelCalledDirectly has a stand-in asked, and compares what it got with what the ledger says.
func modelCalledDirectly(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	model := &standIn{}
	address, closing, err := serve(model, nil)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	_, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	got := model.got()
	if len(got) == 0 {
		return fail("the model was not asked")
	}
	for _, r := range got {
		var sent map[string]any
		if err := json.Unmarshal(r.body, &sent); err != nil || r.method != http.MethodPost || !strings.HasSuffix(r.path, "/chat/completions") ||
			r.key != "Bearer "+p.name("key") || sent["model"] != "stand-in" || sent["messages"] == nil {
			return fail("a call is not the provider's own: %s %s of %d bytes", r.method, r.path, len(r.body))
		}
	}
	host := strings.TrimPrefix(address, "http://")
	for _, e := range ledger {
		if e.Host != host && e.Host != strings.Split(host, ":")[0] {
			return fail("the ledger names another host than the model's: %s", e.Host)
		}
	}
	if len(ledger) != len(got) {
		return fail("%d calls arrived and the ledger has %d", len(got), len(ledger))
	}
	return pass("%d calls, straight to the model's own address, each in the ledger", len(got))
}

// modelVerified has a stand-in asked whose certificate nobody vouches for.
func modelVerified(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	certificate, err := unknown()
	if err != nil {
		return finding{}, err
	}
	model := &standIn{}
	address, closing, err := serve(model, certificate)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	o, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	if n := len(model.got()); n > 0 {
		return fail("%d calls reached a server whose certificate nobody vouches for", n)
	}
	if len(ledger) == 0 || o.Minutes.DraftedBy.Kind != "rules" || o.Minutes.DraftedBy.Note == nil {
		return fail("nothing was tried: %d entries in the ledger", len(ledger))
	}
	if p.choose(p.ours.as(ctx), strings.Replace(address, "https://", "http://", 1), true) == nil && !strings.Contains(address, "127.0.0.1") {
		return fail("a model by plain HTTP on another machine can be chosen")
	}
	return pass("0 of %d calls reached a server with an unknown certificate; the draft says why the model was not used", len(ledger))
}

// unknown is a certificate that signs itself.
func unknown() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate: %w", err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// kinds are the kinds of content that a meeting has, as the ledger names them, with the ending of the word that stands in each.
func kinds() map[string]string {
	return map[string]string{"segments.text": "text", "segments.speaker": "speaker", "attendees": "attendee", "meeting.title": "title",
		"file.name": "file", "attendees.email": "mail", "workspace.name": "workspace"}
}

// modelGetsWhatIsSaid compares what a stand-in got with the fields that the ledger names.
func modelGetsWhatIsSaid(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	model := &standIn{}
	address, closing, err := serve(model, nil)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	_, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	return compared(model.got(), ledger, p.word)
}

func compared(got []received, ledger []egress.Entry, word string) (finding, error) {
	if len(got) == 0 || len(got) != len(ledger) {
		return fail("%d calls arrived and the ledger has %d", len(got), len(ledger))
	}
	sent, said := map[string]bool{}, map[string]bool{}
	for i, r := range got {
		for kind, ending := range kinds() {
			if strings.Contains(strings.ToLower(string(r.body)), word+ending) {
				sent[kind] = true
			}
		}
		for _, field := range ledger[i].Fields {
			said[field] = true
		}
	}
	for kind := range kinds() {
		if sent[kind] != said[kind] {
			return fail("%s: sent %v, and the ledger says %v", kind, sent[kind], said[kind])
		}
	}
	published := map[string]bool{}
	for _, s := range minutes.Sends() {
		published[s.Field] = true
	}
	for field := range said {
		if !published[field] {
			return fail("the ledger names %s, which the page of what is sent does not", field)
		}
	}
	return pass("%d kinds of content in %d calls, as the ledger names them; %d kinds did not leave", len(said), len(got), len(kinds())-len(said))
}
