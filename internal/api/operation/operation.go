// Package operation is what every operation of the JSON API has in common: it is registered once, with the verb that the gate
// decides, and from that one declaration come the route, the check of what is sent, and the entry in the OpenAPI document.
//
// A request is read strictly. A field that is not known, stands twice or is written in another case, a value of the wrong kind,
// something behind the JSON, a parameter that is not declared: each is refused before the handler runs, with a pointer to the
// place and never with what was sent. Answers to GET carry a strong entity tag; changes want it back where the operation says
// so. A list is read page by page with signed cursors. A POST with an Idempotency-Key is done once.
//
// Every answer leaves through the door of package httpd, so limits, log and problems are those of all routes.
package operation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/api/idempotency"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
)

// Base is where every path begins.
const Base = "/api/v1"

// Operation is one act of the API. From it come its route, its checks and its place in the document.
type Operation struct {
	ID      string // its name in the document: "list-meetings"
	Method  string
	Path    string    // below [Base]: "/meetings/{id}"
	Noun    string    // the noun under which the document lists it
	Summary string    // in a few words
	Says    string    // in sentences
	Verb    gate.Verb // what the gate decides; empty: it is about the signed-in person alone
	Status  int       // of success; 200 if zero, 204 where the answer has no body
	Also    []int     // refusals beyond those that follow from the rest
	IfMatch bool      // the tag of what is changed must be sent
	Reads   bool      // it reads before or after what it changes, so that a key needs the scope to read, too
	Alone   bool      // a POST that takes no Idempotency-Key, because its answer is a secret or its body a stream
	Stream  bool      // the body or the answer is long
	MaxBody int64     // in bytes; 256 KiB if zero
	Answers []string  // media types of an answer that a handler writes itself
	Partial bool      // it answers ranges (206)
	Takes   Media     // the body, where it is not JSON
	Example any       // of the body
}

// Media is a body that is not JSON: its media type, and its parts or nil for bytes.
type Media struct {
	Type  string
	Parts map[string]*huma.Schema
}

// Config is what a Set stands on. All fields are required but Once.
type Config struct {
	Server  *httpd.Server
	Cursors []byte // the key that signs cursors, the same on every node, at least 32 bytes
	Version string
	Once    *idempotency.Service // nil: keys are refused
}

// Set is operations over one server.
type Set struct {
	cfg     Config
	api     face
	nouns   []Noun
	all     []Operation
	sources []*huma.Operation
}

// Noun is a heading of the document.
type Noun struct{ Name, Says string }

// New returns a set without operations, whose document lists the nouns in their order.
func New(cfg Config, nouns ...Noun) (*Set, error) {
	if cfg.Server == nil {
		return nil, errors.New("operation: Server is required")
	}
	if len(cfg.Cursors) < 32 {
		return nil, fmt.Errorf("operation: a cursor key of %d bytes is too short", len(cfg.Cursors))
	}
	s := &Set{cfg: cfg, nouns: nouns}
	s.api = face{huma.NewAPI(huma.Config{OpenAPI: s.opening(), NoFormatFallback: true}, s)}
	return s, nil
}

// Add registers an operation. I is its parameters and its body (a field Body), O its headers and its answer (a field Body).
// It panics where the declaration contradicts itself: such a program must not start.
func Add[I, O any](s *Set, op Operation, handler func(context.Context, *I) (*O, error)) {
	if op.ID == "" || op.Noun == "" || op.Summary == "" || !slices.ContainsFunc(s.nouns, func(n Noun) bool { return n.Name == op.Noun }) {
		panic(fmt.Sprintf("operation %q (%s) says not what it is", op.ID, op.Noun))
	}
	if op.Verb != "" && ruleOf(op.Verb).Verb == "" {
		panic(fmt.Sprintf("operation %s asks for %s, which the policy table does not hold", op.ID, op.Verb))
	}
	if op.MaxBody == 0 {
		op.MaxBody = 256 << 10
	}
	described := s.describe(op)
	huma.Register(s.api, described, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, refused{err}
		}
		return out, nil
	})
}

