package webtest

import (
	"fmt"
	"strings"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/web"
	"mainstay/internal/web/record"
)

// Berlin is the zone of the fixtures.
var berlin = time.FixedZone("CET", 3600)

func shell(title, current string) web.Shell {
	return web.Shell{
		Title: title, Member: "Marta Lindqvist", Initials: web.Initials("Marta Lindqvist"), Workspace: "Lindqvist & Rowe",
		Nav: web.Nav(current, gate.Owner, 2, 1, 3), Unread: 3, Token: "fixture-token",
	}
}

type said struct {
	who    int
	at, to int64
	text   string
}

var people = []string{"Marta Lindqvist", "Tom Okafor", "Speaker 3", "Ines Brandt"}

// talk is what the fixture's meeting says; | marks words that were heard unclearly.
var talk = []said{
	{0, 2_100, 9_800, "Good morning, everyone. Let's keep this to forty minutes, please. Tom, can you start with the slab on level three?"},
	{1, 10_400, 22_300, "Sure. We poured the north bay on Friday. The south bay is still waiting for the rebar inspection, which slipped because the inspector was at the hospital job."},
	{1, 22_900, 31_000, "If they come on Wednesday we pour on Thursday. If not, we lose the pump until the week after."},
	{0, 31_800, 38_200, "Then let's agree on that now. We pour the south bay on Thursday the third, provided the inspection passes."},
	{3, 38_900, 44_100, "Agreed from our side. The engineer has already signed the bending schedule."},
	{0, 45_000, 53_600, "Good. Ines, the façade brackets. The supplier wrote that the second delivery is |eleven| days late."},
	{3, 54_200, 67_900, "Yes. I will call Feldmann this afternoon and get the new date in writing. Until we have it, nobody should book the crane for the west side."},
	{2, 68_600, 77_400, "On the |dewatering|, the pump in the lift pit tripped twice last night. I'd like a second pump on site before the weekend."},
	{1, 78_000, 86_500, "I'll order one today. Four thousand, two hundred euros for the month, that was the |quote|."},
	{0, 87_300, 95_000, "That is inside the contingency, so we decided: second pump, ordered today. Please send me the delivery note by Friday."},
	{2, 96_200, 104_800, "One thing I could not find out: who has to approve the change to the fire doors on level two? The architect or the fire consultant?"},
	{0, 105_500, 113_000, "I don't know either. Let's leave that open and ask both of them next week."},
	{3, 114_000, 127_000, "For the handrails we compared powder coating with galvanised steel. Galvanised is cheaper by nine percent and has no lead time, but the client liked the coating."},
	{0, 128_000, 136_400, "We stay with powder coating, then. It was in the drawings that the client signed."},
	{1, 137_100, 146_000, "Can somebody check the anchor bolts at axis C7? Two of them look short to me."},
	{2, 146_900, 152_300, "I'll measure them on Monday and put the photos into the file."},
	{0, 153_200, 161_000, "Thanks. Next meeting is next Tuesday at nine, same place. That's all from me."},
}

func segmentID(i int) string { return "s-" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }

func pieces(text string) []record.Piece {
	var out []record.Piece
	for i, part := range strings.Split(text, "|") {
		if part != "" {
			out = append(out, record.Piece{Text: part, Unsure: i%2 == 1})
		}
	}
	return out
}

func turns(timed bool) record.Turns {
	out := record.Turns{Unsure: timed}
	for i, s := range talk {
		segment := record.Segment{ID: segmentID(i), Timed: timed, StartMS: s.at, EndMS: s.to, Pieces: pieces(s.text)}
		if !timed {
			segment.Pieces = []record.Piece{{Text: strings.ReplaceAll(s.text, "|", "")}}
		}
		if n := len(out.Turns); n > 0 && talk[i-1].who == s.who {
			out.Turns[n-1].Segments = append(out.Turns[n-1].Segments, segment)
			continue
		}
		turn := record.Turn{Speaker: people[s.who], Colour: s.who + 1, First: segment.ID, Segments: []record.Segment{segment}}
		if timed {
			turn.Clock, turn.AtMS = web.Clock(s.at), s.at
		}
		out.Turns = append(out.Turns, turn)
	}
	return out
}

func cite(i int, quote string) record.Citation {
	return record.Citation{Segment: segmentID(i), AtMS: talk[i].at, Clock: web.Clock(talk[i].at), Quote: quote, Speaker: people[talk[i].who]}
}

func editable(l record.Line) record.Line {
	l.EditURL = "/meetings/mtg_fixture/lines/" + l.ID + "/edit"
	return l
}

