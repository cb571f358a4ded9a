package record

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/meeting"
	"mainstay/internal/progress"
	"mainstay/internal/web"
)

// ProcessingPage is a meeting whose minutes are not there yet.
type ProcessingPage struct {
	web.Shell
	ID        string
	Heading   string
	When      web.Stamp
	Duration  string
	State     web.StateChip
	Access    web.Access
	Notes     []web.Note
	Stream    string // server-sent events with the progress fragment; empty when nothing moves any more
	Progress  Progress
	MayRun    bool
	MayCancel bool
	MayEdit   bool
	MayDelete bool
	Another   bool // nothing is left to work on
	Upload    bool // it waits for an upload, which goes on elsewhere
}

func (ProcessingPage) Page() string { return "processing" }

// Progress is how far the work is. The page comes with it, and the stream sends it anew.
type Progress struct {
	Percent   int
	PhaseText string // "Recognizing speech"
	Left      string // "about 3 min left"; empty when not known
	Queue     string // "third in the queue"
	Reason    string // why it stopped, empty while it runs
	Kept      string // what is safe nevertheless
	Steps     []Step
}

// Step is a phase of the work. State is done, now, bad, or empty for what is still to come; Said is its word.
type Step struct {
	Number            int
	Name, State, Said string
	Detail, Took      string
}

// work is what is known of the making of a meeting's minutes.
type work struct {
	meeting   meeting.Meeting
	recording *capture.Recording // nil where none arrived
	arriving  *capture.Upload    // nil where none is on its way
	steps     []progress.Step    // what still moves first, then the newest, without those that only look again
}

// over is 1 for a step that does not move any more.
func over(s progress.Step) int {
	if s.State == "waiting" || s.State == "running" {
		return 0
	}
	return 1
}

// workOn reads what the page of a meeting in the making shows.
func (a *Pages) workOn(r *http.Request, m meeting.Meeting) (work, error) {
	k := work{meeting: m}
	steps, err := a.Progress.Of(r.Context(), m.ID)
	if err != nil {
		return k, err
	}
	for _, s := range steps {
		if s.Kind == "transcribe" || s.Kind == "draft" {
			k.steps = append(k.steps, s)
		}
	}
	slices.SortStableFunc(k.steps, func(a, b progress.Step) int { return cmp.Compare(over(a), over(b)) })
	rec, err := a.Capture.Of(r.Context(), m.ID)
	if err == nil {
		k.recording = &rec
	} else if !fault.Is(err, fault.Missing) {
		return k, err
	}
	up, err := a.Capture.Arriving(r.Context(), m.ID)
	if err == nil {
		k.arriving = &up
	} else if !fault.Is(err, fault.Missing) {
		return k, err
	}
	return k, nil
}

// state is where the work stands: "uploading", "waiting", "running", "dead", "cancelled", "done", or "" where none began.
func (k work) state() string {
	switch {
	case len(k.steps) > 0:
		return k.steps[0].State
	case k.recording != nil && k.recording.State == "refused":
		return "dead"
	case k.arriving != nil:
		return "uploading"
	}
	return ""
}

func (k work) moves() bool {
	s := k.state()
	return s == "waiting" || s == "running" || s == "uploading"
}

// newest returns the newest step of a kind.
func (k work) newest(kind string) (progress.Step, bool) {
	for _, s := range k.steps {
		if s.Kind == kind {
			return s, true
		}
	}
	return progress.Step{}, false
}

// The share of the whole work that is done once the transcript is there.
const heard = 90

func (k work) progress(now time.Time) Progress {
	p := Progress{Steps: k.listed()}
	state := k.state()
	switch state {
	case "uploading":
		p.PhaseText, p.Percent = "Uploading", int(100*k.arriving.Received/k.arriving.Size)
		if !now.Before(k.arriving.ExpiresAt) {
			p.Reason, p.Kept = "This upload was interrupted and is over.", "Upload the recording again."
		}
		return p
	case "":
		p.Reason, p.Kept = "Nothing has arrived for this meeting.", "Upload its recording again."
		return p
	case "dead", "cancelled":
		p.Reason, p.Kept = k.stopped()
		return p
	}
	s := k.steps[0]
	p.PhaseText = web.PhaseName(s.Kind, s.Phase)
	if p.Percent = int(heard * s.Progress); s.Kind == "draft" {
		p.Percent = heard + int((100-heard)*s.Progress)
	}
	if s.State == "waiting" {
		p.PhaseText, p.Queue = "Waiting", web.PlaceOf(s.Ahead)
		if s.Reason != "" {
			p.PhaseText, p.Queue = s.Reason, "Tried again by itself"
		}
	}
	if s.Left != nil {
		p.Left = web.LeftOf(*s.Left)
	}
	return p
}

// stopped says why the work ended, and what is safe.
func (k work) stopped() (reason, kept string) {
	if len(k.steps) == 0 {
		return k.recording.Reason, "Nothing of this file was kept. Upload another recording."
	}
	s := k.steps[0]
	reason = s.Reason
	if s.State == "cancelled" {
		reason = "The work was cancelled."
	}
	switch {
	case s.Kind == "draft":
		return reason, "The transcript is stored safely."
	case k.recording != nil && playable(*k.recording):
		return reason, "The recording is stored safely."
	}
	return reason, ""
}