// Reader returns what reads the JSON of a T that does not come as a body, as strictly as one that does.
func Reader[T any](s *Set) func([]byte) (T, error) {
	registry := s.api.OpenAPI().Components.Schemas
	schema := registry.Schema(reflect.TypeFor[T](), true, "")
	return func(data []byte) (T, error) {
		var v T
		value, err := parse(data)
		if err != nil {
			return v, err
		}
		c := checker{registry: registry}
		if c.check(schema, value, ""); len(c.parts) > 0 {
			return v, refuse(c.parts...)
		}
		return v, read(data, &v)
	}
}

// Operations returns what was added, in its order.
func (s *Set) Operations() []Operation { return s.all }

// refused carries a handler's error past huma, which knows no error of ours.
type refused struct{ error }

// GetStatus implements huma.StatusError. The status is httpd's to find.
func (refused) GetStatus() int { return http.StatusInternalServerError }

func ruleOf(verb gate.Verb) gate.Rule {
	for _, rule := range gate.Policy() {
		if rule.Verb == verb {
			return rule
		}
	}
	return gate.Rule{}
}

// Scopes are what a key or a token must have been given for; none: every one will do. It reports false for what is not for them.
func (op Operation) Scopes() ([]gate.Scope, bool) {
	rule := ruleOf(op.Verb)
	switch {
	case op.Verb == "" || rule.Scope == "" || rule.Confirm:
		return nil, false
	case rule.Scope == gate.Anything:
		return nil, true
	case op.Reads:
		return []gate.Scope{gate.Scope(strings.Replace(string(rule.Scope), ":write", ":read", 1)), rule.Scope}, true
	}
	return []gate.Scope{rule.Scope}, true
}

func (op Operation) policy() httpd.Policy {
	if op.Verb == "" {
		return httpd.SignedIn()
	}
	return httpd.Verb(op.Verb)
}

// Handle implements huma.Adapter: the route of an operation.
func (s *Set) Handle(described *huma.Operation, next func(huma.Context)) {
	op := described.Metadata["operation"].(Operation)
	s.complete(described, op)
	s.all, s.sources = append(s.all, op), append(s.sources, described)
	options := []httpd.Option{httpd.MaxBody(op.MaxBody)}
	if op.Stream {
		options = append(options, httpd.Stream())
	}
	s.cfg.Server.API(op.Method+" "+Base+op.Path, op.policy(), func(w http.ResponseWriter, r *http.Request) error {
		x := &exchange{set: s, op: op, described: described, w: w, r: r, ctx: r.Context(), header: http.Header{}}
		return x.serve(next)
	}, options...)
}

// ServeHTTP implements huma.Adapter. Requests come by the server's own routes.
func (s *Set) ServeHTTP(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

// face is huma's API with our way of reading and answering.
type face struct{ huma.API }

// Negotiate implements huma.API: answers are JSON whatever is asked for.
func (face) Negotiate(string) (string, error) { return "application/json", nil }

// Transform implements huma.API. It takes errors out of the answer, for the one door.
func (face) Transform(c huma.Context, _ string, v any) (any, error) {
	x, ok := c.(*exchange)
	if !ok {
		return v, nil
	}
	switch e := v.(type) {
	case refused:
		x.err = e.error
	case huma.StatusError:
		if x.err == nil { // what huma itself refuses was checked before, so this is a declaration that says less than its type
			x.err = httpd.Refuse(e.GetStatus(), "This request breaks a rule of this operation. Compare it with the reference.")
		}
	default:
		return v, nil
	}
	return struct{}{}, nil
}

// Marshal implements huma.API.
func (face) Marshal(w io.Writer, _ string, v any) error { return write(w, v) }

// Unmarshal implements huma.API. What it reads was checked against the schema.
func (face) Unmarshal(_ string, data []byte, v any) error { return read(data, v) }
