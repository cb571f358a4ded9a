package minutes

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// action blanks what does not stand of an action: an owner whom the cited segments neither name nor were spoken by, and a
// date whose words were not said there.
func (e *Evidence) action(a document.Action) document.Action {
	cited, _ := e.cited(a.Evidence)
	if a.Owner != nil && !e.owns(*a.Owner, a.Evidence, cited) {
		a.Owner = nil
	}
	if a.Due != nil && (a.Due.AsSaid == "" || !strings.Contains(strings.ToLower(cited), strings.ToLower(a.Due.AsSaid))) {
		a.Due = nil
	}
	return a
}

// owns reports whether an owner speaks in the cited segments or is named there.
func (e *Evidence) owns(o document.Owner, evidence []document.Evidence, cited string) bool {
	names := []string{}
	if o.Name != nil {
		names = append(names, *o.Name)
	}
	if o.Speaker != nil {
		if _, ok := e.known(*o.Speaker); !ok {
			return false
		}
		names = append(names, e.speakers[*o.Speaker])
	}
	for _, ev := range evidence {
		who := e.segments[ev.Segment].Speaker
		if who == nil {
			continue
		}
		if o.Speaker != nil && *who == *o.Speaker || o.Name != nil && e.speakers[*who] == *o.Name {
			return true
		}
	}
	said := map[string]bool{}
	for _, w := range language.Words(cited) {
		said[w.Norm] = true
		if head, _, ok := strings.Cut(w.Norm, "'"); ok {
			said[head] = true // "Luis'll", "Luis's"
		}
	}
	for _, name := range names {
		for _, w := range language.Words(name) {
			if said[w.Norm] && len(w.Norm) > 1 {
				return true
			}
		}
	}
	return false
}

// known reports whether some segment is spoken by the speaker.
func (e *Evidence) known(speaker string) (string, bool) {
	for id, s := range e.segments {
		if s.Speaker != nil && *s.Speaker == speaker {
			return id, true
		}
	}
	return "", false
}
