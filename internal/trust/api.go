package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mainstay/internal/trust/markup"
	"net/http"
	"slices"
	"strings"
)

// ask sends a request of any method, with the session of one of the workspaces or of nobody.
func (b *browser) ask(ctx context.Context, s *side, method, path string, body io.Reader, header ...string) (page, error) {
	req, err := http.NewRequestWithContext(ctx, method, b.address+path, body)
	if err != nil {
		return page{}, err
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if s != nil {
		req.AddCookie(&http.Cookie{Name: cookie, Value: b.tokens[s]})
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return page{}, fmt.Errorf("asking %s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return page{res.StatusCode, said}, err
}

// formToken reads the token that a session's changes carry.
func (b *browser) formToken(ctx context.Context, s *side) (string, error) {
	got, err := b.ask(ctx, s, http.MethodGet, "/meetings", nil)
	if token := markup.FormToken(got.body); token != "" {
		return token, err
	}
	return "", fmt.Errorf("the pages carry no token (status %d): %w", got.status, err)
}

// operations are the addresses of the JSON API that are not for everybody.
func (p *proof) operations() []Route {
	return slices.DeleteFunc(slices.Clone(p.Routes), func(r Route) bool { return !strings.HasPrefix(r.Pattern, "/api/v1/") || r.Policy == "public" })
}

// credentialsChecked asks every operation without a credential, and with each sort of one that does not hold.
func credentialsChecked(ctx context.Context, p *proof) (finding, error) {
	b, err := p.browser()
	if err != nil {
		return finding{}, err
	}
	defer b.close()
	bad := []string{"", "Bearer ", "Bearer mst_" + rand.Text() + rand.Text(), "Bearer " + b.tokens[&p.ours], "Basic b3duZXI6cGFzc3dvcmQ=",
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9."}
	all := p.operations()
	for _, r := range all {
		for _, credential := range bad {
			header := []string{}
			if credential != "" {
				header = append(header, "Authorization", credential)
			}
			got, err := b.ask(ctx, nil, r.Method, r.Filled("mtg_none"), nil, header...)
			if err != nil || got.status != http.StatusUnauthorized {
				return fail("%s %s answers %d to a credential that does not hold (%v)", r.Method, r.Pattern, got.status, err)
			}
		}
	}
	if len(all) == 0 {
		return fail("there is no operation, so that nothing was asked")
	}
	known, err := b.ask(ctx, &p.ours, http.MethodGet, "/api/v1/me", nil)
	if err != nil || known.status != http.StatusOK {
		return fail("the owner's own session is answered %d, so that the refusals say nothing (%v)", known.status, err)
	}
	return pass("%d operations, each asked with %d credentials that do not hold: 401 every time", len(all), len(bad))
}

// takers are the operations of the published document that take JSON.
func (b *browser) takers(ctx context.Context) (map[string]bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.address+"/api/v1/openapi.json", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("asking for the document: %w", err)
	}
	defer res.Body.Close()
	var doc struct {
		Paths map[string]map[string]struct {
			Body struct{ Content map[string]any } `json:"requestBody"`
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&doc); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	takes := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Body.Content["application/json"] != nil {
				takes[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	return takes, nil
}

// oversize is more than any operation takes as JSON.
const oversize = 25 << 20

// inputChecked sends each operation that takes JSON what its schema does not allow.
func inputChecked(ctx context.Context, p *proof) (finding, error) {
	b, err := p.browser()
	if err != nil {
		return finding{}, err
	}
	defer b.close()
	takes, err := b.takers(ctx)
	if err != nil {
		return finding{}, err
	}
	form, err := b.formToken(ctx, &p.ours)
	if err != nil {
		return finding{}, err
	}
	word, tried := p.name("canary"), 0
	wrong := map[string][]int{
		`{"` + word + `":1}`: {422}, `{"workspace_id":"` + word + `"}`: {422}, `["` + word + `"]`: {422}, `"` + word + `"`: {422}, `7`: {422},
		`{"` + word + `":`: {400}, `{} {}`: {400}, `{"a":"` + strings.Repeat("a", oversize) + `"}`: {413},
	}
	for _, r := range p.operations() {
		if !takes[r.Method+" "+r.Pattern] {
			continue
		}
		for body, want := range wrong {
			tried++
			got, err := b.ask(ctx, &p.ours, r.Method, r.Filled("mtg_none"), strings.NewReader(body), "Content-Type", "application/json", "If-Match", "*", "X-CSRF-Token", form)
			if err != nil || !slices.Contains(want, got.status) {
				return fail("%s %s answers %d to %.30q, want %d (%v)", r.Method, r.Pattern, got.status, body, want, err)
			}
			if bytes.Contains(got.body, []byte(word)) {
				return fail("%s %s sends back what was sent", r.Method, r.Pattern)
			}
		}
		got, err := b.ask(ctx, &p.ours, r.Method, r.Filled("mtg_none")+"?"+word+"=1", strings.NewReader(`{}`), "Content-Type", "text/plain", "X-CSRF-Token", form)
		if err != nil || got.status != http.StatusUnsupportedMediaType && got.status != http.StatusUnprocessableEntity {
			return fail("%s %s answers %d to text and an unknown parameter (%v)", r.Method, r.Pattern, got.status, err)
		}
	}
	if tried == 0 {
		return fail("no operation takes JSON, so that nothing was sent")
	}
	return pass("%d requests that break a schema, at %d operations: all refused, none of them echoed", tried, tried/len(wrong))
}
