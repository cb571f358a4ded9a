package operation

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/api/idempotency"
	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
)

// exchange is one request and its answer. The answer is kept until it is whole, so that a failure on the way is a problem and
// not half an answer; streams write by themselves.
type exchange struct {
	set       *Set
	op        Operation
	described *huma.Operation
	w         http.ResponseWriter
	r         *http.Request
	ctx       context.Context //nolint:containedctx // it is the request's own, and ends with it
	query     url.Values
	body      []byte
	status    int
	header    http.Header
	answer    bytes.Buffer
	streamed  bool
	err       error
}

// serve reads, runs and answers.
func (x *exchange) serve(next func(huma.Context)) error {
	if x.op.Verb == "" && tenant.Visitor(x.ctx).Credential != "" {
		return fault.New(fault.Denied, "This is for a person in a browser, and not for keys and programs.")
	}
	if err := x.read(); err != nil {
		return err
	}
	claim, before, err := x.claim()
	if err != nil {
		return err
	}
	if before != nil {
		return x.repeat(*before)
	}
	if claim != nil {
		x.ctx = claim.Context(x.ctx)
		defer claim.Release(context.WithoutCancel(x.r.Context())) //nolint:errcheck // an open claim ends by its time
	}
	next(x)
	if x.streamed {
		return x.err
	}
	if x.err == nil {
		x.tag()
	}
	if claim != nil {
		// An answer that cannot be kept is given all the same: the entry says that the request was done.
		_ = claim.Keep(context.WithoutCancel(x.r.Context()), x.kept())
	}
	if x.err != nil {
		return x.err
	}
	return x.write()
}

// claim takes the request's Idempotency-Key, if it has one. Where the request was answered before it returns that answer.
func (x *exchange) claim() (*idempotency.Claim, *idempotency.Answer, error) {
	keys := x.r.Header.Values("Idempotency-Key")
	switch {
	case len(keys) == 0:
		return nil, nil, nil
	case len(keys) > 1 || !x.op.once() || x.set.cfg.Once == nil:
		return nil, nil, refuse(parameter("Idempotency-Key", "This operation takes no such key, or one only."))
	}
	request := [][]byte{[]byte(x.r.Method), []byte(x.r.URL.Path), []byte(x.query.Encode()), x.body}
	return x.set.cfg.Once.Begin(x.ctx, keys[0], request...)
}

func (op Operation) once() bool { return op.Method == http.MethodPost && !op.Alone && !op.Stream }

// kept is the answer as it is kept for who asks again.
func (x *exchange) kept() idempotency.Answer {
	if x.err == nil {
		return idempotency.Answer{Status: x.status, Header: x.header, Body: x.answer.Bytes()}
	}
	p := httpd.ProblemOf(x.r, x.err)
	return idempotency.Answer{Status: p.Status, Header: http.Header{"Content-Type": {httpd.ProblemType}}, Body: p.JSON()}
}

// repeat gives an answer that was given before.
func (x *exchange) repeat(a idempotency.Answer) error {
	x.status, x.header = a.Status, a.Header
	x.answer.Write(a.Body)
	return x.write()
}

// tag gives an answer its entity tag, and answers 304 to who has it already.
func (x *exchange) tag() {
	if x.answer.Len() == 0 || x.header.Get("Etag") != "" || x.status < 200 || x.status > 299 {
		return
	}
	tag := tagOf(x.answer.Bytes())
	x.header.Set("Etag", tag)
	if x.r.Method != http.MethodGet && x.r.Method != http.MethodHead {
		return
	}
	if named(x.r.Header.Values("If-None-Match"), tag, true) {
		x.status = http.StatusNotModified
		x.header.Del("Content-Type")
		x.answer.Reset()
	}
}

func (x *exchange) write() error {
	h := x.w.Header()
	for name, values := range x.header {
		h[name] = values
	}
	if x.status == 0 {
		x.status = http.StatusOK
	}
	if x.status != http.StatusNoContent && x.status != http.StatusNotModified {
		h.Set("Content-Length", strconv.Itoa(x.answer.Len()))
	}
	x.w.WriteHeader(x.status)
	_, err := x.w.Write(x.answer.Bytes())
	if x.answer.Len() == 0 {
		return nil
	}
	return err
}

func write(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func read(data []byte, v any) error { return json.Unmarshal(data, v) }

// Stream is an answer that a handler writes by itself.
type Stream struct {
	Body func(huma.Context)
}

// Respond returns an answer that f writes. F must not write before it is sure, as every handler.
func Respond(f func(w http.ResponseWriter, r *http.Request) error) *Stream {
	return &Stream{Body: func(c huma.Context) {
		x := c.(*exchange)
		x.streamed = true
		x.err = f(x.w, x.r)
	}}
}

// Raw is embedded in the input of an operation that reads its body itself.
type Raw struct{ x *exchange }

// Resolve implements huma.Resolver.
func (raw *Raw) Resolve(c huma.Context) []error {
	raw.x = c.(*exchange)
	return nil
}

// Request returns the request, whose body nobody read yet.
func (raw *Raw) Request() *http.Request { return raw.x.r }

// The rest implements huma.Context.

func (x *exchange) Operation() *huma.Operation { return x.described }
func (x *exchange) Context() context.Context   { return x.ctx }
func (x *exchange) TLS() *tls.ConnectionState  { return x.r.TLS }
func (x *exchange) Method() string             { return x.r.Method }
func (x *exchange) Host() string               { return x.r.Host }
func (x *exchange) RemoteAddr() string         { return x.r.RemoteAddr }
func (x *exchange) URL() url.URL               { return *x.r.URL }
func (x *exchange) Param(name string) string   { return x.r.PathValue(name) }
func (x *exchange) Query(name string) string   { return x.query.Get(name) }
func (x *exchange) Header(name string) string  { return x.r.Header.Get(name) }
func (x *exchange) BodyReader() io.Reader      { return bytes.NewReader(x.body) }
func (x *exchange) Status() int                { return x.status }
func (x *exchange) SetStatus(status int)       { x.status = status }
func (x *exchange) BodyWriter() io.Writer      { return &x.answer }

func (x *exchange) Version() huma.ProtoVersion {
	return huma.ProtoVersion{Proto: x.r.Proto, ProtoMajor: x.r.ProtoMajor, ProtoMinor: x.r.ProtoMinor}
}

func (x *exchange) EachHeader(f func(name, value string)) {
	for name, values := range x.r.Header {
		for _, value := range values {
			f(name, value)
		}
	}
}

func (x *exchange) SetHeader(name, value string)    { x.header.Set(name, value) }
func (x *exchange) AppendHeader(name, value string) { x.header.Add(name, value) }

// GetMultipartForm is not for us: a form's file would be spooled to a disk in the clear.
func (x *exchange) GetMultipartForm() (*multipart.Form, error) { return nil, http.ErrNotMultipart }

// SetReadDeadline leaves the server's own deadline as it is.
func (x *exchange) SetReadDeadline(time.Time) error { return nil }
