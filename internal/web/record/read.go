package record

import (
	"net/http"
	"strconv"
	"time"

	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// openMeeting is a meeting's page: its minutes beside its transcript, or how far they are.
func (a *Pages) openMeeting(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	o, err := a.openRun(r, id)
	if err != nil {
		return err
	}
	k, err := a.workOn(r, o.Meeting)
	if err != nil {
		return err
	}
	if o.Minutes == nil && k.state() != "done" {
		return a.showWork(w, r, k)
	}
	p, err := a.meetingPage(r, o, k)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

// openRun opens the newest minutes of a meeting, or the run that the address names.
func (a *Pages) openRun(r *http.Request, id meeting.ID) (minutes.Opened, error) {
	named := r.URL.Query().Get("run")
	if named == "" {
		return a.Minutes.Open(r.Context(), id)
	}
	run, err := tenant.ParseID[minutes.ID](named)
	if err != nil {
		return minutes.Opened{}, err
	}
	return a.Minutes.OpenRun(r.Context(), id, run)
}

func (a *Pages) meetingPage(r *http.Request, o minutes.Opened, k work) (MeetingPage, error) {
	m := o.Meeting
	shell, err := a.Frame(r, m.Title, "/meetings")
	if err != nil {
		return MeetingPage{}, err
	}
	shell.Live, shell.Style, shell.Script, shell.Toast = "htmx", "meeting.css", "meeting.js", toastOf(r.URL.Query())
	p := MeetingPage{Shell: shell, ID: m.ID.String(), Heading: m.Title, Project: m.Project, When: whenOf(m, web.ZoneOf(r)), Duration: durationOf(m),
		State: web.StageChip(m.Stage), Access: accessOf(m, shell.Workspace), MayEdit: mayEdit(m), MayDelete: mayManage(m), Attendees: namesOf(m),
		Exports: exportsOf(o), Notes: notesOf(o, k)}
	if m.Language != "" {
		p.Language = languageName(m.Language)
	}
	if k.recording != nil && playable(*k.recording) {
		p.Sound = soundOf(m, k)
		p.Shell.Player = true
		p.Engines = a.Speech.Engines()
	}
	_, drafted := k.newest("draft")
	p.MayRun, p.MayDraft = p.MayEdit && !k.moves(), drafted && o.Transcript != nil
	if o.Transcript != nil {
		p.Speakers, p.Transcript = speakersOf(*o.Transcript), turnsOf(*o.Transcript, p.ID, 0)
	}
	if o.Minutes != nil {
		l := newLedger(o, p.Sound != nil, shell.Token)
		if err := a.nameWriters(r.Context(), l); err != nil {
			return p, err
		}
		l.fill(&p)
		return p, a.standing(r, &p, o)
	}
	return p, nil
}

// standing says who drafted the minutes and who approved them, and what the reader may do about that.
func (a *Pages) standing(r *http.Request, p *MeetingPage, o minutes.Opened) error {
	m := o.Minutes
	p.HasMinutes, p.Minutes, p.Version, p.DraftedBy = true, m.ID.String(), m.Version, draftedBy(m.DraftedBy)
	p.MayApprove, p.MaySubmit = p.MayEdit && m.Open(), p.MayEdit && m.State == minutes.Draft
	p.State = web.ChipOf(string(m.State))
	if m.State != minutes.Approved {
		return nil
	}
	p.Approval = &Approval{Version: m.Version}
	if m.ApprovedAt != nil {
		p.Approval.When = web.StampAt(*m.ApprovedAt, web.ZoneOf(r))
	}
	var err error
	p.Approval.By, err = a.Identity.NameOf(r.Context(), m.ApprovedBy)
	return err
}

func soundOf(m meeting.Meeting, k work) *Sound {
	at := web.PathOf(m.ID)
	s := &Sound{URL: at + "/audio", Peaks: at + "/peaks", Words: at + "/words"}
	if k.recording.DurationMS != nil {
		s.DurationMS = *k.recording.DurationMS
	} else if m.DurationMS != nil {
		s.DurationMS = *m.DurationMS
	}
	return s
}

// whenOf is when a meeting was, in the reader's zone; empty where nobody knows.
func whenOf(m meeting.Meeting, zone *time.Location) web.Stamp {
	if m.StartsAt == nil {
		return web.Stamp{}
	}
	return web.StampAt(*m.StartsAt, zone)
}

// durationOf is how long a meeting was: in seconds where it was short.
func durationOf(m meeting.Meeting) string {
	if m.DurationMS == nil {
		return ""
	}
	d := time.Duration(*m.DurationMS) * time.Millisecond
	if d < time.Minute {
		return strconv.Itoa(int(d.Round(time.Second)/time.Second)) + " s"
	}
	return web.Lasting(d)
}

// accessOf says who can see a meeting.
func accessOf(m meeting.Meeting, workspace string) web.Access {
	nobody := "Nobody outside " + workspace + "."
	if m.Private {
		return web.Access{Icon: "lock", Text: "Shared with few", Detail: []string{"Who made it, and those whom it was shared with.", nobody}}
	}
	return web.Access{Icon: "users", Text: "Everybody here", Detail: []string{"Every member of " + workspace + " can read it.",
		"Members can also change it; viewers cannot.", nobody}}
}

// notesOf are the sentences above a meeting's minutes.
func notesOf(o minutes.Opened, k work) []web.Note {
	var notes []web.Note
	add := func(class, icon, text string) { notes = append(notes, web.Note{Class: class, Icon: icon, Text: text}) }
	switch state := k.state(); {
	case o.Minutes == nil && o.Transcript != nil:
		add("", "info", "The minutes of this meeting were erased. Running again makes new ones from its transcript.")
	case o.Minutes == nil:
		add("", "info", "The minutes of this meeting were erased.")
	case state == "running" || state == "waiting":
		add("", "activity", "This meeting is being worked on again. What you see is from the run before.")
	case state == "dead":
		add("bad", "triangle-alert", "The last run stopped: "+k.steps[0].Reason+" What you see is from the run before.")
	}
	if !o.Record.IsZero() {
		notes = append(notes, web.Note{Icon: "stamp", Text: "The approved minutes stay the record until this draft is approved.", Name: "Read them",
			Href: web.PathOf(o.Meeting.ID) + "?run=" + o.Record.String()})
	}
	if o.Minutes != nil && o.Minutes.State == minutes.Approved && o.Meeting.Stage != meeting.Approved {
		notes = append(notes, web.Note{Icon: "info", Text: "This is the record. There is a newer draft.", Name: "Read the draft", Href: web.PathOf(o.Meeting.ID)})
	}
	if o.Minutes != nil && o.Minutes.DraftedBy.Note != nil {
		add("", "info", *o.Minutes.DraftedBy.Note)
	}
	if o.Minutes != nil && o.Minutes.Dropped > 0 {
		add("", "info", web.Count(o.Minutes.Dropped, "proposed line", "proposed lines")+" could not be found in what was said and did not become part of these minutes.")
	}
	return append(notes, sourceNotes(o, k)...)
}

// sourceNotes say what there is to listen to.
func sourceNotes(o minutes.Opened, k work) []web.Note {
	var notes []web.Note
	add := func(icon, text string) { notes = append(notes, web.Note{Icon: icon, Text: text}) }
	rec := k.recording
	switch {
	case o.Transcript == nil:
		add("quote", "The transcript was erased. Each line keeps the words that it stands on.")
	case len(o.Transcript.Segments) == 0:
		add("info", "Nobody speaks in this recording, or nobody could be understood.")
	case rec == nil && o.Transcript.Segments[0].StartMS == nil:
		add("clipboard-paste", "Pasted transcript, without times. A chip shows the words that its line stands on.")
	case rec == nil:
		add("clipboard-paste", "Imported transcript, without sound. A chip shows the words that its line stands on.")
	}
	if rec != nil && rec.State == "erased" {
		text := "The recording was erased. A chip shows the words that its line stands on."
		if o.Meeting.Ephemeral {
			text = "The recording was destroyed when its transcript was written, as asked. A chip shows the words that its line stands on."
		}
		add("lock", text)
	}
	return append(notes, k.sameNotes()...)
}

// sameNotes tell of a meeting that holds the same bytes already.
func (k work) sameNotes() []web.Note {
	if k.recording == nil || k.recording.Same == nil {
		return nil
	}
	return []web.Note{{Icon: "info", Text: "The same recording was uploaded before.", Name: "Open that meeting", Href: web.PathOf(*k.recording.Same)}}
}
