package operation

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/httpd"
)

const problems = "#/components/schemas/Problem"

// opening is the document before there are operations.
func (s *Set) opening() *huma.OpenAPI {
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Mainstay", Version: "v1",
			Description: "Meetings, recordings, transcripts and minutes of one workspace, as JSON. Times are UTC (RFC 3339). " +
				"Fields and parameters that are not named here are refused. Errors are problem documents (RFC 9457)."},
		Servers: []*huma.Server{{URL: "/", Description: "this deployment"}},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "An API key or an access token. Its scopes are what an operation asks for."},
				"cookie": {Type: "apiKey", In: "cookie", Name: "__Host-mainstay", Description: "A signed-in browser's session."},
				"form": {Type: "apiKey", In: "header", Name: "X-CSRF-Token",
					Description: "The token of the browser's session, from the meta element csrf of any page. Changes by cookie need it."},
			},
		},
	}
	for _, n := range s.nouns {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: n.Name, Description: n.Says})
	}
	doc.Components.Schemas.Map()["Problem"] = problemSchema()
	return doc
}

func problemSchema() *huma.Schema {
	text := func(says string) *huma.Schema { return &huma.Schema{Type: "string", Description: says} }
	part := &huma.Schema{Type: "object", AdditionalProperties: false, Required: []string{"detail"}, Properties: map[string]*huma.Schema{
		"pointer":   text("The place in the body, as a JSON pointer (RFC 6901)."),
		"parameter": text("The parameter of the address, or the header."),
		"detail":    text("What that part must be. It never holds what was sent."),
	}}
	return &huma.Schema{Type: "object", AdditionalProperties: false, Description: "Why a request was refused or failed (RFC 9457).",
		Required: []string{"type", "title", "status", "detail", "instance"}, Properties: map[string]*huma.Schema{
			"type":     text("The address of a page about this kind of problem."),
			"title":    text("The status in words."),
			"status":   {Type: "integer"},
			"detail":   text("A sentence for people, with the next step."),
			"instance": text("The id of the request, as the log knows it."),
			"errors":   {Type: "array", Items: part, Description: "What is wrong with which part of the request."},
		}}
}

// describe begins an operation's entry: what its declaration says.
func (s *Set) describe(op Operation) huma.Operation {
	d := huma.Operation{OperationID: op.ID, Method: op.Method, Path: Base + op.Path, Tags: []string{op.Noun}, Summary: op.Summary, Description: op.Says,
		DefaultStatus: op.Status, MaxBodyBytes: op.MaxBody + 1, BodyReadTimeout: -1, SkipValidateParams: true, SkipValidateBody: true,
		Metadata: map[string]any{"operation": op}, Responses: map[string]*huma.Response{}, Security: op.security(), Extensions: map[string]any{}}
	if op.Verb != "" {
		rule := ruleOf(op.Verb)
		d.Extensions["x-verb"] = string(op.Verb)
		if rule.Least != "" {
			d.Extensions["x-least-role"] = string(rule.Least)
		}
	}
	return d
}

// security says which credentials an operation takes.
func (op Operation) security() []map[string][]string {
	cookie := map[string][]string{"cookie": {}}
	if op.Method != http.MethodGet && op.Method != http.MethodHead {
		cookie["form"] = []string{}
	}
	wanted, byKey := op.Scopes()
	if !byKey {
		return []map[string][]string{cookie}
	}
	scopes := []string{}
	for _, scope := range wanted {
		scopes = append(scopes, string(scope))
	}
	return []map[string][]string{{"bearer": scopes}, cookie}
}

// complete adds what follows from the types: headers, answers that are not JSON, and every refusal that can come.
func (s *Set) complete(d *huma.Operation, op Operation) {
	if op.Takes.Type != "" {
		schema := &huma.Schema{Type: "string", Format: "binary"}
		if op.Takes.Parts != nil {
			schema = &huma.Schema{Type: "object", AdditionalProperties: false, Properties: op.Takes.Parts}
			schema.Required = []string{"file"}
		}
		d.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{op.Takes.Type: {Schema: schema}}}
	}
	success := d.Responses[strconv.Itoa(d.DefaultStatus)]
	for _, kind := range op.Answers {
		if success.Content == nil {
			success.Content = map[string]*huma.MediaType{}
		}
		schema := &huma.Schema{Type: "string"}
		if kind == "application/json" {
			schema.Type = huma.TypeObject
		}
		success.Content[kind] = &huma.MediaType{Schema: schema}
	}
	if op.Partial {
		d.Responses["206"] = &huma.Response{Description: "The range that was asked for.", Content: success.Content, Headers: map[string]*huma.Param{"Content-Range": header("Which bytes these are.")}}
	}
	if success.Headers == nil {
		success.Headers = map[string]*huma.Param{}
	}
	success.Headers["X-Request-Id"] = header("The id of the request, as the log knows it.")
	if success.Content["application/json"] != nil && !op.Stream {
		success.Headers["ETag"] = header("The strong entity tag of this answer.")
		if op.Method == http.MethodGet {
			d.Responses["304"] = &huma.Response{Description: "You have this already: its tag is the one of If-None-Match."}
			d.Parameters = append(d.Parameters, &huma.Param{Name: "If-None-Match", In: "header", Description: "The ETag of an answer that you have.",
				Schema: &huma.Schema{Type: "string"}})
		}
	}
	if op.once() {
		longest := 255
		d.Parameters = append(d.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string", MaxLength: &longest, Pattern: "^[!-~]+$"},
			Description: "A key of yours for this request. The same key with the same request gives the same answer for 24 hours, and is done once."})
	}
	for _, p := range d.Parameters {
		if p.In == "header" && p.Name == "If-Match" {
			p.Required = op.IfMatch
		}
	}
	if body := d.RequestBody; body != nil && op.Example != nil {
		for _, media := range body.Content {
			media.Example = op.Example
		}
	}
	delete(d.Responses, "default")
	for _, status := range op.refusals(d) {
		d.Responses[strconv.Itoa(status)] = s.problem(status)
	}
}

