// Package audio hears a file while its sender waits, in the shape of OpenAI's speech API, so that clients which were written for
// that one work here unchanged: POST /v1/audio/transcriptions and GET /v1/models. Nothing that is sent is kept, and nothing
// leaves the machine.
package audio

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/language"
	"mainstay/internal/speech"
)

// The addresses.
const (
	TranscriptionsPath = "/v1/audio/transcriptions"
	ModelsPath         = "/v1/models"
)

type addresses struct {
	speech *speech.Service
	server *httpd.Server
}

// Register adds the addresses to a server. It panics as httpd.Server.API does.
func Register(s *speech.Service, server *httpd.Server) {
	a := addresses{s, server}
	server.API("POST "+TranscriptionsPath, httpd.Verb(gate.Listen), a.transcribe, httpd.Stream(), httpd.Limited(httpd.Speech), httpd.MaxBody(speech.MaxListen+1<<20))
	server.API("GET "+ModelsPath, httpd.SignedIn(), a.models)
}

// The models that stand for the usual engine, whatever it is called here: what clients ask for unless they are told otherwise.
var usual = []string{"whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-transcribe-diarize"}

// request is what a client asks for.
type request struct {
	file   []byte
	format string
	words  bool // with the times of words
	hints  speech.Hints
}

func (a addresses) transcribe(w http.ResponseWriter, r *http.Request) error {
	asked, err := read(r)
	if err != nil {
		return err
	}
	heard, err := a.speech.Listen(r.Context(), asked.file, asked.hints)
	if err != nil {
		return err
	}
	kind, body := "text/plain; charset=utf-8", ""
	switch asked.format {
	case "text":
		body = plainOf(heard)
	case "srt":
		body = heard.SRT()
	case "vtt":
		kind, body = "text/vtt; charset=utf-8", heard.VTT()
	default:
		return answer(w, shape(heard, asked))
	}
	w.Header().Set("Content-Type", kind)
	_, err = io.WriteString(w, body)
	return err
}

func answer(w http.ResponseWriter, body any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(body)
}

// read reads the form as it comes, in any order of its fields. Nothing of it touches a disk.
func read(r *http.Request) (request, error) {
	asked := request{format: "json"}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return asked, httpd.Refuse(http.StatusUnsupportedMediaType, "This address takes a form of parts (multipart/form-data) with the file in “file”.")
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return asked, httpd.Refuse(http.StatusBadRequest, "This form could not be read.")
	}
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > 40 {
			return asked, unreadable(err)
		}
		limit := int64(16 << 10)
		if part.FormName() == "file" {
			limit = speech.MaxListen
		}
		value, err := io.ReadAll(io.LimitReader(part, limit+1))
		if err != nil {
			return asked, unreadable(err)
		}
		if int64(len(value)) > limit {
			return asked, fault.New(fault.TooLarge, "A file of at most 25 MB is heard here. Upload a longer recording as a meeting.")
		}
		if err := asked.take(part.FormName(), value); err != nil {
			return asked, err
		}
	}
	if len(asked.file) == 0 {
		return asked, fault.New(fault.Invalid, "The form holds no file. Send it in the field “file”.")
	}
	if asked.words && asked.format != "verbose_json" {
		return asked, fault.New(fault.Invalid, "Times of words come with the response format “verbose_json” alone.")
	}
	return asked, nil
}

// unreadable keeps the error of a body that is too long, which has a status of its own.
func unreadable(err error) error {
	if long := (*http.MaxBytesError)(nil); errors.As(err, &long) {
		return err
	}
	return httpd.Refuse(http.StatusBadRequest, "This form could not be read.")
}

// take takes one field of the form. Fields that change nothing here are read over, as clients send them by themselves.
func (q *request) take(name string, value []byte) error {
	text := strings.TrimSpace(string(value))
	switch name {
	case "file":
		q.file = value
	case "model":
		if !slices.Contains(usual, text) {
			q.hints.Engine = text
		}
	case "language":
		if q.hints.Language = language.Tag(text); q.hints.Language == "" && text != "" {
			return fault.New(fault.Invalid, "There is no such language. Name it by its two letters, as in “en”.")
		}
	case "prompt":
		if utf8.Valid(value) {
			q.hints.Glossary = words(text)
		}
	case "response_format":
		if q.format = text; !slices.Contains([]string{"json", "text", "srt", "verbose_json", "vtt", "diarized_json"}, text) {
			return fault.New(fault.Invalid, "The response format is one of json, text, srt, verbose_json, vtt and diarized_json.")
		}
	case "timestamp_granularities[]", "timestamp_granularities":
		if text != "word" && text != "segment" {
			return fault.New(fault.Invalid, "Times are of a “word” or a “segment”.")
		}
		q.words = q.words || text == "word"
	case "stream":
		if text == "true" {
			return fault.New(fault.Invalid, "An answer comes whole here, and not as a stream.")
		}
	}
	return nil
}

// words makes words to expect of a prompt: those that a stranger would misspell begin with a capital letter or hold a digit.
func words(prompt string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(prompt, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;.:!?\"()", r) }) {
		if len(out) < 100 && len(w) > 1 && w != strings.ToLower(w) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// models lists what can be asked for.
func (a addresses) models(w http.ResponseWriter, _ *http.Request) error {
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int    `json:"created"`
		OwnedBy string `json:"owned_by"`
	}
	list := []model{}
	for _, name := range append(slices.Clone(usual[:1]), a.speech.Recognizer.Engines()...) {
		list = append(list, model{ID: name, Object: "model", OwnedBy: "mainstay"})
	}
	return answer(w, map[string]any{"object": "list", "data": list})
}
