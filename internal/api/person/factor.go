package person

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/identity"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
)

// Factors is what an account can show beside its password. No secret of a factor is among it.
type Factors struct {
	Passkeys      []Passkey `json:"passkeys"`
	App           *Since    `json:"app" doc:"The authenticator app; null where there is none."`
	Phone         *Phone    `json:"phone" doc:"The number that codes are sent to; null where there is none."`
	RecoveryCodes int       `json:"recovery_codes" doc:"How many are left."`
	Wants         string    `json:"wants" enum:"none,second,phishing-resistant" doc:"The most that a workspace of yours asks for."`
	CanPasskey    bool      `json:"can_passkey" doc:"Browsers make passkeys for this deployment's address."`
	CanText       bool      `json:"can_text" doc:"The deployment sends text messages."`
}

// Since is from when to when a factor was used.
type Since struct {
	AddedAt time.Time  `json:"added_at"`
	UsedAt  *time.Time `json:"used_at" doc:"Null: never."`
}

// Phone is a number, of which enough is shown to know it by.
type Phone struct {
	Masked string `json:"masked"`
	Since
}

// App is an authenticator app that is being set up.
type App struct {
	Setup  string    `json:"setup" doc:"Leads back to this setting up, in this session alone."`
	Secret string    `json:"secret" doc:"What the app is given. It is shown once and nowhere again."`
	URI    string    `json:"uri" doc:"The same for a QR code (otpauth)."`
	EndsAt time.Time `json:"ends_at"`
}

// Added is what came of setting a factor up.
type Added struct {
	RenewedSession
	RecoveryCodes []string `json:"recovery_codes" doc:"The account's first recovery codes, shown once and nowhere again; empty where it has some."`
}

// Codes is recovery codes that were just made.
type Codes struct {
	RecoveryCodes []string `json:"recovery_codes" doc:"Shown once and nowhere again. Those before are void."`
}

type code struct {
	operation.Browser
	Body struct {
		Setup string `json:"setup" minLength:"1" maxLength:"200" writeOnly:"true"`
		Code  string `json:"code" minLength:"1" maxLength:"12" writeOnly:"true"`
	}
}

func (p *People) factors() {
	operation.Add(p.set, operation.Operation{ID: "read-factors", Method: http.MethodGet, Path: "/account/factors", Noun: Noun,
		Summary: "Your factors", Says: "What you can show beside your password, and never what it is."}, p.readFactors)
	operation.Add(p.set, operation.Operation{ID: "begin-app", Method: http.MethodPost, Path: "/account/factors/app", Noun: Noun, Alone: true,
		Summary: "Begin an authenticator app", Says: "Makes a secret for the app. It counts for nothing until a code of it was shown. It wants a confirmation."}, p.beginApp)
	operation.Add(p.set, operation.Operation{ID: "finish-app", Method: http.MethodPost, Path: "/account/factors/app/finish", Noun: Noun, Alone: true, Also: []int{409, 410},
		Summary: "Finish an authenticator app", Says: "Takes the app that was begun, in the place of the one before, once it shows a right code. Your other sessions end, and this one gets a new cookie.",
		Example: map[string]any{"setup": "the setup that was answered", "code": "123456"}}, p.finishApp)
	operation.Add(p.set, operation.Operation{ID: "remove-app", Method: http.MethodDelete, Path: "/account/factors/app", Noun: Noun, Status: http.StatusNoContent, Also: []int{404, 409},
		Summary: "Remove the authenticator app", Says: "Your other sessions end. The last factor that a workspace of yours asks for stays. It wants a confirmation."}, p.remove(factor.KindTOTP))
	operation.Add(p.set, operation.Operation{ID: "make-recovery-codes", Method: http.MethodPost, Path: "/account/factors/recovery-codes", Noun: Noun, Alone: true, Status: http.StatusCreated, Also: []int{409},
		Summary: "Make recovery codes", Says: "In the place of those before. They stand in for another factor, which there must be. Your other sessions end. It wants a confirmation."}, p.makeCodes)
}

func (p *People) readFactors(ctx context.Context, _ *operation.None) (*operation.Reply[Factors], error) {
	has, err := p.Identity.Security(ctx)
	if err != nil {
		return nil, err
	}
	f := has.Factors
	out := Factors{Passkeys: []Passkey{}, RecoveryCodes: f.Codes, Wants: has.Wants.String(), CanPasskey: f.CanPasskey, CanText: f.CanText}
	for _, k := range f.Passkeys {
		out.Passkeys = append(out.Passkeys, Passkey{ID: k.ID.String(), Name: k.Name, Since: since(k.Since), Doubted: k.Doubted, Synced: k.Synced})
	}
	if f.App != nil {
		at := since(*f.App)
		out.App = &at
	}
	if f.Phone != nil {
		out.Phone = &Phone{Masked: f.Phone.Masked, Since: since(f.Phone.Since)}
	}
	return operation.Answer(out), nil
}

func since(s enrolment.Since) Since {
	return Since{AddedAt: s.Added.UTC(), UsedAt: operation.UTC(s.Used)}
}

func (p *People) beginApp(ctx context.Context, _ *operation.None) (*operation.Reply[App], error) {
	has, err := p.Accounts.Profile(ctx)
	if err != nil {
		return nil, err
	}
	app, err := p.Identity.Factors.BeginApp(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Answer(App{Setup: app.Token.Reveal(), Secret: app.Secret, URI: factor.KeyURI(app.Secret, "Mainstay", has.Email),
		EndsAt: p.Source.Now().Add(enrolment.SetupLife).UTC()}), nil
}

func (p *People) finishApp(ctx context.Context, in *code) (*operation.Reply[Added], error) {
	added, err := p.Identity.Factors.ConfirmApp(ctx, in.Body.Setup, in.Body.Code)
	return p.added(in.Browser, added, err)
}

// added answers with the session that a new factor brought, and the first recovery codes.
func (p *People) added(in operation.Browser, added enrolment.Added, err error) (*operation.Reply[Added], error) {
	if err != nil {
		return nil, patient(in, err)
	}
	session, err := p.renewed(in, identity.Begun{Token: added.Token, EndsAt: added.EndsAt, Actor: added.Actor})
	return operation.Answer(Added{session, operation.Each(added.Codes)}), err
}

func (p *People) remove(kind string) func(context.Context, *operation.None) (*operation.Done, error) {
	return func(ctx context.Context, _ *operation.None) (*operation.Done, error) {
		return &operation.Done{}, p.Identity.RemoveFactor(ctx, kind, enrolment.PasskeyID{})
	}
}

func (p *People) makeCodes(ctx context.Context, _ *operation.None) (*operation.Reply[Codes], error) {
	codes, err := p.Identity.Factors.NewCodes(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Answer(Codes{codes}), nil
}
