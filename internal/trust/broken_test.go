package trust_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"html"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/capture"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/trust"
	"mainstay/internal/vault"
	"mainstay/internal/worldtest"
)

// red breaks a deployment and wants one check to fail.
func red(t *testing.T, id string, damage func(*testing.T, *worldtest.World, *trust.Deployment)) {
	t.Helper()
	t.Run(id, func(t *testing.T) {
		t.Parallel()
		w, d := deploy(t)
		damage(t, w, d)
		if r := prove(t, d, id); r.State != trust.Fail {
			t.Errorf("%s is %s in a broken deployment: %s", r.ID, r.State, r.Found)
		} else {
			t.Log(r.Found)
		}
	})
}

// sql changes the database past every rule.
func sql(statement string) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return func(t *testing.T, w *worldtest.World, _ *trust.Deployment) {
		t.Helper()
		_, err := w.Admin.Exec(t.Context(), statement)
		check(t, err)
	}
}

// drafter stands in for one that does what it should not.
type drafter func(context.Context, minutes.Brief) (minutes.Proposal, error)

func (f drafter) Draft(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) {
	return f(ctx, b)
}

func TestMinutesWithoutTheirSourceAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P001", sql(`
create function tenant.lose() returns trigger language plpgsql security definer as $$
begin delete from tenant.segment where transcript_id = new.transcript_id and number = 2; return new; end $$;
create trigger lose after insert on tenant.minutes for each row execute function tenant.lose()`))
}

func TestActionsWithoutOwnersAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P002", func(_ *testing.T, w *worldtest.World, _ *trust.Deployment) {
		w.Drafter = drafter(func(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) {
			m, err := minutes.Rules{}.Draft(ctx, b)
			for i := range m.Actions {
				m.Actions[i].Owner = nil
			}
			return m, err
		})
	})
}

func TestStrangeTablesAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P009", sql(`alter table tenant.meeting add column note text`))
	red(t, "P009", sql(`alter table tenant.meeting drop column told`))
	red(t, "P031", sql(`alter table tenant.meeting no force row level security`))
	red(t, "P031", sql(`alter table tenant.minutes disable row level security`))
	red(t, "P031", sql(`create table tenant.extra (id uuid)`))
	red(t, "P031", sql(`create view gate.wide as select * from tenant.meeting`))
	red(t, "P033", sql(`alter table tenant.meeting disable row level security`))
}

// lossy gives other bytes back than it took.
type lossy struct{ trust.Recordings }

func (l lossy) Play(ctx context.Context, id capture.RecordingID) (capture.Playback, error) {
	p, err := l.Recordings.Play(ctx, id)
	p.ReadSeeker = bytes.NewReader([]byte("something else"))
	return p, err
}

func TestFilesThatChangeAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P010", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Capture = lossy{d.Capture} })
}

func TestConnectionsThatVerifyNothingAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P016", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Connect = func(context.Context, tenant.Secret) error { return nil }
	})
	red(t, "P017", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Blobs = "http://store.example.com/bucket"
	})
	for _, refuses := range []bool{false, true} {
		red(t, "P017", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
			d.Refuses = func(...string) bool { return refuses }
		})
	}
	red(t, "P017", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Refuses = func(settings ...string) bool { return strings.Contains(strings.Join(settings, " "), "=http:") } // endpoints it takes
	})
	for version, err := range map[string]error{"": nil, "TLS 1.1": nil, "TLS 1.3": errors.New("its certificate is a stranger's")} {
		red(t, "P017", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
			d.Blobs, d.Reached = store, func(context.Context) (string, error) { return version, err }
		})
	}
	red(t, "P017", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Blobs = store })
}

// bare is a bucket in which objects lie as they were before they were sealed.
type bare struct {
	vault.Bucket
	body func() []byte
}

func (b bare) Open(context.Context, string) (vault.Object, error) {
	return plainly{bytes.NewReader(b.body())}, nil
}

type plainly struct{ *bytes.Reader }

func (plainly) Close() error { return nil }

// heard keeps what is uploaded.
type heard struct {
	trust.Recordings
	body *bytes.Buffer
}

func (h heard) Put(ctx context.Context, id meeting.ID, name string, size int64, body io.Reader) (capture.Upload, error) {
	return h.Recordings.Put(ctx, id, name, size, io.TeeReader(body, h.body))
}

func TestObjectsThatAreReadableOrElsewhereAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P010", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		kept := &bytes.Buffer{}
		d.Capture, d.Objects = heard{d.Capture, kept}, bare{d.Objects, kept.Bytes}
	})
	red(t, "P018", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		kept := &bytes.Buffer{}
		d.Blobs, d.Capture, d.Objects = store, heard{d.Capture, kept}, bare{d.Objects, kept.Bytes}
	})
	red(t, "P010", func(t *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Objects = vault.NewFolder(t.TempDir(), nil)
	})
	red(t, "P010", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Blobs = store }) // and the folder is used
}

func TestAConfiguredStoreIsSeen(t *testing.T) {
	t.Parallel()
	_, d := deploy(t)
	d.Blobs, d.Reached = store, func(context.Context) (string, error) { return "TLS 1.3", nil }
	if r := prove(t, d, "P017"); r.State != trust.Pass {
		t.Errorf("P017 is %s where a store answers by TLS: %s", r.State, r.Found)
	}
}

func TestWordsAtRestAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P018", func(_ *testing.T, w *worldtest.World, d *trust.Deployment) {
		w.Drafter = drafter(func(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) {
			if err := os.WriteFile(filepath.Join(d.Temp, "transcript.txt"), []byte(b.Transcript.Segments[len(b.Transcript.Segments)-1].Text), 0o600); err != nil {
				return minutes.Proposal{}, err
			}
			return minutes.Rules{}.Draft(ctx, b)
		})
	})
	red(t, "P018", func(t *testing.T, w *worldtest.World, _ *trust.Deployment) {
		sql(`create table tenant.notes (workspace_id uuid not null, title text not null); grant select on tenant.notes to mainstay_app`)(t, w, nil)
		w.Drafter = drafter(func(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) {
			a, err := tenant.ActorOf(ctx)
			if err == nil {
				_, err = w.Admin.Exec(ctx, `insert into tenant.notes values ($1, $2)`, a.Workspace, b.Meeting.Title)
			}
			if err != nil {
				return minutes.Proposal{}, err
			}
			return minutes.Rules{}.Draft(ctx, b)
		})
	})
}

// weak is a vault that seals badly.
type weak struct {
	trust.Sealer
	repeats  bool // one nonce for all
	verifies bool
}

func (w weak) Seal(ctx context.Context, p vault.Place, doc []byte) ([]byte, error) {
	sealed, err := w.Sealer.Seal(ctx, p, doc)
	if w.repeats {
		copy(sealed[13:25], "the same one")
	}
	return sealed, err
}

func (w weak) Open(ctx context.Context, sealed ...vault.Sealed) ([][]byte, error) {
	docs, err := w.Sealer.Open(ctx, sealed...)
	if !w.verifies {
		return [][]byte{[]byte("whatever")}, nil
	}
	return docs, err
}

func TestWeakSealingIsSeen(t *testing.T) {
	t.Parallel()
	red(t, "P019", sql(`
