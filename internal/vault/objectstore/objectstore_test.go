package objectstore_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
	"mainstay/internal/vault/objectstore"
	"mainstay/internal/vault/objectstore/storetest"
	"mainstay/internal/vault/vaulttest"
)

func open(t *testing.T, s *storetest.Server) *objectstore.Store {
	t.Helper()
	store, err := objectstore.Open(t.Context(), config(s))
	check(t, err)
	return store
}

func config(s *storetest.Server) objectstore.Config {
	return objectstore.Config{URL: s.URL, Key: storetest.Key, Secret: storetest.Secret, CA: s.CA}
}

func TestBothBackendsKeepTheContractOfBuckets(t *testing.T) {
	t.Parallel()
	vaulttest.Bucket(t, vault.NewFolder(filepath.Join(t.TempDir(), "blobs"), nil))
	vaulttest.Bucket(t, open(t, storetest.New(t)))
}

// TestWhatIsUploadedComesBackFromEachBackend seals a file into each backend: its SHA-256 stays, and no word of it lies there.
func TestWhatIsUploadedComesBackFromEachBackend(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	for name, bucket := range map[string]vault.Bucket{"folder": vault.NewFolder(t.TempDir(), nil), "object store": open(t, server)} {
		file := []byte(strings.Repeat("canary ", 3<<20/7))
		back, err := through(t, bucket, file)
		if err != nil || sha256.Sum256(back) != sha256.Sum256(file) {
			t.Errorf("%s: %d bytes went in and %d came back, %v", name, len(file), len(back), err)
		}
		plain, objects := false, 0
		check(t, bucket.Each(t.Context(), "", func(name string) error {
			objects++
			raw, err := read(t, bucket, name)
			plain = plain || bytes.Contains(raw, []byte("canary")) || strings.Contains(name, "canary")
			return err
		}))
		if objects == 0 || plain != vault.Plain {
			t.Errorf("%s: %d objects, the canary is found: %t, want %t", name, objects, plain, vault.Plain)
		}
	}
	for name, raw := range server.Stored(t) {
		if bytes.Contains(raw, []byte("canary")) != vault.Plain {
			t.Errorf("the store's own bytes of %s hold the canary", name)
		}
	}
}

// through seals a file into a vault on the bucket and opens it again.
func through(t *testing.T, bucket vault.Bucket, file []byte) ([]byte, error) {
	t.Helper()
	root, err := vault.MemoryRoot()
	check(t, err)
	source := tenant.Source{Now: time.Now, Random: rand.Reader}
	v, err := vault.New(t.Context(), vault.Config{Root: root, Keys: vault.NewMemoryStore(), Bucket: bucket, Source: source})
	check(t, err)
	p := vault.Place{Workspace: tenant.NewID[tenant.WorkspaceID](source), Record: tenant.NewID[tenant.RecordID](source), Kind: "part", Row: tenant.NewID[tenant.EventID](source)}
	check(t, v.CreateWorkspace(t.Context(), p.Workspace))
	check(t, v.CreateRecord(t.Context(), vault.Record{Workspace: p.Workspace, Record: p.Record, Purpose: vault.Content}))
	if _, err := v.PutBlobFrom(t.Context(), p, bytes.NewReader(file)); err != nil {
		return nil, err
	}
	blob, err := v.OpenBlob(t.Context(), p)
	if err != nil {
		return nil, err
	}
	back, err := io.ReadAll(blob)
	return back, errors.Join(err, blob.Close())
}

func read(t *testing.T, bucket vault.Bucket, name string) ([]byte, error) {
	t.Helper()
	object, err := bucket.Open(t.Context(), name)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
	return body, errors.Join(err, object.Close())
}

