package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// base is where the API lies on a server.
const base = "/api/v1"

// Meeting is a meeting, as far as a command line shows it.
type Meeting struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	StartsAt  *time.Time `json:"starts_at"`
	CreatedAt time.Time  `json:"created_at"`
	Stage     string     `json:"stage"`
}

// Meetings calls each for the meetings that the person may read, the newest first, until there are no more or each returns
// false. Words must stand in the title; none are asked for where words is empty.
func (c *Client) Meetings(ctx context.Context, words string, each func(Meeting) bool) error {
	query := url.Values{"limit": {"100"}}
	if words != "" {
		query.Set("title", words)
	}
	for {
		var page struct {
			Items []Meeting `json:"items"`
			Next  string    `json:"next_cursor"`
		}
		if err := c.Ask(ctx, http.MethodGet, base+"/meetings?"+query.Encode(), nil, &page); err != nil {
			return err
		}
		for _, m := range page.Items {
			if !each(m) {
				return nil
			}
		}
		if page.Next == "" {
			return nil
		}
		query.Set("cursor", page.Next)
	}
}

// File writes one of a meeting's files: "minutes.md", "transcript.txt", "transcript.vtt", "transcript.srt" or "meeting.json".
func (c *Client) File(ctx context.Context, id, name string, to io.Writer) error {
	res, err := c.Send(ctx, http.MethodGet, base+"/meetings/"+url.PathEscape(id)+"/files/"+name, "application/json", http.NoBody)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	_, err = io.Copy(to, res.Body)
	return err
}

// Details is what is said of a meeting that is made.
type Details struct {
	Title     string   `json:"title,omitempty"`
	Attendees []Person `json:"attendees,omitempty"`
	Told      string   `json:"told,omitempty"` // "yes", "no", "unknown"
	Ephemeral bool     `json:"ephemeral,omitempty"`
	Private   bool     `json:"private,omitempty"`
}

// Person is somebody who was there.
type Person struct {
	Name string `json:"name"`
}

// Recording is a file that goes up.
type Recording struct {
	Name string
	Size int64
	File io.ReaderAt
}

// piece is how much goes up in one request.
const piece = 8 << 20

// tries is how often a piece is sent again after the connection broke: at once, then each time a second later.
const tries = 8

// Upload makes a meeting of a recording. Where the connection breaks it goes on behind the last byte that the server has, as
// long as the command runs. sent hears how many bytes are safe.
func (c *Client) Upload(ctx context.Context, details Details, r Recording, sent func(int64)) (Meeting, error) {
	var m Meeting
	if err := c.Ask(ctx, http.MethodPost, base+"/meetings", details, &m); err != nil {
		return m, err
	}
	var upload struct {
		ID string `json:"id"`
	}
	announced := map[string]any{"name": r.Name, "size": r.Size}
	if err := c.Ask(ctx, http.MethodPost, base+"/meetings/"+m.ID+"/uploads", announced, &upload); err != nil {
		return m, err
	}
	at := base + "/uploads/" + upload.ID
	for offset, broken := int64(0), 0; offset < r.Size; {
		safe, err := c.patch(ctx, at, offset, io.NewSectionReader(r.File, offset, min(piece, r.Size-offset)))
		if err == nil {
			offset, broken = safe, 0
			sent(offset)
			continue
		}
		var refused *Refused
		if broken++; broken > tries || errors.As(err, &refused) && refused.Status < 500 || ctx.Err() != nil {
			return m, err
		}
		if err := pause(ctx, time.Duration(broken-1)*time.Second); err != nil {
			return m, err
		}
		if at, err := c.received(ctx, at); err == nil {
			offset = at
		}
	}
	return m, nil
}

// patch sends a piece (tus 1.0.0) and returns how many bytes are safe.
func (c *Client) patch(ctx context.Context, at string, offset int64, part io.Reader) (int64, error) {
	res, err := c.Send(ctx, http.MethodPatch, at, "application/offset+octet-stream", part, "Tus-Resumable", "1.0.0", "Upload-Offset", strconv.FormatInt(offset, 10))
	if err != nil {
		return offset, err
	}
	defer res.Body.Close()
	safe, err := strconv.ParseInt(res.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || safe <= offset {
		return offset, errors.New("the server does not say how much it has")
	}
	return safe, nil
}

func (c *Client) received(ctx context.Context, at string) (int64, error) {
	var upload struct {
		Received int64 `json:"received"`
	}
	err := c.Ask(ctx, http.MethodGet, at, nil, &upload)
	return upload.Received, err
}

func pause(ctx context.Context, d time.Duration) error {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return nil
	}
}

// Job is a piece of work on a meeting.
type Job struct {
	Kind    string `json:"kind"`
	State   string `json:"state"`
	Phase   string `json:"phase"`
	Percent int    `json:"percent"`
	Reason  string `json:"reason"`
	Ahead   int    `json:"ahead"`
}

// Await waits until a meeting has minutes. told hears how the work goes. It fails with the reason where the work stopped.
func (c *Client) Await(ctx context.Context, id string, told func(Job)) error {
	for {
		var m Meeting
		if err := c.Ask(ctx, http.MethodGet, base+"/meetings/"+id, nil, &m); err != nil {
			return err
		}
		var jobs struct {
			Items []Job `json:"items"`
		}
		if err := c.Ask(ctx, http.MethodGet, base+"/meetings/"+id+"/jobs", nil, &jobs); err != nil {
			return err
		}
		for _, j := range jobs.Items {
			if j.State == "dead" {
				return fmt.Errorf("the work stopped: %s", j.Reason)
			}
			if j.State == "running" || j.State == "waiting" {
				told(j)
				break
			}
		}
		switch m.Stage {
		case "draft", "review", "approved":
			return nil
		case "failed":
			return errors.New("no minutes could be made; the meeting's page says why")
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
}

// Refused is an answer of the server that is no success.
type Refused struct {
	Status  int
	Detail  string
	Request string // the id under which the server's log knows it
}

func (e *Refused) Error() string {
	if e.Detail == "" {
		return fmt.Sprintf("the server answers %d %s", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("%s (%d, request %s)", e.Detail, e.Status, e.Request)
}

// problemOf is what the server says of a request that it did not answer.
func problemOf(res *http.Response, body []byte) error {
	var p struct {
		Detail   string `json:"detail"`
		Instance string `json:"instance"`
	}
	if json.NewDecoder(bytes.NewReader(body)).Decode(&p) != nil {
		return &Refused{Status: res.StatusCode}
	}
	return &Refused{res.StatusCode, p.Detail, p.Instance}
}
