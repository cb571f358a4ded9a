package evidence

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// Topic returns a topic with a stretch of segments that exists and holds its lines, and with a title that stands there.
func (e *Checker) Topic(t document.Topic, spoken bool) document.Topic {
	first, last := e.place(t.Segments.First), e.place(t.Segments.Last)
	if first < 0 || last < first {
		first, last = len(e.order), -1
		for _, l := range t.Lines {
			for _, ev := range l.Evidence {
				first, last = min(first, e.place(ev.Segment)), max(last, e.place(ev.Segment))
			}
		}
		t.Segments = document.Span{First: e.order[first], Last: e.order[last]}
	}
	t.Title = strings.Join(strings.Fields(t.Title), " ")
	if !e.titled(t.Title, e.order[first:last+1], spoken) {
		t.Title = opening(t.Lines[0].Text)
	}
	return t
}

func (e *Checker) place(segment string) int {
	if at, ok := e.places[segment]; ok {
		return at
	}
	return -1
}

// titled reports whether a title was said in the segments of its topic: free of markup, with names and numbers from there, and
// most of its words, too, where it is in the spoken language.
func (e *Checker) titled(title string, segments []string, spoken bool) bool {
	src := source{known: map[string]bool{}}
	var all strings.Builder
	for _, id := range segments {
		all.WriteString(e.segments[id].Text + "\n")
		if s := e.segments[id].Speaker; s != nil {
			e.learn(src.known, e.speakers[*s])
		}
	}
	src.text = all.String()
	e.learn(src.known, src.text)
	n := len(language.Words(title))
	if n == 0 || n > 14 || foreign(title, src.text) != "" || e.numbers(title, src, nil) != "" || e.timed(title, src, nil) != "" {
		return false
	}
	total, found := 0, 0
	for _, w := range language.Words(title) {
		norm := bareName(w.Norm)
		known := src.known[norm] || src.known[e.lang.Stem(norm)] || e.lang.Stop(norm)
		if e.names[norm] && !known || !known && spoken && knowsOrdinary(e.lang) && !ordinary(e.lang, norm) {
			return false
		}
		total++
		if known {
			found++
		}
	}
	return !spoken || 2*found >= total
}

// opening is the beginning of a line, as a title.
func opening(text string) string {
	const most = 7
	all := language.Words(text)
	if len(all) <= most {
		return strings.TrimRight(text, ".!?;: ")
	}
	return text[:all[most-1].End] + "…"
}
