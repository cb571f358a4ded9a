package api

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/api/operation"
	"mainstay/internal/egress"
	"mainstay/internal/gate"
	"mainstay/internal/health"
	"mainstay/internal/llm"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// ModelSetting is the language model of a workspace. Its key is never shown.
type ModelSetting struct {
	Enabled       bool   `json:"enabled"`
	Provider      string `json:"provider" doc:"The shape of its API: anthropic, openai or gemini; empty where none was chosen."`
	URL           string `json:"url"`
	Model         string `json:"model" doc:"Its name, as the provider writes it."`
	HasKey        bool   `json:"has_key"`
	Own           bool   `json:"own" doc:"A server of your own: private addresses are allowed."`
	Region        string `json:"region" doc:"Where the provider computes."`
	Terms         string `json:"terms" doc:"The address of the provider's terms."`
	Training      string `json:"training" doc:"no: the terms rule out training on what is sent."`
	RetentionDays *int   `json:"retention_days" doc:"How long the provider keeps what it is sent."`
	MonthlyTokens int64  `json:"monthly_tokens"`
	Version       int    `json:"version"`
}

// NewModelSetting is the owner's choice of a model. It replaces the one before as a whole; only an absent key stays.
type NewModelSetting struct {
	Enabled       bool   `json:"enabled"`
	Provider      string `json:"provider" enum:"anthropic,openai,gemini"`
	URL           string `json:"url" minLength:"1" maxLength:"500"`
	Model         string `json:"model" minLength:"1" maxLength:"200"`
	Key           string `json:"key,omitempty" maxLength:"1000" writeOnly:"true" doc:"Sealed, and never shown again."`
	Own           bool   `json:"own,omitempty"`
	Region        string `json:"region" minLength:"1" maxLength:"60"`
	Terms         string `json:"terms,omitempty" maxLength:"500"`
	Training      string `json:"training" enum:"no"`
	RetentionDays int    `json:"retention_days" minimum:"0" maximum:"3650"`
	MonthlyTokens int64  `json:"monthly_tokens" minimum:"1" maximum:"1000000000000000"`
}

// ModelTrial is what came of a test.
type ModelTrial struct {
	AsAsked  bool   `json:"as_asked"`
	Sentence string `json:"sentence"`
	TookMS   int64  `json:"took_ms"`
}

// SpeechSetting is what a workspace says of the speech in it.
type SpeechSetting struct {
	Languages []string `json:"languages" doc:"What may be spoken (BCP 47). Empty: any."`
	Engines   []string `json:"engines" doc:"What recordings can be transcribed with here, the usual one first."`
}

// NewSpeechSetting replaces the languages.
type NewSpeechSetting struct {
	Languages []string `json:"languages" maxItems:"20"`
}

// Disclosure is one call to a model or an engine of others, as the ledger has it.
type Disclosure struct {
	ID        string     `json:"id"`
	State     string     `json:"state" enum:"begun,done,failed,interrupted"`
	Purpose   string     `json:"purpose"`
	Provider  string     `json:"provider"`
	Model     string     `json:"model"`
	Host      string     `json:"host"`
	Region    string     `json:"region"`
	Fields    []string   `json:"fields" doc:"What kinds of content it held."`
	BytesOut  int64      `json:"bytes_out"`
	BytesIn   int64      `json:"bytes_in"`
	TokensIn  int64      `json:"tokens_in"`
	TokensOut int64      `json:"tokens_out"`
	Status    int        `json:"status" doc:"Of HTTP; 0 where no answer came."`
	BegunAt   time.Time  `json:"begun_at"`
	EndedAt   *time.Time `json:"ended_at"`
}

// Check is one part of the deployment and whether it works.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state" enum:"waiting,works,warns,broken"`
	Found string `json:"found"`
	Fix   string `json:"fix" doc:"What mends it; empty where nothing needs mending."`
}

type modelSetting struct {
	operation.Match
	Body NewModelSetting
}

type speechSetting struct {
	operation.Match
	Body NewSpeechSetting
}

func (a *API) settings() {
	add, noun := a.Set, "Settings"
	operation.Add(add, operation.Operation{ID: "read-model-setting", Method: http.MethodGet, Path: "/settings/model", Noun: noun, Verb: gate.ReadModel,
		Summary: "The language model", Says: "Which model drafts minutes here, and what its provider's terms say."}, a.readModel)
	operation.Add(add, operation.Operation{ID: "change-model-setting", Method: http.MethodPut, Path: "/settings/model", Noun: noun, Verb: gate.ChangeModel, IfMatch: true,
		Summary: "Choose the language model", Says: "A provider whose terms allow training, or do not tell how long it keeps what it is sent, is refused.",
		Example: map[string]any{"enabled": true, "provider": "openai", "url": "http://127.0.0.1:8080/v1", "model": "local", "own": true, "region": "here",
			"training": "no", "retention_days": 0, "monthly_tokens": 1000000}}, a.changeModel)
	operation.Add(add, operation.Operation{ID: "test-model", Method: http.MethodPost, Path: "/settings/model/test", Noun: noun, Verb: gate.TestModel,
		Summary: "Try the language model", Says: "Sends an invented sentence to the model that is on."}, a.testModel)
	operation.Add(add, operation.Operation{ID: "read-speech-setting", Method: http.MethodGet, Path: "/settings/speech", Noun: noun, Verb: gate.ReadWorkspace,
		Summary: "Languages and engines", Says: "What is spoken here, and what can listen to it."}, a.readSpeech)
	operation.Add(add, operation.Operation{ID: "change-speech-setting", Method: http.MethodPut, Path: "/settings/speech", Noun: noun, Verb: gate.ChangeWorkspace, IfMatch: true,
		Summary: "Choose the languages", Says: "Transcripts that exist stay as they are.", Example: map[string]any{"languages": []string{"en", "de"}}}, a.changeSpeech)
}

