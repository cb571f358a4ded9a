// Package objectstore keeps a vault's sealed objects in an object store that speaks S3's protocol.
//
// A store is reached by TLS 1.2 or newer with a verified certificate and in no other way: an answer over anything else is
// dropped, whatever the environment tells the SDK; proxies are not asked and redirects are not followed. Credentials come from
// the configuration or, where that has none, from where AWS's own programs look: the environment, the shared files, the
// machine's role. An object is written once, under the condition that none is there (If-None-Match: *).
package objectstore

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

const (
	onePut   = 9 << 20 // up to here an object goes in one request; a sealed part of an upload has a little over 8 MiB
	window   = 1 << 20 // is fetched at once: 16 chunks of a blob
	mostRead = time.Minute
	mostCall = 10 * time.Minute // for one request with its body
	markKey  = "put"            // metadata by which a put knows its own object
)

// Config says where a store is. URL is required.
type Config struct {
	URL    string         // as [Parse] takes it
	Key    tenant.Secret  // access key id; empty: where AWS's programs look
	Secret tenant.Secret  // secret access key
	CA     *x509.CertPool // vouches for the endpoint; nil: the system's
}

// Store is a [vault.Bucket] in an object store. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
	client *s3.Client
	name   string
	web    *verified
}

// Open returns the store after it has answered once. It fails with fault.Invalid for a URL that is refused and with fault.Busy
// where the store cannot be reached.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := prepare(ctx, cfg)
	if err != nil {
		return nil, err
	}
	_, err = s.Reached(ctx)
	return s, err
}

// prepare makes the store and asks nothing of it.
func prepare(ctx context.Context, cfg Config) (*Store, error) {
	at, err := Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	if (cfg.Key == "") != (cfg.Secret == "") {
		return nil, fault.New(fault.Invalid, "The object store's key and its secret belong together: set both or neither.")
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(at.Region)}
	if cfg.Key != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(cfg.Key.Reveal(), cfg.Secret.Reveal(), "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("reading the object store's credentials: %w", err)
	}
	s := &Store{name: at.Bucket, web: newVerified(cfg.CA)}
	s.client = s3.NewFromConfig(loaded, func(o *s3.Options) {
		o.HTTPClient = s.web
		o.BaseEndpoint = nil // also where the environment names one
		if at.Endpoint != "" {
			o.BaseEndpoint, o.UsePathStyle = aws.String(at.Endpoint), true
		}
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // many stores know no other
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
	s.bucket, err = s3blob.OpenBucket(ctx, s.client, at.Bucket, &s3blob.Options{RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired})
	if err != nil {
		return nil, fmt.Errorf("opening the object store: %w", err)
	}
	return s, nil
}

// Reached asks the store for a name and returns the version of TLS by which a verified server answered.
func (s *Store) Reached(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, mostRead)
	defer cancel()
	_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.name, MaxKeys: aws.Int32(1)})
	if err != nil {
		return "", fmt.Errorf("asking the object store: %w", kinded(err))
	}
	return tls.VersionName(uint16(s.web.version.Load())), nil
}

// Put implements [vault.Bucket]. It fails with fault.Conflict where the name is taken.
func (s *Store) Put(ctx context.Context, name string, body io.Reader) error {
	if !fs.ValidPath(name) || name == "." {
		return errors.New("this is no object's name")
	}
	mark, from := rand.Text(), &watched{Reader: body}
	err := s.bucket.Upload(ctx, name, from, &blob.WriterOptions{ContentType: "application/octet-stream", BufferSize: onePut, MaxConcurrency: 1,
		IfNotExist: true, Metadata: map[string]string{markKey: mark}})
	switch {
	case from.err != nil:
		return from.err
	case codeOf(err) == "PreconditionFailed":
		return s.taken(ctx, name, mark, err)
	}
	return kinded(err)
}

// taken tells an object that somebody put from the one that this put made, whose answer was lost before the SDK tried again.
func (s *Store) taken(ctx context.Context, name, mark string, cause error) error {
	there, err := s.bucket.Attributes(ctx, name)
	if err != nil {
		return kinded(err)
	}
	if there.Metadata[markKey] == mark {
		return nil
	}
	return fault.Wrap(fault.Conflict, "An object of this name is stored already. Nothing was changed.", cause)
}

// watched keeps the error of a body, which is the caller's and not the store's.
type watched struct {
	io.Reader
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.err = err
	}
	return n, err
}

// Delete implements [vault.Bucket]. A bucket that keeps versions keeps what its key no longer opens.
func (s *Store) Delete(ctx context.Context, name string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.name, Key: &name})
	if err = kinded(err); fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// Each implements [vault.Bucket].
func (s *Store) Each(ctx context.Context, prefix string, fn func(name string) error) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("listing objects: %w", kinded(err))
		}
		if err := fn(object.Key); err != nil {
			return err
		}
	}
}

// kinded decides what an error of the store is: fault.Missing where it says that there is no such object, fault.Busy where it
// does not answer or cannot now. What it refuses otherwise (credentials, a bucket that is gone) waits for the operator.
func kinded(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	status := 0
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) {
		status = answer.HTTPStatusCode()
	}
	switch code := codeOf(err); {
	case code == "NoSuchBucket":
		return fmt.Errorf("the object store has no such bucket: %w", err)
	case status == http.StatusNotFound:
		return fault.Wrap(fault.Missing, "This was erased, or never existed.", err)
	case code == "RequestTimeout", status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, code == "ConditionalRequestConflict":
	case status >= 300 && status < 500:
		return fmt.Errorf("the object store refuses: %w", err)
	}
	return fault.Wrap(fault.Busy, "The object store does not answer. What was acknowledged is safe; try again later.", err)
}

func codeOf(err error) string {
	var known smithy.APIError
	if errors.As(err, &known) {
		return known.ErrorCode()
	}
	return ""
}

// verified sends requests over TLS to servers whose certificate it verified, and nothing else.
type verified struct {
	client  *http.Client
	version atomic.Uint32 // of TLS, of the last answer
}

func newVerified(ca *x509.CertPool) *verified {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &verified{client: &http.Client{
		Timeout:       mostCall,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: ca},
			TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: mostRead, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: 16,
			ForceAttemptHTTP2: true},
	}}
}

var errPlain = errors.New("the object store would be reached without verified TLS")

// Do implements the client of AWS's SDK.
func (v *verified) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errPlain
	}
	res, err := v.client.Do(r)
	if err != nil {
		return nil, err
	}
	if res.TLS == nil || len(res.TLS.VerifiedChains) == 0 {
		return nil, errors.Join(errPlain, res.Body.Close())
	}
	v.version.Store(uint32(res.TLS.Version))
	return res, nil
}

var _ vault.Bucket = (*Store)(nil)
