package account

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/web"
)

// SecurityPage shows how the person signs in, and what is missing.
type SecurityPage struct {
	web.Shell
	Email    string
	Password string // "Set on 3 May 2026", or that there is none
	HasPass  bool
	Saved    string
	Wanted   *Wanted
	Notes    []web.Note

	Passkeys   []PasskeyRow
	AddPasskey string // where; empty where browsers make none for this address
	App        string // since when; empty where there is none
	Phone      string // the number's ends, and since when
	CanText    bool
	Codes      string // how many are left
	HasCodes   bool
	Single     bool // a password alone lets in
	Linked     *web.LinkedPart
}

func (SecurityPage) Page() string { return "security" }

// Wanted says what a workspace asks for and the person lacks.
type Wanted struct {
	Sentence string
	Next     string // where to go on afterwards
	Done     bool
}

// PasskeyRow is a passkey of a list.
type PasskeyRow struct {
	ID, Name, Since string
	Doubted         bool
	Rename, Remove  string
}

// saved are the sentences that a page shows after a change.
var saved = map[string]string{
	"passkey": "The passkey was added. Your other sessions have ended.", "totp": "The authenticator app is set up. Your other sessions have ended.",
	"sms": "The number was added. Your other sessions have ended.", "renamed": "The passkey has its new name.",
	"removed": "The factor was removed. Your other sessions have ended.",
	"linked":  "Linked. You can sign in with it from now on. Your other sessions have ended.", "unlinked": "The link was removed. Your other sessions have ended.",
}

func (a *Pages) showSecurity(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.frame(r, "Security")
	if err != nil {
		return err
	}
	has, err := a.Identity.Security(r.Context())
	if err != nil {
		return err
	}
	p := securityPage(shell, has, web.ZoneOf(r))
	p.Saved = saved[r.URL.Query().Get("saved")]
	p.Wanted = wanted(r, has)
	if p.Linked, err = a.Linked(r, shell.Token); err != nil {
		return err
	}
	return a.Show(w, p)
}

// wanted says what is missing, where somebody was sent here for that or a workspace of theirs asks for more than they have.
func wanted(r *http.Request, has identity.Security) *Wanted {
	next, asked := httpd.LocalPath(r.URL.Query().Get("next")), r.URL.Query().Get("wanted")
	have := has.Factors.Strength()
	want := has.Wants
	switch asked {
	case "factor":
		want = max(want, gate.Second)
	case "passkey":
		want = gate.PhishingResistant
	}
	switch {
	case have < want && want == gate.PhishingResistant:
		return &Wanted{Sentence: "Your workspace asks for a passkey. Add one below to go on.", Next: next}
	case have < want:
		return &Wanted{Sentence: "Your workspace asks for a second factor. Add a passkey or an authenticator app below to go on.", Next: next}
	case asked != "":
		return &Wanted{Sentence: "You have what your workspace asks for.", Next: next, Done: true}
	}
	return nil
}

func securityPage(shell web.Shell, has identity.Security, zone *time.Location) SecurityPage {
	f := has.Factors
	p := SecurityPage{Shell: shell, Email: has.Email, HasPass: has.Password, Password: "None. You sign in without one.", CanText: f.CanText, Single: f.Strength() == gate.Single}
	if has.Password {
		p.Password = "Set"
		if has.PasswordAt != nil {
			p.Password = "Set on " + day(*has.PasswordAt, zone)
		}
	}
	if f.CanPasskey {
		p.AddPasskey = "/account/security/passkey"
	}
	for _, k := range f.Passkeys {
		p.Passkeys = append(p.Passkeys, passkeyRow(k, zone))
		if k.Doubted {
			p.Notes = append(p.Notes, web.Note{Class: "bad", Icon: "triangle-alert", Text: "“" + k.Name + "” was shown with a counter that went back. A copy of it may be in use: remove it, and add a new one."})
		}
	}
	if f.App != nil {
		p.App = since(*f.App, zone)
	}
	if f.Phone != nil {
		p.Phone = f.Phone.Masked + ". " + since(f.Phone.Since, zone)
	}
	p.HasCodes = !p.Single
	switch {
	case f.Codes > 0:
		p.Codes = web.Count(f.Codes, "code", "codes") + " left"
	case f.Coded:
		p.Codes = "None left"
	default:
		p.Codes = "None made"
	}
	if p.HasCodes && f.Codes <= factor.FewCodes {
		p.Notes = append(p.Notes, web.Note{Class: "warn", Icon: "triangle-alert", Text: "You have " + strings.ToLower(p.Codes) + " to get in without your devices.", Name: "Make new recovery codes", Href: "/account/security/codes"})
	}
	return p
}

func passkeyRow(k enrolment.Passkey, zone *time.Location) PasskeyRow {
	at := "/account/security/"
	return PasskeyRow{ID: k.ID.String(), Name: k.Name, Since: since(k.Since, zone), Doubted: k.Doubted,
		Rename: at + "passkey/" + k.ID.String() + "/rename", Remove: at + "remove/passkey?" + url.Values{"id": {k.ID.String()}}.Encode()}
}

func since(s enrolment.Since, zone *time.Location) string {
	text := "Added " + day(s.Added, zone)
	if s.Used != nil {
		return text + ", last used " + day(*s.Used, zone)
	}
	return text + ", not used yet"
}