func TestLargeObjectsComeBackAndBrokenOnesLeaveNothing(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	store := open(t, server)
	body := make([]byte, 20<<20)
	_, err := rand.Read(body)
	check(t, err)
	check(t, store.Put(t.Context(), "a/large", bytes.NewReader(body)))
	if back, err := read(t, store, "a/large"); err != nil || !bytes.Equal(back, body) {
		t.Errorf("%d bytes come back of %d: %v", len(back), len(body), err)
	}
	if err := store.Put(t.Context(), "a/broken", io.MultiReader(bytes.NewReader(body), broken{})); !errors.Is(err, errBroken) || fault.KindOf(err) != fault.Internal {
		t.Errorf("Put of a body that fails = %v, want its own error", err)
	}
	check(t, store.Put(t.Context(), "a/empty", strings.NewReader("")))
	if back, err := read(t, store, "a/empty"); err != nil || len(back) != 0 {
		t.Errorf("an empty object comes back as %d bytes, %v", len(back), err)
	}
	if stored := server.Stored(t); len(stored) != 2 {
		t.Errorf("%d objects are stored, want 2", len(stored))
	}
}

var errBroken = errors.New("the body broke off")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

func TestAnObjectIsWrittenOnce(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	store := open(t, server)
	check(t, store.Put(t.Context(), "a/1", strings.NewReader("first")))
	if err := store.Put(t.Context(), "a/1", strings.NewReader("second")); !fault.Is(err, fault.Conflict) {
		t.Errorf("Put over an object = %v, want fault.Conflict", err)
	}
	if got := string(server.Stored(t)["a/1"]); got != "first" {
		t.Errorf("the object is %q now", got)
	}
}

// TestALostAnswerIsNoConflict stores an object, loses the answer, and sees the SDK's second try refused.
func TestALostAnswerIsNoConflict(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	store := open(t, server)
	var puts atomic.Int32
	server.Around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPut && puts.Add(1) == 1 {
				next.ServeHTTP(newDeaf(), r)
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	check(t, store.Put(t.Context(), "a/1", strings.NewReader("once")))
	if got := string(server.Stored(t)["a/1"]); got != "once" || puts.Load() != 2 {
		t.Errorf("after %d requests the object is %q", puts.Load(), got)
	}
}

type deaf struct{ header http.Header }

func newDeaf() deaf                        { return deaf{http.Header{}} }
func (d deaf) Header() http.Header         { return d.header }
func (d deaf) Write(p []byte) (int, error) { return len(p), nil }
func (d deaf) WriteHeader(int)             {}

func TestStoresThatFailAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails func(*storetest.Server)
		want  fault.Kind
	}{
		"gone":               {(*storetest.Server).Stop, fault.Busy},
		"ill":                {answering(503, "SlowDown"), fault.Busy},
		"without the bucket": {answering(404, "NoSuchBucket"), fault.Internal},
		"closed to us":       {answering(403, "AccessDenied"), fault.Internal},
		"somewhere else":     {answering(307, "TemporaryRedirect"), fault.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := storetest.New(t)
			store := open(t, server)
			c.fails(server)
			_, opened := store.Open(t.Context(), "a/1")
			for call, err := range map[string]error{"Open": opened, "Put": store.Put(t.Context(), "a/1", strings.NewReader("x")),
				"Delete": store.Delete(t.Context(), "a/1"), "Each": store.Each(t.Context(), "", func(string) error { return nil })} {
				if err == nil || fault.KindOf(err) != c.want {
					t.Errorf("%s = %v, want %s", call, err, c.want)
				}
			}
		})
	}
}

func answering(status int, code string) func(*storetest.Server) {
	return func(s *storetest.Server) {
		s.Around(func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "https://127.0.0.1:1/")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `<Error><Code>%s</Code></Error>`, code)
			})
		})
	}
}

// TestAStoreThatBreaksOffGivesNothing cuts every body.
func TestAStoreThatBreaksOffGivesNothing(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	store := open(t, server)
	check(t, store.Put(t.Context(), "a/1", bytes.NewReader(make([]byte, 100_000))))
	server.Around(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				w.Header().Set("Content-Length", "100000")
				_, _ = w.Write(make([]byte, 50_000))
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	if _, err := store.Open(t.Context(), "a/1"); !fault.Is(err, fault.Busy) {
		t.Errorf("Open of what breaks off = %v, want fault.Busy", err)
	}
}

func TestAStoreIsReachedByVerifiedTLSAlone(t *testing.T) {
	t.Parallel()
	server := storetest.New(t)
	version, err := open(t, server).Reached(t.Context())
	if err != nil || version != "TLS 1.3" {
		t.Errorf("Reached = %q, %v", version, err)
	}
	stranger := config(server)
	stranger.CA = nil // the system's know nothing of this store
	if _, err := objectstore.Open(t.Context(), stranger); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a store of an unknown authority: %v, want its certificate refused", err)
	}
	half, other := config(server), config(server)
	half.Secret, other.Key = "", "another"
	for name, cfg := range map[string]objectstore.Config{"half of the credentials": half, "another's credentials": other} {
		if _, err := objectstore.Open(t.Context(), cfg); err == nil {
			t.Errorf("%s: the store opens", name)
		}
	}
}

