package minutes

import (
	"fmt"
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/llm"
	"mainstay/internal/minutes/commitment"
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
	Evidence []document.Evidence `json:"evidence"`
}

type proposedTopic struct {
	Title string     `json:"title"`
	Lines []proposed `json:"lines"`
}

type proposedAction struct {
	Text      string              `json:"text"`
	Evidence  []document.Evidence `json:"evidence"`
	Owner     *string             `json:"owner"`
	DueAsSaid *string             `json:"due_as_said"`
}

func answerSchema() llm.Schema {
	text := llm.Schema{Type: "string"}
	blank := llm.Schema{Type: "string", Nullable: true}
	evidence := llm.Schema{Type: "array", Items: &llm.Schema{Type: "object", Fields: []llm.Field{
		{Name: "segment", Schema: llm.Schema{Type: "string", Description: "id of a segment"}},
		{Name: "quote", Schema: llm.Schema{Type: "string", Description: "words copied exactly from that segment"}},
	}}}
	line := llm.Schema{Type: "object", Fields: []llm.Field{{Name: "text", Schema: text}, {Name: "evidence", Schema: evidence}}}
	lines := llm.Schema{Type: "array", Items: &line}
	topic := llm.Schema{Type: "object", Fields: []llm.Field{{Name: "title", Schema: text}, {Name: "lines", Schema: lines}}}
	action := llm.Schema{Type: "object", Fields: []llm.Field{
		{Name: "text", Schema: text}, {Name: "evidence", Schema: evidence}, {Name: "owner", Schema: blank}, {Name: "due_as_said", Schema: blank},
	}}
	return llm.Schema{Type: "object", Fields: []llm.Field{
		{Name: "summary", Schema: lines},
		{Name: "topics", Schema: llm.Schema{Type: "array", Items: &topic}},
		{Name: "decisions", Schema: lines},
		{Name: "actions", Schema: llm.Schema{Type: "array", Items: &action}},
		{Name: "questions", Schema: lines},
	}}
}

// joiner turns a model's answers into minutes. Parts overlap, so that the same line can come twice.
type joiner struct {
	segments map[string]document.Segment
	speakers []document.Speaker
	due      func(said string) *document.Due
	minutes  document.Minutes
	seen     map[string]bool
}

// dues computes dates from the words that said them, counted from the meeting's date.
func dues(b Brief) func(string) *document.Due {
	return func(said string) *document.Due { return commitment.Due(b.Meeting, said) }
}

func (j *joiner) add(p proposal) {
	m := &j.minutes
	j.lines(&m.Summary, "s", p.Summary)
	j.lines(&m.Decisions, "d", p.Decisions)
	j.lines(&m.Questions, "q", p.Questions)
	for _, a := range p.Actions {
		line, ok := j.line("a", len(m.Actions), proposed{a.Text, a.Evidence})
		if !ok {
			continue
		}
		action := document.Action{Line: line, Owner: j.owner(a.Owner)}
		if a.DueAsSaid != nil && strings.TrimSpace(*a.DueAsSaid) != "" {
			action.Due = j.due(*a.DueAsSaid)
		}
		m.Actions = append(m.Actions, action)
	}
	for _, t := range p.Topics {
		j.topic(t)
	}
}

func (j *joiner) lines(to *[]document.Line, prefix string, from []proposed) {
	for _, p := range from {
		if line, ok := j.line(prefix, len(*to), p); ok {
			*to = append(*to, line)
		}
	}
}

func (j *joiner) line(prefix string, n int, p proposed) (document.Line, bool) {
	key := prefix + "\x00" + strings.ToLower(strings.TrimSpace(p.Text))
	if j.seen == nil {
		j.seen = map[string]bool{}
	}
	if j.seen[key] || strings.TrimSpace(p.Text) == "" {
		return document.Line{}, false
	}
	j.seen[key] = true
	return document.Line{ID: fmt.Sprintf("%s%d", prefix, n+1), Text: strings.TrimSpace(p.Text), Evidence: p.Evidence}, true
}

func (j *joiner) topic(t proposedTopic) {
	topic := document.Topic{Title: strings.TrimSpace(t.Title)}
	prefix := fmt.Sprintf("t%d.", len(j.minutes.Topics)+1)
	j.lines(&topic.Lines, prefix, t.Lines)
	for _, l := range topic.Lines {
		for _, e := range l.Evidence {
			if _, ok := j.segments[e.Segment]; !ok {
				continue
			}
			if topic.Segments.First == "" {
				topic.Segments.First = e.Segment
			}
			topic.Segments.Last = e.Segment
		}
	}
	if topic.Title != "" && topic.Segments.First != "" {
		j.minutes.Topics = append(j.minutes.Topics, topic)
	}
}

// owner maps a name to the speaker who bears it.
func (j *joiner) owner(name *string) *document.Owner {
	if name == nil || strings.TrimSpace(*name) == "" {
		return nil
	}
	owner := &document.Owner{Name: name}
	for _, s := range j.speakers {
		if s.Name != nil && strings.EqualFold(*s.Name, *name) {
			owner.Speaker, owner.Name = &s.ID, s.Name
		}
	}
	return owner
}
