package account

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/factor"
	"mainstay/internal/web"
)

// AnswerPage asks for one factor: the second of a sign-in, or one again in a session. Others can be chosen.
type AnswerPage struct {
	web.Shell
	Heading, Lead string
	At            string // "/sign-in/factor" or "/confirm"
	Next          string
	Kind          string
	Field         web.Field // of all but a passkey
	Notice        string
	Problem       string
	Sent          bool // a code was sent
	Others        []Way
	Away          Way // another way out: to sign in again
}

func (AnswerPage) Page() string { return "answer" }

// Way is another factor that the account has.
type Way struct{ Name, Href string }

var wayNames = map[string]string{
	factor.KindPasskey: "Use a passkey", factor.KindTOTP: "Use your authenticator app", factor.KindSMS: "Get a code by text message",
	factor.KindRecovery: "Use a recovery code", factor.KindPassword: "Use your password",
}

// answerPage asks for the factor that was chosen, else for the best.
func answerPage(r *http.Request, at string, kinds []string) AnswerPage {
	p := AnswerPage{At: at, Next: httpd.LocalPath(r.FormValue("next")), Kind: r.FormValue("kind"), Sent: r.FormValue("sent") != ""}
	p.Shell = web.Shell{Title: "Confirm", Theme: web.ThemeOf(r), Script: "passkey.js"}
	if !slices.Contains(kinds, p.Kind) {
		p.Kind = ""
		if len(kinds) > 0 {
			p.Kind = kinds[0]
		}
	}
	switch p.Kind {
	case factor.KindTOTP:
		p.Field = codeField("The code that your authenticator app shows")
	case factor.KindSMS:
		p.Field = codeField("The code in the message")
	case factor.KindRecovery:
		p.Field = web.Field{ID: "code", Label: "A recovery code", Complete: "off", Hint: "One of those that you printed or wrote down. Each works once.", Required: true, First: true, Max: 40}
	case factor.KindPassword:
		p.Field = web.Field{ID: "code", Label: "Password", Type: "password", Complete: "current-password", Required: true, First: true, Max: 1000}
	}
	for _, kind := range kinds {
		if kind != p.Kind {
			p.Others = append(p.Others, Way{wayNames[kind], at + "?" + url.Values{"kind": {kind}, "next": {p.Next}}.Encode()})
		}
	}
	return p
}

// again shows the page once more, with what was wrong. Every answer is counted before it is looked at, so a wait says how long.
func (a *Pages) again(w http.ResponseWriter, p AnswerPage, problem error) error {
	p.Problem = fault.Sentence(problem)
	status := http.StatusUnprocessableEntity
	if after := identity.RetryAfter(problem); after > 0 {
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
	}
	return a.ShowAgain(w, status, p)
}

// askSignIn has the browser show anybody's passkey.
func (a *Pages) askSignIn(w http.ResponseWriter, r *http.Request) error {
	options, err := a.Identity.AskPasskey(r.Context(), "")
	return web.Options(w, options, err)
}

func (a *Pages) signInPasskey(w http.ResponseWriter, r *http.Request) error {
	entry, err := a.Identity.SignInPasskey(r.Context(), r.PostFormValue("answer"))
	if told(err) {
		status := http.StatusUnprocessableEntity
		if after := identity.RetryAfter(err); after > 0 {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", strconv.Itoa(int(after.Seconds())+1))
		}
		return a.SignInAgain(w, r, status, err)
	}
	if err != nil {
		return err
	}
	a.LetIn(w, r, entry)
	return nil
}

// showFactor asks for the second factor of the sign-in that the browser is in.
func (a *Pages) showFactor(w http.ResponseWriter, r *http.Request) error {
	p, err := a.factorPage(r)
	if err != nil {
		return a.startAgain(w, r, err)
	}
	return a.Show(w, p)
}

func (a *Pages) factorPage(r *http.Request) (AnswerPage, error) {
	challenge := web.ChallengeOf(r)
	if challenge == "" {
		return AnswerPage{}, fault.New(fault.Ended, "This sign-in is over. Sign in again.")
	}
	kinds, err := a.Identity.Asked(r.Context(), challenge)
	if err == nil && slices.Contains(kinds, identity.NewPassword) {
		err = fault.New(fault.Ended, "This sign-in waits for a new password. Sign in again.")
	}
	if err != nil {
		return AnswerPage{}, err
	}
	p := answerPage(r, "/sign-in/factor", kinds)
	p.Title, p.Heading, p.Lead = "Second step", "One more step", "That was right. Now show your second factor."
	p.Away = Way{"Sign in as somebody else", "/sign-in"}
	return p, nil
}

// startAgain sends a sign-in that is over to its beginning.
func (a *Pages) startAgain(w http.ResponseWriter, r *http.Request, err error) error {
	if !fault.Is(err, fault.Ended) {
		return err
	}
	a.EndChallenge(w, r)
	http.Redirect(w, r, "/sign-in?"+url.Values{"over": {"1"}, "next": {httpd.LocalPath(r.FormValue("next"))}}.Encode(), http.StatusSeeOther)
	return nil
}

