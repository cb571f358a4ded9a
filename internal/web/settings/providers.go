package settings

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

const providersPage = "/settings/sign-in-providers"

// ProvidersPage lists through which providers people sign in, and which domains are the workspace's.
type ProvidersPage struct {
	web.Shell
	Note      *web.Note
	MayChange bool
	Common    []string // providers of the deployment, for everybody
	Rows      []ProviderRow
	Add       []web.Option
	Domains   []DomainRow
	Domain    web.Field
}

// Page implements web.View.
func (ProvidersPage) Page() string { return "providers" }

// ProviderRow is a provider of the workspace.
type ProviderRow struct {
	ID, Name, Host string
	State          web.StateChip
	Whole, On      bool
	Address        string // at which its people sign in
}

// DomainRow is a domain that the workspace claims.
type DomainRow struct {
	ID, Name, Record, Text string
	State                  web.StateChip
	Checked                web.Stamp
	Holds                  bool
}

// ProviderPage changes a provider.
type ProviderPage struct {
	web.Shell
	Note                             *web.Note
	ID, Name, Kind, Callback         string
	Version                          int
	On, Whole, Second                bool
	Issuer, Client, Secret           web.Field
	Domains, Tenants, Classes, Hours web.Field
}

// Page implements web.View.
func (ProviderPage) Page() string { return "provider" }

func (a *Pages) providerRoutes(s *httpd.Server) {
	change := httpd.Verb(gate.ChangeProvider)
	s.Page("GET "+providersPage, httpd.Verb(gate.ReadProviders), a.listProviders)
	s.Page("POST "+providersPage, httpd.Verb(gate.AddProvider), a.addProvider, httpd.MaxBody(8<<10))
	s.Page("GET "+providersPage+"/{id}", change, a.showProvider, httpd.Confirmed())
	s.Page("POST "+providersPage+"/{id}", change, a.saveProvider, httpd.MaxBody(16<<10))
	s.Page("POST "+providersPage+"/{id}/turn", change, a.turnProvider, httpd.MaxBody(8<<10))
	s.Page("GET "+providersPage+"/{id}/test", change, a.testProvider, httpd.Confirmed())
	s.Page("POST "+providersPage+"/{id}/remove", httpd.Verb(gate.RemoveProvider), a.removeProvider, httpd.MaxBody(8<<10))
	s.Page("POST /settings/domains", httpd.Verb(gate.ClaimDomain), a.claimDomain, httpd.MaxBody(8<<10))
	s.Page("POST /settings/domains/{id}/check", httpd.Verb(gate.ChangeDomain), a.proveDomain, httpd.MaxBody(8<<10))
	s.Page("POST /settings/domains/{id}/remove", httpd.Verb(gate.ChangeDomain), a.disclaimDomain, httpd.MaxBody(8<<10))
}

func (a *Pages) listProviders(w http.ResponseWriter, r *http.Request) error {
	p, err := a.providersPage(r)
	if err != nil {
		return err
	}
	says := map[string]string{"removed": "Removed, with its links and the sessions that were begun through it.", "on": "On. People can sign in through it from now on.",
		"off": "Off. Sessions that were begun through it have ended.", "proven": "The domain is proven.", "claimed": "Publish the text, then check it.", "disclaimed": "Removed."}
	if text := says[r.URL.Query().Get("done")]; text != "" {
		p.Note = &web.Note{Class: "good", Icon: "circle-check", Text: text}
	}
	if r.URL.Query().Get("done") == "unproven" {
		p.Note = &web.Note{Class: "warn", Icon: "triangle-alert", Text: "The text is not there yet. It can take an hour until everybody sees a new record. Check again later."}
	}
	return a.Show(w, p)
}

func (a *Pages) providersPage(r *http.Request) (ProvidersPage, error) {
	shell, me, err := a.FrameOf(r, "Sign-in providers", providersPage)
	p := ProvidersPage{Shell: shell, MayChange: me.Role == gate.Owner,
		Domain: web.Field{ID: "domain", Label: "Domain", Hint: "Such as example.com: the part after the @.", Max: 253},
		Add:    []web.Option{{Value: "google", Name: "Google"}, {Value: "microsoft", Name: "Microsoft"}, {Value: "oidc", Name: "Another"}}}
	if err != nil {
		return p, err
	}
	for _, o := range a.OIDC.Everybody {
		p.Common = append(p.Common, o.Kind.Name(""))
	}
	all, err := a.OIDC.Settings(r.Context())
	if err != nil {
		return p, err
	}
	for _, set := range all {
		p.Rows = append(p.Rows, ProviderRow{ID: set.ID.String(), Name: nameOf(set), Host: set.Host(), State: stateOf(set), Whole: set.Whole, On: set.Enabled,
			Address: a.OIDC.Base + "/sign-in?with=" + set.ID.String()})
	}
	domains, err := a.OIDC.Domains(r.Context())
	for _, d := range domains {
		row := DomainRow{ID: d.ID.String(), Name: d.Name, Record: d.Record, Text: d.Text, Holds: d.Holds, State: web.StateChip{Icon: "hourglass", Text: "Not proven"}}
		if d.Holds {
			row.State = web.StateChip{Class: "approved", Icon: "circle-check", Text: "Proven"}
		}
		if d.CheckedAt != nil {
			row.Checked = web.StampAt(*d.CheckedAt, web.ZoneOf(r))
		}
		p.Domains = append(p.Domains, row)
	}
	return p, err
}

