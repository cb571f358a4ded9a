package minutes

import (
	"fmt"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
	"mainstay/internal/llm"
	"mainstay/internal/minutes/commitment"
	"mainstay/internal/minutes/evidence"
)

// proposal is what a model answers with.
type proposal struct {
	Summary   []proposed       `json:"summary"`
	Topics    []proposedTopic  `json:"topics"`
	Decisions []proposed       `json:"decisions"`
	Actions   []proposedAction `json:"actions"`
	Questions []proposed       `json:"questions"`
}

type proposed struct {
	Text     string              `json:"text"`
	AsSpoken string              `json:"as_spoken"` // where the minutes are in another language
	Evidence []document.Evidence `json:"evidence"`
}

type proposedTopic struct {
	Title string     `json:"title"`
	Lines []proposed `json:"lines"`
}

type proposedAction struct {
	proposed
	Owner     *string `json:"owner"`
	DueAsSaid *string `json:"due_as_said"`
}

func answerSchema(translated bool) llm.Schema {
	text := llm.Schema{Type: "string"}
	blank := llm.Schema{Type: "string", Nullable: true}
	evidence := llm.Schema{Type: "array", Items: &llm.Schema{Type: "object", Fields: []llm.Field{
		{Name: "segment", Schema: llm.Schema{Type: "string", Description: "id of a segment"}},
		{Name: "quote", Schema: llm.Schema{Type: "string", Description: "words copied exactly from that segment"}},
	}}}
	fields := []llm.Field{{Name: "text", Schema: text}, {Name: "evidence", Schema: evidence}}
	if translated {
		fields = append(fields, llm.Field{Name: "as_spoken", Schema: llm.Schema{Type: "string", Description: "the same in the language that is spoken"}})
	}
	line := llm.Schema{Type: "object", Fields: fields}
	lines := llm.Schema{Type: "array", Items: &line}
	topic := llm.Schema{Type: "object", Fields: []llm.Field{{Name: "title", Schema: text}, {Name: "lines", Schema: lines}}}
	action := llm.Schema{Type: "object", Fields: append(append([]llm.Field{}, fields...),
		llm.Field{Name: "owner", Schema: blank}, llm.Field{Name: "due_as_said", Schema: blank})}
	return llm.Schema{Type: "object", Fields: []llm.Field{
		{Name: "summary", Schema: lines},
		{Name: "topics", Schema: llm.Schema{Type: "array", Items: &topic}},
		{Name: "decisions", Schema: lines},
		{Name: "actions", Schema: llm.Schema{Type: "array", Items: &action}},
		{Name: "questions", Schema: lines},
	}}
}

// joiner turns a model's answers into one proposal. Parts overlap, so that the same line can come twice.
type joiner struct {
	brief    Brief
	lang     language.Language
	proposal Proposal
	seen     map[string][]document.Line // of the parts before, by the list that they are in
	fresh    map[string][]document.Line // of this part
}

func newJoiner(b Brief) *joiner {
	j := &joiner{brief: b, lang: evidence.Spoken(b.Meeting, b.Transcript), seen: map[string][]document.Line{}, fresh: map[string][]document.Line{}}
	if b.translates() {
		j.lang = language.Parse(b.Language)
		j.proposal.Spoken = map[string]string{}
	}
	return j
}

func (j *joiner) add(p proposal) {
	m := &j.proposal.Minutes
	j.lines(&m.Summary, "s", p.Summary)
	j.lines(&m.Decisions, "d", p.Decisions)
	j.lines(&m.Questions, "q", p.Questions)
	for _, a := range p.Actions {
		line, ok := j.line("a", len(m.Actions), a.proposed)
		if !ok {
			continue
		}
		action := document.Action{Line: line, Owner: j.owner(a.Owner)}
		if a.DueAsSaid != nil {
			action.Due = commitment.Due(j.brief.Meeting, *a.DueAsSaid)
		}
		m.Actions = append(m.Actions, action)
	}
	for _, t := range p.Topics {
		topic := document.Topic{Title: t.Title}
		j.lines(&topic.Lines, fmt.Sprintf("t%d.", len(m.Topics)+1), t.Lines)
		if len(topic.Lines) > 0 {
			m.Topics = append(m.Topics, topic)
		}
	}
	for list, lines := range j.fresh {
		j.seen[list] = append(j.seen[list], lines...)
	}
	clear(j.fresh)
}

func (j *joiner) lines(to *[]document.Line, prefix string, from []proposed) {
	for _, p := range from {
		if line, ok := j.line(prefix, len(*to), p); ok {
			*to = append(*to, line)
		}
	}
}

// line gives a proposed line its id. A line that says what one of the same list says, of a segment that both cite, came from
// two parts that overlap.
func (j *joiner) line(prefix string, n int, p proposed) (document.Line, bool) {
	text := strings.TrimSpace(p.Text)
	list := prefix[:1]
	if text == "" {
		return document.Line{}, false
	}
	for _, before := range j.fresh[list] {
		if strings.EqualFold(before.Text, text) {
			return document.Line{}, false
		}
	}
	for _, before := range j.seen[list] {
		if strings.EqualFold(before.Text, text) || cite(before.Evidence, p.Evidence) && evidence.Alike(before.Text, text, j.lang) {
			return document.Line{}, false
		}
	}
	line := document.Line{ID: fmt.Sprintf("%s%d", prefix, n+1), Text: text, Evidence: p.Evidence}
	j.fresh[list] = append(j.fresh[list], line)
	if j.proposal.Spoken != nil {
		j.proposal.Spoken[line.ID] = p.AsSpoken
	}
	return line, true
}

// cite reports whether two lines stand on a segment in common.
func cite(a, b []document.Evidence) bool {
	for _, x := range a {
		for _, y := range b {
			if x.Segment == y.Segment {
				return true
			}
		}
	}
	return false
}

// owner maps a name to the speaker who bears it. "Speaker 2" is a speaker whose name nobody gave.
func (j *joiner) owner(name *string) *document.Owner {
	if name == nil || strings.TrimSpace(*name) == "" {
		return nil
	}
	for _, s := range j.brief.Transcript.Speakers {
		if !strings.EqualFold(j.brief.Transcript.SpeakerName(s.ID), strings.TrimSpace(*name)) {
			continue
		}
		return &document.Owner{Speaker: &s.ID, Name: s.Name}
	}
	return &document.Owner{Name: name}
}