func (a *Pages) takeFactor(w http.ResponseWriter, r *http.Request) error {
	entry, err := a.Identity.Continue(r.Context(), web.ChallengeOf(r), r.PostFormValue("kind"), answerOf(r))
	if err == nil {
		if entry.Challenge == "" {
			a.EndChallenge(w, r)
		}
		a.LetIn(w, r, entry)
		return nil
	}
	if !told(err) {
		return err
	}
	p, over := a.factorPage(r)
	if over != nil {
		return a.startAgain(w, r, over)
	}
	return a.again(w, p, err)
}

// answerOf is what a browser or a person answered.
func answerOf(r *http.Request) string {
	if answer := r.PostFormValue("answer"); answer != "" {
		return answer
	}
	return r.PostFormValue("code")
}

func (a *Pages) askFactor(w http.ResponseWriter, r *http.Request) error {
	challenge := web.ChallengeOf(r)
	if challenge == "" {
		return web.Options(w, nil, fault.New(fault.Conflict, "This sign-in is over. Sign in again."))
	}
	options, err := a.Identity.AskPasskey(r.Context(), challenge)
	return web.Options(w, options, err)
}

func (a *Pages) sendFactor(w http.ResponseWriter, r *http.Request) error {
	err := a.Identity.SendCode(r.Context(), web.ChallengeOf(r))
	if err == nil {
		return sentTo(w, r, "/sign-in/factor")
	}
	if !told(err) {
		return err
	}
	p, over := a.factorPage(r)
	if over != nil {
		return a.startAgain(w, r, over)
	}
	return a.again(w, p, err)
}

func sentTo(w http.ResponseWriter, r *http.Request, at string) error {
	http.Redirect(w, r, at+"?"+url.Values{"kind": {factor.KindSMS}, "sent": {"1"}, "next": {httpd.LocalPath(r.PostFormValue("next"))}}.Encode(), http.StatusSeeOther)
	return nil
}

// showConfirm asks whether it is still the person, by what is wanted. Who lacks that is led to where they can set it up.
func (a *Pages) showConfirm(w http.ResponseWriter, r *http.Request) error {
	p, err := a.confirmPage(r)
	if err != nil {
		return err
	}
	want := r.URL.Query().Get("wanted")
	lacks := want == "passkey" && p.Kind != factor.KindPasskey || want == "factor" && (p.Kind == factor.KindPassword || p.Kind == "")
	if lacks {
		http.Redirect(w, r, securityPath+"?"+url.Values{"wanted": {want}, "next": {p.Next}}.Encode(), http.StatusSeeOther)
		return nil
	}
	return a.Show(w, p)
}

func (a *Pages) confirmPage(r *http.Request) (AnswerPage, error) {
	kinds, err := a.Identity.Ways(r.Context())
	if err != nil {
		return AnswerPage{}, err
	}
	shell, err := a.frame(r, "Confirm that it is you")
	if err != nil {
		return AnswerPage{}, err
	}
	p := answerPage(r, "/confirm", kinds)
	p.Shell = web.Shell{Title: shell.Title, Theme: shell.Theme, Token: shell.Token, Script: "passkey.js"}
	p.Heading, p.Lead = "Confirm that it is you", "What comes next is about the security of your account or your workspace."
	p.Away = Way{"Back", p.Next}
	if len(kinds) == 0 {
		p.Away = Way{"Sign in again", "/sign-in?" + url.Values{"wanted": {"sign-in"}, "next": {p.Next}}.Encode()}
	}
	return p, nil
}

func (a *Pages) confirm(w http.ResponseWriter, r *http.Request) error {
	begun, err := a.Identity.ConfirmBy(r.Context(), r.PostFormValue("kind"), answerOf(r))
	if err == nil {
		a.Enter(w, r, begun)
		http.Redirect(w, r, httpd.LocalPath(r.PostFormValue("next")), http.StatusSeeOther)
		return nil
	}
	return a.confirmAgain(w, r, err)
}

func (a *Pages) confirmAgain(w http.ResponseWriter, r *http.Request, problem error) error {
	if !told(problem) {
		return problem
	}
	p, err := a.confirmPage(r)
	if err != nil {
		return err
	}
	return a.again(w, p, problem)
}

func (a *Pages) askConfirm(w http.ResponseWriter, r *http.Request) error {
	options, err := a.Identity.AskConfirm(r.Context())
	return web.Options(w, options, err)
}

func (a *Pages) sendConfirm(w http.ResponseWriter, r *http.Request) error {
	if err := a.Identity.SendConfirm(r.Context()); err != nil {
		return a.confirmAgain(w, r, err)
	}
	return sentTo(w, r, "/confirm")
}
