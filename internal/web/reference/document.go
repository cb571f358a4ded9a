package reference

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
)

// Noun is a heading with its operations.
type Noun struct {
	ID, Name, Says string
	Operations     []Operation
}

// Operation is one act as the page shows it.
type Operation struct {
	ID, Method, Path, Summary, Says string
	Who                             string // the least role, and the scope of a key
	Parameters                      []Field
	BodyType                        string
	BodyKind                        string // a kind of object, named below
	Body                            []Field
	Example                         string // a command
	Answers                         []Answer
	Refusals                        []string
}

// Field is a parameter, or a field of an object.
type Field struct {
	Name, In, Type, Kind, Says string
	Required                   bool
}

// Answer is one way in which an operation ends well.
type Answer struct{ Status, Type, Kind, Says string }

// Kind is a kind of object that operations take or answer with.
type Kind struct {
	ID, Says string
	Fields   []Field
}

// document is the part of an OpenAPI document that is shown.
type document struct {
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]entry
	Components struct{ Schemas map[string]*schema }
}

type entry struct {
	ID          string `json:"operationId"`
	Summary     string
	Description string
	Tags        []string
	Security    []map[string][]string
	Role        string `json:"x-least-role"`
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                *schema
	}
	Body *struct {
		Content map[string]media
	} `json:"requestBody"`
	Responses map[string]struct {
		Description string
		Content     map[string]media
	}
}

type media struct {
	Schema  *schema
	Example json.RawMessage
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Description string
	Format      string
	Enum        []any
	Items       *schema
	Properties  map[string]*schema
	Required    []string
	OneOf       []*schema
	Minimum     *float64
	Maximum     *float64
	MaxLength   *int
	MaxItems    *int
	Default     any
	Examples    []any
}

// kind returns the name of the kind of object that a schema is, or is a list of; empty for none.
func (s *schema) kind() string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[strings.LastIndex(s.Ref, "/")+1:]
	case len(s.OneOf) > 0:
		return s.OneOf[0].kind()
	}
	return s.Items.kind()
}

// words says in words what values a schema takes.
func (s *schema) words() string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.kind()
	case len(s.OneOf) > 0:
		return s.OneOf[0].words() + " or null"
	}
	text := s.typed()
	if len(s.Enum) > 0 {
		var all []string
		for _, e := range s.Enum {
			all = append(all, wordsOf(e))
		}
		text = strings.Join(all, ", ")
	}
	return text + s.bounds()
}

func (s *schema) typed() string {
	name, null := s.Type, ""
	if both, ok := s.Type.([]any); ok && len(both) > 0 {
		name, null = both[0], " or null"
	}
	switch {
	case name == "array":
		return "list of " + s.Items.words() + null
	case s.Format == "date-time":
		return "time" + null
	case s.Format == "date":
		return "date" + null
	case s.Format == "binary":
		return "bytes" + null
	case name == "string":
		return "text" + null
	case name == "integer", name == "number":
		return "number" + null
	case name == "boolean":
		return "true or false" + null
	}
	return "object" + null
}

func (s *schema) bounds() string {
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return ", " + wordsOf(*s.Minimum) + " to " + wordsOf(*s.Maximum)
	case s.MaxLength != nil:
		return ", at most " + wordsOf(*s.MaxLength) + " characters"
	case s.MaxItems != nil:
		return ", at most " + wordsOf(*s.MaxItems)
	}
	return ""
}

func wordsOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return strings.Trim(string(b), `"`)
}

