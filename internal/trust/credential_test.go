package trust_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/token"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// doors puts something in front of the program's doors.
func doors(d *trust.Deployment, around func(http.Handler) http.Handler) {
	before := d.Doors
	d.Doors = func() (http.Handler, error) {
		h, err := before()
		return around(h), err
	}
}

// typed is a form's password, as the doors are sent it.
func typed(next http.Handler, seen func(r *http.Request, form url.Values)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err == nil && form.Get("password") != "" {
			seen(r, form)
			body = []byte(form.Encode())
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		next.ServeHTTP(w, r)
	})
}

// before has a trigger change rows of a table before they are stored.
func before(table, change string) func(*testing.T, *worldtest.World, *trust.Deployment) {
	return sql(`
create function public.damage() returns trigger language plpgsql as $$ begin ` + change + ` return new; end $$;
create trigger damage before insert or update on ` + table + ` for each row execute function public.damage()`)
}

const anyPassword = `alter table control.account drop constraint account_password_is_a_hash;`

func TestPasswordsThatAreHashedBadlyAreSeen(t *testing.T) {
	t.Parallel()
	one := "'$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43) + "'"
	for _, id := range []string{"P023", "P107"} {
		red(t, id, before("control.account", `new.password := `+one+`;`)) // one salt and one hash for all
	}
	red(t, "P107", sql(anyPassword+`
create function public.damage() returns trigger language plpgsql as $$ begin new.password := 'a stone beside the canal'; return new; end $$;
create trigger damage before insert on control.account for each row execute function public.damage()`))
	red(t, "P023", before("control.account", `if tg_op = 'UPDATE' then new.password := old.password; end if;`)) // an old hash stays
	red(t, "P148", before("control.account", `new.password := '$2a$04$' || repeat('A', 53);`))
	red(t, "P148", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Work = identity.DefaultCost() })
}

func TestWeakPasswordsThatAreTakenAreSeen(t *testing.T) {
	t.Parallel()
	longer := func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // as if there were no least length
		doors(d, func(h http.Handler) http.Handler {
			return typed(h, func(r *http.Request, form url.Values) {
				if p := form.Get("password"); strings.HasPrefix(r.URL.Path, "/join/") && len(p) < 12 {
					form.Set("password", p+" made longer in the dark")
				}
			})
		})
	}
	for _, id := range []string{"P024", "P130"} {
		red(t, id, longer)
	}
	red(t, "P024", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // as if there were no list
		doors(d, func(h http.Handler) http.Handler {
			return typed(h, func(r *http.Request, form url.Values) {
				if r.URL.Path == "/account/password" && form.Get("password") == "password1234567" {
					form.Set("password", "not so common in the dark")
				}
			})
		})
	})
	red(t, "P130", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // scripts that do not come say nothing
		doors(d, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".js") {
					http.NotFound(w, r)
					return
				}
				h.ServeHTTP(w, r)
			})
		})
	})
}

func TestPasswordsThatAreKeptAreSeen(t *testing.T) {
	t.Parallel()
	keeps := func(keep func(t *testing.T, w *worldtest.World, d *trust.Deployment, password string)) func(*testing.T, *worldtest.World, *trust.Deployment) {
		return func(t *testing.T, w *worldtest.World, d *trust.Deployment) {
			t.Helper()
			doors(d, func(h http.Handler) http.Handler {
				return typed(h, func(_ *http.Request, form url.Values) { keep(t, w, d, form.Get("password")) })
			})
		}
	}
	red(t, "P025", keeps(func(t *testing.T, w *worldtest.World, _ *trust.Deployment, password string) {
		_, err := w.Admin.Exec(t.Context(), `insert into control.setup (id, token_hash, created_at) values (gen_random_uuid(), sha256(uuid_send(gen_random_uuid())) || convert_to($1, 'UTF8'), '2026-01-01')`, password)
		check(t, err)
	}))
	red(t, "P025", keeps(func(t *testing.T, _ *worldtest.World, d *trust.Deployment, password string) {
		check(t, os.WriteFile(filepath.Join(d.Temp, "last.txt"), []byte(password), 0o600))
	}))
	red(t, "P025", func(t *testing.T, w *worldtest.World, d *trust.Deployment) { // refusals are logged with what was sent
		said := d.Listen
		var to io.Writer
		d.Listen = func(heard io.Writer) func() { to = heard; return said(heard) }
		keeps(func(_ *testing.T, _ *worldtest.World, _ *trust.Deployment, password string) {
			slog.New(slog.NewTextHandler(to, nil)).Info("refused", "form", password)
		})(t, w, d)
	})
	red(t, "P025", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // nobody listens
		d.Listen = func(io.Writer) func() { return func() {} }
	})
	red(t, "P025", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Dumps = func() bool { return true } })
	red(t, "P025", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { // a page shows it again
		doors(d, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(bytes.NewReader(body))
				h.ServeHTTP(w, r)
				if form, err := url.ParseQuery(string(body)); err == nil && r.URL.Path == "/sign-in" {
					_, _ = io.WriteString(w, form.Get("password"))
				}
			})
		})
	})
}

func TestSessionsThatGoOnAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P027", sql(`
alter table control.session drop constraint session_is_thirty_days_at_most;
create function public.damage() returns trigger language plpgsql as $$ begin new.ends_at := new.created_at + interval '31 days'; return new; end $$;
create trigger damage before insert on control.session for each row execute function public.damage()`))
	red(t, "P027", sql(`
alter table control.session drop constraint session_is_thirty_days_at_most;
create function public.damage() returns trigger language plpgsql as $$ begin new.ends_at := old.ends_at; return new; end $$;
create trigger damage before update on control.session for each row execute function public.damage()`)) // each use makes it longer
	red(t, "P028", before("control.session", `if tg_op = 'UPDATE' then new.rotated_at := greatest(old.rotated_at, new.used_at); end if;`))
	red(t, "P028", before("control.session", `if new.previous_until is not null then new.previous_until := 'infinity'; end if;`))
	red(t, "P028", before("control.session", `new.rotated_at := new.rotated_at - interval '1 day';`)) // a new token at each use
}

func TestTokensThatGoOnAreSeen(t *testing.T) {
	t.Parallel()
	red(t, "P108", before("control.token", `if tg_op = 'INSERT' then new.ends_at := new.ends_at + interval '1 minute'; end if;`))
	red(t, "P108", before("control.token", `if tg_op = 'UPDATE' then new.ends_at := old.ends_at; end if;`))
	red(t, "P109", before("control.token", `new.used_at := null;`))
	red(t, "P109", before("control.credential", `new.ended_at := null;`))
	red(t, "P109", before("control.credential", `if new.end_reason = 'reuse' then new.ended_at := null; end if;`))
	red(t, "P149", before("control.credential", `if new.key_hash is not null then new.key_hash := sha256(new.key_hash); end if;`))
	red(t, "P149", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) { d.Tokens = short{d.Tokens} })
}

// short makes keys that can be guessed.
type short struct {
	real interface {
		Rehearse(context.Context) (token.Rehearsal, error)
	}
}

// Rehearse implements credential.Rehearser.
func (s short) Rehearse(ctx context.Context) (token.Rehearsal, error) {
	r, err := s.real.Rehearse(ctx)
	r.Bits = 64
	return r, err
}

func TestRequestsThatAreNotLoggedAreSeen(t *testing.T) {
	t.Parallel()
	logs := func(change func(httpd.Access) (httpd.Access, bool)) func(*testing.T, *worldtest.World, *trust.Deployment) {
		return func(t *testing.T, w *worldtest.World, d *trust.Deployment) {
			t.Helper()
			d.Doors = func() (http.Handler, error) {
				return w.PagesFor(t, nil, func(c *httpd.Config) {
					told := c.Accessed
					c.Accessed = func(a httpd.Access) {
						if a, kept := change(a); kept {
							told(a)
						}
					}
				}).Server.Handler(), nil
			}
		}
	}
	red(t, "P218", logs(func(a httpd.Access) (httpd.Access, bool) { return a, a.Status < 400 }))
	red(t, "P218", logs(func(a httpd.Access) (httpd.Access, bool) { return a, a.Route != "" }))
	red(t, "P218", logs(func(a httpd.Access) (httpd.Access, bool) { a.Address = ""; return a, true }))
	red(t, "P218", logs(func(a httpd.Access) (httpd.Access, bool) { a.Status = http.StatusOK; return a, true }))
	red(t, "P218", before("control.access_log", `new.actor_id := null;`))
}

// TestAProofMailsNobody checks what a mail server would hear of, where one is set.
func TestAProofMailsNobody(t *testing.T) {
	t.Parallel()
	w, d := deployed(t, worldtest.NewWithMail(t))
	for _, id := range []string{"P001", "P024", "P025"} {
		if r := prove(t, d, id); r.State != trust.Pass {
			t.Errorf("%s is %s where mail is sent: %s", r.ID, r.State, r.Found)
		}
	}
	check(t, w.Post.Drain(t.Context()))
	if n := len(w.Mail.Mails()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}
