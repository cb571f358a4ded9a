package objectstore

import (
	"context"
	"net/http"
)

// Asked returns the address that would be asked for an object, and asks nothing.
func Asked(ctx context.Context, cfg Config) (string, error) {
	s, err := prepare(ctx, cfg)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := &seeing{ends: cancel}
	s.web.client.Transport = seen
	_, _ = s.Open(ctx, "a/1") // what it says of an answer that never comes is not asked
	return seen.url, nil
}

// seeing keeps the first address and ends what asks.
type seeing struct {
	url  string
	ends func()
}

func (s *seeing) RoundTrip(r *http.Request) (*http.Response, error) {
	s.url = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	s.ends()
	return nil, context.Canceled
}
