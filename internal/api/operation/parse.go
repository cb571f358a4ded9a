package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"mainstay/internal/httpd"
)

// object is a JSON object with its members as they came, also those that came twice.
type object []member

type member struct {
	name  string
	value any
}

// number is a JSON number as it was written.
type number string

// deepest is how deep lists and objects may lie in each other.
const deepest = 32

// parse reads one JSON value and nothing behind it. It gives object, []any, string, number, bool or nil. It fails with 400.
func parse(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, httpd.Refuse(http.StatusBadRequest, "The body is not UTF-8. Encode it again.")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	value, err := parseValue(d, 0)
	if errors.Is(err, errDeep) {
		return nil, httpd.Refuse(http.StatusBadRequest, fmt.Sprintf("The body is nested deeper than %d levels.", deepest))
	}
	if err != nil {
		return nil, httpd.Refuse(http.StatusBadRequest, fmt.Sprintf("The body is no JSON beyond byte %d.", d.InputOffset()))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, httpd.Refuse(http.StatusBadRequest, "Something follows the JSON of the body. Remove it.")
	}
	return value, nil
}

var errDeep = errors.New("nested too deep")

func parseValue(d *json.Decoder, depth int) (any, error) {
	if depth > deepest {
		return nil, errDeep
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		return number(t), nil
	case json.Delim:
		if t == '{' {
			return parseObject(d, depth)
		}
		return parseList(d, depth)
	}
	return token, nil
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		o = append(o, member{name.(string), value})
	}
	_, err := d.Token()
	return o, err
}

func parseList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		value, err := parseValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}
