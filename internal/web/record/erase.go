package record

import (
	"net/http"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/web"
)

// ErasePage destroys parts of a meeting, or all of it, once its reader has typed a word.
type ErasePage struct {
	web.Shell
	ID, Heading string
	Problem     string
	Parts       []web.Option
	Word        string
}

// Page names the template file.
func (ErasePage) Page() string { return "erase" }

// eraseWord is what is typed to erase.
const eraseWord = "erase"

// erasable returns the parts of a meeting that there are, with one of them chosen.
func (a *Pages) erasable(r *http.Request, id meeting.ID, chosen string) ([]web.Option, error) {
	o, err := a.Minutes.Look(r.Context(), id)
	if err != nil {
		return nil, err
	}
	rec, err := a.Capture.Of(r.Context(), id)
	if err != nil && !fault.Is(err, fault.Missing) {
		return nil, err
	}
	var parts []web.Option
	if playable(rec) {
		parts = append(parts, web.Option{Value: "recording", Name: "The recording", Hint: "Transcript and minutes stay. Chips show their quotes, without sound."})
	}
	if o.Transcript != nil {
		parts = append(parts, web.Option{Value: "transcript", Name: "The transcript, every version of it", Hint: "Minutes stay, with the words that their lines quote."})
	}
	if o.Minutes != nil {
		parts = append(parts, web.Option{Value: "minutes", Name: "The minutes, every version of them", Hint: "Also those that were approved."})
	}
	parts = append(parts, web.Option{Value: "meeting", Name: "The whole meeting", Hint: "Title, attendees, recording, transcript and minutes."})
	return web.Choose(chosen, parts...), nil
}

// mayErase returns a meeting to who may destroy it.
func (a *Pages) mayErase(r *http.Request) (meeting.Meeting, error) {
	id, err := meetingOf(r)
	if err != nil {
		return meeting.Meeting{}, err
	}
	return a.Meetings.Erasable(r.Context(), id)
}

func (a *Pages) showErase(w http.ResponseWriter, r *http.Request) error {
	m, err := a.mayErase(r)
	if err != nil {
		return err
	}
	return a.eraseAgain(w, r, m, http.StatusOK, "")
}

func (a *Pages) eraseAgain(w http.ResponseWriter, r *http.Request, m meeting.Meeting, status int, problem string) error {
	shell, err := a.Frame(r, "Erase", "/meetings")
	if err != nil {
		return err
	}
	parts, err := a.erasable(r, m.ID, r.PostFormValue("what"))
	if err != nil {
		return err
	}
	return a.ShowAgain(w, status, ErasePage{Shell: shell, ID: m.ID.String(), Heading: m.Title, Problem: problem, Parts: parts, Word: eraseWord})
}

// erase destroys the keys of what was chosen.
func (a *Pages) erase(w http.ResponseWriter, r *http.Request) error {
	m, err := a.mayErase(r)
	if err != nil {
		return err
	}
	if !strings.EqualFold(strings.TrimSpace(r.PostFormValue("confirm")), eraseWord) {
		return a.eraseAgain(w, r, m, http.StatusUnprocessableEntity, "Type the word to erase. Nothing was erased.")
	}
	to := web.PathOf(m.ID)
	switch r.PostFormValue("what") {
	case "recording":
		err = a.eraseRecording(r, m.ID)
	case "transcript":
		_, err = a.Speech.EraseAll(r.Context(), m.ID)
	case "minutes":
		_, err = a.Minutes.EraseAll(r.Context(), m.ID)
	case "meeting":
		to = "/meetings"
		_, err = a.Meetings.Erase(r.Context(), m.ID)
	default:
		err = httpd.Refuse(http.StatusBadRequest, "Choose what is to be erased.")
	}
	if err != nil {
		return err
	}
	return redirect(w, r, to+"?done=erased")
}

func (a *Pages) eraseRecording(r *http.Request, id meeting.ID) error {
	rec, err := a.Capture.Of(r.Context(), id)
	if err != nil {
		return err
	}
	_, err = a.Capture.Erase(r.Context(), rec.ID)
	return err
}
