package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mainstay/internal/egress"
)

// shape is how one kind of API is spoken. Forms write a request, the one that most servers take first; the later ones are for
// servers that refuse it. Answer finds the JSON in what came back, and its errors hold nothing of it.
type shape struct {
	forms  []func(Setting, *url.URL, Request) (egress.Call, error)
	answer func(body []byte) (json.RawMessage, error)
	usage  func(body []byte) egress.Usage
}

type forms = []func(Setting, *url.URL, Request) (egress.Call, error)

func shapes() map[string]shape {
	return map[string]shape{
		"anthropic": {forms{anthropicFormat, anthropicTool}, anthropicAnswer, anthropicUsage},
		"openai":    {forms{openaiFormat, openaiPlain}, openaiAnswer, openaiUsage},
		"gemini":    {forms{geminiSchema, geminiPlain}, geminiAnswer, geminiUsage},
	}
}

type object = map[string]any

func post(endpoint *url.URL, header http.Header, body object) (egress.Call, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(body)
	header.Set("Content-Type", "application/json")
	return egress.Call{Endpoint: endpoint, Header: header, Body: bytes.TrimSpace(b.Bytes())}, err
}

// What can be wrong with an answer before its JSON is read.
var (
	errNoAnswer = errors.New("it holds no text")
	errNotJSON  = errors.New("it is not JSON")
	errCut      = errors.New("it was cut off because it was too long: give only what matters most, in few words")
	errDeclined = errors.New("the model declined")
)

// at returns an address below the base, with a version's folder in between unless the base ends in one.
func at(base *url.URL, version string, path ...string) *url.URL {
	if last := base.Path[strings.LastIndexByte(base.Path, '/')+1:]; !strings.HasPrefix(last, "v1") {
		base = base.JoinPath(version)
	}
	return base.JoinPath(path...)
}

// inWords tells a model the shape of its answer where the API cannot.
func inWords(r Request) (string, error) {
	schema, err := json.Marshal(r.Schema)
	return r.System + "\n\nAnswer with JSON alone, of this JSON Schema: " + string(schema), err
}

// The Messages API (platform.claude.com/docs: Messages, structured outputs, handling stop reasons).
func anthropic(set Setting, base *url.URL, r Request, more object) (egress.Call, error) {
	header := http.Header{"X-Api-Key": {set.Key.Reveal()}, "Anthropic-Version": {"2023-06-01"}}
	body := object{"model": set.Model, "max_tokens": r.Tokens, "system": r.System, "messages": []object{{"role": "user", "content": r.User}}}
	for name, value := range more {
		body[name] = value
	}
	return post(at(base, "v1", "messages"), header, body)
}

// anthropicFormat asks by an output format, which models from Claude 4.5 on take.
func anthropicFormat(set Setting, base *url.URL, r Request) (egress.Call, error) {
	return anthropic(set, base, r, object{"output_config": object{"format": object{"type": "json_schema", "schema": r.Schema}}})
}

// anthropicTool asks by a forced tool call, whose input is the JSON; models that always think refuse it.
func anthropicTool(set Setting, base *url.URL, r Request) (egress.Call, error) {
	return anthropic(set, base, r, object{
		"tools":       []object{{"name": "answer", "description": "Gives the answer.", "input_schema": r.Schema}},
		"tool_choice": object{"type": "tool", "name": "answer"},
	})
}

func anthropicAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		StopReason string `json:"stop_reason"`
		Content    []struct {
			Type  string          `json:"type"`
			Text  string          `json:"text"`
			Input json.RawMessage `json:"input"`
		} `json:"content"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errNotJSON
	}
	switch a.StopReason {
	case "max_tokens", "model_context_window_exceeded":
		return nil, errCut
	case "refusal":
		return nil, errDeclined
	}
	var text strings.Builder
	for _, c := range a.Content {
		switch c.Type {
		case "tool_use":
			return c.Input, nil
		case "text":
			text.WriteString(c.Text)
		}
	}
	return bare(text.String())
}

func anthropicUsage(body []byte) egress.Usage {
	var a struct {
		Usage struct {
			In      int64 `json:"input_tokens"`
			Written int64 `json:"cache_creation_input_tokens"`
			Read    int64 `json:"cache_read_input_tokens"`
			Out     int64 `json:"output_tokens"`
		} `json:"usage"`
	}
	_ = json.Unmarshal(body, &a) // what cannot be read counts as the most that the call may take
	return egress.Usage{In: a.Usage.In + a.Usage.Written + a.Usage.Read, Out: a.Usage.Out}
}

// The chat completions API (OpenAI API reference; Azure OpenAI reference; the compatible servers of vLLM, llama.cpp, Ollama).
// OpenAI itself and Azure take max_completion_tokens and, for models that reason, no temperature; the compatible servers know
// max_tokens.
func openai(set Setting, base *url.URL, r Request, hosted bool, more object) (egress.Call, error) {
	header := http.Header{}
	switch {
	case azure(base):
		header.Set("Api-Key", set.Key.Reveal())
	case set.Key != "":
		header.Set("Authorization", "Bearer "+set.Key.Reveal())
	}
	body := object{"model": set.Model, "messages": []object{{"role": "system", "content": r.System}, {"role": "user", "content": r.User}}}
	if hosted {
		body["max_completion_tokens"] = r.Tokens
	} else {
		body["max_tokens"], body["temperature"] = r.Tokens, 0
	}
	for name, value := range more {
		body[name] = value
	}
	return post(chat(base), header, body)
}

// chat is the address of chat completions below what the owner entered: the whole address, a folder, or the host alone.
func chat(base *url.URL) *url.URL {
	switch {
	case strings.HasSuffix(base.Path, "/chat/completions"):
		return base
	case strings.Trim(base.Path, "/") != "":
		return base.JoinPath("chat", "completions")
	case azure(base):
		return base.JoinPath("openai", "v1", "chat", "completions")
	}
	return base.JoinPath("v1", "chat", "completions")
}

// azure reports whether an address is an Azure deployment's, which takes its key in another header.
func azure(base *url.URL) bool {
	return base.Query().Has("api-version") || strings.HasSuffix(base.Hostname(), ".azure.com")
}

func hosted(base *url.URL) bool {
	return azure(base) || strings.HasSuffix(base.Hostname(), ".openai.com")
}

// openaiFormat asks by a response format of JSON schema.
func openaiFormat(set Setting, base *url.URL, r Request) (egress.Call, error) {
	return openai(set, base, r, hosted(base), object{
		"response_format": object{"type": "json_schema", "json_schema": object{"name": "answer", "strict": true, "schema": r.Schema}},
	})
}

// openaiPlain asks in words, with the other name for the limit of the answer: for servers and models before response formats.
func openaiPlain(set Setting, base *url.URL, r Request) (egress.Call, error) {
	var err error
	if r.System, err = inWords(r); err != nil {
		return egress.Call{}, err
	}
	return openai(set, base, r, !hosted(base), nil)
}

func openaiAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		Choices []struct {
			FinishReason string `json:"finish_reason"`
			Message      struct {
				Content string  `json:"content"`
				Refusal *string `json:"refusal"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errNotJSON
	}
	if len(a.Choices) == 0 {
		return nil, errNoAnswer
	}
	c := a.Choices[0]
	switch {
	case c.FinishReason == "length":
		return nil, errCut
	case c.FinishReason == "content_filter", c.Message.Refusal != nil && *c.Message.Refusal != "":
		return nil, errDeclined
	}
	return bare(c.Message.Content)
}

