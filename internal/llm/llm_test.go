package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/llm"
	"mainstay/internal/llm/llmtest"
	"mainstay/internal/tenant"
)

// desk is the service in a world with one workspace, its owner, and a transcript to ask about.
type desk struct {
	*llm.Service
	egress     *egress.Service
	ws         gatetest.Workspace
	owner      context.Context
	job        context.Context
	transcript [16]byte
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	w := gatetest.New(t)
	d := &desk{ws: w.Workspace(t)}
	d.owner, d.job = d.ws.Member(t, gate.Owner), d.ws.As(t, gate.MinuteTaker)
	var err error
	d.egress, err = egress.New(egress.Config{Gate: w.Gate, Source: w.Source, Limits: egress.Limits{Call: 10 * time.Second},
		Pause: func(context.Context, time.Duration) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if d.Service, err = llm.New(llm.Config{Gate: w.Gate, Egress: d.egress}); err != nil {
		t.Fatal(err)
	}
	d.transcript = d.newTranscript(t)
	return d
}

// newTranscript makes the row of a transcript, for acts about it.
func (d *desk) newTranscript(t *testing.T) [16]byte {
	t.Helper()
	meeting, id := d.ws.Meeting(t, false), tenant.NewID[tenant.RecordID](d.ws.World.Source)
	_, err := d.ws.World.Admin.Exec(t.Context(), `
insert into tenant.transcript (workspace_id, id, record_id, meeting_id, run, language, segments, created_at, sealed)
select workspace_id, $3, record_id, id, 1, '', 0, created_at, '' from tenant.meeting where workspace_id = $1 and id = $2`, d.ws.ID, meeting, id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func setting(provider, address string) llm.Setting {
	days := 30
	return llm.Setting{Enabled: true, Provider: provider, URL: address, Model: "model-1", Key: "the-key", Own: true, Region: "eu", Training: "no",
		RetentionDays: &days, Terms: "https://example.com/terms", MonthlyTokens: 1_000_000}
}

func (d *desk) choose(t *testing.T, set llm.Setting) {
	t.Helper()
	if err := d.Change(d.owner, set); err != nil {
		t.Fatal(err)
	}
}

var word = llm.Schema{Type: "object", Fields: []llm.Field{{Name: "word", Schema: llm.Schema{Type: "string", Nullable: true}},
	{Name: "list", Schema: llm.Schema{Type: "array", Items: &llm.Schema{Type: "string"}}}}}

func (d *desk) request() llm.Request {
	return llm.Request{Object: d.transcript, Purpose: "minutes", Fields: []string{"segments.text"}, System: "Be brief.", User: "Which word?", Schema: word, Tokens: 500}
}

const fine = `{"word":"bridge","list":["a","b"]}`

func says(text string) func(llmtest.Question) llmtest.Reply {
	return func(llmtest.Question) llmtest.Reply { return llmtest.Reply{Text: text} }
}

func TestEachProviderIsAskedInItsOwnWay(t *testing.T) {
	t.Parallel()
	strict := `{"additionalProperties":false,"properties":{"list":{"items":{"type":"string"},"type":"array"},"word":{"type":["string","null"]}},"required":["word","list"],"type":"object"}`
	for _, tt := range []struct {
		provider, path, key, folder string
		body                        string
	}{
		{"anthropic", "/v1/messages", "X-Api-Key: the-key", "",
			`{"max_tokens":500,"messages":[{"content":"Which word?","role":"user"}],"model":"model-1","output_config":{"format":{"schema":` + strict + `,"type":"json_schema"}},"system":"Be brief."}`},
		{"openai", "/v1/chat/completions", "Authorization: Bearer the-key", "",
			`{"max_tokens":500,"messages":[{"content":"Be brief.","role":"system"},{"content":"Which word?","role":"user"}],"model":"model-1","response_format":{"json_schema":{"name":"answer","schema":` + strict + `,"strict":true},"type":"json_schema"},"temperature":0}`},
		{"openai", "/openai/deployments/d1/chat/completions", "Api-Key: the-key", "/openai/deployments/d1?api-version=2024-10-21",
			`{"max_completion_tokens":500,"messages":[{"content":"Be brief.","role":"system"},{"content":"Which word?","role":"user"}],"model":"model-1","response_format":{"json_schema":{"name":"answer","schema":` + strict + `,"strict":true},"type":"json_schema"}}`},
		{"gemini", "/v1beta/models/model-1:generateContent", "X-Goog-Api-Key: the-key", "",
			`{"contents":[{"parts":[{"text":"Which word?"}],"role":"user"}],"generationConfig":{"maxOutputTokens":500,"responseMimeType":"application/json","responseSchema":{"properties":{"list":{"items":{"type":"STRING"},"type":"ARRAY"},"word":{"nullable":true,"type":"STRING"}},"propertyOrdering":["word","list"],"required":["word","list"],"type":"OBJECT"}},"systemInstruction":{"parts":[{"text":"Be brief."}]}}`},
	} {
		t.Run(tt.provider+tt.folder, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			server := llmtest.New(t, says(fine))
			d.choose(t, setting(tt.provider, server.URL+tt.folder))
			answer, set, err := d.Complete(d.job, d.request())
			if err != nil || string(answer) != fine {
				t.Fatalf("Complete = %s, %v", answer, err)
			}
			if set.Key != "" || set.Model != "model-1" {
				t.Errorf("Complete returned the setting %+v, want it without the key", set)
			}
			asked := server.Asked()
			if len(asked) != 1 || asked[0].Path != tt.path || string(asked[0].Body) != tt.body {
				t.Errorf("the server was asked at %s:\n%s\nwant %s:\n%s", asked[0].Path, asked[0].Body, tt.path, tt.body)
			}
			name, value, _ := strings.Cut(tt.key, ": ")
			if got := asked[0].Header.Get(name); got != value {
				t.Errorf("header %s = %q, want %q", name, got, value)
			}
			entries, err := d.egress.Ledger(d.owner)
			if err != nil || len(entries) != 1 || entries[0].TokensIn != 1000 || entries[0].TokensOut != 200 || entries[0].Model != "model-1" ||
				entries[0].Region != "eu" || entries[0].BytesOut != int64(len(tt.body)) {
				t.Errorf("the ledger is %+v, %v", entries, err)
			}
		})
	}
}

// A server that refuses the first form is asked in the second, and from then on in the second only.
func TestAServerThatRefusesAFormIsAskedInAnother(t *testing.T) {
	t.Parallel()
	for provider, tt := range map[string]struct{ refused, taken string }{
		"anthropic": {"output_config", `"tool_choice":{"name":"answer","type":"tool"}`},
		"openai":    {"response_format", `"max_completion_tokens":500`},
		"gemini":    {"responseSchema", `of this JSON Schema`},
	} {
		t.Run(provider, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			server := llmtest.New(t, func(q llmtest.Question) llmtest.Reply {
				if strings.Contains(string(q.Body), tt.refused) {
					return llmtest.Reply{Status: http.StatusBadRequest}
				}
				return llmtest.Reply{Text: fine}
			})
			d.choose(t, setting(provider, server.URL))
			for range 2 {
				if answer, _, err := d.Complete(d.job, d.request()); err != nil || string(answer) != fine {
					t.Fatalf("Complete = %s, %v", answer, err)
				}
			}
			asked := server.Asked()
			if len(asked) != 3 || !strings.Contains(string(asked[1].Body), tt.taken) || !strings.Contains(string(asked[2].Body), tt.taken) {
				t.Errorf("the server was asked %d times, last: %s", len(asked), asked[len(asked)-1].Body)
			}
			if entries, err := d.egress.Ledger(d.owner); err != nil || len(entries) != 3 {
				t.Errorf("the ledger has %d entries (%v), want each of the 3 calls", len(entries), err)
			}
		})
	}
}

func TestAnswersOfEveryForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, provider, body, want string }{
		{"a forced tool's input", "anthropic", `{"stop_reason":"tool_use","content":[{"type":"text","text":"Well."},{"type":"tool_use","name":"answer","input":` + fine + `}]}`, ""},
		{"a text after thoughts", "anthropic", `{"stop_reason":"end_turn","content":[{"type":"thinking","thinking":"Hm."},{"type":"text","text":` + quoted(fine) + `}]}`, ""},
		{"cut off", "anthropic", `{"stop_reason":"max_tokens","content":[{"type":"text","text":` + quoted(fine) + `}]}`, "twice"},
		{"a refusal", "anthropic", `{"stop_reason":"refusal","content":[]}`, "declined"},
		{"a fence around it", "openai", `{"choices":[{"message":{"content":` + quoted("```json\n"+fine+"\n```") + `}}]}`, ""},
		{"thoughts before it", "openai", `{"choices":[{"message":{"content":` + quoted("<think>a { b</think>\n"+fine) + `}}]}`, ""},
		{"thoughts that never end", "openai", `{"choices":[{"message":{"content":` + quoted("<think>"+fine) + `}}]}`, "twice"},
		{"cut off", "openai", `{"choices":[{"finish_reason":"length","message":{"content":` + quoted(fine) + `}}]}`, "twice"},
		{"filtered", "openai", `{"choices":[{"finish_reason":"content_filter","message":{"content":""}}]}`, "declined"},
		{"a refusal", "openai", `{"choices":[{"finish_reason":"stop","message":{"content":null,"refusal":"I will not."}}]}`, "declined"},
		{"no choices", "openai", `{"choices":[]}`, "twice"},
		{"thoughts among its parts", "gemini", `{"candidates":[{"finishReason":"STOP","content":{"parts":[{"text":"Hm.","thought":true},{"text":` + quoted(fine) + `}]}}]}`, ""},
		{"cut off", "gemini", `{"candidates":[{"finishReason":"MAX_TOKENS","content":{"parts":[{"text":` + quoted(fine) + `}]}}]}`, "twice"},
		{"a blocked question", "gemini", `{"promptFeedback":{"blockReason":"SAFETY"}}`, "declined"},
		{"a blocked answer", "gemini", `{"candidates":[{"finishReason":"RECITATION","content":{}}]}`, "declined"},
		{"no JSON at all", "gemini", `<html>`, "twice"},
	} {
		t.Run(tt.provider+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			server := llmtest.New(t, func(llmtest.Question) llmtest.Reply { return llmtest.Reply{Body: []byte(tt.body)} })
			d.choose(t, setting(tt.provider, server.URL))
			answer, _, err := d.Complete(d.job, d.request())
			if tt.want == "" {
				if err != nil || string(answer) != fine {
					t.Errorf("Complete = %s, %v", answer, err)
				}
				return
			}
			if !fault.Is(err, fault.Busy) || !strings.Contains(fault.Sentence(err), tt.want) || answer != nil {
				t.Errorf("Complete = %s, %v; want a sentence with %q", answer, err, tt.want)
			}
			calls := map[string]int{"twice": 2, "declined": 1}[tt.want]
			if n := len(server.Asked()); n != calls {
				t.Errorf("asked %d times, want %d", n, calls)
			}
		})
	}
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestAnAnswerIsRepairedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := llmtest.New(t, func(q llmtest.Question) llmtest.Reply {
		if !strings.Contains(q.User, "could not be used") {
			return llmtest.Reply{Text: `{"word":"canary","word":"canary","list":[]}`}
		}
		return llmtest.Reply{Text: fine}
	})
	d.choose(t, setting("openai", server.URL))
	answer, _, err := d.Complete(d.job, d.request())
	if err != nil || string(answer) != fine {
		t.Fatalf("Complete = %s, %v", answer, err)
	}
	asked := server.Asked()
	if len(asked) != 2 || !strings.HasPrefix(asked[1].User, "Which word?") || !strings.Contains(asked[1].User, "repeated field") || strings.Contains(asked[1].User, "canary") {
		t.Errorf("the second question was %q", asked[len(asked)-1].User)
	}
}

func TestCheckRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":              ``,
		"not JSON":             `word`,
		"half":                 `{"word":"a"`,
		"another type":         `["a"]`,
		"a number for text":    `{"word":1,"list":[]}`,
		"a missing field":      `{"word":"a"}`,
		"an unknown field":     `{"word":"a","list":[],"more":1}`,
		"a field twice":        `{"word":"a","word":"b","list":[]}`,
		"another case":         `{"Word":"a","list":[]}`,
		"another case besides": `{"word":"a","WORD":"b","list":[]}`,
		"null where text is":   `{"word":"a","list":[null]}`,
		"null for a list":      `{"word":"a","list":null}`,
		"something after":      `{"word":"a","list":[]} {}`,
		"text after":           `{"word":"a","list":[]} Done.`,
		"deep nesting":         `{"word":"a","list":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`,
		"deep objects":         strings.Repeat(`{"word":`, 100_000),
		"a long text":          `{"word":"` + strings.Repeat("a", 20_001) + `","list":[]}`,
		"many items":           `{"word":"a","list":[` + strings.Repeat(`"a",`, 500) + `"a"]}`,
		"megabytes":            `{"word":"a","list":[` + strings.Repeat(" ", 3<<20) + `]}`,
		"bytes that are none":  "{\"word\":\"\xff\",\"list\":[]}",
	} {
		err := word.Check(json.RawMessage(answer))
		if err == nil || len(err.Error()) > 100 {
			t.Errorf("%s: Check = %v, want a short reason", name, err)
		}
	}
	for _, answer := range []string{fine, ` {"list":[],"word":null} `} {
		if err := word.Check(json.RawMessage(answer)); err != nil {
			t.Errorf("Check(%s) = %v", answer, err)
		}
	}
}

