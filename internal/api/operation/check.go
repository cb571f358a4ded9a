package operation

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"mainstay/internal/httpd"
)

// checker holds a value against its schema. Its pointers are made of the schema's own names and of numbers, and its sentences
// of what the schema wants: nothing of them was sent.
type checker struct {
	registry huma.Registry
	parts    []httpd.Part
	details  []string
}

// The most that is said of one request.
const mostParts = 20

func (c *checker) wrong(pointer, detail string) {
	if len(c.parts) < mostParts {
		c.parts, c.details = append(c.parts, httpd.Part{Pointer: pointer, Detail: detail}), append(c.details, detail)
	}
}

func (c *checker) check(s *huma.Schema, value any, at string) {
	for s.Ref != "" {
		s = c.registry.SchemaFromRef(s.Ref)
	}
	if value == nil {
		if !s.Nullable {
			c.wrong(at, "This must not be null.")
		}
		return
	}
	switch s.Type {
	case huma.TypeObject:
		if o, ok := value.(object); ok {
			c.object(s, o, at)
			return
		}
		c.wrong(at, "This is an object.")
	case huma.TypeArray:
		if list, ok := value.([]any); ok {
			c.list(s, list, at)
			return
		}
		c.wrong(at, "This is a list.")
	case huma.TypeString:
		if text, ok := value.(string); ok {
			c.string(s, text, at)
			return
		}
		c.wrong(at, "This is a text.")
	case huma.TypeInteger:
		c.integer(s, value, at)
	case huma.TypeBoolean:
		if _, ok := value.(bool); !ok {
			c.wrong(at, "This is true or false.")
		}
	default:
		c.wrong(at, "This cannot be set.") // a schema without a kind takes nothing
	}
}

func (c *checker) object(s *huma.Schema, o object, at string) {
	seen := map[string]bool{}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, m := range o {
		property, ok := s.Properties[m.name]
		switch {
		case ok && seen[m.name]:
			c.wrong(at+"/"+m.name, "This field stands here twice.")
		case ok:
			c.check(property, m.value, at+"/"+m.name)
		default:
			c.unknown(names, m.name, at)
		}
		seen[m.name] = true
	}
	for _, name := range s.Required {
		if !seen[name] {
			c.wrong(at+"/"+name, "This field is missing.")
		}
	}
}

// unknown refuses a field by naming those that are known.
func (c *checker) unknown(names []string, given, at string) {
	if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, given) }); i >= 0 {
		c.wrong(at+"/"+names[i], "The name of this field is written in lower case.")
		return
	}
	c.wrong(at, "There is a field that is not known here. Known are: "+strings.Join(names, ", ")+".")
}

func (c *checker) list(s *huma.Schema, list []any, at string) {
	if s.MaxItems != nil && len(list) > *s.MaxItems {
		c.wrong(at, fmt.Sprintf("This list has at most %d entries.", *s.MaxItems))
		return
	}
	if s.MinItems != nil && len(list) < *s.MinItems {
		c.wrong(at, fmt.Sprintf("This list has at least %d entries.", *s.MinItems))
	}
	for i, value := range list {
		c.check(s.Items, value, at+"/"+strconv.Itoa(i))
	}
}

func (c *checker) string(s *huma.Schema, text, at string) {
	length := utf8.RuneCountInString(text)
	switch {
	case len(s.Enum) > 0 && !slices.Contains(s.Enum, any(text)):
		c.wrong(at, "This is one of: "+strings.Trim(fmt.Sprint(s.Enum), "[]")+".")
	case s.MaxLength != nil && length > *s.MaxLength:
		c.wrong(at, fmt.Sprintf("This has at most %d characters.", *s.MaxLength))
	case s.MinLength != nil && length < *s.MinLength:
		c.wrong(at, fmt.Sprintf("This has at least %d characters.", *s.MinLength))
	case s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text):
		c.wrong(at, "This is not in the form that the reference shows.")
	}
	switch s.Format {
	case "date-time":
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			c.wrong(at, "This is a time such as 2026-03-12T09:00:00Z (RFC 3339).")
		}
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			c.wrong(at, "This is a date such as 2026-03-12.")
		}
	}
}

// The integers that every JSON reader keeps as they are (RFC 8259, 6).
const safeInteger = 1<<53 - 1

func (c *checker) integer(s *huma.Schema, value any, at string) {
	written, ok := value.(number)
	n, err := strconv.ParseInt(string(written), 10, 64)
	if !ok || err != nil || n > safeInteger || n < -safeInteger {
		c.wrong(at, "This is a whole number.")
		return
	}
	least, most := float64(-safeInteger), float64(safeInteger)
	if s.Minimum != nil {
		least = *s.Minimum
	}
	if s.Maximum != nil {
		most = *s.Maximum
	}
	if v := float64(n); v < least || v > most {
		c.wrong(at, between(least, most))
	}
}

func between(least, most float64) string {
	switch {
	case most == safeInteger:
		return fmt.Sprintf("This is at least %d.", int64(least))
	case math.IsInf(least, -1) || least == -safeInteger:
		return fmt.Sprintf("This is at most %d.", int64(most))
	}
	return fmt.Sprintf("This is from %d to %d.", int64(least), int64(most))
}
