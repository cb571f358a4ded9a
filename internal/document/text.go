package document

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A line that begins with a time, "[00:01:02] Name: words" or "00:01:02 Name: words".
var timeFirst = regexp.MustCompile(`^\[?\(?(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\]?\)?\s*[-–]?\s+(\S.*)$`)

// A line of a name and a time alone, "Maria Lopez  00:01:02" or "Maria Lopez (10:04)": what follows is said by them.
var nameAndTime = regexp.MustCompile(`^(\S[^:\[\](]{0,58}?)\s+[\[(]?(\d{1,2}:\d{2}(?::\d{2})?)[\])]?$`)

// longestName bounds what can be a name before a colon.
const longestName = 60

// named divides "Name: words". Name is empty where the line does not begin with one: a name is short, begins with a letter or
// digit, holds no sentence mark but an abbreviation's point, and is followed by a colon and a space.
func named(line string) (name, text string) {
	line = strings.TrimSpace(line)
	before, after, found := strings.Cut(line, ":")
	name = strings.TrimSpace(before)
	if !found || name == "" || utf8.RuneCountInString(name) > longestName || after != "" && !strings.HasPrefix(after, " ") && !strings.HasPrefix(after, "\t") {
		return "", line
	}
	first, _ := utf8.DecodeRuneInString(name)
	if !unicode.IsLetter(first) && !unicode.IsDigit(first) && first != '[' && first != '(' && first != '<' {
		return "", line
	}
	if strings.ContainsAny(name, "?!;\"“”") || strings.HasPrefix(name, "http") || len(strings.Fields(name)) > 8 {
		return "", line
	}
	return name, strings.TrimSpace(after)
}

// readText reads lines of "Name: words", the same with times, and text without names. Where most lines begin with a name each
// such line is one segment; where they do not, each paragraph is one without a speaker.
func readText(text string) (*builder, error) {
	lines := strings.Split(text, "\n")
	if !namesSpeakers(lines) {
		return paragraphs(text), nil
	}
	b := &builder{}
	var open *turn
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		t, ok := turnOf(line)
		switch {
		case ok:
			b.close(open)
			open = &t
		case open != nil:
			open.text = strings.TrimSpace(open.text + " " + line)
		default:
			open = &turn{text: line}
		}
	}
	b.close(open)
	return b, nil
}

type turn struct {
	name string
	at   *int64
	text string
}

func turnOf(line string) (turn, bool) {
	var at *int64
	if m := timeFirst.FindStringSubmatch(line); m != nil {
		ms := milliseconds(m[1] + ".0")
		if name, text := named(m[2]); name != "" {
			return turn{name, &ms, text}, true
		}
		at = &ms
	}
	if name, text := named(line); name != "" && !isTime(name) {
		return turn{name, at, text}, true
	}
	if m := nameAndTime.FindStringSubmatch(line); m != nil {
		ms := milliseconds(m[2] + ".0")
		return turn{strings.TrimSpace(m[1]), &ms, ""}, true
	}
	return turn{}, false
}

func isTime(name string) bool {
	return strings.IndexFunc(name, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(":[]().,", r) }) < 0
}

func (b *builder) close(t *turn) {
	if t != nil {
		b.add(b.speaker(t.name), t.at, nil, t.text)
	}
}

// namesSpeakers reports whether lines are turns. Prose has colons too, but few lines that begin with one, and no name twice.
func namesSpeakers(lines []string) bool {
	turns, full := 0, 0
	names := map[string]int{}
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		full++
		if t, ok := turnOf(line); ok {
			turns++
			names[t.name]++
		}
	}
	return turns > 0 && (2*turns >= full || turns >= 4 && len(names)*2 <= turns)
}

// paragraphs makes each block between blank lines a segment; a text without blank lines gives one a line.
func paragraphs(text string) *builder {
	b := &builder{}
	blocks := strings.Split(text, "\n\n")
	if len(blocks) == 1 {
		blocks = strings.Split(text, "\n")
	}
	for _, block := range blocks {
		b.add(nil, nil, nil, strings.Join(strings.Fields(block), " "))
	}
	return b
}