// What passes is exactly of the shape: another reader of JSON that refuses unknown fields takes it, and finds no field twice.
func FuzzCheck(f *testing.F) {
	f.Add(fine)
	f.Add(`{"word":"a","word":"b","list":[]}`)
	f.Add(`{"word":"\u0000","list":["\ud800"]}`)
	f.Fuzz(func(t *testing.T, answer string) {
		if err := word.Check(json.RawMessage(answer)); err != nil {
			return
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal([]byte(answer), &got); err != nil || len(got) != 2 || got["word"] == nil || got["list"] == nil {
			t.Errorf("Check took %q, which reads as %v (%v)", answer, got, err)
		}
	})
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	minus := -1
	for name, spoil := range map[string]func(*llm.Setting){
		"training unknown":         func(s *llm.Setting) { s.Training = "" },
		"training allowed":         func(s *llm.Setting) { s.Training = "yes" },
		"retention unknown":        func(s *llm.Setting) { s.RetentionDays = nil },
		"retention out of reach":   func(s *llm.Setting) { s.RetentionDays = &minus },
		"terms that are no link":   func(s *llm.Setting) { s.Terms = "javascript:alert(1)" },
		"a provider without terms": func(s *llm.Setting) { s.Terms, s.Own, s.URL = "", false, "https://api.example.com" },
		"no region":                func(s *llm.Setting) { s.Region = " " },
		"no budget":                func(s *llm.Setting) { s.MonthlyTokens = 0 },
		"an unknown provider":      func(s *llm.Setting) { s.Provider = "other" },
		"no model":                 func(s *llm.Setting) { s.Model = "" },
		"a model that is a path":   func(s *llm.Setting) { s.Provider, s.Model = "gemini", "../../other" },
		"a key with a line break":  func(s *llm.Setting) { s.Key = "a\r\nX: y" },
		"a private address":        func(s *llm.Setting) { s.Own = false },
		"no key":                   func(s *llm.Setting) { s.Key, s.Own, s.URL = "", false, "https://api.example.com" },
	} {
		set := setting("openai", "http://127.0.0.1:8000")
		spoil(&set)
		if err := d.Change(d.owner, set); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Change: %v, want invalid", name, err)
		}
	}
	if set, err := d.Setting(d.owner); err != nil || set.Enabled {
		t.Errorf("Setting = %+v, %v, want off", set, err)
	}
}

