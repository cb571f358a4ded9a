package document

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

// A cue's times, of WebVTT (W3C) or SRT: hours may be missing, the fraction follows a point or a comma.
var cueTimes = regexp.MustCompile(`^((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})\s*-->\s*((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})`)

var (
	voiceTag = regexp.MustCompile(`<v(?:\.[^ >]*)?[ \t]+([^>]*)>`)
	anyTag   = regexp.MustCompile(`</?(?:i|b|u|c|v|lang|ruby|rt|font)(?:[ .][^>]*)?>|<\d[\d:.]*>`)
)

func looksLikeSRT(text string) bool {
	first, rest, _ := strings.Cut(text, "\n")
	if _, err := strconv.Atoi(strings.TrimSpace(first)); err != nil {
		return false
	}
	second, _, _ := strings.Cut(rest, "\n")
	return cueTimes.MatchString(strings.TrimSpace(second))
}

// readCues reads WebVTT and SRT. A voice is named by a <v> tag or, as Zoom writes it, by "Name:" before the words.
func readCues(text string, vtt bool) (*builder, error) {
	b := &builder{}
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if vtt && (strings.HasPrefix(line, "NOTE") || line == "STYLE" || line == "REGION") {
			for i < len(lines) && strings.TrimSpace(lines[i]) != "" {
				i++
			}
			continue
		}
		if !strings.Contains(line, "-->") {
			continue // a number, a name, a blank
		}
		times := cueTimes.FindStringSubmatch(line)
		if times == nil {
			return nil, lineFault(i+1, "these times cannot be read. They look like 00:01:02.500 --> 00:01:04.000.")
		}
		start, end := milliseconds(times[1]), milliseconds(times[2])
		if end < start {
			return nil, lineFault(i+1, "this ends before it begins.")
		}
		var said []string
		for i+1 < len(lines) && strings.TrimSpace(lines[i+1]) != "" {
			i++
			said = append(said, strings.TrimSpace(lines[i]))
		}
		b.cue(start, end, strings.Join(said, "\n"), vtt)
	}
	return b, nil
}

// cue adds what one cue says, which may be several voices.
func (b *builder) cue(start, end int64, body string, vtt bool) {
	voices := voiceTag.FindAllStringSubmatchIndex(body, -1)
	if len(voices) == 0 {
		for _, line := range spoken(plainText(body, vtt)) {
			b.join(b.speaker(line.name), start, end, line.text)
		}
		return
	}
	for n, v := range voices {
		till := len(body)
		if n+1 < len(voices) {
			till = voices[n+1][0]
		}
		b.join(b.speaker(html.UnescapeString(body[v[2]:v[3]])), start, end, strings.ReplaceAll(plainText(body[v[1]:till], vtt), "\n", " "))
	}
}

func plainText(body string, vtt bool) string {
	body = anyTag.ReplaceAllString(body, "")
	if vtt {
		body = html.UnescapeString(body)
	}
	return body
}

// spoken divides a cue's lines by the names that begin them; lines without one go on.
func spoken(body string) []said {
	var all []said
	for _, line := range strings.Split(body, "\n") {
		name, text := named(line)
		if name == "" && len(all) > 0 {
			all[len(all)-1].text += " " + text
			continue
		}
		all = append(all, said{name, text})
	}
	return all
}

type said struct{ name, text string }

// milliseconds reads [hh:]mm:ss.fff that cueTimes matched.
func milliseconds(s string) int64 {
	s = strings.ReplaceAll(s, ",", ".")
	clock, fraction, _ := strings.Cut(s, ".")
	var total int64
	for _, part := range strings.Split(clock, ":") {
		n, _ := strconv.ParseInt(part, 10, 32)
		total = total*60 + n
	}
	fraction = (fraction + "000")[:3]
	ms, _ := strconv.ParseInt(fraction, 10, 32)
	return total*1000 + ms
}