func (a *API) deployment() {
	add, noun := a.Set, "Deployment"
	operation.Add(add, operation.Operation{ID: "list-ledger", Method: http.MethodGet, Path: "/ledger", Noun: noun, Verb: gate.ReadLedger,
		Summary: "What left", Says: "The newest 200 calls to models and engines of others: how much was sent where, never what it said."}, a.listLedger)
	operation.Add(add, operation.Operation{ID: "list-checks", Method: http.MethodGet, Path: "/checks", Noun: noun, Verb: gate.CheckDeployment,
		Summary: "Whether it works", Says: "What the deployment stands on, as it was last tried."}, a.listChecks)
	operation.Add(add, operation.Operation{ID: "run-checks", Method: http.MethodPost, Path: "/checks/run", Noun: noun, Verb: gate.CheckDeployment,
		Summary: "Try the parts again", Says: "Has every part tried now, and answers with what is known. Ask again for what came of it."}, a.runChecks)
}

func (a *API) readModel(ctx context.Context, _ *none) (*reply[ModelSetting], error) {
	set, err := a.Models.Setting(ctx)
	if err != nil {
		return nil, err
	}
	return answer(shownModel(set)), nil
}

func (a *API) changeModel(ctx context.Context, in *modelSetting) (*reply[ModelSetting], error) {
	before, err := a.Models.Setting(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Of(shownModel(before)); err != nil {
		return nil, err
	}
	b := in.Body
	err = a.Models.Change(ctx, llm.Setting{Enabled: b.Enabled, Provider: b.Provider, URL: b.URL, Model: b.Model, Key: tenant.Secret(b.Key), Own: b.Own, Region: b.Region,
		Terms: b.Terms, Training: b.Training, RetentionDays: &b.RetentionDays, MonthlyTokens: b.MonthlyTokens, Version: before.Version})
	if err != nil {
		return nil, operation.Stale(err)
	}
	return a.readModel(ctx, nil)
}

func (a *API) testModel(ctx context.Context, _ *none) (*reply[ModelTrial], error) {
	trial, err := a.Models.Test(ctx)
	if err != nil {
		return nil, err
	}
	return answer(ModelTrial{AsAsked: trial.AsAsked, Sentence: trial.Sentence, TookMS: trial.Took.Milliseconds()}), nil
}

func (a *API) readSpeech(ctx context.Context, _ *none) (*reply[SpeechSetting], error) {
	set, err := a.Speech.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return answer(a.shownSpeech(set)), nil
}

func (a *API) changeSpeech(ctx context.Context, in *speechSetting) (*reply[SpeechSetting], error) {
	before, err := a.Speech.Editable(ctx)
	if err != nil {
		return nil, err
	}
	if err := in.Of(a.shownSpeech(before)); err != nil {
		return nil, err
	}
	if err := a.Speech.ChangeSettings(ctx, speech.Settings{Languages: in.Body.Languages}); err != nil {
		return nil, err
	}
	now, err := a.Speech.Editable(ctx)
	if err != nil {
		return nil, err
	}
	return answer(a.shownSpeech(now)), nil
}

func (a *API) listLedger(ctx context.Context, in *operation.Paging) (*operation.Page[Disclosure], error) {
	entries, err := a.Egress.Ledger(ctx)
	if err != nil {
		return nil, err
	}
	var shown []Disclosure
	for _, e := range entries {
		shown = append(shown, shownDisclosure(e))
	}
	return operation.Cut(in, shown), nil
}

func shownDisclosure(e egress.Entry) Disclosure {
	return Disclosure{ID: e.ID.String(), State: e.State, Purpose: e.Purpose, Provider: e.Provider, Model: e.Model, Host: e.Host, Region: e.Region,
		Fields: operation.Each(e.Fields), BytesOut: e.BytesOut, BytesIn: e.BytesIn, TokensIn: e.TokensIn, TokensOut: e.TokensOut, Status: e.Status,
		BegunAt: e.BegunAt.UTC(), EndedAt: operation.UTC(e.EndedAt)}
}

func (a *API) listChecks(ctx context.Context, in *operation.Paging) (*operation.Page[Check], error) {
	results, err := a.Health.Open(ctx)
	if err != nil {
		return nil, err
	}
	return operation.Cut(in, shownChecks(results)), nil
}

func (a *API) runChecks(ctx context.Context, _ *none) (*reply[operation.List[Check]], error) {
	results, err := a.Health.Again(ctx)
	if err != nil {
		return nil, err
	}
	return answer(operation.List[Check]{Items: shownChecks(results)}), nil
}

func shownChecks(results []health.Result) []Check {
	shown := []Check{}
	for _, r := range results {
		shown = append(shown, Check{Name: r.Name, State: r.State.String(), Found: r.Found, Fix: r.Fix})
	}
	return shown
}

func shownModel(set llm.Setting) ModelSetting {
	return ModelSetting{Enabled: set.Enabled, Provider: set.Provider, URL: set.URL, Model: set.Model, HasKey: set.HasKey, Own: set.Own, Region: set.Region,
		Terms: set.Terms, Training: set.Training, RetentionDays: set.RetentionDays, MonthlyTokens: set.MonthlyTokens, Version: set.Version}
}

func (a *API) shownSpeech(set speech.Settings) SpeechSetting {
	return SpeechSetting{Languages: operation.Each(set.Languages), Engines: operation.Each(a.Speech.Engines())}
}
