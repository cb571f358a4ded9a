package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/llm"
	"mainstay/internal/minutes"
	"mainstay/internal/speech"
	"mainstay/internal/tenant"
)

// ModelsPage is the settings of the language model and of speech.
type ModelsPage struct {
	Shell
	Refusal                                *Refusal
	MayChange                              bool
	MaySpeech                              bool // which languages are spoken
	Version                                int
	On                                     bool
	Saved, Problem                         string
	Provider                               Select
	Model, URL, Key, Region, Terms, Budget Field
	Own                                    bool
	Training                               Select
	Keeps                                  Field
	Spent                                  string
	Ledger                                 string // where the calls that left are, empty for who may not see them
	Sends                                  []Sent
	Test                                   *Note // the outcome of a test that was just sent
	Chosen                                 []Fact
	Languages                              Field
	Engine                                 []Fact
}

// Page implements View.
func (ModelsPage) Page() string { return "models" }

// Sent is a line of "what will be sent": something that is, or something that never is.
type Sent struct {
	Yes  bool
	Text string
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }

// trialTime is how long a page waits for a test's answer.
const trialTime = 45 * time.Second

func (a *App) showModels(w http.ResponseWriter, r *http.Request) error {
	p, err := a.modelsPage(r)
	if err != nil {
		return err
	}
	switch r.URL.Query().Get("saved") {
	case "model":
		p.Saved = "Saved. It holds from the next meeting on."
	case "languages":
		p.Saved = "Saved. Recordings from now on are heard in these languages."
	}
	return a.show(w, p)
}

// modelsPage reads what the page shows to the person: the form to owners, what is chosen to members, to others nothing.
func (a *App) modelsPage(r *http.Request) (ModelsPage, error) {
	shell, me, err := a.frame(r, "Models", "/settings/models")
	p := ModelsPage{Shell: shell, MayChange: me.Role == gate.Owner, MaySpeech: me.Role.AtLeast(gate.Admin), Engine: a.Engine}
	if err != nil {
		return p, err
	}
	if me.Role == gate.Viewer {
		p.Refusal = &Refusal{Reason: "Viewers do not see which model a workspace uses.", Grants: []string{"An owner", "an admin of the workspace"}}
		return p, nil
	}
	set, err := a.Models.Setting(r.Context())
	if err != nil {
		return p, err
	}
	p.fill(set)
	if err := a.spending(r, me, &p); err != nil {
		return p, err
	}
	heard, err := a.Speech.Settings(r.Context())
	p.Languages.Value = strings.Join(heard.Languages, ", ")
	return p, err
}

// spending says how much of the budget is used, to who may see the ledger.
func (a *App) spending(r *http.Request, me identity.Me, p *ModelsPage) error {
	if me.Role != gate.Owner && me.Role != gate.Admin {
		return nil
	}
	spent, err := a.Egress.Spent(r.Context())
	p.Spent = fmt.Sprintf("%s used in %s.", thousands(spent), a.Source.Now().UTC().Format("January"))
	p.Ledger = "/settings/ledger"
	return err
}

func thousands(tokens int64) string {
	switch {
	case tokens == 0:
		return "Nothing"
	case tokens < 10_000:
		return fmt.Sprintf("%d tokens", tokens)
	}
	return fmt.Sprintf("%d thousand tokens", tokens/1000)
}

// fill shows a setting.
func (p *ModelsPage) fill(set llm.Setting) {
	p.On, p.Version, p.Own = set.Enabled, set.Version, set.Own
	p.Provider = Select{ID: "provider", Label: "Provider", Options: Choose(set.Provider, Option{Value: "anthropic", Name: "Anthropic"},
		Option{Value: "openai", Name: "OpenAI, Azure or compatible"}, Option{Value: "gemini", Name: "Gemini"})}
	p.Model = Field{ID: "model", Label: "Model", Value: set.Model, Hint: "As the provider writes it.", Max: 200}
	p.URL = Field{ID: "url", Label: "Address", Type: "url", Value: set.URL, Hint: "Such as https://api.anthropic.com. An Azure deployment's address holds its api-version.", Max: 500}
	p.Key = Field{ID: "key", Label: "Key", Type: "password", Complete: "off", Hint: "It is sealed, and never shown again.", Max: 1000}
	if set.HasKey {
		p.Key.Hint = "A key is stored, sealed. Leave this empty to keep it."
	}
	p.Region = Field{ID: "region", Label: "Region", Value: set.Region, Hint: "Where the provider computes, such as eu.", Max: 60}
	p.Terms = Field{ID: "terms", Label: "The provider's terms", Type: "url", Value: set.Terms, Hint: "Their address, for who audits this.", Max: 500}
	p.Training = Select{ID: "training", Label: "Does the provider train on it?", Options: Choose(set.Training, Option{Name: "I do not know"},
		Option{Value: "no", Name: "No, by its terms"}, Option{Value: "yes", Name: "Yes"})}
	p.Keeps = Field{ID: "keeps", Label: "Days that the provider keeps it", Type: "number", Hint: "0 for not at all. Empty means that you do not know."}
	if set.RetentionDays != nil {
		p.Keeps.Value = strconv.Itoa(*set.RetentionDays)
	}
	p.Budget = Field{ID: "budget", Label: "Budget a month, in thousands of tokens", Type: "number", Hint: "Once it is used up, minutes are made by rules until the month ends."}
	if set.MonthlyTokens > 0 {
		p.Budget.Value = strconv.FormatInt((set.MonthlyTokens+999)/1000, 10)
	}
	p.Languages = Field{ID: "languages", Label: "Languages spoken here", Hint: "Such as en, de, pt-BR. Empty allows all; a recording's own is then found among about a hundred.", Max: 200}
	p.Sends = sends()
	p.Chosen = chosenOf(set)
}

