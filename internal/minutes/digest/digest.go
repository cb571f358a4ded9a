// Package digest writes the summary and the topics of a meeting without a model, from the sentences that were said.
//
// Every line is a sentence of one speaker, taken out of a segment, or out of a few where a listener's "mm-hmm" came between.
// Fillers, false starts and the words that only tie a sentence to its place ("so", "yeah") are left out; spelled letters
// close up; the first letter becomes a capital and an end mark is added. No other word is changed and none is added. Each
// line cites its segments with quotes that stand there character for character.
//
// Only whole statements that a stranger can read become lines: sound.go says what a flaw is, clause.go what makes an English
// clause complete. They are ranked by LexRank (Erkan and Radev 2004), by how much of the meeting's vocabulary they carry, and by
// how well they stand on their own; the best are chosen by maximal marginal relevance (Carbonell and Goldstein 1998), over the
// topics, and printed in the order said. Where nothing whole was said the best of the rest is taken.
//
// A topic begins where somebody announces it by name, which is then its title, and where TextTiling (Hearst 1997) finds that the
// words change, helped by the cues by which people change the subject; its title is then the phrase that is most its own.
//
// The same transcript always gives the same digest.
package digest

import (
	"strconv"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// Options bound a digest. The zero value gives the usual size.
type Options struct {
	SummaryWords int // about how many words the summary may have; 110 if zero
	MaxTopics    int // 8 if zero; negative for none
}

// Digest is the summary and the topics of a meeting. Both may be empty, neither is nil.
type Digest struct {
	Summary []document.Line  // ids "s1", "s2"...
	Topics  []document.Topic // the lines' ids are "t1.1", "t1.2", "t2.1"...
}

// Of gives the digest of a meeting. A transcript without a sentence that says something gives an empty one; a short
// recording gives a line or two and no topics.
func Of(meeting document.Meeting, transcript document.Transcript, opt Options) Digest {
	if opt.SummaryWords == 0 {
		opt.SummaryWords = 110
	}
	if opt.MaxTopics == 0 {
		opt.MaxTopics = 8
	}
	spoken := spokenLanguage(meeting, transcript)
	t := newTalk(sentences(transcript, spoken), spoken, names(meeting, transcript))
	topics := t.topics(transcript.Segments, opt.MaxTopics)
	chosen := t.summary(opt.SummaryWords, topics)
	d := Digest{Summary: t.lines(chosen, "s"), Topics: []document.Topic{}}
	used := map[string]bool{}
	for _, topic := range topics {
		inside := t.topicLines(topic, chosen)
		if len(inside) == 0 {
			continue
		}
		lines := t.lines(inside, "t"+strconv.Itoa(len(d.Topics)+1)+".")
		d.Topics = append(d.Topics, document.Topic{
			Title:    t.title(topic, inside, used),
			Segments: document.Span{First: transcript.Segments[topic.first].ID, Last: transcript.Segments[topic.last].ID},
			Lines:    lines,
		})
	}
	return d
}

// spokenLanguage gives the meeting's language, or guesses it from what was said.
func spokenLanguage(meeting document.Meeting, transcript document.Transcript) language.Language {
	if meeting.Language != nil && *meeting.Language != "" {
		return language.Parse(*meeting.Language)
	}
	const enough = 20_000
	var b strings.Builder
	for _, s := range transcript.Segments {
		if b.Len() > enough {
			break
		}
		b.WriteString(s.Text + " ")
	}
	return language.Guess(b.String())
}

// names gives the words of the names of those who spoke or were there.
func names(meeting document.Meeting, transcript document.Transcript) map[string]bool {
	set := map[string]bool{}
	add := func(name string) {
		for _, w := range language.Words(name) {
			set[w.Norm] = true
		}
	}
	for _, s := range transcript.Speakers {
		if s.Name != nil {
			add(*s.Name)
		}
	}
	for _, a := range meeting.Attendees {
		add(a)
	}
	return set
}

// lines gives the sentences of the given numbers as lines with ids that begin with prefix.
func (t *talk) lines(numbers []int, prefix string) []document.Line {
	lines := make([]document.Line, 0, len(numbers))
	for k, i := range numbers {
		s := t.sentences[i]
		lines = append(lines, document.Line{ID: prefix + strconv.Itoa(k+1), Text: s.text, Evidence: s.evidence})
	}
	return lines
}
