package llm

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mainstay/internal/egress"
)

// shape is how one kind of API is spoken.
type shape struct {
	request func(Setting, *url.URL, Request) (egress.Call, error)
	answer  func(body []byte) (json.RawMessage, error)
	usage   func(body []byte) egress.Usage
}

func shapes() map[string]shape {
	return map[string]shape{
		"anthropic": {anthropicRequest, anthropicAnswer, anthropicUsage},
		"openai":    {openaiRequest, openaiAnswer, openaiUsage},
		"gemini":    {geminiRequest, geminiAnswer, geminiUsage},
	}
}

type object = map[string]any

func post(endpoint *url.URL, header http.Header, body object) (egress.Call, error) {
	b, err := json.Marshal(body)
	header.Set("Content-Type", "application/json")
	return egress.Call{Endpoint: endpoint, Header: header, Body: b}, err
}

var errNoAnswer = errors.New("the answer holds no text")

// anthropicRequest asks by a forced tool call, whose input is the JSON (platform documentation, Messages API, tool use).
func anthropicRequest(set Setting, base *url.URL, r Request) (egress.Call, error) {
	header := http.Header{"X-Api-Key": {set.Key.Reveal()}, "Anthropic-Version": {"2023-06-01"}}
	return post(base.JoinPath("v1", "messages"), header, object{
		"model": set.Model, "max_tokens": r.Tokens, "system": r.System,
		"messages":    []object{{"role": "user", "content": r.User}},
		"tools":       []object{{"name": "answer", "description": "Gives the answer.", "input_schema": r.Schema}},
		"tool_choice": object{"type": "tool", "name": "answer"},
	})
}

func anthropicAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		Content []struct {
			Type  string          `json:"type"`
			Input json.RawMessage `json:"input"`
		} `json:"content"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errors.New("it is not JSON")
	}
	for _, c := range a.Content {
		if c.Type == "tool_use" {
			return c.Input, nil
		}
	}
	return nil, errNoAnswer
}

func anthropicUsage(body []byte) egress.Usage {
	var a struct {
		Usage struct {
			In  int64 `json:"input_tokens"`
			Out int64 `json:"output_tokens"`
		} `json:"usage"`
	}
	_ = json.Unmarshal(body, &a)
	return egress.Usage{In: a.Usage.In, Out: a.Usage.Out}
}

// openaiRequest asks by a response format of JSON schema. An address with an api-version is an Azure deployment's, which
// takes its key in another header (OpenAI API reference, chat completions; Azure's REST reference).
func openaiRequest(set Setting, base *url.URL, r Request) (egress.Call, error) {
	header := http.Header{}
	switch {
	case base.Query().Has("api-version"):
		header.Set("Api-Key", set.Key.Reveal())
	case set.Key != "":
		header.Set("Authorization", "Bearer "+set.Key.Reveal())
	}
	endpoint := base
	if !strings.HasSuffix(base.Path, "/chat/completions") {
		endpoint = base.JoinPath("chat", "completions")
	}
	return post(endpoint, header, object{
		"model": set.Model, "max_tokens": r.Tokens, "temperature": 0,
		"messages":        []object{{"role": "system", "content": r.System}, {"role": "user", "content": r.User}},
		"response_format": object{"type": "json_schema", "json_schema": object{"name": "answer", "strict": true, "schema": r.Schema}},
	})
}

func openaiAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errors.New("it is not JSON")
	}
	if len(a.Choices) == 0 || a.Choices[0].Message.Content == "" {
		return nil, errNoAnswer
	}
	return fenced(a.Choices[0].Message.Content), nil
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

// geminiRequest asks by a response schema (Gemini API reference, generateContent).
func geminiRequest(set Setting, base *url.URL, r Request) (egress.Call, error) {
	header := http.Header{"X-Goog-Api-Key": {set.Key.Reveal()}}
	return post(base.JoinPath("v1beta", "models", set.Model+":generateContent"), header, object{
		"systemInstruction": object{"parts": []object{{"text": r.System}}},
		"contents":          []object{{"role": "user", "parts": []object{{"text": r.User}}}},
		"generationConfig": object{"temperature": 0, "maxOutputTokens": r.Tokens, "responseMimeType": "application/json",
			"responseSchema": r.Schema.gemini()},
	})
}

func geminiAnswer(body []byte) (json.RawMessage, error) {
	var a struct {
		Candidates []struct {
			Content struct {
				Parts []struct {
					Text string `json:"text"`
				} `json:"parts"`
			} `json:"content"`
		} `json:"candidates"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, errors.New("it is not JSON")
	}
	var text strings.Builder
	if len(a.Candidates) > 0 {
		for _, p := range a.Candidates[0].Content.Parts {
			text.WriteString(p.Text)
		}
	}
	if text.Len() == 0 {
		return nil, errNoAnswer
	}
	return fenced(text.String()), nil
}

func geminiUsage(body []byte) egress.Usage {
	var a struct {
		Usage struct {
			In  int64 `json:"promptTokenCount"`
			Out int64 `json:"candidatesTokenCount"`
		} `json:"usageMetadata"`
	}
	_ = json.Unmarshal(body, &a)
	return egress.Usage{In: a.Usage.In, Out: a.Usage.Out}
}

// fenced takes off the code fence that some models put around JSON.
func fenced(text string) json.RawMessage {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "```"); ok {
		inner = strings.TrimPrefix(inner, "json")
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(inner), "```"))
	}
	return json.RawMessage(text)
}
