package operation

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
)

// read checks all of a request that the operation declares, and refuses what it does not.
func (x *exchange) read() error {
	query, err := url.ParseQuery(x.r.URL.RawQuery)
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "The query of this address could not be read. Encode its values.")
	}
	x.query = query
	parts, err := x.checkParameters()
	if err != nil {
		return err
	}
	if x.op.Takes.Type != "" {
		if len(parts) > 0 {
			return refuse(parts...)
		}
		return x.checkType(x.op.Takes.Type)
	}
	wrong, err := x.readBody()
	if err != nil {
		return err
	}
	if parts = append(parts, wrong...); len(parts) > 0 {
		return refuse(parts...)
	}
	return x.precondition()
}

// refuse answers 422 with what is wrong with which part.
func refuse(parts ...httpd.Part) error {
	sentence := "One part of this request breaks a rule. See errors."
	if len(parts) > 1 {
		sentence = fmt.Sprintf("%d parts of this request break a rule. See errors.", len(parts))
	}
	return httpd.RefuseParts(http.StatusUnprocessableEntity, sentence, parts...)
}

// Invalid refuses one field of the body: pointer is "/title".
func Invalid(pointer, detail string) error {
	return refuse(httpd.Part{Pointer: pointer, Detail: detail})
}

func parameter(name, detail string) httpd.Part { return httpd.Part{Parameter: name, Detail: detail} }

// checkParameters checks the query against what is declared, and the headers that are. The parts of the path are the
// handler's: what is no id names nothing.
func (x *exchange) checkParameters() ([]httpd.Part, error) {
	var wrong []httpd.Part
	known := map[string]*huma.Param{}
	for _, p := range x.described.Parameters {
		if p.In == "query" {
			known[p.Name] = p
		}
		if p.In == "header" {
			wrong = append(wrong, x.checkHeader(p)...)
		}
	}
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	for given := range x.query {
		if known[given] == nil {
			detail := "This operation takes no parameters in its address."
			if len(names) > 0 {
				detail = "There is a parameter that is not known here. Known are: " + strings.Join(names, ", ") + "."
			}
			wrong = append(wrong, httpd.Part{Detail: detail})
			break
		}
	}
	for _, name := range names {
		values, given := x.query[name]
		switch {
		case !given && known[name].Required:
			wrong = append(wrong, parameter(name, "This parameter is missing."))
		case len(values) > 1:
			wrong = append(wrong, parameter(name, "This parameter stands here twice."))
		case given:
			c := checker{registry: x.set.api.OpenAPI().Components.Schemas}
			c.text(known[name].Schema, values[0])
			for _, detail := range c.details {
				wrong = append(wrong, parameter(name, detail))
			}
		}
	}
	return wrong, nil
}

// checkHeader checks a header that is declared. What is missing is for the handler to say: each has a status of its own.
func (x *exchange) checkHeader(p *huma.Param) []httpd.Part {
	values := x.r.Header.Values(p.Name)
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return []httpd.Part{parameter(p.Name, "This header stands here twice.")}
	}
	c := checker{registry: x.set.api.OpenAPI().Components.Schemas}
	c.text(p.Schema, values[0])
	var wrong []httpd.Part
	for _, detail := range c.details {
		wrong = append(wrong, parameter(p.Name, detail))
	}
	return wrong
}

// text checks the value of a parameter.
func (c *checker) text(s *huma.Schema, value string) {
	switch s.Type {
	case huma.TypeInteger:
		c.check(s, number(value), "")
	case huma.TypeBoolean:
		b, err := strconv.ParseBool(value)
		if err != nil || value != "true" && value != "false" {
			c.wrong("", "This is true or false.")
			return
		}
		c.check(s, b, "")
	case huma.TypeArray:
		values := []any{}
		for _, v := range strings.Split(value, ",") {
			values = append(values, v)
		}
		c.check(s, values, "")
	default:
		c.check(s, value, "")
	}
}

// readBody reads a JSON body whole and checks it against its schema.
func (x *exchange) readBody() ([]httpd.Part, error) {
	body, err := io.ReadAll(x.r.Body)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, err
	case err != nil:
		return nil, fault.Wrap(fault.Invalid, "The connection broke before the whole request was here. Send it again.", err)
	}
	x.body = body
	var schema *huma.Schema
	if declared := x.described.RequestBody; declared != nil {
		schema = declared.Content["application/json"].Schema
	}
	switch {
	case schema == nil && len(body) > 0:
		return nil, httpd.Refuse(http.StatusBadRequest, "This operation takes no body. Leave it out.")
	case schema == nil:
		return nil, nil
	case len(body) == 0:
		return nil, httpd.Refuse(http.StatusBadRequest, "This operation takes a body of JSON.")
	}
	if err := x.checkType("application/json"); err != nil {
		return nil, err
	}
	value, err := parse(body)
	if err != nil {
		return nil, err
	}
	c := checker{registry: x.set.api.OpenAPI().Components.Schemas}
	c.check(schema, value, "")
	return c.parts, nil
}

// checkType refuses a body of another media type, charset or coding.
func (x *exchange) checkType(want string) error {
	refusal := httpd.Refuse(http.StatusUnsupportedMediaType, "This operation takes "+want+", in UTF-8 and not compressed.")
	types := x.r.Header.Values("Content-Type")
	if len(types) != 1 {
		return refusal
	}
	kind, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || kind != want {
		return refusal
	}
	if coding := x.r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return refusal
	}
	for name, value := range parameters {
		utf8 := name == "charset" && strings.EqualFold(value, "utf-8")
		if !utf8 && (name != "boundary" || want != "multipart/form-data") {
			return refusal
		}
	}
	return nil
}