func (d document) fields(s *schema) []Field {
	var all []Field
	for name, p := range s.Properties {
		all = append(all, Field{Name: name, Type: p.words(), Kind: d.known(p), Says: p.Description, Required: slices.Contains(s.Required, name)})
	}
	slices.SortFunc(all, func(a, b Field) int {
		if a.Required != b.Required {
			return cmp.Compare(b2i(b.Required), b2i(a.Required))
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// known is a schema's kind where the page has it.
func (d document) known(s *schema) string {
	if k := s.kind(); d.Components.Schemas[k] != nil {
		return k
	}
	return ""
}

func (d document) kinds() []Kind {
	var all []Kind
	for name, s := range d.Components.Schemas {
		all = append(all, Kind{ID: name, Says: s.Description, Fields: d.fields(s)})
	}
	slices.SortFunc(all, func(a, b Kind) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (d document) nouns() []Noun {
	at := map[string]*Noun{}
	all := make([]Noun, len(d.Tags))
	for i, tag := range d.Tags {
		all[i] = Noun{ID: strings.ToLower(tag.Name), Name: tag.Name, Says: tag.Description}
		at[tag.Name] = &all[i]
	}
	for path, methods := range d.Paths {
		for method, e := range methods {
			if noun := at[first(e.Tags)]; noun != nil {
				noun.Operations = append(noun.Operations, d.operation(strings.ToUpper(method), path, e))
			}
		}
	}
	for i := range all {
		slices.SortFunc(all[i].Operations, func(a, b Operation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), cmp.Compare(rank(a.Method), rank(b.Method)))
		})
	}
	return slices.DeleteFunc(all, func(n Noun) bool { return len(n.Operations) == 0 })
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

func rank(method string) int {
	return slices.Index([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method)
}

func (d document) operation(method, path string, e entry) Operation {
	op := Operation{ID: e.ID, Method: method, Path: path, Summary: e.Summary, Says: e.Description, Who: who(e)}
	for _, p := range e.Parameters {
		op.Parameters = append(op.Parameters, Field{Name: p.Name, In: p.In, Type: p.Schema.words(), Says: p.Description, Required: p.Required})
	}
	if e.Body != nil {
		for kind, m := range e.Body.Content {
			op.BodyType, op.BodyKind = kind, d.known(m.Schema)
			if op.BodyKind == "" && m.Schema != nil {
				op.Body = d.fields(m.Schema)
			}
		}
	}
	for status, r := range e.Responses {
		if status >= "400" {
			op.Refusals = append(op.Refusals, status)
			continue
		}
		a := Answer{Status: status, Says: r.Description}
		var types []string
		for kind, m := range r.Content {
			types = append(types, kind)
			a.Kind = d.known(m.Schema)
		}
		slices.Sort(types)
		a.Type = strings.Join(types, ", ")
		op.Answers = append(op.Answers, a)
	}
	slices.Sort(op.Refusals)
	slices.SortFunc(op.Answers, func(a, b Answer) int { return strings.Compare(a.Status, b.Status) })
	op.Example = example(method, path, e)
	return op
}

// who says who may: the least role, and the scope that a key needs.
func who(e entry) string {
	role, key := "Every member", "Not by key or token: a person in a browser only."
	if e.Role != "" {
		role = map[string]string{"owner": "Owners", "admin": "Owners and admins", "member": "Members and above", "viewer": "Everybody in the workspace"}[e.Role]
	}
	for _, s := range e.Security {
		if scopes, ok := s["bearer"]; ok {
			key = "By any key."
			if len(scopes) > 0 {
				key = "By a key with " + strings.Join(scopes, " and ") + "."
			}
		}
	}
	return role + ". " + key
}

// example is the command that asks for the operation.
func example(method, path string, e entry) string {
	var b strings.Builder
	b.WriteString("curl ")
	switch {
	case method == "HEAD":
		b.WriteString("--head ")
	case method != "GET":
		b.WriteString("-X " + method + " ")
	}
	for _, p := range e.Parameters {
		if p.In == "path" && len(p.Schema.Examples) > 0 {
			path = strings.Replace(path, "{"+p.Name+"}", wordsOf(p.Schema.Examples[0]), 1)
		}
	}
	b.WriteString(`"$MAINSTAY` + path + `" -H "Authorization: Bearer $KEY"`)
	for _, p := range e.Parameters {
		if p.In == "header" && p.Required && p.Name == "If-Match" {
			b.WriteString(" \\\n  -H 'If-Match: \"…\"'")
		}
	}
	if e.Body == nil {
		return b.String()
	}
	for kind, m := range e.Body.Content {
		switch {
		case kind == "multipart/form-data":
			b.WriteString(" \\\n  -F 'meeting={\"title\":\"Site meeting 12\"}' -F file=@site.m4a")
		case len(m.Example) > 0:
			b.WriteString(" \\\n  -H 'Content-Type: " + kind + "' \\\n  -d '" + compact(m.Example) + "'")
		case kind == "application/json":
			b.WriteString(" \\\n  -H 'Content-Type: " + kind + "' -d '{}'")
		default:
			b.WriteString(" \\\n  -H 'Content-Type: " + kind + "' -H 'Tus-Resumable: 1.0.0' -H 'Upload-Offset: 0' --data-binary @site.m4a")
		}
	}
	return b.String()
}

func compact(example []byte) string {
	var b bytes.Buffer
	if err := json.Compact(&b, example); err != nil {
		return "{}"
	}
	return b.String()
}
