package commitment

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// action writes an item down; false where nothing readable is left.
func (r *reading) action(it *item) (document.Action, bool) {
	lead := r.leading(it)
	text := r.sentence(lead)
	if text == "" {
		return document.Action{}, false
	}
	a := document.Action{Line: document.Line{Text: text, Evidence: r.evidence(it)}, Owner: it.owner.owner(), Due: r.due(it)}
	return a, len(a.Evidence) > 0
}

// leading gives the act that says most of what is to be done; the latest of those that say as much.
func (r *reading) leading(it *item) *act {
	best := it.acts[0]
	for _, a := range it.acts[1:] {
		if a.rich > best.rich || a.rich == best.rich && a.deed == promise && best.deed != promise && len(a.stems) >= len(best.stems) {
			best = a
		}
	}
	return best
}

// sentence writes what an act says as an order: "Send the cut sheets".
func (r *reading) sentence(a *act) string {
	t := r.turns[a.turn]
	text := t.text(a.content.from, a.content.to)
	if a.clause.subject == thing && a.owner == nil || a.clause.subject == everyone {
		text = t.text(a.clause.from, a.content.to)
	}
	return finish(text)
}

// finish gives a sentence a capital and an end mark.
func finish(text string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ",;:–—-.?! ")
	if text == "" {
		return ""
	}
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:] + "."
}

// evidence cites the sentences of an item's acts and the replies that accept it.
func (r *reading) evidence(it *item) []document.Evidence {
	var list []document.Evidence
	seen := map[string]bool{}
	add := func(t *turn, k int) {
		s := t.sentences[k]
		for _, e := range r.quote(t, s.from, s.to) {
			if !seen[e.Segment] {
				seen[e.Segment] = true
				list = append(list, e)
			}
		}
	}
	for _, a := range it.acts {
		add(r.turns[a.turn], a.sentence)
	}
	for _, i := range it.replies {
		add(r.turns[i], 0)
	}
	return list
}

// quote gives the words from one token to another as they stand in their segments.
func (r *reading) quote(t *turn, from, to int) []document.Evidence {
	if from >= to {
		return nil
	}
	src := t.clean.Source(language.Span{Start: t.tokens[from].span.Start, End: t.tokens[to-1].span.End})
	var list []document.Evidence
	for _, p := range t.parts {
		start, end := max(src.Start, p.Start), min(src.End, p.End)
		if start >= end {
			continue
		}
		quote := strings.TrimSpace(t.raw[start:end])
		if len(language.Words(quote)) > 0 {
			list = append(list, document.Evidence{Segment: r.segments[p.segment].ID, Quote: quote})
		}
	}
	return list
}

// due gives the date by which an item is to be done: what the promise says, then what was asked.
func (r *reading) due(it *item) *document.Due {
	for _, deeds := range []deed{promise, offer, ask, need} {
		for k := len(it.acts) - 1; k >= 0; k-- {
			a := it.acts[k]
			if a.deed != deeds {
				continue
			}
			if d := r.dueOf(r.turns[a.turn], a.whens); d != nil {
				return d
			}
		}
	}
	return nil
}

func (r *reading) dueOf(t *turn, whens []when) *document.Due {
	var best *when
	for i := range whens {
		w := &whens[i]
		if w.date.IsZero() {
			continue
		}
		if best == nil || w.deadline && !best.deadline || w.deadline == best.deadline {
			best = w
		}
	}
	if best == nil {
		return nil
	}
	quotes := r.quote(t, best.from, best.to)
	if len(quotes) != 1 {
		return nil
	}
	date := best.date.Format(time.DateOnly)
	return &document.Due{Date: &date, AsSaid: quotes[0].Quote}
}
