package record

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// toEdit returns a meeting to who may change it, with its minutes. It fails with fault.Missing where there are none.
func (a *Pages) toEdit(r *http.Request) (minutes.Opened, error) {
	id, err := meetingOf(r)
	if err != nil {
		return minutes.Opened{}, err
	}
	if _, err := a.Meetings.Editable(r.Context(), id); err != nil {
		return minutes.Opened{}, err
	}
	o, err := a.Minutes.Look(r.Context(), id)
	if err == nil && o.Minutes == nil {
		err = fault.New(fault.Missing, "There are no minutes yet.")
	}
	return o, err
}

// ledgerOf returns what makes lines of an opened meeting's minutes.
func (a *Pages) ledgerOf(r *http.Request, o minutes.Opened) (*ledger, error) {
	rec, err := a.Capture.Of(r.Context(), o.Meeting.ID)
	if err != nil && !fault.Is(err, fault.Missing) {
		return nil, err
	}
	actor, err := tenant.ActorOf(r.Context())
	if err != nil {
		return nil, err
	}
	token, err := a.server.FormToken(actor)
	if err != nil {
		return nil, err
	}
	l := newLedger(o, playable(rec), token)
	return l, a.nameWriters(r.Context(), l)
}

// nameWriters finds out what those are called who typed lines.
func (a *Pages) nameWriters(ctx context.Context, l *ledger) error {
	l.writers = map[tenant.MemberID]string{}
	for _, by := range l.opened.Minutes.Typed {
		if _, ok := l.writers[by]; ok {
			continue
		}
		name, err := a.Identity.NameOf(ctx, by)
		if err != nil {
			return err
		}
		l.writers[by] = name
	}
	return nil
}

// byFragment reports whether the page asks for a part of itself.
func byFragment(r *http.Request) bool { return r.Header.Get("HX-Request") != "" }

func noLine() error { return fault.New(fault.Missing, "There is no such line any more.") }

// showLine is a line as it stands.
func (a *Pages) showLine(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	o, err := a.Minutes.Look(r.Context(), id)
	if err != nil {
		return err
	}
	if o.Minutes == nil {
		return noLine()
	}
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	line, ok := l.find(r.PathValue("line"))
	if !ok {
		return noLine()
	}
	return a.Fragment(w, "line", line)
}

// editLine is the form of a line: in its place, or on a whole page where there are no scripts.
func (a *Pages) editLine(w http.ResponseWriter, r *http.Request) error {
	o, err := a.toEdit(r)
	if err != nil {
		return err
	}
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	line, ok := l.find(r.PathValue("line"))
	if !ok || line.EditURL == "" {
		return noLine()
	}
	line.Editing = true
	if byFragment(r) {
		return a.Fragment(w, "line", line)
	}
	return a.showLineForm(w, r, http.StatusOK, o, line)
}

// newLine is the form of a line that does not exist yet.
func (a *Pages) newLine(w http.ResponseWriter, r *http.Request) error {
	o, err := a.toEdit(r)
	if err != nil {
		return err
	}
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	line, ok := l.blank(r.URL.Query().Get("in"))
	if !ok {
		return httpd.Refuse(http.StatusBadRequest, "There is no such part of the minutes.")
	}
	line.Editing = r.URL.Query().Get("cancel") == ""
	if byFragment(r) {
		return a.Fragment(w, "newline", line)
	}
	return a.showLineForm(w, r, http.StatusOK, o, line)
}

// showLineForm is the page of a line's form.
func (a *Pages) showLineForm(w http.ResponseWriter, r *http.Request, status int, o minutes.Opened, line Line) error {
	shell, err := a.Frame(r, o.Meeting.Title, "/meetings")
	if err != nil {
		return err
	}
	shell.Style = "meeting.css"
	return a.ShowAgain(w, status, LinePage{Shell: shell, ID: o.Meeting.ID.String(), Heading: o.Meeting.Title, Line: line, People: namesOf(o.Meeting)})
}

// LinePage is the form of a line on a page of its own.
type LinePage struct {
	web.Shell
	ID, Heading string
	Line        Line
	People      []string
}

// Page names the template file.
func (LinePage) Page() string { return "lineedit" }

