package loopback

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Unknown is a certificate that signs itself.
func Unknown() (*tls.Certificate, error) {
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

// Model is a stand-in of a language model that answers nothing of use and keeps what it was sent.
type Model struct {
	mu       sync.Mutex
	requests []Received
}

// Received is a request as it came.
type Received struct {
	Method, Path, Key string
	Body              []byte
}

// ServeHTTP implements http.Handler.
func (m *Model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	m.mu.Lock()
	m.requests = append(m.requests, Received{r.Method, r.URL.Path, r.Header.Get("Authorization"), body})
	m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"choices":[{"message":{"role":"assistant","content":"{}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
}

// Got returns every request so far.
func (m *Model) Got() []Received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.requests)
}

// Inbox is a stand-in of a gateway for text messages.
type Inbox struct {
	mu   sync.Mutex
	text string
}

// ServeHTTP implements http.Handler.
func (i *Inbox) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	var message struct {
		Text string `json:"text"`
	}
	if err == nil && json.Unmarshal(body, &message) == nil {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.text = message.Text
	}
}

// Code returns what stands first in the last message.
func (i *Inbox) Code() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	code, _, _ := strings.Cut(i.text, " ")
	return code
}
