package web

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/httpd"
	"mainstay/internal/tenant"
)

// AccessPage lists who asked for which address of the workspace, and what was answered.
type AccessPage struct {
	Shell
	Who, Answer Select
	Filtered    bool
	Rows        []AccessRow
	Count       string
	First, Next string // where the newest and the older lines are; empty where there are none
}

// Page implements View.
func (AccessPage) Page() string { return "accesslog" }

// AccessRow is one request.
type AccessRow struct {
	When                     Stamp
	Who, How, Route, Address string
	Took                     string
	State                    StateChip
}

// Accessed gives a request to the access log: what httpd.Config.Accessed wants.
func (a *App) Accessed(r httpd.Access) {
	a.Access.Take(accesslog.Line{At: r.At, Request: r.Request, Kind: r.Actor.Kind.String(), Credential: string(r.Actor.Credential), Member: r.Actor.Member,
		Account: r.Actor.Account, Workspace: r.Actor.Workspace, Address: r.Address, Method: r.Method, Route: r.Route, Status: r.Status, Took: r.Took, Bytes: r.Bytes})
}

const accessPath = "/settings/access-log"

func (a *App) showAccess(w http.ResponseWriter, r *http.Request) error {
	shell, err := a.shell(r, "Access log", accessPath)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	f := accesslog.Filter{Status: accesslog.Status(q.Get("answer"))}
	if f.Member, err = tenant.ParseID[tenant.MemberID](q.Get("who")); err != nil {
		f.Member = tenant.MemberID{}
	}
	if f.Before, err = tenant.ParseID[tenant.RequestID](q.Get("before")); err != nil {
		f.Before = tenant.RequestID{}
	}
	log, err := a.Access.Newest(r.Context(), f)
	if err != nil {
		return err
	}
	names := map[tenant.MemberID]string{}
	for _, id := range log.Members {
		if names[id], err = a.Identity.NameOf(r.Context(), id); err != nil {
			return err
		}
	}
	return a.show(w, accessPage(shell, f, log, names, zoneOf(r)))
}

func accessPage(shell Shell, f accesslog.Filter, log accesslog.Page, names map[tenant.MemberID]string, zone *time.Location) AccessPage {
	p := AccessPage{Shell: shell, Filtered: !f.Member.IsZero() || f.Status != accesslog.Any, Count: fmt.Sprintf("%d requests", len(log.Lines))}
	if len(log.Lines) == 1 {
		p.Count = "1 request"
	}
	people := []Option{{Name: "Everybody"}}
	for _, id := range log.Members {
		people = append(people, Option{Value: id.String(), Name: names[id]})
	}
	who := ""
	if !f.Member.IsZero() {
		who = f.Member.String()
	}
	p.Who = Select{ID: "who", Label: "Who", Options: Choose(who, people...)}
	p.Answer = Select{ID: "answer", Label: "Answer", Options: Choose(string(f.Status), Option{Name: "Any"},
		Option{Value: string(accesslog.Answered), Name: "Answered"}, Option{Value: string(accesslog.Refused), Name: "Refused"},
		Option{Value: string(accesslog.Failed), Name: "Failed"})}
	for _, l := range log.Lines {
		p.Rows = append(p.Rows, accessRow(l, names, zone))
	}
	kept := url.Values{}
	if p.Filtered {
		kept = url.Values{"who": {who}, "answer": {string(f.Status)}}
	}
	if !f.Before.IsZero() {
		p.First = accessPath + "?" + kept.Encode()
	}
	if log.Older {
		kept.Set("before", log.Lines[len(log.Lines)-1].Request.String())
		p.Next = accessPath + "?" + kept.Encode()
	}
	return p
}

func accessRow(l accesslog.Line, names map[tenant.MemberID]string, zone *time.Location) AccessRow {
	row := AccessRow{When: StampAt(l.At, zone), Who: names[l.Member], Route: l.Method + " " + l.Route, Address: l.Address, Took: fmt.Sprintf("%d ms", l.Took.Milliseconds())}
	row.How = map[string]string{"key": "by API key", "token": "by access token"}[l.Credential]
	if l.Route == "" {
		row.Route = l.Method + " an address that does not exist"
	}
	switch {
	case l.Status >= 500:
		row.State = StateChip{"dead", "triangle-alert", fmt.Sprintf("%d Failed", l.Status)}
	case l.Status >= 400:
		row.State = StateChip{"waiting", "ban", fmt.Sprintf("%d Refused", l.Status)}
	default:
		row.State = StateChip{"approved", "circle-check", fmt.Sprintf("%d Answered", l.Status)}
	}
	return row
}