func openaiUsage(body []byte) egress.Usage {
	var a struct {
		Usage struct {
			In  int64 `json:"prompt_tokens"`
			Out int64 `json:"completion_tokens"`
		} `json:"usage"`
	}
	_ = json.Unmarshal(body, &a)
	return egress.Usage{In: a.Usage.In, Out: a.Usage.Out}
}

// The Gemini API (ai.google.dev: models.generateContent, structured output).
func gemini(set Setting, base *url.URL, r Request, more object) (egress.Call, error) {
	header := http.Header{"X-Goog-Api-Key": {set.Key.Reveal()}}
	config := object{"maxOutputTokens": r.Tokens, "responseMimeType": "application/json"}
	for name, value := range more {
		config[name] = value
	}
	return post(at(base, "v1beta", "models", strings.TrimPrefix(set.Model, "models/")+":generateContent"), header, object{
		"systemInstruction": object{"parts": []object{{"text": r.System}}},
		"contents":          []object{{"role": "user", "parts": []object{{"text": r.User}}}},
		"generationConfig":  config,
	})
}

// geminiSchema asks by a response schema.
func geminiSchema(set Setting, base *url.URL, r Request) (egress.Call, error) {
	return gemini(set, base, r, object{"responseSchema": r.Schema.gemini()})
}

// geminiPlain asks in words.
func geminiPlain(set Setting, base *url.URL, r Request) (egress.Call, error) {
	var err error
	if r.System, err = inWords(r); err != nil {
		return egress.Call{}, err
	}
	return gemini(set, base, r, nil)
}

func geminiAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		PromptFeedback struct {
			BlockReason string `json:"blockReason"`
		} `json:"promptFeedback"`
		Candidates []struct {
			FinishReason string `json:"finishReason"`
			Content      struct {
				Parts []struct {
					Text    string `json:"text"`
					Thought bool   `json:"thought"`
				} `json:"parts"`
			} `json:"content"`
		} `json:"candidates"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errNotJSON
	}
	if a.PromptFeedback.BlockReason != "" {
		return nil, errDeclined
	}
	if len(a.Candidates) == 0 {
		return nil, errNoAnswer
	}
	switch a.Candidates[0].FinishReason {
	case "", "STOP":
	case "MAX_TOKENS":
		return nil, errCut
	default: // SAFETY, RECITATION, PROHIBITED_CONTENT and the like
		return nil, errDeclined
	}
	var text strings.Builder
	for _, p := range a.Candidates[0].Content.Parts {
		if !p.Thought {
			text.WriteString(p.Text)
		}
	}
	return bare(text.String())
}

func geminiUsage(body []byte) egress.Usage {
	var a struct {
		Usage struct {
			In       int64 `json:"promptTokenCount"`
			Out      int64 `json:"candidatesTokenCount"`
			Thoughts int64 `json:"thoughtsTokenCount"`
		} `json:"usageMetadata"`
	}
	_ = json.Unmarshal(body, &a)
	return egress.Usage{In: a.Usage.In, Out: a.Usage.Out + a.Usage.Thoughts}
}

// bare takes off what some models put around JSON: the thoughts before it and a code fence.
func bare(text string) (json.RawMessage, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "<think>"); ok {
		_, after, _ := strings.Cut(rest, "</think>")
		text = strings.TrimSpace(after)
	}
	if inner, ok := strings.CutPrefix(text, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(inner), "```"))
	}
	if text == "" {
		return nil, errNoAnswer
	}
	return json.RawMessage(text), nil
}