// changed is what a form says of a line.
func changed(r *http.Request) (minutes.ID, int, minutes.Change, error) {
	c := minutes.Change{Text: r.PostFormValue("text"), Remove: r.PostFormValue("remove") != ""}
	for name, field := range map[string]**string{"owner": &c.Owner, "due": &c.Due} {
		if r.PostForm.Has(name) {
			value := r.PostForm.Get(name)
			*field = &value
		}
	}
	run, version, err := runOf(r)
	return run, version, c, err
}

// runOf reads which version of which run of the minutes a form was made for.
func runOf(r *http.Request) (minutes.ID, int, error) {
	run, err := tenant.ParseID[minutes.ID](r.PostFormValue("minutes"))
	version, wrong := strconv.Atoi(r.PostFormValue("version"))
	if err != nil || wrong != nil || version < 1 {
		return run, 0, httpd.Refuse(http.StatusBadRequest, "This form could not be read. Load the page again.")
	}
	return run, version, nil
}

func (a *Pages) changeLine(w http.ResponseWriter, r *http.Request) error {
	o, err := a.toEdit(r)
	if err != nil {
		return err
	}
	run, version, c, err := changed(r)
	if err != nil {
		return err
	}
	c.Line = r.PathValue("line")
	if slices.ContainsFunc(o.Minutes.Carried, func(one document.Carried) bool { return one.ID == c.Line }) {
		if _, err := a.edit(r.Context(), o, run, version, c); err != nil {
			return err
		}
		return redirect(w, r, web.PathOf(o.Meeting.ID)+"?"+url.Values{"done": {"changed"}, "what": {o.Meeting.ID.String()}}.Encode())
	}
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	line, ok := l.find(c.Line)
	if !ok {
		return noLine()
	}
	return a.applied(w, r, o, line, func() (minutes.Minutes, error) { return a.edit(r.Context(), o, run, version, c) })
}

func (a *Pages) addLine(w http.ResponseWriter, r *http.Request) error {
	o, err := a.toEdit(r)
	if err != nil {
		return err
	}
	run, version, c, err := changed(r)
	if err != nil {
		return err
	}
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	line, ok := l.blank(r.PostFormValue("in"))
	if !ok {
		return httpd.Refuse(http.StatusBadRequest, "There is no such part of the minutes.")
	}
	c.Add = line.In
	return a.applied(w, r, o, line, func() (minutes.Minutes, error) { return a.edit(r.Context(), o, run, version, c) })
}

// edit changes the run that the form was made for, if that is still the one that the page shows.
func (a *Pages) edit(ctx context.Context, o minutes.Opened, run minutes.ID, version int, c minutes.Change) (minutes.Minutes, error) {
	if o.Minutes.ID != run {
		return minutes.Minutes{}, fault.New(fault.Conflict, "There are newer minutes. Reload the page and look again.")
	}
	return a.Minutes.Edit(ctx, run, version, c)
}

// applied answers with what became of a line, or with its form and what is wrong with it.
func (a *Pages) applied(w http.ResponseWriter, r *http.Request, o minutes.Opened, form Line, edit func() (minutes.Minutes, error)) error {
	m, err := edit()
	if fault.Is(err, fault.Invalid) {
		return a.lineAgain(w, r, o, form, err)
	}
	if err != nil {
		return err
	}
	at := web.PathOf(o.Meeting.ID)
	if !byFragment(r) {
		return redirect(w, r, at+"?"+url.Values{"done": {"changed"}, "what": {o.Meeting.ID.String()}}.Encode())
	}
	o.Minutes = &m
	l, err := a.ledgerOf(r, o)
	if err != nil {
		return err
	}
	if form.In != "" {
		fresh, _ := l.newest(form.In)
		fresh.Undo = at + "/lines/undo"
		blank, _ := l.blank(form.In)
		return errors.Join(a.Fragment(w, "line", fresh), a.Fragment(w, "newline", blank))
	}
	line, ok := l.find(form.ID[len("l-"):])
	if !ok {
		line = Line{ID: form.ID, Version: m.Version}
		line.Undo = at + "/lines/undo"
		return a.Fragment(w, "goneline", line)
	}
	line.Undo = at + "/lines/undo"
	return a.Fragment(w, "line", line)
}

// lineAgain shows a line's form with what was typed and why it was not taken.
func (a *Pages) lineAgain(w http.ResponseWriter, r *http.Request, o minutes.Opened, form Line, cause error) error {
	form.Editing, form.Problem = true, fault.Sentence(cause)
	form.Text, form.Owner, form.DueISO = r.PostFormValue("text"), r.PostFormValue("owner"), r.PostFormValue("due")
	if !byFragment(r) {
		return a.showLineForm(w, r, http.StatusUnprocessableEntity, o, form)
	}
	part := "line"
	if form.In != "" {
		part = "newline"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusUnprocessableEntity)
	return a.Part(w, part, form)
}