func header(says string) *huma.Param {
	return &huma.Header{Description: says, Schema: &huma.Schema{Type: "string"}}
}

// problem refers to the answer of a status, which stands once in the document.
func (s *Set) problem(status int) *huma.Response {
	components, name := s.api.OpenAPI().Components, "Problem"+strconv.Itoa(status)
	if components.Responses == nil {
		components.Responses = map[string]*huma.Response{}
	}
	if components.Responses[name] == nil {
		components.Responses[name] = problemResponse(status)
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

func problemResponse(status int) *huma.Response {
	r := &huma.Response{Description: Meaning(status), Content: map[string]*huma.MediaType{httpd.ProblemType: {Schema: &huma.Schema{Ref: problems}}}}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		r.Headers = map[string]*huma.Param{"Retry-After": header("After how many seconds to try again.")}
	}
	if status == http.StatusTooManyRequests {
		r.Headers["RateLimit-Policy"] = header("Which limits there are: q requests in w seconds.")
		r.Headers["RateLimit"] = header("What is left of them: r requests, for t seconds.")
	}
	return r
}

// refusals is every status with which a request of the operation can end but by success.
func (op Operation) refusals(d *huma.Operation) []int {
	all := []int{400, 401, 403, 414, 422, 429, 500, 503}
	if slices.ContainsFunc(d.Parameters, func(p *huma.Param) bool { return p.In == "path" }) {
		all = append(all, 404)
	}
	if d.RequestBody != nil || op.Method != http.MethodGet {
		all = append(all, 413)
	}
	if d.RequestBody != nil {
		all = append(all, 415)
	}
	if op.IfMatch {
		all = append(all, 412, 428)
	}
	if op.once() {
		all = append(all, 409, 410)
	}
	all = append(all, op.Also...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Meaning says when a status comes, in a sentence.
func Meaning(status int) string {
	switch status {
	case 400:
		return "The request could not be read."
	case 401:
		return "No credential came with the request, or none that still holds."
	case 403:
		return "The role or the scopes do not allow it, or the workspace wants a confirmation first."
	case 404:
		return "There is nothing at this address, or it is not shared with you."
	case 409:
		return "It is in another state, or the request is being done already."
	case 410:
		return "It was there, and is over or was destroyed."
	case 412:
		return "It changed after you read it."
	case 413:
		return "The request is larger than the operation takes."
	case 414:
		return "The address is longer than 8,192 bytes."
	case 415:
		return "The body is of another media type than the operation takes."
	case 416:
		return "The recording has no such range of bytes."
	case 422:
		return "A part of the request breaks a rule."
	case 428:
		return "The tag of what you read is missing."
	case 429:
		return "Too many requests came. Try again later."
	case 500:
		return "Something went wrong on our side."
	case 503:
		return "What this needs does not answer now. Try again later."
	}
	return http.StatusText(status)
}

// Document returns the OpenAPI document of all that was added. It is the same text each time.
func (s *Set) Document() ([]byte, error) {
	doc := s.api.OpenAPI()
	registry := doc.Components.Schemas
	delete(registry.Map(), "ErrorModel") // huma's own, which nobody is answered with
	delete(registry.Map(), "ErrorDetail")
	for name, schema := range registry.Map() {
		solid(schema)
		if t := registry.TypeFromRef("#/components/schemas/" + name); t != nil {
			absent(schema, t)
		}
	}
	for _, d := range s.sources {
		for _, media := range content(d) {
			solid(media.Schema)
		}
	}
	body, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the OpenAPI document: %w", err)
	}
	return append(body, '\n'), nil
}

func content(d *huma.Operation) []*huma.MediaType {
	var all []*huma.MediaType
	if d.RequestBody != nil {
		for _, m := range d.RequestBody.Content {
			all = append(all, m)
		}
	}
	for _, r := range d.Responses {
		for _, m := range r.Content {
			all = append(all, m)
		}
	}
	return all
}

// absent says which objects may be null: those that a field points to.
func absent(s *huma.Schema, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch p := s.Properties[name]; {
		case f.Anonymous:
			absent(s, f.Type)
		case p != nil && p.Ref != "" && f.Type.Kind() == reflect.Pointer && !strings.Contains(f.Tag.Get("json"), ",omitempty"):
			s.Properties[name] = &huma.Schema{Description: p.Description, OneOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
		}
	}
}

// solid says that lists are never null.
func solid(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	solid(s.Items)
	for _, p := range s.Properties {
		solid(p)
	}
}
