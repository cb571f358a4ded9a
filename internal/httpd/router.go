package httpd

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Policy says who may use a route. The zero value is nobody, and no route takes it.
type Policy struct{ kind, verb string }

// Public lets everybody in: sign-in, first run, static files, health. No session is looked up.
func Public() Policy { return Policy{kind: "public"} }

// SignedIn lets every signed-in person in; it is for what concerns only themselves.
func SignedIn() Policy { return Policy{kind: "signed in"} }

// Verb lets signed-in people in who the gate lets do the verb. The gate decides inside the service; the name is here so that
// tests can walk the routes and compare them with the policy table.
func Verb[V ~string](verb V) Policy { return Policy{kind: "verb", verb: string(verb)} }

func (p Policy) String() string {
	if p.kind == "verb" {
		return "verb " + p.verb
	}
	return p.kind
}

// Route is a registered route, as Walk shows it.
type Route struct {
	Method, Pattern string
	Policy          Policy
	API             bool // errors are problem+json, and nobody is redirected
	Class           Class
	Constant        bool  // everybody gets the same bytes
	Stream          bool  // the body or the answer is long: limits are on its pace, not its length
	Unsigned        bool  // programs without any credential ask it
	Confirmed       bool  // who opens it must have shown a factor lately
	MaxBody         int64 // in bytes

	says map[string]string // headers of every answer, refusals included
}

// Option changes a route.
type Option func(*Route)

// MaxBody sets how many bytes a request may carry. Without it a route takes 1 MiB.
func MaxBody(n int64) Option { return func(r *Route) { r.MaxBody = n } }

// confirmAge leaves a person five minutes to fill a form in before the gate asks again.
const confirmAge = 10 * time.Minute

// Confirmed is for pages with a form whose act asks for a confirmation: it is asked for before the form is shown, so that
// nothing typed is lost. The gate decides again.
func Confirmed() Option { return func(r *Route) { r.Confirmed = true } }

// Unsigned is for what programs ask before they have a credential: where a request brings no cookie, it need not say from where
// it comes. It belongs to public routes.
func Unsigned() Option { return func(r *Route) { r.Unsigned = true } }

// Stream is for uploads, downloads and events: they may last, but must not stand still. Its forms carry their token in the
// header X-CSRF-Token, or in their first part (see Parts).
func Stream() Option { return func(r *Route) { r.Stream = true } }

// Says puts a header into every answer of the route, refusals included: what a protocol wants of each response.
func Says(name, value string) Option {
	return func(r *Route) {
		if r.says == nil {
			r.says = map[string]string{}
		}
		r.says[name] = value
	}
}

// Page registers a route that people see: "GET /meetings/{id}". It panics if the policy is empty, the method is missing, or
// the pattern is taken: such a program must not start.
func (s *Server) Page(pattern string, policy Policy, h HandlerFunc, options ...Option) {
	s.register(pattern, Route{Policy: policy}, h, options)
}

// API registers a route that programs use. It panics as Page does.
func (s *Server) API(pattern string, policy Policy, h HandlerFunc, options ...Option) {
	s.register(pattern, Route{Policy: policy, API: true}, h, options)
}

func (s *Server) register(pattern string, route Route, h HandlerFunc, options []Option) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("httpd: route %q has no method", pattern))
	}
	if route.Policy.kind == "" || route.Policy.kind == "verb" && route.Policy.verb == "" {
		panic(fmt.Sprintf("httpd: route %q says not who may use it", pattern))
	}
	route.Method, route.Pattern, route.MaxBody = method, path, 1<<20
	route.Class = unset
	for _, option := range options {
		option(&route)
	}
	if route.Class == unset {
		route.Class = classOf(route)
	}
	s.routes = append(s.routes, route)
	s.mux.Handle(pattern, s.door(route, h))
}

// Walk calls f for each route in the order of their registration.
func (s *Server) Walk(f func(Route)) {
	for _, route := range s.routes {
		f(route)
	}
}

// door is what every request of a route goes through, outermost first.
func (s *Server) door(route Route, h HandlerFunc) http.Handler {
	if !route.Stream {
		h = compress(h)
	}
	h = s.checkOrigin(route, s.limitBody(route, s.identify(route, s.checkToken(route, h))))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := sightOf(r)
		seen.route, seen.pattern, seen.api, seen.quiet = route.Method+" "+route.Pattern, route.Pattern, route.API, route.Constant
		for name, value := range route.says {
			w.Header().Set(name, value)
		}
		err := s.limitAddress(w, r, route.Class)
		if err == nil {
			err = s.guarded(h, w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// guarded turns a panic into an error, so that one request's mistake is an answer and not the end of the program.
func (s *Server) guarded(h HandlerFunc, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			err = fmt.Errorf("panic: %v\n%s", p, stack())
		}
	}()
	return h(w, r)
}