func nameOf(set oidc.Setting) string {
	if set.Kind == oidc.Other {
		return "Another provider"
	}
	return set.Kind.Name("")
}

func stateOf(set oidc.Setting) web.StateChip {
	switch {
	case set.Enabled:
		return web.StateChip{Class: "approved", Icon: "circle-check", Text: "On"}
	case !set.Whole:
		return web.StateChip{Icon: "pencil", Text: "Not finished"}
	}
	return web.StateChip{Icon: "circle-dot", Text: "Off"}
}

func (a *Pages) addProvider(w http.ResponseWriter, r *http.Request) error {
	id, err := a.OIDC.Add(r.Context(), oidc.Kind(r.PostFormValue("kind")))
	if err != nil {
		return err
	}
	http.Redirect(w, r, providersPage+"/"+id.String(), http.StatusSeeOther)
	return nil
}

func providerOf(r *http.Request) (oidc.ID, error) { return tenant.ParseID[oidc.ID](r.PathValue("id")) }

func (a *Pages) showProvider(w http.ResponseWriter, r *http.Request) error {
	id, err := providerOf(r)
	if err != nil {
		return err
	}
	set, err := a.OIDC.Setting(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := a.providerPage(r, set)
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("tested") {
	case "one":
		p.Note = &web.Note{Class: "good", Icon: "circle-check", Text: "It works: the provider signed you in. It says nothing of a second factor."}
	case "second":
		p.Note = &web.Note{Class: "good", Icon: "circle-check", Text: "It works: the provider signed you in and says that you showed a second factor."}
	}
	if r.URL.Query().Get("saved") != "" {
		p.Note = &web.Note{Class: "good", Icon: "circle-check", Text: "Saved. Test it before you turn it on."}
	}
	return a.Show(w, p)
}

func (a *Pages) providerPage(r *http.Request, set oidc.Setting) (ProviderPage, error) {
	shell, err := a.Frame(r, nameOf(set), providersPage)
	name := set.ID.String()
	p := ProviderPage{Shell: shell, ID: name, Name: nameOf(set), Kind: string(set.Kind), Callback: a.OIDC.Callback(name), Version: set.Version,
		On: set.Enabled, Whole: set.Whole, Second: set.Second}
	list := func(all []string) string { return strings.Join(all, ", ") }
	p.Issuer = web.Field{ID: "issuer", Label: "Issuer", Type: "url", Value: set.Issuer, Hint: "As the provider writes it, such as https://login.example.com. The rest is found there.", Max: 300}
	p.Client = web.Field{ID: "client", Label: "Client ID", Value: set.Client, Complete: "off", Max: 300}
	p.Secret = web.Field{ID: "secret", Label: "Client secret", Type: "password", Complete: "off", Hint: "It is sealed, and never shown again.", Max: 1000}
	if set.Whole {
		p.Secret.Hint = "A secret is stored, sealed. Leave this empty to keep it."
	}
	p.Domains = web.Field{ID: "domains", Label: "Google organisations", Value: list(set.Domains), Hint: "Domains whose people may come, such as example.com. Empty lets in whoever is linked.", Max: 2000}
	p.Tenants = web.Field{ID: "tenants", Label: "Microsoft tenants", Value: list(set.Tenants), Hint: "The ID of each directory whose people may come, from its overview page.", Max: 2000}
	p.Classes = web.Field{ID: "classes", Label: "Authentication classes", Value: list(set.Classes), Hint: "Values of acr, of which the provider must meet one. Empty asks for none.", Max: 2000}
	p.Hours = web.Field{ID: "hours", Label: "Hours that a sign-in there holds", Type: "number", Hint: "A session here ends then. Empty leaves it to the workspace's own limit."}
	if set.MaxAge > 0 {
		p.Hours.Value = strconv.Itoa(int(set.MaxAge / time.Hour))
	}
	return p, err
}

// saveProvider stores what an owner entered. What is not taken is shown again, without the secret.
func (a *Pages) saveProvider(w http.ResponseWriter, r *http.Request) error {
	id, err := providerOf(r)
	if err != nil {
		return err
	}
	before, err := a.OIDC.Setting(r.Context(), id)
	if err != nil {
		return err
	}
	set, err := settingOf(r, before)
	if err == nil {
		err = a.OIDC.Save(r.Context(), set)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) {
		p, failed := a.providerPage(r, set)
		if failed != nil {
			return failed
		}
		p.Note, p.Version = &web.Note{Class: "bad", Icon: "circle-alert", Text: fault.Sentence(err)}, before.Version
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, providersPage+"/"+id.String()+"?saved=yes", http.StatusSeeOther)
	return nil
}

// settingOf reads the form over what is stored.
func settingOf(r *http.Request, set oidc.Setting) (oidc.Setting, error) {
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	list := func(name string) []string {
		return strings.FieldsFunc(text(name), func(c rune) bool { return c == ',' || c == ';' || c == ' ' || c == '\n' || c == '\r' })
	}
	version, err := strconv.Atoi(text("version"))
	if err != nil {
		return set, httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	set.Version, set.Issuer, set.Client, set.Secret = version, text("issuer"), text("client"), tenant.Secret(text("secret"))
	set.Rules = oidc.Rules{Domains: lower(list("domains")), Tenants: lower(list("tenants")), Classes: list("classes"), Second: text("second") == "yes"}
	if hours := text("hours"); hours != "" {
		n, err := strconv.Atoi(hours)
		if err != nil || n < 1 || n > 720 {
			return set, fault.New(fault.Invalid, "Enter for how many whole hours a sign-in there holds, from 1 to 720.")
		}
		set.MaxAge = time.Duration(n) * time.Hour
	}
	return set, nil
}

func lower(all []string) []string {
	for i := range all {
		all[i] = strings.ToLower(all[i])
	}
	return all
}

func (a *Pages) turnProvider(w http.ResponseWriter, r *http.Request) error {
	id, err := providerOf(r)
	if err != nil {
		return err
	}
	on := r.PostFormValue("on") == "yes"
	if err := a.OIDC.Enable(r.Context(), id, on); err != nil {
		return err
	}
	http.Redirect(w, r, providersPage+"?done="+map[bool]string{true: "on", false: "off"}[on], http.StatusSeeOther)
	return nil
}

// testProvider sends the owner to the provider and back, and signs nobody in.
func (a *Pages) testProvider(w http.ResponseWriter, r *http.Request) error {
	return a.SetOut(w, r, oidc.Start{Provider: r.PathValue("id"), Purpose: oidc.Test})
}

func (a *Pages) removeProvider(w http.ResponseWriter, r *http.Request) error {
	id, err := providerOf(r)
	if err != nil {
		return err
	}
	if err := a.OIDC.Remove(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, providersPage+"?done=removed", http.StatusSeeOther)
	return nil
}

func (a *Pages) claimDomain(w http.ResponseWriter, r *http.Request) error {
	_, err := a.OIDC.Claim(r.Context(), r.PostFormValue("domain"))
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.TooLarge) {
		p, failed := a.providersPage(r)
		if failed != nil {
			return failed
		}
		p.Domain.Value, p.Domain.Problem = r.PostFormValue("domain"), fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return a.domainsDone(w, r, "claimed")
}

func domainOf(r *http.Request) (oidc.DomainID, error) {
	return tenant.ParseID[oidc.DomainID](r.PathValue("id"))
}

func (a *Pages) proveDomain(w http.ResponseWriter, r *http.Request) error {
	id, err := domainOf(r)
	if err != nil {
		return err
	}
	found, err := a.OIDC.Prove(r.Context(), id)
	if err != nil {
		return err
	}
	return a.domainsDone(w, r, map[bool]string{true: "proven", false: "unproven"}[found])
}

func (a *Pages) disclaimDomain(w http.ResponseWriter, r *http.Request) error {
	id, err := domainOf(r)
	if err != nil {
		return err
	}
	if err := a.OIDC.Disclaim(r.Context(), id); err != nil {
		return err
	}
	return a.domainsDone(w, r, "disclaimed")
}

func (a *Pages) domainsDone(w http.ResponseWriter, r *http.Request, done string) error {
	http.Redirect(w, r, providersPage+"?"+url.Values{"done": {done}}.Encode()+"#domains", http.StatusSeeOther)
	return nil
}