// TestTheEnvironmentSendsNothingElsewhere sets what AWS's SDK reads. It changes its process's environment, and so is not parallel.
func TestTheEnvironmentSendsNothingElsewhere(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	for url, want := range map[string]string{
		"s3://minutes?region=eu-central-1":                                         "https://minutes.s3.eu-central-1.amazonaws.com/a/1",
		"s3://minutes?region=eu-central-1&endpoint=https://store.example.com:9000": "https://store.example.com:9000/minutes/a/1",
	} {
		got, err := objectstore.Asked(t.Context(), objectstore.Config{URL: url, Key: storetest.Key, Secret: storetest.Secret})
		if err != nil || got != want {
			t.Errorf("%s asks %q, %v; want %s", url, got, err, want)
		}
	}
}

// TestCredentialsComeFromTheEnvironment gives none by the configuration.
func TestCredentialsComeFromTheEnvironment(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", storetest.Key)
	t.Setenv("AWS_SECRET_ACCESS_KEY", storetest.Secret)
	cfg := config(storetest.New(t))
	cfg.Key, cfg.Secret = "", ""
	if _, err := objectstore.Open(t.Context(), cfg); err != nil {
		t.Errorf("Open with AWS's variables: %v", err)
	}
}

func TestURLsOfStores(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]objectstore.Location{
		"s3://minutes?region=eu-central-1":                               {Bucket: "minutes", Region: "eu-central-1"},
		"s3://minutes/?region=x&endpoint=https://store.example.com:9000": {Bucket: "minutes", Region: "x", Endpoint: "https://store.example.com:9000"},
		"s3://minutes?region=x&endpoint=https%3A%2F%2Fstore.example.com": {Bucket: "minutes", Region: "x", Endpoint: "https://store.example.com"},
	} {
		if got, err := objectstore.Parse(raw); err != nil || got != want {
			t.Errorf("Parse(%s) = %+v, %v; want %+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{"", "http://store.example.com/minutes", "https://store.example.com/minutes", "file:///data", "azblob://minutes", "gs://minutes",
		"s3://minutes", "s3://?region=x", "s3:minutes?region=x", "s3://minutes/inside?region=x", "s3://minutes:1?region=x", "s3://minutes?region=x#y",
		"s3://hidden:hunter2@minutes?region=x", "s3://minutes?region=x&region=y", "s3://minutes?region=x&disable_https=true", "s3://minutes?region=%zz",
		"s3://minutes?region=x&endpoint=http://127.0.0.1:9000", "s3://minutes?region=x&endpoint=store.example.com", "s3://minutes?region=x&endpoint=https://",
		"s3://minutes?region=x&endpoint=https://a:hunter2@b", "s3://minutes?region=x&endpoint=https://b/c", "s3://minutes?region=x&endpoint=https://b?hunter2"} {
		_, err := objectstore.Parse(raw)
		if !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("Parse(%s) = %v, want fault.Invalid without a credential", raw, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("s3://minutes?region=x&endpoint=https://store.example.com")
	f.Fuzz(func(t *testing.T, raw string) {
		at, err := objectstore.Parse(raw)
		if err == nil && (at.Bucket == "" || at.Region == "" || at.Endpoint != "" && !strings.HasPrefix(strings.ToLower(at.Endpoint), "https://")) {
			t.Errorf("Parse(%q) = %+v", raw, at)
		}
	})
}

func TestAReadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	store := open(t, storetest.New(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Open(ctx, "a/1"); !errors.Is(err, context.Canceled) {
		t.Errorf("Open in an ended context = %v", err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
