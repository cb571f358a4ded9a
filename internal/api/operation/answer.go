package operation

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/httpd"
)

// None is the input of an operation that takes nothing.
type None struct{}

// Done is an answer without a body.
type Done struct{}

// Reply is an answer of JSON.
type Reply[T any] struct{ Body T }

// Answer is the reply with a body.
func Answer[T any](body T) *Reply[T] { return &Reply[T]{body} }

// Created is the answer to what was made.
type Created[T any] struct {
	Location string `header:"Location" doc:"Where it is."`
	Body     T
}

// UTC is a time that may be none, as the API writes times.
func UTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}

// Known is a time that is none where it is zero.
func Known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return UTC(&t)
}

// Each is never null in JSON.
func Each[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// Browser is embedded in the input of an operation whose answer is for the browser, too.
type Browser struct{ x *exchange }

// Resolve implements huma.Resolver.
func (b *Browser) Resolve(c huma.Context) []error {
	b.x = c.(*exchange)
	return nil
}

// Set has f set headers of the answer, such as a cookie. They are no part of an answer that is kept to be given again.
func (b *Browser) Set(f func(w http.ResponseWriter, r *http.Request)) { f(b.x.w, b.x.r) }

// InvalidParameter refuses one parameter of the address or one header.
func InvalidParameter(name, detail string) error { return refuse(parameter(name, detail)) }

// Later refuses what was tried too often, and says after how long it is taken again.
func (b *Browser) Later(after time.Duration, sentence string) error {
	b.x.w.Header().Set("Retry-After", strconv.Itoa(max(1, int(after.Seconds()))))
	return httpd.Refuse(http.StatusTooManyRequests, sentence)
}
