package settings

import (
	"net/http"
	"strconv"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// KeysPage lists the keys and programs that act as a person, and makes new keys.
type KeysPage struct {
	web.Shell
	Made    *MadeKey // a key that was just made: shown once
	Notice  string
	All     bool // everybody's are listed
	Rows    []KeyRow
	Name    web.Field
	Life    web.Select
	Scopes  []web.Option
	Problem string
}

// Page implements web.View.
func (KeysPage) Page() string { return "keys" }

// MadeKey is a key while its person can copy it.
type MadeKey struct{ Name, Key, Ends string }

// KeyRow is a key or a program.
type KeyRow struct {
	ID, Name, Icon, Prefix, Whose, May string
	Made, Ends, Used                   web.Stamp
}

func (a *Pages) keyRoutes(s *httpd.Server) {
	s.Page("GET /settings/keys", httpd.Verb(gate.ListKeys), a.showKeys)
	s.Page("GET /settings/keys/new", httpd.Verb(gate.CreateKey), a.newKey, httpd.Confirmed())
	s.Page("POST /settings/keys", httpd.Verb(gate.CreateKey), a.createKey, httpd.MaxBody(8<<10))
	s.Page("POST /settings/keys/{id}/end", httpd.Verb(gate.EndKey), a.endKey, httpd.MaxBody(8<<10))
}

func (a *Pages) showKeys(w http.ResponseWriter, r *http.Request) error {
	p, err := a.keysPage(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("ended") != "" {
		p.Notice = "Ended. Whatever used it is refused from now on."
	}
	return a.Show(w, p)
}

func (a *Pages) keysPage(r *http.Request) (KeysPage, error) {
	shell, me, err := a.FrameOf(r, "API keys and programs", "/settings/keys")
	p := KeysPage{Shell: shell, All: me.Role == gate.Owner || me.Role == gate.Admin}
	if err != nil {
		return p, err
	}
	all, err := a.Tokens.List(r.Context())
	if err != nil {
		return p, err
	}
	zone, names := web.ZoneOf(r), map[tenant.MemberID]string{}
	for _, c := range all {
		if _, known := names[c.Member]; !known && p.All {
			if names[c.Member], err = a.Identity.NameOf(r.Context(), c.Member); err != nil {
				return p, err
			}
		}
		row := KeyRow{ID: c.ID.String(), Name: c.Name, Icon: "key-round", Prefix: c.Prefix, Whose: names[c.Member],
			Made: web.StampAt(c.CreatedAt, zone), Ends: web.StampAt(c.EndsAt, zone)}
		if c.Kind == "program" {
			row.Icon = "cpu"
		}
		if !c.UsedAt.IsZero() {
			row.Used = web.StampAt(c.UsedAt, zone)
		}
		var may []string
		for _, scope := range c.Scopes {
			may = append(may, string(scope))
		}
		row.May = strings.Join(may, ", ")
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

// NewKeyPage is the form of a key.
type NewKeyPage struct {
	web.Shell
	Problem string
	Name    web.Field
	Life    web.Select
	Scopes  []web.Option
}

// Page implements web.View.
func (NewKeyPage) Page() string { return "newkey" }

func (a *Pages) newKey(w http.ResponseWriter, r *http.Request) error {
	p, err := a.newKeyPage(r, token.Request{Days: token.KeyDays, Scopes: []gate.Scope{gate.MeetingsRead}})
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) newKeyPage(r *http.Request, want token.Request) (NewKeyPage, error) {
	shell, err := a.Frame(r, "New key", "/settings/keys")
	p := NewKeyPage{Shell: shell, Name: web.Field{ID: "name", Label: "Name", Value: want.Name, Hint: "What will use it, such as “Nightly report”.", Required: true, First: true, Max: 120},
		Life: web.Select{ID: "days", Label: "It ends after", Options: web.Choose(strconv.Itoa(want.Days), web.Option{Value: "7", Name: "7 days"},
			web.Option{Value: "30", Name: "30 days"}, web.Option{Value: "90", Name: "90 days"}, web.Option{Value: "366", Name: "a year"})}}
	for _, scope := range gate.Scopes() {
		option := web.Option{Value: string(scope), Name: web.ScopeSays(scope)}
		for _, chosen := range want.Scopes {
			option.Chosen = option.Chosen || chosen == scope
		}
		p.Scopes = append(p.Scopes, option)
	}
	return p, err
}

// createKey makes a key and shows it, once.
func (a *Pages) createKey(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form could not be read. Load the page again.")
	}
	days, err := strconv.Atoi(r.PostForm.Get("days"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	want := token.Request{Name: r.PostForm.Get("name"), Days: days}
	for _, scope := range r.PostForm["scope"] {
		want.Scopes = append(want.Scopes, gate.Scope(scope))
	}
	made, err := a.Tokens.Create(r.Context(), want)
	if fault.Is(err, fault.Invalid) {
		p, failed := a.newKeyPage(r, want)
		if failed != nil {
			return failed
		}
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	p, err := a.keysPage(r)
	if err != nil {
		return err
	}
	p.Made = &MadeKey{Name: made.Name, Key: made.Key.Reveal(), Ends: made.EndsAt.In(web.ZoneOf(r)).Format("2 January 2006")}
	return a.Show(w, p)
}

func (a *Pages) endKey(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[token.ID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Tokens.End(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/keys?ended=1", http.StatusSeeOther)
	return nil
}
