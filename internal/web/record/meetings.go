package record

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/web"
)

// MeetingsPage is the list of meetings.
type MeetingsPage struct {
	web.Shell
	Query           string
	Project, Person web.Field
	State           web.Select
	From, To, Sort  string
	Filtered        bool
	Columns         []Column
	Rows            []MeetingRow
	Count           string // "38 meetings"
	Prev, Next      string
	Sample          string
	Trouble         *web.Trouble
	Refusal         *web.Refusal
}

func (MeetingsPage) Page() string { return "meetings" }

// Column is a head of the table; Sorted is "ascending", "descending" or empty.
type Column struct{ Name, Href, Sorted string }

// MeetingRow is one meeting of the list.
type MeetingRow struct {
	Title, Href, Project string
	When                 web.Stamp
	Duration             string
	People               string // "4 people"
	State                web.StateChip
	DeleteURL            string
}

// stagesOf are the stages behind the states that the list's filter offers.
var stagesOf = map[string][]meeting.Stage{
	"running":  {meeting.Begun, meeting.Uploading, meeting.Waiting, meeting.Transcribing, meeting.Drafting},
	"draft":    {meeting.Drafted},
	"review":   {meeting.Review},
	"approved": {meeting.Approved},
	"dead":     {meeting.Failed},
}

// sorts are the orders by their names in addresses, and the other way for a column that is sorted already.
var sorts = map[string]meeting.Sort{
	"-date": meeting.Newest, "date": meeting.Oldest, "title": meeting.ByTitle, "-title": meeting.TitleEnd, "-length": meeting.Longest, "length": meeting.Shortest,
}

const rowsAPage = 50

// filterOf reads an address of the list. What cannot be read is refused as malformed.
func filterOf(q url.Values, zone *time.Location) (meeting.Filter, error) {
	f := meeting.Filter{Title: q.Get("q"), Project: q.Get("project"), Person: q.Get("person"), Stages: stagesOf[q.Get("state")], Limit: rowsAPage}
	var ok bool
	if f.Sort, ok = sorts[orElse(q.Get("sort"), "-date")]; !ok || q.Get("state") != "" && f.Stages == nil {
		return f, httpd.Refuse(http.StatusBadRequest, "This list cannot be sorted or filtered like that.")
	}
	page, err := strconv.Atoi(orElse(q.Get("page"), "1"))
	if err != nil || page < 1 || page > 100_000 || len(f.Title)+len(f.Project)+len(f.Person) > 600 {
		return f, httpd.Refuse(http.StatusBadRequest, "There is no such page of this list.")
	}
	f.Offset = (page - 1) * rowsAPage
	if f.From, err = dayOf(q.Get("from"), zone, 0); err == nil {
		f.Until, err = dayOf(q.Get("to"), zone, 1)
	}
	return f, err
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// dayOf returns the beginning of a day, or of one some days later.
func dayOf(text string, zone *time.Location, later int) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no bound is no fault
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil || day.Year() < 1900 || day.Year() > 2200 {
		return nil, httpd.Refuse(http.StatusBadRequest, "Enter dates such as 2026-03-31.")
	}
	day = day.AddDate(0, 0, later)
	return &day, nil
}

// listMeetings is the list, or the part of it that a changed filter asks for.
func (a *Pages) listMeetings(w http.ResponseWriter, r *http.Request) error {
	zone, q := web.ZoneOf(r), r.URL.Query()
	filter, err := filterOf(q, zone)
	if err != nil {
		return err
	}
	shell, err := a.Frame(r, "Meetings", "/meetings")
	if err != nil {
		return err
	}
	shell.Live, shell.Toast = "htmx", toastOf(q)
	p := MeetingsPage{Shell: shell}
	found, err := a.Meetings.List(r.Context(), filter)
	if err == nil && r.Header.Get("HX-Request") != "" {
		p.fill(q, found, zone)
		return a.Fragment(w, "list", p)
	}
	if err == nil {
		err = a.suggest(r, &p, q)
	}
	if err != nil {
		return a.listFailed(w, r, p, err)
	}
	p.fill(q, found, zone)
	return a.Show(w, p)
}

// suggest puts the words that the filters offer into the page.
func (a *Pages) suggest(r *http.Request, p *MeetingsPage, q url.Values) error {
	words, err := a.Meetings.Words(r.Context())
	p.filters(q, words)
	return err
}

func (p *MeetingsPage) filters(q url.Values, words meeting.Words) {
	p.Project = web.Field{ID: "project", Label: "Project", Value: q.Get("project"), Among: words.Projects, Max: 120}
	p.Person = web.Field{ID: "person", Label: "Person", Value: q.Get("person"), Among: words.People, Max: 120}
	p.State = web.Select{ID: "state", Label: "State", Options: web.Choose(q.Get("state"), web.Option{Name: "Any state"}, web.Option{Value: "running", Name: "Being made"},
		web.Option{Value: "draft", Name: "Draft"}, web.Option{Value: "review", Name: "In review"}, web.Option{Value: "approved", Name: "Approved"}, web.Option{Value: "dead", Name: "Stopped"})}
}

// listFailed shows why there is no list in its place. The error goes on to the log.
func (a *Pages) listFailed(w http.ResponseWriter, r *http.Request, p MeetingsPage, cause error) error {
	status := http.StatusInternalServerError
	switch fault.KindOf(cause) {
	case fault.Denied:
		status, p.Refusal = http.StatusForbidden, &web.Refusal{Reason: "Your role does not include the list of meetings.", Grants: []string{"An owner", "an admin of the workspace"}}
	case fault.Internal, fault.Busy:
		p.Trouble = &web.Trouble{Reason: fault.Sentence(cause), Request: httpd.RequestID(r), Retry: r.URL.RequestURI()}
	default:
		return cause
	}
	p.filters(r.URL.Query(), meeting.Words{})
	return errors.Join(cause, a.ShowAgain(w, status, p))
}

