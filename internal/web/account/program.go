package account

import (
	"net/http"
	"net/url"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// ProgramPage asks a person whether a program that waits may act as them.
type ProgramPage struct {
	web.Shell
	Code    web.Field
	Asked   *Asked
	Problem string
	Done    string
}

// Page implements web.View.
func (ProgramPage) Page() string { return "program" }

// Asked is what the program wants.
type Asked struct {
	Code, Program, Address string
	When                   web.Stamp
	May                    []string
}

func (a *Pages) programRoutes(s *httpd.Server) {
	s.Page("GET /device", httpd.Verb(gate.AllowProgram), a.showProgram, httpd.Confirmed())
	s.Page("POST /device", httpd.Verb(gate.AllowProgram), a.decideProgram, httpd.MaxBody(8<<10))
}

// showProgram asks for the code, and with one shows who waits behind it. The code is never taken for granted from an address:
// who follows somebody else's link sees the same question, with where the program asks from.
func (a *Pages) showProgram(w http.ResponseWriter, r *http.Request) error {
	p, err := a.programPage(r, r.URL.Query().Get("code"))
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("done") {
	case "allowed":
		p.Done = "The program is let in. Go back to it: it goes on by itself."
	case "denied":
		p.Done = "The program was turned away."
	}
	return a.Show(w, p)
}

func (a *Pages) programPage(r *http.Request, code string) (ProgramPage, error) {
	shell, err := a.Frame(r, "Let a program in", "/settings/keys")
	p := ProgramPage{Shell: shell, Code: web.Field{ID: "code", Label: "Code", Value: code, Hint: "The eight letters that the program shows.", Required: true, First: true, Complete: "off", Max: 20}}
	if err != nil || code == "" {
		return p, err
	}
	asked, err := a.Tokens.Asks(r.Context(), code)
	if fault.Is(err, fault.Missing) {
		p.Code.Problem = fault.Sentence(err)
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.Asked = &Asked{Code: code, Program: asked.Program, Address: asked.Address, When: web.StampAt(asked.AskedAt, web.ZoneOf(r))}
	for _, scope := range asked.Scopes {
		p.Asked.May = append(p.Asked.May, web.ScopeSays(scope))
	}
	return p, nil
}

// decideProgram lets the program in or turns it away.
func (a *Pages) decideProgram(w http.ResponseWriter, r *http.Request) error {
	code, done, decide := r.PostFormValue("code"), "denied", a.Tokens.Deny
	if r.PostFormValue("allow") == "yes" {
		done, decide = "allowed", a.Tokens.Allow
	}
	err := decide(r.Context(), code)
	if fault.Is(err, fault.Missing) {
		p, failed := a.programPage(r, code)
		if failed != nil {
			return failed
		}
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/device?"+url.Values{"done": {done}}.Encode(), http.StatusSeeOther)
	return nil
}
