package minutes

import "mainstay/internal/minutes/digest"

// template is what a kind of meeting wants of its minutes. The order and the headings of its sections are in
// [document.Layout].
type template struct {
	digest digest.Options
	asks   string // what a model is told besides the general instructions
	carry  bool   // open items of the meeting before are carried forward
}

// templateOf returns a kind of meeting's template, the general one for an unknown kind. The kinds are [meeting.Templates].
func templateOf(kind string) template {
	switch kind {
	case "owner":
		return template{carry: true, asks: `This is a project owner's meeting with its contractors and designers. Look for instructions, changes, costs, delays, requests for
information and who must answer them. Every instruction to a party is an action; every matter left to a later meeting is a question.`}
	case "standup":
		return template{digest: digest.Options{SummaryWords: 60, MaxTopics: -1}, asks: `This is a stand-up. The summary says what each speaker did, in at most one line each; actions are what each is
going to do next; questions are what blocks somebody. Give no topics.`}
	case "interview":
		return template{digest: digest.Options{SummaryWords: 160, MaxTopics: 12}, asks: `This is an interview. Give a topic for each theme that was asked about, with the answers as lines. Do not judge the person who
answers. Actions are follow-ups that were promised; decisions are rare.`}
	case "board":
		return template{digest: digest.Options{SummaryWords: 90}, asks: `This is a meeting of a board. A decision is a resolution: write what was resolved, and how it was voted only if that was said.
Do not say who argued for what, unless somebody asked to have it noted.`}
	}
	return template{}
}
