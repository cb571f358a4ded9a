package language

import (
	"strconv"
	"strings"
	"unicode"
)

// Number is a number as it stands in a text, and its value in plain decimal digits: "25", "1200", "12.5".
type Number struct {
	Span
	Value string
}

// Numbers gives the numbers of a text, in digits or in words, so that two texts can be compared: "twenty-five" and "25" are
// both 25, "1,200" is 1200, "7.7 million" is 7700000, "2nd" is 2, "50%" is 50, "two point five" is 2.5. Where a comma or a
// point may group or part decimals, the language decides. "One", "first" and "second" alone are words, not numbers.
func (l Language) Numbers(text string) []Number {
	words := Words(text)
	var numbers []Number
	for i := 0; i < len(words); {
		n, used := l.numberAt(text, words[i:])
		if used == 0 {
			i++
			continue
		}
		numbers = append(numbers, Number{Span{words[i].Start, words[i+used-1].End}, n})
		i += used
	}
	return numbers
}

// isNumber reports whether a normalised word is a number or part of one.
func (l Language) isNumber(norm string) bool {
	return strings.ContainsFunc(norm, unicode.IsDigit) || l.value(norm) > 0 && norm != "one"
}

// numberAt reads the number that begins with the first word; it gives its value and how many words it takes, 0 for none.
func (l Language) numberAt(text string, words []Word) (string, int) {
	if value, ok := l.digits(words[0].Norm); ok {
		if len(words) > 1 && adjacent(text, words[0], words[1]) {
			if scale := l.value(words[1].Norm); scale >= 1000 {
				return format(value * scale), 2
			}
		}
		return format(value), 1
	}
	value, used := l.spelled(text, words)
	if used == 0 || used == 1 && weakNumbers[l][words[0].Norm] {
		return "", 0
	}
	if used+1 < len(words) && pointWords[l][words[used].Norm] {
		if decimals, n := l.decimals(words[used+1:]); n > 0 {
			return format(value) + "." + decimals, used + 1 + n
		}
	}
	return format(value), used
}

func format(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// adjacent reports whether nothing but a blank or a hyphen parts two words, not the end of a line.
func adjacent(text string, a, b Word) bool {
	gap := text[a.End:b.Start]
	return gap == "" || gap == "-" || strings.TrimSpace(gap) == "" && !strings.Contains(gap, "\n")
}

// digits reads a word that begins with digits: "1,200", "2nd", "7.7million", "50k".
func (l Language) digits(norm string) (float64, bool) {
	const longest = 30
	end := 0
	for end < len(norm) && (norm[end] >= '0' && norm[end] <= '9' || norm[end] == '.' || norm[end] == ',') {
		end++
	}
	if end == 0 || end > longest {
		return 0, false
	}
	value, err := strconv.ParseFloat(l.plain(norm[:end]), 64)
	if err != nil {
		return 0, false
	}
	switch tail := norm[end:]; {
	case tail == "k":
		return value * 1000, true
	case tail != "" && l.value(tail) >= 1000:
		return value * l.value(tail), true
	case tail == "", tail == "st", tail == "nd", tail == "rd", tail == "th", tail == "er", tail == "e", tail == "m", tail == "h":
		return value, true
	}
	return 0, false
}

// plain turns grouped digits and decimals as the language writes them into those of Go.
func (l Language) plain(s string) string {
	point, group := ".", ","
	if commaDecimals[l] {
		point, group = ",", "."
	}
	last := strings.LastIndexAny(s, ".,")
	if last < 0 {
		return s
	}
	three := len(s)-last-1 == 3 && last <= 3
	mixed := strings.Contains(s, point) && strings.Contains(s, group)
	// One mark with other than three digits behind it parts decimals, whatever the language: "12.5" in German text.
	if !mixed && strings.Count(s, s[last:last+1]) == 1 && (s[last:last+1] == point || !three) {
		return strings.Replace(s, s[last:last+1], ".", 1)
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, group, ""), point, ".")
}

// value gives what a number word stands for, 0 where it is none.
func (l Language) value(norm string) float64 { return numberWords[l][norm] }

// spelled reads number words: "twenty-five", "two hundred and ten thousand", "quatre-vingt-dix", "twenty twenty-six".
func (l Language) spelled(text string, words []Word) (float64, int) {
	total, current, used := 0.0, 0.0, 0
	for i, w := range words {
		if i > 0 && !adjacent(text, words[i-1], w) {
			break
		}
		if i > 0 && numberLinks[l][w.Norm] && i+1 < len(words) && l.continues(current, l.value(words[i+1].Norm)) {
			continue
		}
		v, known := numberWords[l][w.Norm]
		if !known || used > 0 && !l.continues(current, v) {
			break
		}
		switch {
		case v >= 1000:
			total, current = total+max(current, 1)*v, 0
		case v == 100:
			current = max(current, 1) * 100
		case v == 20 && current == 4:
			current = 80
		case isCentury(current) && v >= 10:
			current = current*100 + v
		default:
			current += v
		}
		used = i + 1
	}
	return total + current, used
}

// continues reports whether a number word may follow what was read so far.
func (l Language) continues(current, v float64) bool {
	rest := int(current) % 100
	switch {
	case v == 0:
		return false
	case v >= 100:
		return current < v
	case rest == 0:
		return true
	case l == French && (current == 4 && v == 20 || (rest == 60 || rest == 80) && v < 20):
		return true
	case isCentury(current) && v >= 10:
		return l == English
	}
	return rest >= 20 && rest%10 == 0 && v < 10
}

// isCentury reports whether a number may open a year that is said in two halves: "nineteen ninety", "twenty twenty-six".
func isCentury(v float64) bool { return v >= 18 && v <= 21 }

// decimals reads the digits that are said after "point".
func (l Language) decimals(words []Word) (string, int) {
	var b strings.Builder
	used := 0
	for _, w := range words {
		v, known := numberWords[l][w.Norm]
		if d, ok := l.digits(w.Norm); ok {
			v, known = d, true
		}
		if !known || v > 99 {
			break
		}
		b.WriteString(format(v))
		used++
	}
	return b.String(), used
}
