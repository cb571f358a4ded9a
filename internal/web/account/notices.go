package account

import (
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/post"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

func (a *Pages) noticeRoutes(s *httpd.Server) {
	s.Page("GET /notices", httpd.Verb(gate.ListNotices), a.listNotices)
	s.Page("GET /notices/{id}", httpd.Verb(gate.ReadNotice), a.openNotice)
	s.Page("POST /notices/{id}/read", httpd.Verb(gate.ReadNotice), a.readNotice, httpd.MaxBody(8<<10))
	s.Page("POST /notices/read", httpd.Verb(gate.ReadNotices), a.readNotices, httpd.MaxBody(8<<10))
	s.Page("GET /events/notices", httpd.Verb(gate.ListNotices), a.followNotices, httpd.Stream())
	s.Page("GET /events/bell", httpd.Verb(gate.ListNotices), a.followBell, httpd.Stream())
	s.Page("GET /account/notices", httpd.Verb(gate.ChooseNotices), a.showChoices)
	s.Page("POST /account/notices", httpd.Verb(gate.ChooseNotices), a.changeChoices, httpd.MaxBody(8<<10))
	s.Page("GET /unsubscribe/{token}", httpd.Public(), a.showUnsubscribe)
	s.Page("POST /unsubscribe/{token}", httpd.Public(), a.unsubscribe, httpd.Unsigned(), httpd.MaxBody(8<<10))
}

// NoticesPage lists what a person is told of.
type NoticesPage struct {
	web.Shell
	Rows    []NoticeRow
	Unseen  int
	Trouble *web.Trouble
}

// Page implements web.View.
func (NoticesPage) Page() string { return "notices" }

// NoticeRow is a notice. Href opens what it is about and marks it as read.
type NoticeRow struct {
	Href, ReadURL         string // ReadURL is empty where it was read
	Icon, Title, Sentence string
	At                    web.Stamp
}

func (a *Pages) listNotices(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.Frame(r, "Notices", "/notices")
	if err != nil {
		return err
	}
	shell.Live, shell.Script = "sse", "live.js"
	all, err := a.Post.List(r.Context())
	if err != nil {
		return err
	}
	return a.Show(w, noticesPage(r, shell, all))
}

func noticesPage(r *http.Request, shell web.Shell, all []post.Notice) NoticesPage {
	p, zone := NoticesPage{Shell: shell}, web.ZoneOf(r)
	for _, n := range all {
		row := NoticeRow{Href: "/notices/" + n.ID.String(), Icon: iconOf(n.Kind), Title: n.Kind.Subject(), Sentence: n.Kind.Sentence(), At: web.StampAt(n.CreatedAt, zone)}
		if n.Subject.Title != "" {
			row.Title, row.Sentence = n.Subject.Title, n.Kind.Subject()
		}
		if n.ReadAt == nil {
			row.ReadURL = row.Href + "/read"
			p.Unseen++
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

func iconOf(k post.Kind) string {
	switch k {
	case post.Ready:
		return "file-text"
	case post.Failed:
		return "triangle-alert"
	case post.Review:
		return "eye"
	case post.SignedIn, post.FactorChange:
		return "shield-check"
	}
	return "bell"
}

// followNotices streams the list.
func (a *Pages) followNotices(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.Frame(r, "Notices", "/notices")
	if err != nil {
		return err
	}
	news, end, err := a.Post.Watch(r.Context())
	if err != nil {
		return err
	}
	defer end()
	return a.Stream(w, r, news, func() (web.Event, error) {
		all, err := a.Post.Look(r.Context())
		if err != nil {
			return web.Event{}, err
		}
		return a.EventOf("noticelist", noticesPage(r, web.Shell{Token: shell.Token}, all))
	})
}

// followBell streams how many notices are unread.
func (a *Pages) followBell(w http.ResponseWriter, r *http.Request) error {
	news, end, err := a.Post.Watch(r.Context())
	if err != nil {
		return err
	}
	defer end()
	return a.Stream(w, r, news, func() (web.Event, error) {
		n, err := a.Post.Unread(r.Context())
		return web.Event{Part: strconv.Itoa(n)}, err
	})
}

func (a *Pages) read(r *http.Request) (post.Notice, error) {
	id, err := tenant.ParseID[post.NoticeID](r.PathValue("id"))
	if err != nil {
		id = post.NoticeID{} // what is no id names nothing, and asking for nothing is refused like asking for another's
	}
	return a.Post.Read(r.Context(), id)
}

// openNotice leads to what a notice is about.
func (a *Pages) openNotice(w http.ResponseWriter, r *http.Request) error {
	n, err := a.read(r)
	if err != nil {
		return err
	}
	to := n.Subject.Path
	if n.Kind.Security() {
		to = "/account/security"
	}
	if to == "" {
		to = "/notices"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (a *Pages) readNotice(w http.ResponseWriter, r *http.Request) error {
	if _, err := a.read(r); err != nil {
		return err
	}
	http.Redirect(w, r, "/notices", http.StatusSeeOther)
	return nil
}

func (a *Pages) readNotices(w http.ResponseWriter, r *http.Request) error {
	if err := a.Post.ReadAll(r.Context()); err != nil {
		return err
	}
	http.Redirect(w, r, "/notices", http.StatusSeeOther)
	return nil
}

// ChoicesPage is how a person wants to be told.
type ChoicesPage struct {
	web.Shell
	Saved   string
	Problem string
	NoMail  bool // this deployment sends none
	Meeting []web.Select
	Account []web.Select
}

// Page implements web.View.
func (ChoicesPage) Page() string { return "choices" }

// The ways to be told, as the form has them.
const (
	inApp   = "app"
	byMail  = "mail"
	both    = "both"
	neither = "none"
)

func (a *Pages) showChoices(w http.ResponseWriter, r *http.Request) error {
	p, err := a.choicesPage(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("saved") != "" {
		p.Saved = "Saved. It holds from the next notice on."
	}
	return a.Show(w, p)
}

func (a *Pages) choicesPage(r *http.Request) (ChoicesPage, error) {
	shell, err := a.Frame(r, "What you are told of", "/notices")
	p := ChoicesPage{Shell: shell, NoMail: !a.Post.Works()}
	if err != nil {
		return p, err
	}
	all, err := a.Post.Choices(r.Context())
	for _, c := range all {
		if c.Kind.Security() {
			p.Account = append(p.Account, web.Select{ID: string(c.Kind), Label: c.Kind.Subject(), Options: web.Choose(wayOf(c),
				web.Option{Value: both, Name: "In the app and by mail"}, web.Option{Value: byMail, Name: "By mail"})})
			continue
		}
		p.Meeting = append(p.Meeting, web.Select{ID: string(c.Kind), Label: c.Kind.Subject(), Options: web.Choose(wayOf(c), web.Option{Value: inApp, Name: "In the app"},
			web.Option{Value: byMail, Name: "By mail"}, web.Option{Value: both, Name: "In the app and by mail"}, web.Option{Value: neither, Name: "Not at all"})})
	}
	return p, err
}

func wayOf(c post.Choice) string {
	switch {
	case c.App && c.Mail:
		return both
	case c.Mail:
		return byMail
	case c.App:
		return inApp
	}
	return neither
}

func (a *Pages) changeChoices(w http.ResponseWriter, r *http.Request) error {
	var all []post.Choice
	for _, kind := range post.Kinds() {
		way := r.PostFormValue(string(kind))
		if way == "" {
			continue
		}
		all = append(all, post.Choice{Kind: kind, App: way == inApp || way == both, Mail: way == byMail || way == both})
	}
	err := a.Post.Choose(r.Context(), all...)
	if fault.Is(err, fault.Invalid) {
		p, failed := a.choicesPage(r)
		if failed != nil {
			return failed
		}
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/account/notices?saved=yes", http.StatusSeeOther)
	return nil
}

// UnsubscribePage ends mails of a kind for whoever holds one.
type UnsubscribePage struct {
	web.Shell
	Kind   string
	Action string
	Done   bool
}

// Page implements web.View.
func (UnsubscribePage) Page() string { return "unsubscribe" }

// showUnsubscribe asks: programs that look at the links of a mail do not end anything.
func (a *Pages) showUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	kind, err := a.Post.Leaving(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return a.Show(w, UnsubscribePage{Shell: web.Plain(r, "End these mails"), Kind: kind.Subject(), Action: r.URL.Path})
}

// unsubscribe is the one click of RFC 8058, by the page's button or by a mail program.
func (a *Pages) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	kind, err := a.Post.Unsubscribe(r.Context(), r.PathValue("token"))
	if err != nil {
		return err
	}
	return a.Show(w, UnsubscribePage{Shell: web.Plain(r, "These mails have ended"), Kind: kind.Subject(), Done: true})
}
