package person

import (
	"context"
	"encoding/json"
	"net/http"

	"mainstay/internal/api/operation"
)

// Ways is what a person can show to confirm that it is still them.
type Ways struct {
	Kinds []string `json:"kinds" doc:"The best first: passkey, totp, sms, recovery, or password where there is no second factor."`
}

// Asked is what a browser is asked to do with a passkey.
type Asked struct {
	Options json.RawMessage `json:"options" doc:"The options of navigator.credentials, as WebAuthn writes them in JSON."`
}

type shown struct {
	operation.Browser
	Body struct {
		Kind   string `json:"kind" enum:"passkey,totp,sms,recovery,password"`
		Answer string `json:"answer" minLength:"1" maxLength:"16000" writeOnly:"true" doc:"The code, the password or, for a passkey, the JSON text that navigator.credentials.get gave."`
	}
}

func (p *People) confirmation() {
	operation.Add(p.set, operation.Operation{ID: "read-confirmation", Method: http.MethodGet, Path: "/account/confirmation", Noun: Noun,
		Summary: "How to confirm", Says: "With what you can confirm that it is still you. It is empty where you have to sign in again."}, p.readWays)
	operation.Add(p.set, operation.Operation{ID: "confirm", Method: http.MethodPost, Path: "/account/confirmation", Noun: Noun, Alone: true, Also: []int{409, 410},
		Summary: "Confirm that it is you", Says: "Shows a factor in this session, which gets a new cookie. What wants a confirmation can be done for a while from then on.",
		Example: map[string]any{"kind": "totp", "answer": "123456"}}, p.confirm)
	operation.Add(p.set, operation.Operation{ID: "ask-confirmation", Method: http.MethodPost, Path: "/account/confirmation/passkey", Noun: Noun, Alone: true, Also: []int{409},
		Summary: "Ask for a passkey", Says: "What your browser needs to show one of your passkeys, once and for five minutes."}, p.askConfirm)
	operation.Add(p.set, operation.Operation{ID: "send-confirmation", Method: http.MethodPost, Path: "/account/confirmation/code", Noun: Noun, Alone: true, Status: http.StatusNoContent, Also: []int{404, 409},
		Summary: "Have a code sent", Says: "A code goes to your number by text message. It is good in this session alone."}, p.sendConfirm)
}

func (p *People) readWays(ctx context.Context, _ *operation.None) (*operation.Reply[Ways], error) {
	kinds, err := p.Identity.Ways(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Answer(Ways{operation.Each(kinds)}), nil
}

func (p *People) confirm(ctx context.Context, in *shown) (*operation.Reply[RenewedSession], error) {
	begun, err := p.Identity.ConfirmBy(ctx, in.Body.Kind, in.Body.Answer)
	return p.moved(in.Browser, begun, err)
}

func (p *People) askConfirm(ctx context.Context, in *asking) (*operation.Reply[Asked], error) {
	options, err := p.Identity.AskConfirm(ctx)
	if err != nil {
		return nil, patient(in.Browser, err)
	}
	return operation.Answer(Asked{options}), nil
}

func (p *People) sendConfirm(ctx context.Context, in *asking) (*operation.Done, error) {
	return &operation.Done{}, patient(in.Browser, p.Identity.SendConfirm(ctx))
}