func (a *Pages) undoLine(w http.ResponseWriter, r *http.Request) error {
	o, err := a.toEdit(r)
	if err != nil {
		return err
	}
	if _, err := a.Minutes.Undo(r.Context(), o.Minutes.ID); err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(o.Meeting.ID)+"?done=undone")
}

// settle hands minutes on: to review, or to be the record.
func (a *Pages) settle(do func(context.Context, minutes.ID, int) error, done string) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		o, err := a.toEdit(r)
		if err != nil {
			return err
		}
		run, version, err := runOf(r)
		if err != nil {
			return err
		}
		if run != o.Minutes.ID {
			return fault.New(fault.Conflict, "There are newer minutes. Reload the page and look again.")
		}
		if err := do(r.Context(), run, version); err != nil {
			return err
		}
		return redirect(w, r, web.PathOf(o.Meeting.ID)+"?done="+done)
	}
}

// transcriptOf returns the meeting with the transcript that its page shows.
func (a *Pages) transcriptOf(r *http.Request) (minutes.Opened, error) {
	id, err := meetingOf(r)
	if err != nil {
		return minutes.Opened{}, err
	}
	o, err := a.Minutes.Look(r.Context(), id)
	if err == nil && o.Transcript == nil {
		err = fault.New(fault.Missing, "There is no transcript.")
	}
	return o, err
}

func (a *Pages) nameSpeaker(w http.ResponseWriter, r *http.Request) error {
	o, err := a.transcriptOf(r)
	if err != nil {
		return err
	}
	who := r.PathValue("speaker")
	if err := a.Speech.NameSpeaker(r.Context(), o.Transcript.ID, who, r.PostFormValue("name")); err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(o.Meeting.ID)+"?"+url.Values{"done": {"named"}, "what": {o.Meeting.ID.String()}, "who": {who}}.Encode())
}

func (a *Pages) undoName(w http.ResponseWriter, r *http.Request) error {
	o, err := a.transcriptOf(r)
	if err != nil {
		return err
	}
	if err := a.Speech.UndoName(r.Context(), o.Transcript.ID, r.PathValue("speaker")); err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(o.Meeting.ID)+"?done=undone")
}

// showDetails is the form of what is said about a meeting.
func (a *Pages) showDetails(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	m, err := a.Meetings.Editable(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := a.detailsPage(r, m, answersOf(m.Details()))
	if err != nil {
		return err
	}
	p.Version = m.Version
	return a.Show(w, p)
}

func (a *Pages) detailsPage(r *http.Request, m meeting.Meeting, answers url.Values) (DetailsPage, error) {
	shell, err := a.Frame(r, "Details", "/meetings")
	if err != nil {
		return DetailsPage{}, err
	}
	words, err := a.Meetings.Words(r.Context())
	if err != nil {
		return DetailsPage{}, err
	}
	model, err := a.Models.Setting(r.Context())
	if err != nil {
		return DetailsPage{}, err
	}
	rec, err := a.Capture.Of(r.Context(), m.ID)
	if err != nil && !fault.Is(err, fault.Missing) {
		return DetailsPage{}, err
	}
	shell.Script = "new.js"
	return DetailsPage{Shell: shell, ID: m.ID.String(), Heading: m.Title, Erase: mayManage(m),
		Details: detailsForm(answers, asked{words: words, models: model.Enabled, keep: playable(rec) || m.Stage == meeting.Uploading})}, nil
}

func (a *Pages) changeDetails(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	m, err := a.Meetings.Editable(r.Context(), id)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form could not be read. Load the page again.")
	}
	answers := unixLines(r.PostForm)
	d, err := detailsOf(answers, web.ZoneOf(r))
	if err == nil {
		_, err = a.Meetings.Change(r.Context(), id, version, d)
	}
	if !fault.Is(err, fault.Invalid) {
		if err != nil {
			return err
		}
		return redirect(w, r, web.PathOf(id)+"?done=saved")
	}
	p, failed := a.detailsPage(r, m, answers)
	if failed != nil {
		return failed
	}
	p.Version, p.Problem = version, fault.Sentence(err)
	return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
}
