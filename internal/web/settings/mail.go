package settings

import (
	"net/http"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/post"
	"mainstay/internal/web"
)

// MailPage is how much content mails hold, and whether they go.
type MailPage struct {
	web.Shell
	Saved     string
	Problem   string
	Test      *web.Note
	Works     bool
	MayChange bool
	Facts     []web.Fact
	Contents  []web.Option
	Chosen    string // for who may not change it
}

// Page implements web.View.
func (MailPage) Page() string { return "mail" }

func (a *Pages) mailRoutes(s *httpd.Server) {
	s.Page("GET /settings/mail", httpd.Verb(gate.ReadMail), a.showMail)
	s.Page("POST /settings/mail", httpd.Verb(gate.ChangeMail), a.changeMail, httpd.MaxBody(8<<10))
	s.Page("POST /settings/mail/test", httpd.Verb(gate.TestMail), a.testMail, httpd.MaxBody(8<<10))
}

func (a *Pages) showMail(w http.ResponseWriter, r *http.Request) error {
	p, err := a.mailPage(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("saved") != "" {
		p.Saved = "Saved. It holds from the next mail on."
	}
	return a.Show(w, p)
}

func (a *Pages) mailPage(r *http.Request) (MailPage, error) {
	content, err := a.Post.Content(r.Context())
	if err != nil {
		return MailPage{}, err
	}
	shell, me, err := a.FrameOf(r, "Mail", "/settings/mail")
	if err != nil {
		return MailPage{}, err
	}
	p := MailPage{Shell: shell, Works: a.Post.Works(), MayChange: me.Role == gate.Owner}
	p.Contents = web.Choose(string(content), web.Option{Value: string(post.Nothing), Name: "Nothing", Hint: "A mail says that something waits, and holds a link."},
		web.Option{Value: string(post.Titles), Name: "The title", Hint: "A mail names the meeting."},
		web.Option{Value: string(post.Summary), Name: "The title and the summary", Hint: "A mail also holds the summary of the minutes."})
	for _, o := range p.Contents {
		if o.Chosen {
			p.Chosen = o.Name
		}
	}
	if !p.Works {
		return p, nil
	}
	counts, err := a.Post.Counts(r.Context())
	p.Facts = []web.Fact{{Name: "Server", Value: a.Post.Server.Address}, {Name: "Sender", Value: a.Post.Server.From}, {Name: "Sent in the last day", Value: web.Count(counts.Sent, "letter", "letters")},
		{Name: "Waiting", Value: web.Count(counts.Waiting, "letter", "letters")}, {Name: "Given up in 30 days", Value: web.Count(counts.Dead, "letter", "letters")}}
	return p, err
}

func (a *Pages) changeMail(w http.ResponseWriter, r *http.Request) error {
	err := a.Post.SetContent(r.Context(), post.Content(r.PostFormValue("content")))
	if fault.Is(err, fault.Invalid) {
		p, failed := a.mailPage(r)
		if failed != nil {
			return failed
		}
		p.Problem = fault.Sentence(err)
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/mail?saved=yes", http.StatusSeeOther)
	return nil
}

// testMail sends a mail to who asks, and shows what the server said.
func (a *Pages) testMail(w http.ResponseWriter, r *http.Request) error {
	trial, err := a.Post.Test(r.Context())
	if err != nil {
		return err
	}
	p, err := a.mailPage(r)
	if err != nil {
		return err
	}
	p.Test = &web.Note{Class: "bad", Icon: "circle-alert", Text: trial.Sentence}
	if trial.Sent {
		p.Test = &web.Note{Class: "good", Icon: "circle-check", Text: "A test is on its way to " + trial.To + ". " + trial.Sentence}
	}
	return a.Show(w, p)
}
