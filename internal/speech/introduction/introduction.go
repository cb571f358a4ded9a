// Package introduction finds the voices of a recording that say who they are: "My name is Tom Baker", "Tom here".
//
// A voice gets a name only if it is an attendee's, in full or a first name that one attendee bears; not if it gives two names,
// and not if two voices give the same. Where anything is unsure the voice keeps no name: a wrong one would put somebody's
// work on somebody else.
package introduction

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// Introduction is who a voice says it is, and the words that say so.
type Introduction struct {
	Name string // the attendee's, in full
	By   document.Evidence
}

// Find returns the introductions of the speakers who have no name yet, by speaker id.
func Find(t document.Transcript, attendees []string) map[string]Introduction {
	found, refused := map[string]Introduction{}, map[string]bool{}
	bearer := map[string]string{}
	for _, seg := range t.Segments {
		if seg.Speaker == nil {
			continue
		}
		in, ok := read(seg, attendees)
		if !ok {
			continue
		}
		who := *seg.Speaker
		if before, twice := found[who]; twice && before.Name != in.Name {
			refused[who] = true
		} else if !twice {
			found[who] = in
		}
		if other, taken := bearer[in.Name]; taken && other != who {
			refused[who], refused[other] = true, true
		}
		bearer[in.Name] = who
	}
	for who := range refused {
		delete(found, who)
	}
	for _, s := range t.Speakers {
		if s.Name != nil {
			delete(found, s.ID)
		}
	}
	return found
}

// read finds the first sentence of a segment in which its speaker gives a name.
func read(seg document.Segment, attendees []string) (Introduction, bool) {
	l := language.English
	if seg.Language != nil {
		l = language.Parse(*seg.Language)
	}
	for _, span := range l.Sentences(seg.Text) {
		s := said{l, span.In(seg.Text), language.Words(span.In(seg.Text)), attendees}
		for at, w := range s.words {
			if name, end := s.nameAt(at); name != "" {
				return Introduction{name, document.Evidence{Segment: seg.ID, Quote: s.text[w.Start:s.words[end-1].End]}}, true
			}
			if !greets[w.Norm] {
				break
			}
		}
	}
	return Introduction{}, false
}

// said is one sentence.
type said struct {
	language  language.Language
	text      string
	words     []language.Word
	attendees []string
}

// nameAt reads an introduction that begins at a word: a phrase and a name, or a name and a phrase. It returns the attendee's
// name and the word behind the introduction.
func (s said) nameAt(at int) (name string, end int) {
	for _, phrase := range before[s.language] {
		if !s.says(at, phrase.words) {
			continue
		}
		first := at + len(phrase.words)
		who, n := s.attendeeAt(first)
		end := first + n
		if who != "" && (!phrase.unsure || s.self(end) || s.signedOff(end) > 0) {
			return who, end
		}
	}
	who, n := s.attendeeAt(at)
	if tail := s.signedOff(at + n); who != "" && tail > 0 {
		return who, at + n + tail
	}
	return "", 0
}

// signedOff is the length of a "here" or "speaking" that follows a name without a mark and ends its clause. "Tom, here is the
// plan" speaks to Tom.
func (s said) signedOff(at int) int {
	for _, phrase := range after[s.language] {
		end := at + len(phrase.words)
		if at == 0 || !s.says(at, phrase.words) || s.marked(at) || end < len(s.words) && !s.marked(end) {
			continue
		}
		return len(phrase.words)
	}
	return 0
}

// marked reports whether a mark stands before a word.
func (s said) marked(at int) bool {
	return at > 0 && at < len(s.words) && strings.TrimSpace(s.text[s.words[at-1].End:s.words[at].Start]) != ""
}

// self reports whether the sentence goes on about its speaker: "This is Tom, and I am the site manager".
func (s said) self(at int) bool {
	for i := at; i < len(s.words) && i < at+2; i++ {
		if oneself[s.words[i].Norm] {
			return true
		}
	}
	return false
}

func (s said) says(at int, phrase []string) bool {
	if len(s.words)-at < len(phrase) {
		return false
	}
	for i, w := range phrase {
		if s.words[at+i].Norm != w {
			return false
		}
	}
	return true
}

// attendeeAt returns the one attendee whose name begins here, and how many words of it were said; "" where none or more than
// one does, or where another name follows the first name ("Tom Smith" is not Tom Baker).
func (s said) attendeeAt(at int) (name string, length int) {
	words := s.words[min(at, len(s.words)):]
	for _, a := range s.attendees {
		parts := language.Words(a)
		n := 0
		for n < len(parts) && n < len(words) && words[n].Norm == parts[n].Norm && words[n].Capital() {
			n++
		}
		whole := n == len(parts)
		another := n < len(words) && words[n].Capital() && !oneself[words[n].Norm] && !s.marked(at+n)
		if n == 0 || !whole && n > 1 || another {
			continue
		}
		if name != "" && n == length {
			return "", 0
		}
		if n > length {
			name, length = a, n
		}
	}
	return name, length
}
