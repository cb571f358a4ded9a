package person

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/factor"
)

// Number is a number that is being added.
type Number struct {
	Setup  string    `json:"setup" doc:"Leads back to this setting up, in this session alone."`
	EndsAt time.Time `json:"ends_at"`
}

type newNumber struct {
	operation.Browser
	Body struct {
		Number string `json:"number" minLength:"1" maxLength:"40" doc:"With its country's code." example:"+49 151 1234567"`
	}
}

func (p *People) numbers() {
	const at = "/account/factors/phone"
	operation.Add(p.set, operation.Operation{ID: "begin-phone", Method: http.MethodPost, Path: at, Noun: Noun, Alone: true, Also: []int{409},
		Summary: "Begin a telephone number", Says: "Sends a code to a number that you say is yours. It wants a confirmation.", Example: map[string]any{"number": "+49 151 1234567"}}, p.beginNumber)
	operation.Add(p.set, operation.Operation{ID: "finish-phone", Method: http.MethodPost, Path: at + "/finish", Noun: Noun, Alone: true, Also: []int{409, 410},
		Summary: "Finish a telephone number", Says: "Takes the number once its code was shown. Your other sessions end, and this one gets a new cookie.",
		Example: map[string]any{"setup": "the setup that was answered", "code": "123456"}}, p.finishNumber)
	operation.Add(p.set, operation.Operation{ID: "remove-phone", Method: http.MethodDelete, Path: at, Noun: Noun, Status: http.StatusNoContent, Also: []int{404, 409},
		Summary: "Remove the telephone number", Says: "Your other sessions end. The last factor that a workspace of yours asks for stays. It wants a confirmation."}, p.remove(factor.KindSMS))
}

func (p *People) beginNumber(ctx context.Context, in *newNumber) (*operation.Reply[Number], error) {
	token, err := p.Identity.Factors.BeginNumber(ctx, in.Body.Number)
	if err != nil {
		return nil, patient(in.Browser, err)
	}
	return operation.Answer(Number{Setup: token.Reveal(), EndsAt: p.Source.Now().Add(enrolment.TextLife).UTC()}), nil
}

func (p *People) finishNumber(ctx context.Context, in *code) (*operation.Reply[Added], error) {
	added, err := p.Identity.Factors.ConfirmNumber(ctx, in.Body.Setup, in.Body.Code)
	return p.added(in.Browser, added, err)
}