// listed are the parts of the work in their order.
func (k work) listed() []Step {
	steps := []Step{k.stored()}
	if k.meeting.Source != "paste" {
		steps = append(steps, k.step("transcribe", "Speech and speakers"))
	}
	steps = append(steps, k.step("draft", "Minutes"))
	for i := range steps {
		steps[i].Number = i + 1
		steps[i].Said = map[string]string{"done": "done", "now": "now", "bad": "stopped", "": "to come"}[steps[i].State]
	}
	return steps
}

func (k work) stored() Step {
	s := Step{Name: "Stored safely", State: "done"}
	switch {
	case k.recording != nil && k.recording.State == "refused":
		s.State, s.Name = "bad", "Looking into the file"
	case k.recording != nil:
		s.Detail = sizeOf(k.recording.Size)
	case k.arriving != nil:
		s.State, s.Detail = "now", sizeOf(k.arriving.Received)+" of "+sizeOf(k.arriving.Size)
	case k.meeting.Source != "paste":
		s.State, s.Name = "bad", "Waiting for a recording"
	}
	return s
}

func (k work) step(kind, name string) Step {
	s := Step{Name: name}
	found, ok := k.newest(kind)
	if !ok {
		return s
	}
	switch found.State {
	case "done":
		s.State = "done"
		if found.StartedAt != nil && found.FinishedAt != nil {
			s.Took = web.Clock(found.FinishedAt.Sub(*found.StartedAt).Milliseconds())
		}
	case "dead", "cancelled":
		s.State = "bad"
	default:
		s.State = "now"
		if found.State == "running" {
			s.Detail = web.PhaseName(kind, found.Phase)
		}
	}
	return s
}

// sizeOf writes a number of bytes as people read it.
func sizeOf(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.2f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%d kB", (n+999)/1000)
}

// showWork is the page of a meeting whose minutes are not there yet.
func (a *Pages) showWork(w http.ResponseWriter, r *http.Request, k work) error {
	shell, err := a.Frame(r, k.meeting.Title, "/meetings")
	if err != nil {
		return err
	}
	shell.Live, shell.Script, shell.Toast = "sse", "live.js", toastOf(r.URL.Query())
	m, state := k.meeting, k.state()
	p := ProcessingPage{Shell: shell, ID: m.ID.String(), Heading: m.Title, When: whenOf(m, web.ZoneOf(r)), Duration: durationOf(m), State: web.StageChip(m.Stage),
		Access: accessOf(m, shell.Workspace), Notes: k.sameNotes(), Progress: k.progress(a.Source.Now()), MayEdit: mayEdit(m), MayDelete: mayManage(m), Upload: state == "uploading" && mayEdit(m)}
	if k.moves() && p.Progress.Reason == "" {
		p.Stream = web.PathOf(m.ID) + "/progress"
	}
	if state == "running" || state == "waiting" {
		p.State = web.ChipOf(state)
	}
	p.MayRun = mayEdit(m) && len(k.steps) > 0 && !k.moves()
	p.Another = mayEdit(m) && len(k.steps) == 0 && p.Progress.Reason != ""
	p.MayCancel = mayEdit(m) && len(k.steps) > 0 && k.moves()
	return a.Show(w, p)
}

// follow streams the progress of a meeting's work. It says "done" when there are minutes and "stopped" when there will be
// none, and ends when the reader may no longer know.
func (a *Pages) follow(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	news, end, err := a.Progress.Watch(r.Context(), id)
	if err != nil {
		return err
	}
	defer end()
	return a.Stream(w, r, news, func() (web.Event, error) { return a.event(r, id) })
}

// event is what the stream has to say now.
func (a *Pages) event(r *http.Request, id meeting.ID) (web.Event, error) {
	m, err := a.Meetings.Look(r.Context(), id)
	if err != nil {
		return web.Event{}, err
	}
	k, err := a.workOn(r, m)
	if err != nil {
		return web.Event{}, err
	}
	p := k.progress(a.Source.Now())
	switch {
	case k.state() == "done":
		return web.Event{Name: "done"}, nil
	case p.Reason != "":
		return web.Event{Name: "stopped"}, nil
	}
	return a.EventOf("progress", p)
}

// runAgain begins the work on a meeting anew: speech and minutes, with the engine that was chosen, or the minutes alone.
func (a *Pages) runAgain(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	m, err := a.Meetings.Editable(r.Context(), id)
	if err != nil {
		return err
	}
	k, err := a.workOn(r, m)
	if err != nil {
		return err
	}
	step, ok := k.newest("draft")
	switch what := k.again(r.PostFormValue("what")); {
	case what == "speech":
		err = a.Speech.RunAgain(r.Context(), id, r.PostFormValue("engine"))
	case what == "minutes" && ok:
		err = a.Progress.RunAgain(r.Context(), step.ID)
	default:
		err = fault.New(fault.Conflict, "There is nothing left to run again. Upload the recording again.")
	}
	if err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(id))
}

// again says what is run again: what was asked for, else the part that stopped.
func (k work) again(asked string) string {
	switch {
	case asked != "":
		return asked
	case len(k.steps) > 0 && k.steps[0].Kind == "draft":
		return "minutes"
	case k.recording != nil && playable(*k.recording):
		return "speech"
	}
	return ""
}

// cancel ends the work on a meeting.
func (a *Pages) cancel(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	m, err := a.Meetings.Editable(r.Context(), id)
	if err != nil {
		return err
	}
	k, err := a.workOn(r, m)
	if err != nil {
		return err
	}
	if len(k.steps) == 0 || !k.moves() {
		return fault.New(fault.Conflict, "This work is over already.")
	}
	if err := a.Progress.Cancel(r.Context(), k.steps[0].ID); err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(id))
}
