package capture

import (
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// stamp is a date in a file's name, with or without a time behind it: 2026-03-12 14.30, 20260312_143000, GMT20260312-143000,
// (2026-03-12 at 2:30 PM), 12.03.2026. Its groups are named below.
var stamp = regexp.MustCompile(`(?i)(gmt|utc)?(?:(20\d\d)([-_./]?)(\d\d)([-_./]?)(\d\d)|(\d\d?)\.(\d\d?)\.(20\d\d))` +
	`(?:(?:[t_\s,-]{0,3}|\s+(?:at|um|à)\s+)(\d\d?)([.:_h-]?)(\d\d)(?:[.:_-]?(\d\d))?(?:\s*([ap])m)?(?:\s*(z|gmt|utc)?([+-]\d\d?(?::?\d\d)?)?)?)?`)

// short is the six-digit date that recorders write before a six-digit time: 260312_143000.
var short = regexp.MustCompile(`(?:^|\D)(\d\d)(\d\d)(\d\d)[-_](\d\d)(\d\d)(\d\d)(?:\D|$)`)

// tail is what programs put behind a meeting's title.
var tail = regexp.MustCompile(`(?i)[\s-]*\b(?:meeting\s+)?recording(?:\s+\d{3,4}x\d{3,4})?[\s-]*$`)

// noise is what programs and telephones call a recording of their own accord. A name of nothing else is no title.
var noise = regexp.MustCompile(`(?i)^(?:new|neue|meeting|screen|voice|sprach|audio|video|only|recordings?|recorder|aufnahme|bildschirmaufnahme|memo|enregistrement|` +
	`grabación|zoom|vid|aud|ptt|rec|mov|img|dji|whatsapp|wa\d+|untitled|unbenannt|[a-z]*\d+[a-z]?\d*|-)$`)

// Guess says what the name of a file tells of a meeting: its title, "" where the name tells none, and when it began, nil where
// nothing tells. Times without a zone are meant in zone. Where the name has a date and no time, or neither, created is taken,
// if it is the same day: it is when the file says that it was made, or nil.
func Guess(name string, created *time.Time, zone *time.Location) (title string, at *time.Time) {
	base := filepath.Base(strings.ReplaceAll(name, `\`, "/"))
	base = strings.TrimSuffix(base, filepath.Ext(base))
	rest, day, timed := dated(base, zone)
	switch {
	case day == nil:
		return titled(rest), created
	case !timed && created != nil && sameDay(*created, *day, zone):
		return titled(rest), created
	}
	return titled(rest), day
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	return a.In(zone).Format(time.DateOnly) == b.In(zone).Format(time.DateOnly)
}

// dated finds the date in a name and returns the name without it, and whether a time stood with it.
func dated(name string, zone *time.Location) (rest string, at *time.Time, timed bool) {
	for _, m := range stamp.FindAllStringSubmatchIndex(name, -1) {
		if found, timed, ok := read(name, m, zone); ok {
			return name[:m[0]] + " " + name[m[1]:], &found, timed
		}
	}
	if m := short.FindStringSubmatchIndex(name); m != nil {
		n := numbers(name, m)
		if found, ok := moment(2000+n[1], n[2], n[3], n[4], n[5], n[6], zone); ok {
			return name[:m[2]] + " " + name[m[13]:], &found, true
		}
	}
	return name, nil, false
}

// numbers gives the groups of a match as numbers, 0 where they are none.
func numbers(name string, m []int) []int {
	out := make([]int, len(m)/2)
	for i := range out {
		if m[2*i] >= 0 {
			out[i], _ = strconv.Atoi(name[m[2*i]:m[2*i+1]])
		}
	}
	return out
}

// read makes a time of a match of stamp. Digits beside it mean that it is another number.
func read(name string, m []int, zone *time.Location) (at time.Time, timed, ok bool) {
	const world, sep, otherSep, hour, timeSep, half, zulu, offset = 1, 3, 5, 10, 11, 14, 15, 16
	text := func(group int) string {
		if m[2*group] < 0 {
			return ""
		}
		return name[m[2*group]:m[2*group+1]]
	}
	if text(sep) != text(otherSep) || m[0] > 0 && isDigit(name[m[0]-1]) || m[1] < len(name) && isDigit(name[m[1]]) {
		return at, false, false
	}
	n := numbers(name, m)
	year, month, day := n[2], n[4], n[6]
	if year == 0 {
		year, month, day = n[9], n[8], n[7]
	}
	timed = text(hour) != ""
	switch {
	case text(world) != "" || strings.HasSuffix(strings.ToLower(name), "-meeting recording"): // Zoom's and Teams' own names
		zone = time.UTC
	case text(zulu) != "" || text(offset) != "":
		zone = fixed(text(offset))
	}
	h := n[hour]
	switch strings.ToLower(text(half)) {
	case "p":
		h = h%12 + 12
	case "a":
		h %= 12
	}
	at, ok = moment(year, month, day, h, n[12], n[13], zone)
	return at, timed, ok
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// fixed is the zone of an offset such as +1, -0430 or +05:30; UTC for "".
func fixed(offset string) *time.Location {
	digits := strings.ReplaceAll(strings.TrimLeft(offset, "+-"), ":", "")
	if digits == "" {
		return time.UTC
	}
	if len(digits) <= 2 {
		digits += "00"
	}
	n, _ := strconv.Atoi(digits)
	seconds := n/100*3600 + n%100*60
	if offset[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds)
}

// moment is a time whose parts are all possible: time.Date would take the 40th of a month.
func moment(year, month, day, hour, minute, second int, zone *time.Location) (time.Time, bool) {
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, zone)
	return at, month >= 1 && month <= 12 && at.Day() == day && hour < 24 && minute < 60 && second < 60
}

// titled makes a title of what is left of a name.
func titled(rest string) string {
	rest = strings.NewReplacer("_", " ", "(", " ", ")", " ", "[", " ", "]", " ").Replace(rest)
	words := strings.Fields(tail.ReplaceAllString(strings.Join(strings.Fields(rest), " "), ""))
	if !slices.ContainsFunc(words, func(w string) bool {
		return !noise.MatchString(strings.Trim(w, "-.,")) && strings.IndexFunc(w, unicode.IsLetter) >= 0
	}) {
		return ""
	}
	return strings.Trim(strings.Join(words, " "), " -–,.")
}
