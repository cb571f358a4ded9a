// Package llmtest is a language model for tests: a server on loopback that speaks the APIs of package llm and answers as a
// test tells it to, well or badly.
package llmtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Question is a request as the server got it.
type Question struct {
	Provider string // "anthropic", "openai" or "gemini"
	Path     string
	Header   http.Header
	Body     []byte
	System   string
	User     string
}

// Reply is what the server does with a question. Text becomes the model's answer in the provider's envelope; Do, where it is
// set, does everything by itself.
type Reply struct {
	Text   string
	Status int // 200 if zero
	Header http.Header
	Body   []byte // instead of an envelope
	Do     http.HandlerFunc
}

// Server is the stand-in. Its address is for settings whose server is the operator's own.
type Server struct {
	URL   string
	mu    sync.Mutex
	asked []Question
}

// New returns a server that answers with what reply says. It ends with the test.
func New(t testing.TB, reply func(Question) Reply) *Server {
	t.Helper()
	s := &Server{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := read(r)
		s.mu.Lock()
		s.asked = append(s.asked, q)
		s.mu.Unlock()
		reply(q).write(w, r, q)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Asked returns the questions so far.
func (s *Server) Asked() []Question {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func read(r *http.Request) Question {
	q := Question{Path: r.URL.Path, Header: r.Header}
	q.Body, _ = io.ReadAll(r.Body)
	var body struct {
		System   string `json:"system"`
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
		Instruction content   `json:"systemInstruction"`
		Contents    []content `json:"contents"`
	}
	_ = json.Unmarshal(q.Body, &body) // a body that is no JSON is a question without text
	q.System = body.System + body.Instruction.text()
	for _, m := range body.Messages {
		if m.Role == "system" {
			q.System += m.Content
		} else {
			q.User += m.Content
		}
	}
	for _, c := range body.Contents {
		q.User += c.text()
	}
	q.Provider = "openai"
	if strings.HasSuffix(q.Path, "/messages") {
		q.Provider = "anthropic"
	} else if strings.HasSuffix(q.Path, ":generateContent") {
		q.Provider = "gemini"
	}
	return q
}

type content struct {
	Parts []struct {
		Text string `json:"text"`
	} `json:"parts"`
}

func (c content) text() string {
	var b strings.Builder
	for _, p := range c.Parts {
		b.WriteString(p.Text)
	}
	return b.String()
}

func (r Reply) write(w http.ResponseWriter, req *http.Request, q Question) {
	if r.Do != nil {
		r.Do(w, req)
		return
	}
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	if r.Status != 0 {
		w.WriteHeader(r.Status)
	}
	body := r.Body
	if body == nil && r.Status == 0 {
		body = Envelope(q.Provider, r.Text)
	}
	_, _ = w.Write(body) // the client may be gone already
}

// Envelope puts a model's text into the answer of a provider's API. It says that 1,000 tokens went in and 200 came out.
func Envelope(provider, text string) []byte {
	type object = map[string]any
	body := object{"choices": []object{{"finish_reason": "stop", "message": object{"role": "assistant", "content": text}}},
		"usage": object{"prompt_tokens": 1000, "completion_tokens": 200}}
	switch provider {
	case "anthropic":
		body = object{"type": "message", "stop_reason": "end_turn", "content": []object{{"type": "text", "text": text}},
			"usage": object{"input_tokens": 1000, "output_tokens": 200}}
	case "gemini":
		body = object{"candidates": []object{{"finishReason": "STOP", "content": object{"parts": []object{{"text": text}}}}},
			"usageMetadata": object{"promptTokenCount": 1000, "candidatesTokenCount": 200}}
	}
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return b
}

// Stall answers nothing until the client is gone.
func Stall(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// Drip answers one byte at a time, for ever.
func Drip(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
		case <-time.After(time.Millisecond):
		}
	}
}

// Fall answers half and then falls silent.
func Fall(w http.ResponseWriter, r *http.Request) {
	_, _ = w.Write([]byte(`{"content":[`))
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

// Break answers half and breaks the connection.
func Break(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = w.Write([]byte(`{"content":[`))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}