create function tenant.bare() returns trigger language plpgsql as $$ begin new.sealed := 'the key in plain text'; return new; end $$;
create trigger bare before insert or update on tenant.model for each row execute function tenant.bare()`))
	red(t, "P020", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Vault = weak{Sealer: d.Vault, repeats: true, verifies: true}
	})
	red(t, "P021", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Vault = weak{Sealer: d.Vault} })
	red(t, "P021", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Damages = func() int64 { return 0 } })
}

func TestPlainPasswordsAndOpenSecretsAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P025", sql(`
alter table control.account drop constraint account_password_is_a_hash;
insert into control.account (id, email_hmac, password, state, created_at, sealed)
values (gen_random_uuid(), 'x', 'a stone beside the canal', 'active', '2026-01-01', '')`))
	red(t, "P039", func(t *testing.T, _ *worldtest.World, d *trust.Deployment) { check(t, os.Chmod(d.RootKey, 0o644)) })
	red(t, "P039", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Refuses = func(...string) bool { return false }
	})
	red(t, "P039", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Refuses = func(...string) bool { return true }
	})
}

// pages puts something in front of the program's pages.
func pages(around func(http.Handler) http.Handler) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		before := d.Pages
		d.Pages = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			h, err := before(s)
			return around(h), err
		}
	}
}

// rewritten changes every page that is shown.
func rewritten(change func([]byte) []byte) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Accept-Encoding")
			held := &holding{ResponseWriter: w}
			h.ServeHTTP(held, r)
			w.Header().Del("Content-Length")
			w.WriteHeader(max(held.status, 200))
			_, _ = w.Write(change(held.body.Bytes()))
		})
	}
}

type holding struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *holding) WriteHeader(status int)      { h.status = status }
func (h *holding) Write(p []byte) (int, error) { return h.body.Write(p) }

func TestOpenDoorsAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P030", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Routes = append(d.Routes, trust.Route{Method: "GET", Pattern: "/meetings/{id}/raw"})
	})
	red(t, "P030", pages(func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/debug/pprof/" {
				h.ServeHTTP(w, r)
			}
		})
	}))
	red(t, "P032", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		before, seen := d.Pages, map[tenant.WorkspaceID]tenant.Actor{}
		d.Pages = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			return before(func(r *http.Request) (tenant.Actor, error) {
				a, err := s(r)
				seen[a.Workspace] = a
				if ws, parsed := tenant.ParseID[tenant.WorkspaceID](r.Header.Get("X-Workspace-Id")); parsed == nil && !seen[ws].Workspace.IsZero() {
					return seen[ws], nil // it believes what it is sent
				}
				return a, err
			})
		}
	})
	red(t, "P033", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		before := d.Pages
		d.Pages = func(s func(*http.Request) (tenant.Actor, error)) (http.Handler, error) {
			h, err := before(s)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if bytes.HasSuffix([]byte(r.URL.Path), []byte("/peaks")) {
					_, _ = io.WriteString(w, "somebody else's")
					return
				}
				h.ServeHTTP(w, r)
			}), err
		}
	})
}

func TestTextThatBecomesCodeIsSeen(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"P035", "P174"} {
		red(t, id, pages(rewritten(func(page []byte) []byte { return []byte(html.UnescapeString(string(page))) })))
	}
	red(t, "P036", pages(rewritten(func(page []byte) []byte { return append(page, "<a href=\"java\tscript:mark()\">read</a>"...) })))
}

// around asks the model past the ledger.
func around(ctx context.Context, w *worldtest.World, b minutes.Brief) (minutes.Proposal, error) {
	set, err := w.Models.Setting(ctx)
	if err != nil || !set.Enabled {
		return minutes.Rules{}.Draft(ctx, b)
	}
	body, err := json.Marshal(b.Transcript)
	if err != nil {
		return minutes.Proposal{}, err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // that is what is broken
	res, err := client.Post(set.URL+"/chat/completions", "application/json", bytes.NewReader(body))
	if err != nil {
		return minutes.Proposal{}, err
	}
	if err := res.Body.Close(); err != nil {
		return minutes.Proposal{}, err
	}
	return minutes.Rules{}.Draft(ctx, b)
}

// silent is a model whose calls do not say what they hold.
type silent struct{ minutes.Completer }

func (s silent) Complete(ctx context.Context, r llm.Request) (json.RawMessage, llm.Setting, error) {
	r.Fields = r.Fields[:1]
	return s.Completer.Complete(ctx, r)
}

func TestCallsPastTheLedgerAreSeen(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"P044", "P049", "P051"} {
		red(t, id, func(_ *testing.T, w *worldtest.World, _ *trust.Deployment) {
			w.Drafter = drafter(func(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) { return around(ctx, w, b) })
		})
	}
	red(t, "P051", func(_ *testing.T, w *worldtest.World, _ *trust.Deployment) {
		w.Drafter = minutes.Model{Completer: silent{w.Models}, Fallback: minutes.Rules{}}
	})
}
