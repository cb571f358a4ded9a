package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// endpoints are where the deployment gives tokens, as it says itself (RFC 8414).
type endpoints struct {
	Device string `json:"device_authorization_endpoint"`
	Token  string `json:"token_endpoint"`
	Revoke string `json:"revocation_endpoint"`
}

// addresses asks the deployment where it gives tokens. An address on another server is not taken.
func (c *Client) addresses(ctx context.Context) (endpoints, error) {
	var at endpoints
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Server+"/.well-known/oauth-authorization-server", nil)
	if err != nil {
		return at, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return at, c.unreachable(err)
	}
	defer res.Body.Close()
	err = json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&at)
	if err != nil || res.StatusCode != http.StatusOK {
		return at, fmt.Errorf("%s is no deployment of Mainstay, or an old one", c.Server)
	}
	for _, one := range []string{at.Device, at.Token, at.Revoke} {
		if !strings.HasPrefix(one, c.Server+"/") {
			return at, fmt.Errorf("%s calls itself by another address: use that one", c.Server)
		}
	}
	return at, nil
}

// Login asks to be let in with the scopes, shows the address and the code that the person allows it under, and waits for them.
// What it gets is stored for the next commands.
func (c *Client) Login(ctx context.Context, scopes []string, show func(address, code string)) error {
	device, err := c.askToBeLetIn(ctx, scopes)
	if err != nil {
		return err
	}
	show(device.Complete, device.UserCode)
	got, err := c.waitForPerson(ctx, device)
	if err != nil {
		return err
	}
	return c.store(c.signedIn(got, device.name))
}

// Logout ends this machine's standing at the server that it is signed in to, and forgets it here in any case. It fails with
// ErrSignIn where nobody is signed in.
func (c *Client) Logout(ctx context.Context) error {
	stored, err := c.stored()
	if err != nil {
		return err
	}
	c.Server = stored.Server
	at, err := c.addresses(ctx)
	if err == nil {
		_, err = c.form(ctx, at.Revoke, url.Values{"token": {stored.Refresh}}, func(int, []byte) error { return nil })
	}
	if gone := os.Remove(c.file); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return errors.Join(err, gone)
	}
	if err != nil {
		return fmt.Errorf("this machine forgot its tokens, but the server was not told; end the program under “API keys and programs” (%w)", err)
	}
	return nil
}

// shortestPace is how often a server may have itself asked.
const shortestPace = 100 * time.Millisecond

// waiting is the server's answer to a program that asks to be let in.
type waiting struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Complete   string `json:"verification_uri_complete"`
	Interval   int    `json:"interval"`

	name string // what this machine calls itself
}

func (c *Client) askToBeLetIn(ctx context.Context, scopes []string) (waiting, error) {
	var device waiting
	host, err := os.Hostname()
	if err != nil {
		host = "a machine"
	}
	device.name = "mainstay on " + firstOf(host, 40)
	form := url.Values{"client_id": {device.name}, "scope": {strings.Join(scopes, " ")}}
	at, err := c.addresses(ctx)
	if err != nil {
		return device, err
	}
	_, err = c.form(ctx, at.Device, form, func(status int, body []byte) error {
		if status != http.StatusOK {
			return errors.New("the server did not understand the request")
		}
		return json.Unmarshal(body, &device)
	})
	return device, err
}

func firstOf(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// waitForPerson asks at the server's pace until its person decided.
func (c *Client) waitForPerson(ctx context.Context, device waiting) (granted, error) {
	pace := max(time.Duration(device.Interval)*time.Second, shortestPace)
	for {
		wait := time.NewTimer(pace)
		select {
		case <-ctx.Done():
			wait.Stop()
			return granted{}, ctx.Err()
		case <-wait.C:
		}
		got, refused, err := c.grant(ctx, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {device.DeviceCode}, "client_id": {device.name}})
		switch {
		case err != nil:
			return got, err
		case refused.Code == "":
			return got, nil
		case refused.Code == "slow_down":
			pace += 5 * time.Second
		case refused.Code != "authorization_pending":
			return got, errors.New(refused.Sentence)
		}
	}
}