// fill puts what was found into the page.
func (p *MeetingsPage) fill(q url.Values, found meeting.Page, zone *time.Location) {
	p.Query, p.From, p.To, p.Sort = q.Get("q"), q.Get("from"), q.Get("to"), orElse(q.Get("sort"), "-date")
	p.Filtered = p.Query+p.From+p.To+q.Get("project")+q.Get("person")+q.Get("state") != ""
	for _, m := range found.Meetings {
		p.Rows = append(p.Rows, rowOf(m, zone))
	}
	p.Columns = []Column{p.column(q, "Title", "title", "title"), {Name: "Project"}, p.column(q, "Date", "date", "-date"),
		p.column(q, "Length", "length", "-length"), {Name: "People"}, {Name: "State"}}
	page, _ := strconv.Atoi(orElse(q.Get("page"), "1"))
	p.Count = countOf(found, (page-1)*rowsAPage)
	if page > 1 {
		p.Prev = with(q, "page", strconv.Itoa(page-1))
	}
	if found.Next > 0 {
		p.Next = with(q, "page", strconv.Itoa(page+1))
	}
}

func rowOf(m meeting.Meeting, zone *time.Location) MeetingRow {
	row := MeetingRow{Title: m.Title, Href: web.PathOf(m.ID), Project: m.Project, State: web.StageChip(m.Stage), When: web.StampAt(m.CreatedAt, zone)}
	if m.StartsAt != nil {
		row.When = web.StampAt(*m.StartsAt, zone)
	}
	if m.DurationMS != nil {
		row.Duration = web.Lasting(time.Duration(*m.DurationMS) * time.Millisecond)
	}
	if n := len(m.Attendees); n > 0 {
		row.People = web.Count(n, "person", "people")
	}
	if mayManage(m) {
		row.DeleteURL = web.PathOf(m.ID) + "/delete"
	}
	return row
}

// column is a head that sorts: first the way that is asked for more often, then the other.
func (p *MeetingsPage) column(q url.Values, name, key, first string) Column {
	c := Column{Name: name, Href: with(kept(q, "page"), "sort", first)}
	switch p.Sort {
	case key:
		c.Sorted, c.Href = "ascending", with(kept(q, "page"), "sort", "-"+key)
	case "-" + key:
		c.Sorted, c.Href = "descending", with(kept(q, "page"), "sort", key)
	}
	return c
}

// with returns the list's address with one thing changed.
func with(q url.Values, key, value string) string {
	next := kept(q, key)
	next.Set(key, value)
	return "/meetings?" + next.Encode()
}

// with2 returns the list's own parameters without one, and without what a redirect added.
func kept(q url.Values, without string) url.Values {
	next := url.Values{}
	for _, name := range []string{"q", "project", "state", "person", "from", "to", "sort", "page"} {
		if v := q.Get(name); v != "" && name != without {
			next.Set(name, v)
		}
	}
	return next
}

func countOf(found meeting.Page, offset int) string {
	total := web.Count(found.Total, "meeting", "meetings")
	if len(found.Meetings) == found.Total || len(found.Meetings) == 0 {
		return total
	}
	return fmt.Sprintf("%s, %d to %d", total, offset+1, offset+len(found.Meetings))
}

// deleteMeeting hides a meeting, and offers for ten seconds to take that back.
func (a *Pages) deleteMeeting(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	if err := a.Meetings.Delete(r.Context(), id); err != nil {
		return err
	}
	back := url.Values{}
	if from, err := url.Parse(r.Referer()); err == nil && from.Path == "/meetings" {
		back = kept(from.Query(), "")
	}
	back.Set("done", "deleted")
	back.Set("what", id.String())
	return redirect(w, r, "/meetings?"+back.Encode())
}

func (a *Pages) restoreMeeting(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	if err := a.Meetings.Restore(r.Context(), id); err != nil {
		return err
	}
	return redirect(w, r, web.PathOf(id)+"?done=restored")
}

// said are the sentences of redirects that nothing undoes.
var said = map[string]string{
	"restored":  "The meeting is back.",
	"undone":    "Undone.",
	"saved":     "Saved.",
	"submitted": "The minutes wait for a review.",
	"approved":  "Approved. This version is the record now.",
	"erased":    "Erased. The key is destroyed; nobody can read it again.",
}

// toastOf is what a redirect has to say. Addresses hold ids and our own words only.
func toastOf(q url.Values) *web.Toast {
	what := q.Get("what")
	switch q.Get("done") {
	case "deleted":
		if id, err := parseMeeting(what); err == nil {
			return &web.Toast{Text: "The meeting was deleted.", UndoURL: web.PathOf(id) + "/restore"}
		}
	case "named":
		if id, err := parseMeeting(what); err == nil {
			return &web.Toast{Text: "The name is changed everywhere in this meeting.", UndoURL: web.PathOf(id) + "/speakers/" + url.PathEscape(q.Get("who")) + "/undo"}
		}
	case "changed":
		if id, err := parseMeeting(what); err == nil {
			return &web.Toast{Text: "The minutes are changed.", UndoURL: web.PathOf(id) + "/lines/undo"}
		}
	}
	if text, ok := said[q.Get("done")]; ok {
		return &web.Toast{Text: text}
	}
	return nil
}

func redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
