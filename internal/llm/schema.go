package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Schema is a small part of JSON Schema that every provider understands: objects whose fields are all required, arrays,
// and strings that may be null.
type Schema struct {
	Type        string
	Nullable    bool
	Description string
	Items       *Schema
	Fields      []Field // of an object, in order
}

// Field is a field of an object.
type Field struct {
	Name string
	Schema
}

// The limits of an answer.
const (
	maxAnswer = 2 << 20 // bytes
	maxDepth  = 12
	maxString = 20_000
	maxItems  = 500
)

// MarshalJSON writes the schema as JSON Schema in the strict form (no other fields, all required).
func (s Schema) MarshalJSON() ([]byte, error) {
	out := object{"type": s.Type}
	if s.Nullable {
		out["type"] = []string{s.Type, "null"}
	}
	return json.Marshal(s.write(out, func(f Schema) any { return f }, true))
}

// gemini writes the schema in the subset of OpenAPI that Gemini takes: types in capitals, null as a property of its own, fields
// in a stated order, and no word about other fields.
func (s Schema) gemini() object {
	out := object{"type": strings.ToUpper(s.Type)}
	if s.Nullable {
		out["nullable"] = true
	}
	if s.Type == "object" {
		order := []string{}
		for _, f := range s.Fields {
			order = append(order, f.Name)
		}
		out["propertyOrdering"] = order
	}
	return s.write(out, func(f Schema) any { return f.gemini() }, false)
}

func (s Schema) write(out object, inner func(Schema) any, strict bool) object {
	if s.Description != "" {
		out["description"] = s.Description
	}
	if s.Items != nil {
		out["items"] = inner(*s.Items)
	}
	if s.Type != "object" {
		return out
	}
	properties, required := object{}, []string{}
	for _, f := range s.Fields {
		properties[f.Name] = inner(f.Schema)
		required = append(required, f.Name)
	}
	out["properties"], out["required"] = properties, required
	if strict {
		out["additionalProperties"] = false
	}
	return out
}

// Check reads an answer strictly: one value of this shape, no unknown, duplicate or missing field, nothing after it, bounded
// in depth, length and count. Its error tells where and never what.
func (s Schema) Check(answer json.RawMessage) error {
	if len(answer) > maxAnswer {
		return errors.New("answer is too large")
	}
	if !utf8.Valid(answer) {
		return errors.New("answer is not UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	if err := s.read(d, "answer", 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the answer")
	}
	return nil
}

func (s Schema) read(d *json.Decoder, at string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%s is nested too deeply", at)
	}
	token, err := d.Token()
	if err != nil {
		return fmt.Errorf("%s is not whole JSON", at)
	}
	switch v := token.(type) {
	case nil:
		if s.Nullable {
			return nil
		}
	case string:
		if s.Type == "string" && len(v) <= maxString {
			return nil
		}
	case json.Delim:
		if v == '{' && s.Type == "object" {
			return s.readObject(d, at, depth)
		}
		if v == '[' && s.Type == "array" {
			return s.readArray(d, at, depth)
		}
	}
	return fmt.Errorf("%s is not a %s", at, s.Type)
}

func (s Schema) readObject(d *json.Decoder, at string, depth int) error {
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return fmt.Errorf("%s is not whole JSON", at)
		}
		field, ok := s.field(name)
		if !ok || seen[name] {
			return fmt.Errorf("%s has an unknown or repeated field", at)
		}
		seen[name] = true
		if err := field.read(d, at+"."+name, depth+1); err != nil {
			return err
		}
	}
	if len(seen) != len(s.Fields) {
		return fmt.Errorf("%s lacks a field", at)
	}
	return ended(d, at)
}

func (s Schema) field(name string) (Schema, bool) {
	for _, f := range s.Fields {
		if f.Name == name {
			return f.Schema, true
		}
	}
	return Schema{}, false
}

func (s Schema) readArray(d *json.Decoder, at string, depth int) error {
	for n := 0; d.More(); n++ {
		if n == maxItems {
			return fmt.Errorf("%s has too many items", at)
		}
		if err := s.Items.read(d, at+"[]", depth+1); err != nil {
			return err
		}
	}
	return ended(d, at)
}

func ended(d *json.Decoder, at string) error {
	if _, err := d.Token(); err != nil {
		return fmt.Errorf("%s is not whole JSON", at)
	}
	return nil
}