func TestTheKeyStaysWithItsHost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := llmtest.New(t, says(fine))
	d.choose(t, setting("openai", server.URL))
	set, err := d.Setting(d.ws.Member(t, gate.Member))
	if err != nil || set.Key != "" || !set.HasKey {
		t.Fatalf("Setting = %+v, %v, want no key but that there is one", set, err)
	}
	set.Model = "model-2"
	d.choose(t, set)
	if _, _, err := d.Complete(d.job, d.request()); err != nil {
		t.Fatal(err)
	}
	if got := server.Asked()[0].Header.Get("Authorization"); got != "Bearer the-key" {
		t.Errorf("with the key kept the server got %q", got)
	}
	other := llmtest.New(t, says(fine))
	set, err = d.Setting(d.owner)
	if err != nil {
		t.Fatal(err)
	}
	set.URL = other.URL
	d.choose(t, set)
	if _, _, err := d.Complete(d.job, d.request()); err != nil {
		t.Fatal(err)
	}
	if got := other.Asked()[0].Header.Get("Authorization"); got != "" {
		t.Errorf("another host got the key: %q", got)
	}
	if err := d.Change(d.owner, set); !fault.Is(err, fault.Conflict) {
		t.Errorf("Change of what was changed meanwhile: %v, want conflict", err)
	}
}

func TestNothingLeavesUnlessAModelIsOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := llmtest.New(t, says(fine))
	refused := func(what string) {
		t.Helper()
		if _, _, err := d.Complete(d.job, d.request()); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: Complete: %v, want denied", what, err)
		}
		if _, err := d.Test(d.owner); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: Test: %v, want denied", what, err)
		}
		if n := len(server.Asked()); n != 0 {
			t.Errorf("%s: %d calls left", what, n)
		}
	}
	refused("before any choice")
	set := setting("openai", server.URL)
	set.Enabled = false
	d.choose(t, set)
	refused("switched off")
	set.Enabled, set.Version, set.MonthlyTokens = true, 1, 100
	d.choose(t, set)
	refused("beyond the budget")
}

// An owner who switches the model off, or a meeting that must not be sent, is heard between two calls of one question.
func TestARefusalMeanwhileIsHeard(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var switchOff func()
	server := llmtest.New(t, func(llmtest.Question) llmtest.Reply { switchOff(); return llmtest.Reply{Text: "no JSON"} })
	d.choose(t, setting("openai", server.URL))
	switchOff = func() {
		set, err := d.Setting(d.owner)
		if err == nil {
			set.Enabled = false
			err = d.Change(d.owner, set)
		}
		if err != nil {
			t.Error(err)
		}
	}
	if _, _, err := d.Complete(d.job, d.request()); !fault.Is(err, fault.Denied) || len(server.Asked()) != 1 {
		t.Errorf("Complete: %v after %d calls, want denied after one", err, len(server.Asked()))
	}
	switchOff = func() {}
	set, err := d.Setting(d.owner)
	if err != nil {
		t.Fatal(err)
	}
	set.Enabled = true
	d.choose(t, set)
	never := errors.New("never this meeting")
	r := d.request()
	r.Permit = func(context.Context, *gate.Tx) error { return never }
	if _, _, err := d.Complete(d.job, r); !errors.Is(err, never) || len(server.Asked()) != 1 {
		t.Errorf("Complete: %v after %d calls, want %v and no call", err, len(server.Asked()), never)
	}
}