// Meeting is a draft with sound, as a member who may approve sees it.
func Meeting() record.MeetingPage {
	p := record.MeetingPage{
		Shell: shell("Site progress 14", "/meetings"), ID: "mtg_fixture", Heading: "Site progress 14: slab, façade, dewatering",
		Project: "Quayside House", When: web.StampAt(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), berlin), Duration: "2 min 41 s",
		Language: "English", State: web.ChipOf("draft"), HasMinutes: true, Minutes: "min_fixture", Version: 1, MayEdit: true, MayDelete: true, MaySubmit: true, MayApprove: true,
		Access:    web.Access{Icon: "lock", Text: "6 people", Detail: []string{"Everybody of the project Quayside House: 4 people.", "The owners of the workspace: 2 people.", "Nobody outside Lindqvist & Rowe."}},
		Exports:   []record.Link{{Name: "Minutes as Markdown", Href: "/meetings/mtg_fixture/minutes.md"}, {Name: "Transcript as WebVTT", Href: "/meetings/mtg_fixture/transcript.vtt"}, {Name: "Everything as JSON", Href: "/meetings/mtg_fixture/meeting.json"}},
		Attendees: []string{"Marta Lindqvist", "Tom Okafor", "Ines Brandt", "Jonas Weil"},
		Carried: []record.Carried{{ID: "l-c-1", Text: "Send the samples of the brick to the client.", Owner: "Ines Brandt", Due: "Fri 20 Nov 2026", DueISO: "2026-11-20",
			From: "Site progress 13, 2026-11-17", Href: "/meetings/mtg_before#l-a2", SettleURL: "/meetings/mtg_fixture/lines/c-1", Minutes: "min_fixture", Version: 1}},
		DraftedBy: "Drafted by rules, without a language model.",
		Speakers: []record.Speaker{
			{ID: "spk1", Name: "Marta Lindqvist", Label: "Marta Lindqvist", Known: true, Colour: 1, Share: "34 %", FirstAt: 2_100},
			{ID: "spk2", Name: "Tom Okafor", Label: "Tom Okafor", Known: true, Colour: 2, Share: "27 %", FirstAt: 10_400},
			{ID: "spk3", Label: "Speaker 3", Colour: 3, Share: "17 %", FirstAt: 68_600},
			{ID: "spk4", Name: "Ines Brandt", Label: "Ines Brandt", Known: true, Colour: 4, Share: "22 %", FirstAt: 38_900},
		},
		Transcript: turns(true),
		Sound:      &record.Sound{URL: "/meetings/mtg_fixture/audio", Peaks: "/meetings/mtg_fixture/peaks", Words: "/meetings/mtg_fixture/words", DurationMS: 161_000},
	}
	p.Shell.Live, p.Shell.Style, p.Shell.Script, p.Shell.Player = "htmx", "meeting.css", "meeting.js", true
	fill(&p)
	return p
}

func fill(p *record.MeetingPage) {
	p.Summary = []record.Line{
		editable(record.Line{ID: "l-s1", Text: "The north bay of level three is poured; the south bay waits for the rebar inspection, which slipped to Wednesday.", Sources: []record.Citation{cite(1, "The south bay is still waiting for the rebar inspection"), cite(2, "If they come on Wednesday we pour on Thursday.")}}),
		editable(record.Line{ID: "l-s2", Text: "The second delivery of façade brackets is eleven days late, and the crane for the west side is not to be booked until a new date is confirmed.", Sources: []record.Citation{cite(5, "the second delivery is eleven days late"), cite(6, "nobody should book the crane for the west side")}}),
	}
	p.Decisions = []record.Line{
		editable(record.Line{ID: "l-d1", Mark: "D1", Text: "The south bay is poured on Thursday 3 December, provided that the inspection passes.", Sources: []record.Citation{cite(3, "We pour the south bay on Thursday the third, provided the inspection passes.")}}),
		editable(record.Line{ID: "l-d2", Mark: "D2", Text: "A second dewatering pump is ordered, paid from the contingency.", Sources: []record.Citation{cite(9, "so we decided: second pump, ordered today"), cite(8, "Four thousand, two hundred euros for the month")}}),
		editable(record.Line{ID: "l-d3", Mark: "D3", Text: "The handrails stay powder coated, as in the drawings that the client signed.", Sources: []record.Citation{cite(13, "We stay with powder coating, then.")}}),
	}
	p.Actions = []record.Line{
		editable(record.Line{ID: "l-a1", Mark: "A1", Action: true, Text: "Call Feldmann and get the new delivery date of the brackets in writing.", Owner: "Ines Brandt", Due: "Tue 24 Nov", DueISO: "2026-11-24", AsSaid: "this afternoon", Sources: []record.Citation{cite(6, "I will call Feldmann this afternoon and get the new date in writing.")}}),
		editable(record.Line{ID: "l-a2", Mark: "A2", Action: true, Text: "Order the second pump for the lift pit.", Owner: "Tom Okafor", Due: "Tue 24 Nov", DueISO: "2026-11-24", AsSaid: "today", Sources: []record.Citation{cite(8, "I'll order one today.")}}),
		editable(record.Line{ID: "l-a3", Mark: "A3", Action: true, Text: "Measure the anchor bolts at axis C7 and file the photos.", Owner: "", Due: "Mon 30 Nov", DueISO: "2026-11-30", AsSaid: "on Monday", Sources: []record.Citation{cite(15, "I'll measure them on Monday and put the photos into the file.")}}),
		editable(record.Line{ID: "l-a4", Mark: "A4", Action: true, Text: "Send the delivery note of the pump to Marta Lindqvist, with the stamp of the site office.", Owner: "Tom Okafor", Due: "Fri 27 Nov", DueISO: "2026-11-27", AsSaid: "by Friday", Unfound: true, Sources: []record.Citation{cite(9, "Please send me the delivery note by Friday.")}}),
	}
	p.Questions = []record.Line{
		editable(record.Line{ID: "l-q1", Mark: "Q1", Text: "Who approves the change to the fire doors on level two: the architect or the fire consultant?", Sources: []record.Citation{cite(10, "who has to approve the change to the fire doors on level two?"), cite(11, "Let's leave that open and ask both of them next week.")}}),
	}
	p.Adds, p.MayRun, p.MayDraft, p.Engines = map[string]record.Line{}, true, true, []string{"whisper-base", "whisper-tiny.en"}
	for _, in := range []string{"summary", "decisions", "actions", "questions"} {
		p.Adds[in] = record.Line{ID: "new-" + in, In: in, EditURL: "/meetings/mtg_fixture/lines/new?in=" + in}
	}
	p.Topics = []record.Topic{
		{Title: "Level three slab", Lines: []record.Line{editable(record.Line{ID: "l-t1", Text: "If the inspector does not come on Wednesday, the pump is lost until the week after.", Sources: []record.Citation{cite(2, "If not, we lose the pump until the week after.")}})}},
		{Title: "Lift pit", Lines: []record.Line{editable(record.Line{ID: "l-t2", Text: "The pump tripped twice last night; a second one is wanted before the weekend.", Sources: []record.Citation{cite(7, "the pump in the lift pit tripped twice last night")}})}},
		{Title: "Handrails", Lines: []record.Line{editable(record.Line{ID: "l-t3", Text: "Galvanised steel would be nine percent cheaper and has no lead time.", Sources: []record.Citation{cite(12, "Galvanised is cheaper by nine percent and has no lead time")}})}},
	}
}

