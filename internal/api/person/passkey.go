package person

import (
	"context"
	"net/http"

	"mainstay/internal/api/operation"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// Passkey is one of an account.
type Passkey struct {
	ID   string `json:"id" example:"pky_067s4q2m1w7fv8j3k5n9p0r2t4"`
	Name string `json:"name"`
	Since
	Doubted bool `json:"doubted" doc:"A copy of it may be in use."`
	Synced  bool `json:"synced" doc:"Its maker copies it to other devices of its owner."`
}

// PasskeyPath names a passkey.
type PasskeyPath struct {
	ID string `path:"id" doc:"The passkey's id." example:"pky_067s4q2m1w7fv8j3k5n9p0r2t4"`
}

type newPasskey struct {
	operation.Browser
	Body struct {
		Name   string `json:"name,omitempty" maxLength:"80" doc:"The device or the key that it lies on."`
		Answer string `json:"answer" minLength:"1" maxLength:"16000" writeOnly:"true" doc:"The JSON text that navigator.credentials.create gave."`
	}
}

type passkeyName struct {
	PasskeyPath
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"80"`
	}
}

func (p *People) passkeys() {
	const at = "/account/factors/passkeys"
	operation.Add(p.set, operation.Operation{ID: "begin-passkey", Method: http.MethodPost, Path: at, Noun: Noun, Alone: true, Also: []int{409},
		Summary: "Begin a passkey", Says: "What your browser needs to make a passkey, once and for five minutes. It wants a confirmation."}, p.beginPasskey)
	operation.Add(p.set, operation.Operation{ID: "finish-passkey", Method: http.MethodPost, Path: at + "/finish", Noun: Noun, Alone: true, Also: []int{409, 410},
		Summary: "Finish a passkey", Says: "Takes the passkey that your browser made. Your other sessions end, and this one gets a new cookie.",
		Example: map[string]any{"name": "Laptop", "answer": "{}"}}, p.finishPasskey)
	operation.Add(p.set, operation.Operation{ID: "rename-passkey", Method: http.MethodPut, Path: at + "/{id}/name", Noun: Noun, Status: http.StatusNoContent,
		Summary: "Rename a passkey", Says: "So that you know it again. It wants a confirmation.", Example: map[string]any{"name": "Laptop"}}, p.renamePasskey)
	operation.Add(p.set, operation.Operation{ID: "remove-passkey", Method: http.MethodDelete, Path: at + "/{id}", Noun: Noun, Status: http.StatusNoContent, Also: []int{409},
		Summary: "Remove a passkey", Says: "Your other sessions end. The only way in, and the last factor that a workspace of yours asks for, stay. It wants a confirmation."}, p.removePasskey)
}

func (p *People) beginPasskey(ctx context.Context, in *asking) (*operation.Reply[Asked], error) {
	options, err := p.Identity.Factors.BeginPasskey(ctx)
	if err != nil {
		return nil, patient(in.Browser, err)
	}
	return operation.Answer(Asked{options}), nil
}

func (p *People) finishPasskey(ctx context.Context, in *newPasskey) (*operation.Reply[Added], error) {
	added, err := p.Identity.Factors.FinishPasskey(ctx, in.Body.Name, in.Body.Answer)
	return p.added(in.Browser, added, err)
}

func (p *People) renamePasskey(ctx context.Context, in *passkeyName) (*operation.Done, error) {
	id, err := tenant.ParseID[enrolment.PasskeyID](in.ID)
	if err != nil {
		return nil, err
	}
	return &operation.Done{}, p.Identity.Factors.Rename(ctx, id, in.Body.Name)
}

func (p *People) removePasskey(ctx context.Context, in *PasskeyPath) (*operation.Done, error) {
	id, err := tenant.ParseID[enrolment.PasskeyID](in.ID)
	if err != nil {
		return nil, err
	}
	return &operation.Done{}, p.Identity.RemoveFactor(ctx, factor.KindPasskey, id)
}
