package person

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
)

// Program is a program that waits to be let in.
type Program struct {
	Name    string    `json:"name" doc:"What it calls itself. Anybody can call a program anything."`
	Address string    `json:"address" doc:"Where it asks from."`
	Scopes  []string  `json:"scopes" doc:"What it asks for."`
	AskedAt time.Time `json:"asked_at"`
}

type waiting struct {
	Code string `query:"code" required:"true" minLength:"1" maxLength:"20" doc:"The eight letters that the program shows."`
}

type decision struct {
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20" doc:"The eight letters that the program shows."`
	}
}

func (p *People) programs() {
	example := map[string]any{"code": "BCDF-GHJK"}
	operation.Add(p.set, operation.Operation{ID: "read-program", Method: http.MethodGet, Path: "/programs/waiting", Noun: Noun, Verb: gate.AllowProgram, Also: []int{404},
		Summary: "Who waits behind a code", Says: "The program that shows it. Let in none that you did not begin yourself. It wants a confirmation."}, p.readProgram)
	operation.Add(p.set, operation.Operation{ID: "allow-program", Method: http.MethodPost, Path: "/programs/allow", Noun: Noun, Verb: gate.AllowProgram, Status: http.StatusNoContent, Also: []int{404},
		Summary: "Let a program in", Says: "It acts as you, within the scopes that it asked for, and is in the list of your keys. It wants a confirmation.", Example: example}, p.decide(p.Tokens.Allow))
	operation.Add(p.set, operation.Operation{ID: "deny-program", Method: http.MethodPost, Path: "/programs/deny", Noun: Noun, Verb: gate.AllowProgram, Status: http.StatusNoContent, Also: []int{404},
		Summary: "Turn a program away", Says: "It is told so the next time that it asks. It wants a confirmation.", Example: example}, p.decide(p.Tokens.Deny))
}

func (p *People) readProgram(ctx context.Context, in *waiting) (*operation.Reply[Program], error) {
	asked, err := p.Tokens.Asks(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	shown := Program{Name: asked.Program, Address: asked.Address, Scopes: []string{}, AskedAt: asked.AskedAt.UTC()}
	for _, s := range asked.Scopes {
		shown.Scopes = append(shown.Scopes, string(s))
	}
	return operation.Answer(shown), nil
}

func (p *People) decide(act func(context.Context, string) error) func(context.Context, *decision) (*operation.Done, error) {
	return func(ctx context.Context, in *decision) (*operation.Done, error) {
		return &operation.Done{}, act(ctx, in.Body.Code)
	}
}
