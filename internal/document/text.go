package document

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const clockPattern = `\d{1,2}:\d{2}(?::\d{2})?`

var (
	// A line that begins with a time, "[00:01:02] Name: words" or "00:01:02 Name: words".
	timeFirst = regexp.MustCompile(`^\[?\(?(` + clockPattern + `)(?:[.,]\d+)?\]?\)?\s*[-–]?\s+(\S.*)$`)
	// A line that is a time alone, as Meet writes now and then: what follows was said after it.
	timeAlone = regexp.MustCompile(`^[\[(]?(` + clockPattern + `)(?:[.,]\d+)?[\])]?$`)
	// A line of a name and a time alone, "Maria Lopez  00:01:02" or "Maria Lopez (10:04)": what follows is said by them.
	nameAndTime = regexp.MustCompile(`^(\S[^:\[\](]{0,58}?)\s+[\[(]?(` + clockPattern + `)[\])]?$`)
	// A name, a time in brackets and words: "Maria Lopez [00:01:02]: words".
	nameTimeWords = regexp.MustCompile(`^(\S[^:\[\](]{0,58}?)\s*[\[(](` + clockPattern + `)[\])]\s*:?\s+(\S.*)$`)
	// A line of two times, as older Teams writes above a name and whisper before words.
	spanFirst = regexp.MustCompile(`^\[?((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{1,2}[.,]\d{1,3})\]?\s*(.*)$`)
	// What a meeting program writes of itself.
	notice = regexp.MustCompile(`^\S.{0,80} (?:started|stopped) transcription$`)
)

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

// readText reads lines of "Name: words", the same with times before or behind the name, names and times on lines of their own, and
// text without names. Where lines are turns each is one segment; where they are not, each paragraph is one without a speaker.
func readText(text string) (*builder, error) {
	lines := strings.Split(text, "\n")
	if spans := spansOf(lines); spans > 0 && 4*spans >= filled(lines) {
		return readSpans(lines), nil
	}
	if !namesSpeakers(lines) {
		return paragraphs(text), nil
	}
	b := &builder{}
	var open *turn
	var clock *int64 // the last time that stood alone
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || notice.MatchString(line) {
			continue
		}
		if m := timeAlone.FindStringSubmatch(line); m != nil {
			at := milliseconds(m[1] + ".0")
			clock = &at
			continue
		}
		t, ok := turnOf(line)
		switch {
		case ok:
			b.close(open)
			if open = &t; t.at == nil {
				t.at, clock = clock, nil
			}
		case open != nil:
			open.text = strings.TrimSpace(open.text + " " + line)
		case strings.ContainsAny(line[len(line)-1:], ".?!"):
			open = &turn{text: line}
		}
		// What else stands before the first turn is the export's title, date and list of people.
	}
	b.close(open)
	return b, nil
}

func filled(lines []string) int {
	n := 0
	for _, line := range lines {
		if strings.TrimSpace(line) != "" {
			n++
		}
	}
	return n
}

func spansOf(lines []string) int {
	n := 0
	for _, line := range lines {
		if spanFirst.MatchString(strings.TrimSpace(line)) {
			n++
		}
	}
	return n
}

// readSpans reads blocks of two times with words beside them, or with a name and words below them.
func readSpans(lines []string) *builder {
	b := &builder{}
	for i := 0; i < len(lines); i++ {
		m := spanFirst.FindStringSubmatch(strings.TrimSpace(lines[i]))
		if m == nil {
			continue
		}
		start, end := milliseconds(m[1]), milliseconds(m[2])
		body := []string{}
		for i+1 < len(lines) && !spanFirst.MatchString(strings.TrimSpace(lines[i+1])) {
			if i++; strings.TrimSpace(lines[i]) != "" {
				body = append(body, strings.TrimSpace(lines[i]))
			}
		}
		name, words := "", strings.TrimSpace(m[3])
		if words == "" && len(body) > 1 && utf8.RuneCountInString(body[0]) <= longestName {
			name, body = body[0], body[1:]
		}
		words = strings.TrimSpace(words + " " + strings.Join(body, " "))
		if name == "" {
			name, words = named(words)
		}
		b.join(b.speaker(name), start, max(start, end), words)
	}
	return b
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
	if m := nameTimeWords.FindStringSubmatch(line); m != nil && !isTime(m[1]) {
		ms := milliseconds(m[2] + ".0")
		return turn{strings.TrimSpace(m[1]), &ms, m[3]}, true
	}
	if name, text := named(line); name != "" && !isTime(name) {
		return turn{name, at, text}, true
	}
	if m := nameAndTime.FindStringSubmatch(strings.TrimSuffix(line, ":")); m != nil {
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

// namesSpeakers reports whether lines are turns. Prose has colons too, but few lines that begin with one, and no name twice. The few
// lines that stand before the first turn (title, date, people) do not count where turns follow.
func namesSpeakers(lines []string) bool {
	const preamble = 12
	turns, full, before := 0, 0, 0
	names := map[string]int{}
	for _, line := range lines {
		line = strings.TrimSpace(line)
		if line == "" || timeAlone.MatchString(line) || notice.MatchString(line) {
			continue
		}
		full++
		if t, ok := turnOf(line); ok {
			turns++
			names[t.name]++
		} else if turns == 0 {
			before++
		}
	}
	if before <= preamble && turns > 1 {
		full -= before
	}
	return turns > 0 && (2*turns >= full || turns >= 4 && len(names)*2 <= turns)
}

// paragraphs makes each block between blank lines a segment; a text without blank lines gives one a line. A time at the beginning is
// the segment's.
func paragraphs(text string) *builder {
	b := &builder{}
	blocks := strings.Split(text, "\n\n")
	if len(blocks) == 1 {
		blocks = strings.Split(text, "\n")
	}
	for _, block := range blocks {
		block = strings.Join(strings.Fields(block), " ")
		if m := timeFirst.FindStringSubmatch(block); m != nil {
			at := milliseconds(m[1] + ".0")
			b.add(nil, &at, nil, m[2])
			continue
		}
		b.add(nil, nil, nil, block)
	}
	return b
}