func approved() record.MeetingPage {
	p := Meeting()
	p.State, p.MayApprove, p.MaySubmit, p.Adds = web.ChipOf("approved"), false, false, nil
	p.Approval = &record.Approval{By: "Marta Lindqvist", When: web.StampAt(time.Date(2026, 11, 24, 13, 2, 0, 0, time.UTC), berlin), Version: 2}
	p.Notes = []web.Note{{Class: "", Icon: "info", Text: "A new run of the speech engine is ready. The approved minutes stay as they are until somebody approves the new draft."}}
	return p
}

// pasted is a transcript without times, as a viewer sees it: no sound, no changes.
func pasted() record.MeetingPage {
	p := Meeting()
	p.Transcript, p.Sound, p.Duration, p.MayEdit, p.MayDelete, p.MayApprove, p.MaySubmit = turns(false), nil, "", false, false, false, false
	p.Shell.Player, p.Adds, p.MayRun = false, nil, false
	p.Notes = []web.Note{{Icon: "clipboard-paste", Text: "Pasted transcript, without times. A chip shows the words that its line stands on."}}
	for _, lines := range [][]record.Line{p.Summary, p.Decisions, p.Actions, p.Questions, p.Topics[0].Lines, p.Topics[1].Lines, p.Topics[2].Lines} {
		for i := range lines {
			lines[i].EditURL = ""
			for j := range lines[i].Sources {
				lines[i].Sources[j].Still, lines[i].Sources[j].Clock = true, ""
			}
		}
	}
	p.Decisions[0].Original = "Südfeld wird am Donnerstag betoniert."
	p.Decisions[1].Typed = "Tom Okafor"
	return p
}

// Long is a meeting whose page shows n turns of its transcript and says where the rest is.
func Long(n int) record.MeetingPage {
	p := Meeting()
	words := strings.Fields("the slab bay inspection pump crane bracket delivery client drawing level façade order contract Tuesday engineer anchor fire door consultant budget contingency weather concrete sample scaffold neighbour permit meeting report")
	p.Transcript = record.Turns{Rest: "/meetings/mtg_fixture/transcript?after=x"}
	for i := range n {
		var text []string
		for j := range 30 {
			text = append(text, words[(i*i*7+j*j*13+i*j)%len(words)])
		}
		id := fmt.Sprintf("s-01j9zk3q%04dvwxyzabcdefgh", i)
		at := int64(i) * 9_000
		p.Transcript.Turns = append(p.Transcript.Turns, record.Turn{Speaker: people[i%4], Colour: i%4 + 1, Clock: web.Clock(at), AtMS: at, First: id,
			Segments: []record.Segment{{ID: id, Timed: true, StartMS: at, EndMS: at + 8_500, Pieces: []record.Piece{{Text: strings.Join(text, " ")}}}}})
	}
	return p
}