// sends says in words what the drafter sends, and what is never sent.
func sends() []Sent {
	var out []Sent
	for _, s := range minutes.Sends() {
		out = append(out, Sent{Yes: true, Text: s.Says})
	}
	for _, s := range minutes.Withholds() {
		out = append(out, Sent{Text: s})
	}
	return append(out, Sent{Text: "Meetings that are marked so."})
}

func chosenOf(set llm.Setting) []Fact {
	if !set.Enabled {
		return []Fact{{"Language model", "Off: rules alone write the draft"}}
	}
	return []Fact{{"Language model", set.Model}, {"Provider", set.Provider}, {"Region", set.Region}, {"Training", "Ruled out by the provider's terms"},
		{"Kept by the provider", keptFor(set.RetentionDays)}}
}

func keptFor(days *int) string {
	if days == nil || *days == 0 {
		return "Not at all"
	}
	return Count(*days, "day", "days")
}

// changeModels saves the owner's choice and, where asked, sends a test.
func (a *App) changeModels(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	typed, err := settingOf(r, version)
	if err == nil {
		err = a.saveModel(r, typed)
	}
	if err == nil && r.PostFormValue("test") == "" {
		http.Redirect(w, r, "/settings/models?saved=model", http.StatusSeeOther)
		return nil
	}
	if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Conflict) {
		return err
	}
	p, failed := a.modelsPage(r)
	if failed != nil {
		return failed
	}
	if err != nil {
		stored := p.Version
		p.fill(typed)
		p.Problem, p.Version = fault.Sentence(err), stored
		return a.showAgain(w, http.StatusUnprocessableEntity, p)
	}
	p.Saved, p.Test = "Saved. It holds from the next meeting on.", a.tryModel(r)
	return a.show(w, p)
}

// saveModel stores what was typed. Switching off always works, also with terms that would not be taken for switching on.
func (a *App) saveModel(r *http.Request, typed llm.Setting) error {
	err := a.Models.Change(r.Context(), typed)
	if typed.Enabled || !fault.Is(err, fault.Invalid) {
		return err
	}
	before, failed := a.Models.Setting(r.Context())
	if failed != nil || before.Version == 0 {
		return failed
	}
	before.Enabled, before.Version = false, typed.Version
	return a.Models.Change(r.Context(), before)
}

// settingOf reads the form. What is no number is refused with the rest of the form kept.
func settingOf(r *http.Request, version int) (llm.Setting, error) {
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	set := llm.Setting{Enabled: text("on") == "yes", Provider: text("provider"), URL: text("url"), Model: text("model"), Key: tenant.Secret(text("key")),
		Own: text("own") == "yes", Region: text("region"), Terms: text("terms"), Training: text("training"), Version: version}
	if days := text("keeps"); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			return set, fault.New(fault.Invalid, "Say in whole days how long the provider keeps what it is sent.")
		}
		set.RetentionDays = &n
	}
	if budget := text("budget"); budget != "" {
		n, err := strconv.ParseInt(budget, 10, 64)
		if err != nil || n < 0 || n > 1e12 {
			return set, fault.New(fault.Invalid, "Enter the monthly budget as a whole number, in thousands of tokens.")
		}
		set.MonthlyTokens = n * 1000
	}
	return set, nil
}

// tryModel sends the test's invented sentence and says what came of it.
func (a *App) tryModel(r *http.Request) *Note {
	ctx, cancel := context.WithTimeout(r.Context(), trialTime)
	defer cancel()
	trial, err := a.Models.Test(ctx)
	switch {
	case err != nil:
		return &Note{Class: "bad", Icon: "circle-alert", Text: fault.Sentence(err)}
	case !trial.AsAsked:
		return &Note{Class: "warn", Icon: "triangle-alert", Text: trial.Sentence}
	}
	return &Note{Class: "good", Icon: "circle-check", Text: trial.Sentence}
}

// changeLanguages saves which languages are spoken in the workspace.
func (a *App) changeLanguages(w http.ResponseWriter, r *http.Request) error {
	typed := r.PostFormValue("languages")
	tags := strings.FieldsFunc(typed, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
	err := a.Speech.ChangeSettings(r.Context(), speech.Settings{Languages: tags})
	if fault.Is(err, fault.Invalid) {
		p, failed := a.modelsPage(r)
		if failed != nil {
			return failed
		}
		p.Languages.Value, p.Languages.Problem = typed, fault.Sentence(err)
		return a.showAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/models?saved=languages", http.StatusSeeOther)
	return nil
}
