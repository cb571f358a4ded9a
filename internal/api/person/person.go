// Package person is the part of the JSON API that is about a person and not about a workspace: their account, what they sign in
// with, the workspaces that they may enter, and the programs that they let in. All of it is for a person in a browser; no key and no program does any of it.
//
// What changes how somebody signs in wants a factor that was shown lately, as the pages do: [People.confirm] shows one. Secrets
// are answered once, to who made them, and no answer of theirs is kept.
package person

import (
	"context"
	"errors"
	"net/http"

	"mainstay/internal/api/operation"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/tenant"
)

// Noun is the heading under which the reference lists the operations.
const Noun = "Account"

// Config is what the operations call. All fields are required.
type Config struct {
	Identity *identity.Service
	Accounts *account.Service
	Roster   *roster.Service
	OIDC     *oidc.Service
	Tokens   *token.Service
	Source   tenant.Source
	Server   *httpd.Server
	// Enter gives the browser a session that was just begun.
	Enter func(w http.ResponseWriter, r *http.Request, begun identity.Begun)
}

// People is the operations.
type People struct {
	Config
	set *operation.Set
}

// Register adds the operations to a set. It panics as operation.Add does.
func Register(cfg Config, set *operation.Set) error {
	if cfg.Identity == nil || cfg.Accounts == nil || cfg.Roster == nil || cfg.OIDC == nil || cfg.Tokens == nil || cfg.Source.Now == nil || cfg.Server == nil || cfg.Enter == nil {
		return errors.New("person: every field is required")
	}
	p := &People{cfg, set}
	for _, register := range []func(){p.account, p.confirmation, p.factors, p.passkeys, p.numbers, p.links, p.workspaces, p.programs} {
		register()
	}
	return nil
}

// RenewedSession is the session that took the place of the one that asked.
type RenewedSession struct {
	FormToken string `json:"form_token" doc:"The X-CSRF-Token of the session that you have from now on. Its cookie comes with this answer."`
}

// renewed gives the browser its new session and answers with the token of its forms.
func (p *People) renewed(in operation.Browser, begun identity.Begun) (RenewedSession, error) {
	token, err := p.Server.FormToken(begun.Actor)
	if err != nil {
		return RenewedSession{}, err
	}
	in.Set(func(w http.ResponseWriter, r *http.Request) { p.Enter(w, r, begun) })
	return RenewedSession{FormToken: token}, nil
}

// moved answers an act that takes the person to another session, which it did not where it ended with err.
func (p *People) moved(in operation.Browser, begun identity.Begun, err error) (*operation.Reply[RenewedSession], error) {
	if err != nil {
		return nil, patient(in, err)
	}
	session, err := p.renewed(in, begun)
	return operation.Answer(session), err
}

// patient says after how long a factor is looked at again that was tried too often.
func patient(in operation.Browser, err error) error {
	if after := identity.RetryAfter(err); after > 0 {
		return in.Later(after, fault.Sentence(err))
	}
	return err
}

// Account is a person's account.
type Account struct {
	Email          string `json:"email"`
	Verified       bool   `json:"verified" doc:"Its person has shown that they read mail to it."`
	Password       bool   `json:"password" doc:"There is one."`
	PasswordLeast  int    `json:"password_least" doc:"How many characters a new password has at least."`
	SendsMail      bool   `json:"sends_mail" doc:"The deployment sends mail. Where it does not, a changed address counts at once."`
	SignInNeedsTwo bool   `json:"second_factor" doc:"A sign-in asks for a second factor."`
}

type ownName struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"120"`
	}
}

type newAddress struct {
	operation.Browser
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254"`
	}
}

type newPassword struct {
	operation.Browser
	Body struct {
		Current  string `json:"current,omitempty" maxLength:"1000" writeOnly:"true" doc:"Absent where the account has none."`
		Password string `json:"password" minLength:"1" maxLength:"1000" writeOnly:"true"`
	}
}

type asking struct{ operation.Browser }

func (p *People) account() {
	operation.Add(p.set, operation.Operation{ID: "read-account", Method: http.MethodGet, Path: "/account", Noun: Noun,
		Summary: "Your account", Says: "The address that you sign in with, and what else stands for you."}, p.readAccount)
	operation.Add(p.set, operation.Operation{ID: "rename-self", Method: http.MethodPut, Path: "/account/name", Noun: Noun, Verb: gate.RenameSelf, Status: http.StatusNoContent,
		Summary: "Change your name", Says: "As others read it in this workspace.", Example: map[string]any{"name": "Ada Byron"}}, p.rename)
	operation.Add(p.set, operation.Operation{ID: "ask-verification", Method: http.MethodPost, Path: "/account/verification", Noun: Noun, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Have a link mailed", Says: "Whoever follows it shows that the account's address is theirs."}, p.askVerification)
	operation.Add(p.set, operation.Operation{ID: "change-address", Method: http.MethodPut, Path: "/account/address", Noun: Noun, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Change your address", Says: "A link goes to the new address, and the change is made when it is followed. Where no mail is sent it is made at once. " +
			"It wants a confirmation.", Example: map[string]any{"email": "ada@example.com"}}, p.changeAddress)
	operation.Add(p.set, operation.Operation{ID: "change-password", Method: http.MethodPut, Path: "/account/password", Noun: Noun, Also: []int{409},
		Summary: "Change your password", Says: "Your other sessions end, and this one gets a new cookie.",
		Example: map[string]any{"current": "the password until now", "password": "a sentence of several words"}}, p.changePassword)
}

func (p *People) readAccount(ctx context.Context, _ *operation.None) (*operation.Reply[Account], error) {
	has, err := p.Accounts.Profile(ctx)
	if err != nil {
		return nil, err
	}
	factors, err := p.Identity.Factors.List(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Answer(Account{Email: has.Email, Verified: has.Verified, Password: has.Password, PasswordLeast: has.Least, SendsMail: has.Mails,
		SignInNeedsTwo: factors.Strength() > gate.Single}), nil
}

func (p *People) rename(ctx context.Context, in *ownName) (*operation.Done, error) {
	return &operation.Done{}, p.Roster.Rename(ctx, in.Body.Name)
}

func (p *People) askVerification(ctx context.Context, in *asking) (*operation.Done, error) {
	return &operation.Done{}, patient(in.Browser, p.Accounts.AskVerification(ctx))
}

func (p *People) changeAddress(ctx context.Context, in *newAddress) (*operation.Done, error) {
	return &operation.Done{}, patient(in.Browser, p.Accounts.ChangeAddress(ctx, in.Body.Email))
}

func (p *People) changePassword(ctx context.Context, in *newPassword) (*operation.Reply[RenewedSession], error) {
	begun, err := p.Accounts.ChangePassword(ctx, in.Body.Current, in.Body.Password)
	return p.moved(in.Browser, begun, err)
}
