package credential

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"mainstay/internal/tenant"
	"mainstay/internal/trust/search"
)

// heard keeps what is logged.
type heard struct {
	mu   sync.Mutex
	said bytes.Buffer
}

// Write implements io.Writer.
func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said.Write(p)
}

func (h *heard) bytes() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.said.Bytes())
}

// canary is a password that is shown at every door.
type canary struct {
	*Stage
	at      string
	word    string // stands in each of the passwords and nowhere else
	entered int    // doors that took it
	refused int    // and that did not
	asked   int
	last    tenant.RequestID
}

// Nowhere shows a password at every door, where it is right and where it is wrong, and looks for it in everything that the program
// wrote meanwhile: its log at every level, the rows of the database, and the files, of which some are the database's own.
func Nowhere(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	var log heard
	stop := s.Listen(&log)
	defer stop()
	c := &canary{Stage: s, at: at, word: strings.ToUpper(s.Word[:1]) + s.Word[1:] + "password"}
	for _, part := range []func(context.Context) error{c.inside, c.outside, c.programs} {
		if err := part(ctx); err != nil {
			return "", err
		}
	}
	if err := s.Access.Flush(ctx); err != nil {
		return "", err
	}
	if err := c.settled(ctx, &log); err != nil {
		return "", err
	}
	return c.search(ctx, log.bytes())
}

func (c *canary) password(rest string) string { return "by " + c.word + " " + rest }

// wants counts a request, and wants an answer of it that says whether the password was taken.
func (c *canary) wants(door string, taken bool, got answer, err error) error {
	if err != nil {
		return err
	}
	c.last = got.request
	in := got.status == http.StatusSeeOther
	if in != taken {
		return fmt.Errorf("%s answers %d, so that its password was not tried", door, got.status)
	}
	if !taken {
		c.refused++
		return c.echoes(door, got)
	}
	c.entered++
	return nil
}

// echoes fails where an answer says what was sent. What a person types stays in the field of their own page alone.
func (c *canary) echoes(door string, got answer) error {
	if bytes.Contains(got.body, []byte(c.word)) {
		return fmt.Errorf("%s sends a password back", door)
	}
	return nil
}

// inside joins, signs in, confirms, changes and resets with the password, each first wrongly and then rightly.
func (c *canary) inside(ctx context.Context) error {
	p, err := c.joined(ctx, c.at, c.password("beside the mill"))
	if err != nil {
		return err
	}
	c.entered++
	_, got, err := c.signIn(ctx, c.at, p.email, c.password("and something"))
	if err := c.wants("/sign-in", false, got, err); err != nil {
		return err
	}
	_, got, err = c.signIn(ctx, c.at, nobody(), c.password("of nobody"))
	if err := c.wants("/sign-in", false, got, err); err != nil {
		return err
	}
	v, got, err := c.signIn(ctx, c.at, p.email, p.password)
	if err := c.wants("/sign-in", true, got, err); err != nil {
		return err
	}
	if err := v.learn(ctx); err != nil {
		return err
	}
	for _, step := range []struct {
		door   string
		taken  bool
		fields url.Values
	}{
		{"/confirm", false, form("kind", "password", "code", c.password("and something"))},
		{"/confirm", true, form("kind", "password", "code", p.password)},
		{"/account/password", false, form("current", c.password("and something"), "password", c.password("under the bridge"))},
		{"/account/password", false, form("current", p.password, "password", c.word[:11])},
		{"/account/password", true, form("current", p.password, "password", c.password("under the bridge"))},
	} {
		got, err := v.post(ctx, step.door, step.fields)
		if err := c.wants(step.door, step.taken, got, err); err != nil {
			return err
		}
	}
	path, err := c.resetLink(ctx, p)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		door, password string
		taken          bool
	}{{"/reset/" + letters(20), c.password("over the bridge"), false}, {path, c.password("over the bridge"), true}} {
		got, err := visit(c.at).post(ctx, step.door, form("password", step.password))
		if err := c.wants("/reset", step.taken, got, err); err != nil {
			return err
		}
	}
	_, got, err = c.signIn(ctx, c.at, p.email, c.password("over the bridge"))
	return c.wants("/sign-in", true, got, err)
}

