// Package client asks a deployment's API as the person who signed in on this machine, or with a key. What it stores lies in one
// file that only its person can read.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mainstay/internal/tenant"
)

// DefaultServer is where a command looks for a deployment when it is told no other.
const DefaultServer = "http://localhost:7070"

// Client asks one deployment. It is safe for use by many commands at once, also of other processes.
type Client struct {
	// Server is the deployment's address.
	Server string

	key  tenant.Secret // of the environment; empty: what login stored
	file string        // of what login stored
	http *http.Client
	now  func() time.Time
}

// signedIn is what login stores, in a file that only its person can read.
type signedIn struct {
	Server  string    `json:"server"`
	Access  string    `json:"access_token"`
	Refresh string    `json:"refresh_token"`
	EndsAt  time.Time `json:"access_ends_at"`
	Name    string    `json:"client_id"` // as which this machine was let in
}

// ErrSignIn says what to do where nobody is signed in.
var ErrSignIn = errors.New("you are not signed in on this machine: run mainstay login")

// New reads MAINSTAY_CLIENT_SERVER, MAINSTAY_CLIENT_KEY and MAINSTAY_CLIENT_KEY_FILE. An empty server means the
// environment's, then the one that login stored, then this machine's own.
func New(server string, environ []string, now func() time.Time) (*Client, error) {
	env := map[string]string{}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	c := &Client{Server: server, key: tenant.Secret(env["MAINSTAY_CLIENT_KEY"]), http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, now: now}
	if path := env["MAINSTAY_CLIENT_KEY_FILE"]; path != "" {
		key, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the key of MAINSTAY_CLIENT_KEY_FILE: %w", err)
		}
		c.key = tenant.Secret(strings.TrimSpace(string(key)))
	}
	folder := env["XDG_CONFIG_HOME"]
	if folder == "" {
		folder = filepath.Join(env["HOME"], ".config")
	}
	c.file = filepath.Join(folder, "mainstay", "credentials.json")
	if c.Server == "" {
		c.Server = env["MAINSTAY_CLIENT_SERVER"]
	}
	if stored, err := c.stored(); err == nil && c.Server == "" {
		c.Server = stored.Server
	}
	if c.Server == "" {
		c.Server = DefaultServer
	}
	c.Server = strings.TrimRight(c.Server, "/")
	return c, checkServer(c.Server)
}

// checkServer refuses an address to which a secret would go in the clear.
func checkServer(server string) error {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" {
		return errors.New("the server is an address such as https://minutes.example.com")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
		return errors.New("the server's address begins with https://; http:// is for this machine alone")
	}
	return nil
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (c *Client) stored() (signedIn, error) {
	var s signedIn
	body, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return s, ErrSignIn
	}
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if err != nil {
		return s, fmt.Errorf("reading who is signed in (%s): %w", c.file, err)
	}
	return s, nil
}

// store replaces what login stored, whole or not at all.
func (c *Client) store(s signedIn) error {
	if err := os.MkdirAll(filepath.Dir(c.file), 0o700); err != nil {
		return fmt.Errorf("making the folder of credentials: %w", err)
	}
	body, err := json.Marshal(s)
	if err != nil {
		return err
	}
	next := c.file + ".new"
	if err := os.WriteFile(next, body, 0o600); err != nil {
		return fmt.Errorf("storing who is signed in: %w", err)
	}
	return os.Rename(next, c.file)
}

// bearer returns the secret for the next request. Of commands that run at once, one refreshes and the others wait for it: a
// refresh token works once.
func (c *Client) bearer(ctx context.Context) (string, error) {
	if c.key != "" {
		return c.key.Reveal(), nil
	}
	unlock, err := lockFile(c.file + ".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	s, err := c.stored()
	if err != nil {
		return "", err
	}
	if s.Server != c.Server {
		return "", fmt.Errorf("you are signed in to %s and not to %s: run mainstay login --server %s", s.Server, c.Server, c.Server)
	}
	if c.now().Before(s.EndsAt.Add(-time.Minute)) {
		return s.Access, nil
	}
	got, refused, err := c.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.Refresh}, "client_id": {s.Name}})
	if err != nil {
		return "", err
	}
	if refused.Code != "" {
		return "", errors.Join(ErrSignIn, os.Remove(c.file))
	}
	return got.Access, c.store(c.signedIn(got, s.Name))
}

// lockFile holds a file's lock until the function that it returns is called. The system frees it with the process.
func lockFile(path string) (func(), error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of credentials: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the credentials: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("locking the credentials: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// granted is a pair of tokens as the server gives it.
type granted struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	For     int    `json:"expires_in"`
}

func (c *Client) signedIn(g granted, name string) signedIn {
	return signedIn{Server: c.Server, Name: name, Access: g.Access, Refresh: g.Refresh, EndsAt: c.now().Add(time.Duration(g.For) * time.Second)}
}

// refusal is OAuth's error.
type refusal struct {
	Code     string `json:"error"`
	Sentence string `json:"error_description"`
}

// grant asks for tokens. What the server refuses in OAuth's words comes back as a refusal and is no error.
func (c *Client) grant(ctx context.Context, form url.Values) (got granted, refused refusal, err error) {
	at, err := c.addresses(ctx)
	if err != nil {
		return got, refused, err
	}
	status, err := c.form(ctx, at.Token, form, func(status int, body []byte) error {
		if status == http.StatusBadRequest {
			return json.Unmarshal(body, &refused)
		}
		return json.Unmarshal(body, &got)
	})
	if err == nil && status == http.StatusBadRequest && refused.Code == "" {
		err = errors.New("the server did not understand the request")
	}
	return got, refused, err
}

// form posts a form without a credential.
func (c *Client) form(ctx context.Context, at string, form url.Values, read func(status int, body []byte) error) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := c.http.Do(req)
	if err != nil {
		return 0, c.unreachable(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return res.StatusCode, c.unreachable(err)
	}
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusBadRequest {
		return res.StatusCode, problemOf(res, body)
	}
	return res.StatusCode, read(res.StatusCode, body)
}

// unreachable says which server did not answer, without the address's secrets: there are none.
func (c *Client) unreachable(err error) error {
	var refused *net.OpError
	if errors.As(err, &refused) {
		return fmt.Errorf("%s does not answer. Is the server running, and is this its address? (%w)", c.Server, err)
	}
	return fmt.Errorf("asking %s: %w", c.Server, err)
}

// Ask sends one request of the API and reads its JSON into answer, where that is not nil. Body is sent as JSON.
func (c *Client) Ask(ctx context.Context, method, path string, body, answer any) error {
	var sent io.Reader = http.NoBody
	if body != nil {
		written, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(written)
	}
	res, err := c.Send(ctx, method, path, "application/json", sent)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading the server's answer: %w", err)
	}
	return nil
}

// Send sends one request, with header as names and values, and returns its answer, whose body the caller closes. It fails with
// *Refused for an answer that is no success.
func (c *Client) Send(ctx context.Context, method, path, kind string, body io.Reader, header ...string) (*http.Response, error) {
	secret, err := c.bearer(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, c.Server+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	if req.Body != nil && req.Body != http.NoBody {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	told, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return nil, c.unreachable(err)
	}
	return nil, problemOf(res, told)
}
