package record

import (
	"io"
	"net/http"

	"mainstay/internal/fault"
	"mainstay/internal/httpd"
	"mainstay/internal/minutes"
	"mainstay/internal/web"
)

// file is a form in which a meeting can be taken along.
type file struct {
	name, label, ending, kind string
	needs                     func(minutes.Opened) bool
	render                    func(minutes.Opened) (string, error)
}

func files() []file {
	hasMinutes := func(o minutes.Opened) bool { return o.Minutes != nil }
	hasText := func(o minutes.Opened) bool { return o.Transcript != nil && len(o.Transcript.Segments) > 0 }
	hasTimes := func(o minutes.Opened) bool { return hasText(o) && o.Transcript.Segments[0].StartMS != nil }
	return []file{
		{"minutes.md", "Minutes as Markdown", ".md", "text/markdown; charset=utf-8", hasMinutes, func(o minutes.Opened) (string, error) {
			d, err := o.Document()
			return d.Markdown(), err
		}},
		{"transcript.txt", "Transcript as text", ".txt", "text/plain; charset=utf-8", hasText, func(o minutes.Opened) (string, error) { return o.Transcript.Text(), nil }},
		{"transcript.vtt", "Transcript as WebVTT", ".vtt", "text/vtt; charset=utf-8", hasTimes, func(o minutes.Opened) (string, error) { return o.Transcript.VTT(), nil }},
		{"transcript.srt", "Transcript as SubRip", ".srt", "application/x-subrip; charset=utf-8", hasTimes, func(o minutes.Opened) (string, error) { return o.Transcript.SRT(), nil }},
		{"meeting.json", "Everything as JSON", ".json", "application/json", hasMinutes, func(o minutes.Opened) (string, error) {
			d, err := o.Document()
			if err != nil {
				return "", err
			}
			body, err := d.JSON()
			return string(body), err
		}},
	}
}

// exportsOf are the files that there are of a meeting.
func exportsOf(o minutes.Opened) []Link {
	var links []Link
	for _, f := range files() {
		if f.needs(o) {
			links = append(links, Link{Name: f.label, Href: web.PathOf(o.Meeting.ID) + "/" + f.name})
		}
	}
	return links
}

// export answers with a meeting as a file. Taking it along is an act like opening it.
func (a *Pages) export(f file) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := meetingOf(r)
		if err != nil {
			return err
		}
		o, err := a.Minutes.Open(r.Context(), id)
		if err != nil {
			return err
		}
		if !f.needs(o) {
			return fault.New(fault.Missing, "There is no such file of this meeting.")
		}
		body, err := f.render(o)
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", f.kind)
		attach(w, o.Meeting.Title, f.ending)
		_, err = io.WriteString(w, body)
		return err
	}
}