func TestTest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer  string
		asAsked bool
	}{"as asked": {`{"colour":"green"}`, true}, "of the form only": {`{"colour":"blue"}`, false}} {
		d := newDesk(t)
		server := llmtest.New(t, func(llmtest.Question) llmtest.Reply {
			d.ws.World.Clock.Advance(1200 * time.Millisecond)
			return llmtest.Reply{Text: tt.answer}
		})
		d.choose(t, setting("anthropic", server.URL))
		got, err := d.Test(d.owner)
		if err != nil || got.AsAsked != tt.asAsked || got.Took < 1200*time.Millisecond || !strings.Contains(got.Sentence, "1.2 s") {
			t.Errorf("%s: Test = %+v, %v", name, got, err)
		}
		entries, err := d.egress.Ledger(d.owner)
		if err != nil || len(entries) != 1 || entries[0].Purpose != "test" || len(entries[0].Fields) != 0 {
			t.Errorf("%s: the ledger is %+v, %v, want a test without fields", name, entries, err)
		}
		if !strings.Contains(server.Asked()[0].User, "invented") {
			t.Errorf("%s: the test sent %q", name, server.Asked()[0].User)
		}
		server = llmtest.New(t, func(llmtest.Question) llmtest.Reply { return llmtest.Reply{Status: 401} })
		set, err := d.Setting(d.owner)
		if err != nil {
			t.Fatal(err)
		}
		set.URL = server.URL
		d.choose(t, set)
		if _, err := d.Test(d.owner); !strings.Contains(fault.Sentence(err), "refused the key") {
			t.Errorf("%s: Test with a wrong key: %v", name, err)
		}
	}
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	server := llmtest.New(t, says(fine))
	d.choose(t, setting("openai", server.URL))
	stranger := d.ws.World.Workspace(t)
	set, err := d.Setting(d.owner)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []gate.Role{gate.Admin, gate.Member, gate.Viewer} {
		as := d.ws.Member(t, role)
		if err := d.Change(as, set); !fault.Is(err, fault.Denied) {
			t.Errorf("Change as %s: %v, want denied", role, err)
		}
		if _, err := d.Test(as); !fault.Is(err, fault.Denied) {
			t.Errorf("Test as %s: %v, want denied", role, err)
		}
		if _, _, err := d.Complete(as, d.request()); !fault.Is(err, fault.Denied) {
			t.Errorf("Complete as %s: %v, want denied", role, err)
		}
	}
	if _, err := d.Setting(d.ws.Member(t, gate.Viewer)); !fault.Is(err, fault.Denied) {
		t.Errorf("Setting as a viewer: %v, want denied", err)
	}
	if got, err := d.Setting(stranger.Member(t, gate.Owner)); err != nil || got.Enabled || got.Model != "" {
		t.Errorf("Setting of another workspace = %+v, %v, want nothing", got, err)
	}
	elsewhere := setting("openai", server.URL)
	if err := d.Change(stranger.Member(t, gate.Owner), elsewhere); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Complete(stranger.As(t, gate.MinuteTaker), d.request()); !fault.Is(err, fault.Missing) {
		t.Errorf("Complete about another workspace's transcript: %v, want missing", err)
	}
	if n := len(server.Asked()); n != 0 {
		t.Errorf("%d calls left", n)
	}
}

func TestChangesAreAudited(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.choose(t, setting("openai", "https://127.0.0.1:8000"))
	var changes int
	err := d.ws.World.Admin.QueryRow(t.Context(), `
select count(*) from audit.event where workspace_id = $1 and verb = 'model.change' and outcome = 'done'`, d.ws.ID).Scan(&changes)
	if err != nil || changes != 1 {
		t.Errorf("there are %d events of the change (%v), want 1", changes, err)
	}
	var readable int
	if err := d.ws.World.Admin.QueryRow(t.Context(), `select count(*) from tenant.model m where m::text ~ 'the-key|model-1|127.0.0.1'`).Scan(&readable); err != nil || readable != 0 {
		t.Errorf("%d rows hold the key, the model or the address in the clear (%v)", readable, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	set := setting("openai", "https://api.example.com")
	b, err := json.Marshal(set)
	if text := fmt.Sprintf("%v %+v %#v %s", set, set, set, b); err != nil || strings.Contains(text, "the-key") {
		t.Errorf("a setting prints as %s (%v)", text, err)
	}
}