// outside sends the password to every address that is for everybody, in every field, as a query, as the path's secret and as a
// credential.
func (c *canary) outside(ctx context.Context) error {
	everything := form("email", nobody(), "name", "Prover", "workspace", "Proof", "kind", "password", "grant_type", "password", "client_id", c.word)
	for _, field := range []string{"password", "current", "new_password", "code", "answer", "token", "state", "username", "device_code", "refresh_token", "client_secret", "user_code"} {
		everything.Set(field, c.password("in a field"))
	}
	for _, r := range c.Routes {
		if r.Policy != "public" {
			continue
		}
		at, v := r.Filled(c.word), visit(c.at)
		query := "?" + everything.Encode()
		sends := map[string]func() (answer, error){"in its address": func() (answer, error) { return v.send(ctx, r.Method, at+query, nil) }}
		if r.Method == http.MethodPost {
			sends = map[string]func() (answer, error){
				"as a form": func() (answer, error) { return v.post(ctx, at, everything) },
				"as JSON": func() (answer, error) {
					return v.send(ctx, r.Method, at, strings.NewReader(`{"password":"`+c.password("as JSON")+`"}`), "Content-Type", "application/json")
				},
			}
		}
		for how, send := range sends {
			c.asked++
			got, err := send()
			if err != nil {
				return err
			}
			if got.status >= 500 || r.Method == http.MethodPost && got.status == http.StatusForbidden {
				return fmt.Errorf("%s %s answers %d to a password %s", r.Method, r.Pattern, got.status, how)
			}
			c.last = got.request
		}
	}
	return nil
}

// programs shows the password as a program would: as a key, and as the password of an account.
func (c *canary) programs(ctx context.Context) error {
	v := visit(c.at)
	basic := base64.StdEncoding.EncodeToString([]byte("prover:" + c.password("as a program")))
	grant := form("grant_type", "refresh_token", "refresh_token", "mrt_"+c.word)
	got, err := v.post(ctx, "/oauth/token", grant)
	if err := c.wants("/oauth/token", false, got, err); err != nil {
		return err
	}
	got, err = v.post(ctx, "/oauth/token", form("grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", "mdc_"+c.word))
	if err := c.wants("/oauth/token", false, got, err); err != nil {
		return err
	}
	for _, r := range c.Routes {
		if r.Policy == "public" || !strings.HasPrefix(r.Pattern, "/api/") && !strings.HasPrefix(r.Pattern, "/v1/") {
			continue
		}
		for _, credential := range []string{"Bearer mst_" + c.word, "Basic " + basic} {
			c.asked++
			got, err := v.send(ctx, r.Method, r.Filled("mtg_none"), nil, "Authorization", credential)
			if err != nil {
				return err
			}
			if got.status != http.StatusUnauthorized && got.status != http.StatusForbidden { // the firewall may know it first
				return fmt.Errorf("%s %s answers %d to a password as a key", r.Method, r.Pattern, got.status)
			}
			if err := c.echoes(r.Pattern, got); err != nil {
				return err
			}
			c.last = got.request
		}
	}
	return nil
}

// settled waits until the last request is in the log, which comes after its answer. If it does not come, nobody listened.
func (c *canary) settled(ctx context.Context, log *heard) error {
	for late := time.After(patience); !bytes.Contains(log.bytes(), []byte(c.last.String())); {
		select {
		case <-late:
			return errors.New("the last request is not in the log, so that nothing was listened to")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}

// search looks for the password.
func (c *canary) search(ctx context.Context, log []byte) (string, error) {
	word := search.For(c.word)
	if forms := word.Within(log); len(forms) > 0 {
		return "", fmt.Errorf("a password stands in the log (%s)", forms[0])
	}
	tables, rows, err := c.Written(ctx, word)
	if err != nil {
		return "", err
	}
	if len(tables) > 0 || rows == 0 {
		return "", fmt.Errorf("a password stands in %s, of %d rows that were written", strings.Join(tables, ", "), rows)
	}
	found, err := word.In(c.Began, c.Folders...)
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return "", fmt.Errorf("a password stands in %d files, the first %s (%s)", len(found), found[0].Path, found[0].Form)
	}
	if c.Dumps != nil && c.Dumps() {
		return "", errors.New("a crash would write the program's memory to the disk")
	}
	_, err = c.salted(ctx)
	return fmt.Sprintf("a password that doors took %d times and refused %d times, shown in %d more requests: 0 finds in %d lines of the log, %d rows and the files that were written meanwhile",
		c.entered, c.refused, c.asked, bytes.Count(log, []byte("\n")), rows), err
}
