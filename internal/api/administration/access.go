package administration

import (
	"context"
	"net/http"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/api/operation"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Request is a line of the access log.
type Request struct {
	ID         string    `json:"id" example:"req_067s4q2m1w7fv8j3k5n9p0r2t4" doc:"As answers have it in X-Request-Id."`
	At         time.Time `json:"at"`
	MemberID   string    `json:"member_id" doc:"Who asked; empty for nobody of the workspace."`
	Credential string    `json:"credential" doc:"session, key or token; empty for nobody."`
	Address    string    `json:"address" doc:"Of the client."`
	Method     string    `json:"method"`
	Route      string    `json:"route" doc:"The address as the reference writes it; empty where there is no such route."`
	Status     int       `json:"status"`
	TookMS     int64     `json:"took_ms"`
	Bytes      int64     `json:"bytes"`
}

type accessList struct {
	operation.Paging
	Member string `query:"member" maxLength:"40" doc:"Of this member alone, by id."`
	Answer string `query:"answer" enum:"answered,refused,failed" doc:"What became of the request: below 400, 400 to 499, or 500 and above."`
}

func (d *Desk) access() {
	operation.Add(d.set, operation.Operation{ID: "list-requests", Method: http.MethodGet, Path: "/access-log", Noun: Deployment, Verb: gate.ReadAccess,
		Summary: "Who asked for what", Says: "The requests of this workspace, the newest first. Nothing that was sent is among it but the client's address."}, d.listRequests)
}

func (d *Desk) listRequests(ctx context.Context, in *accessList) (*operation.Page[Request], error) {
	filter := accesslog.Filter{Status: accesslog.Status(in.Answer), Limit: in.Limit}
	var err error
	if in.Member != "" {
		if filter.Member, err = tenant.ParseID[tenant.MemberID](in.Member); err != nil {
			return nil, operation.InvalidParameter("member", "This is the id of a member.")
		}
	}
	if after := in.After(); after != "" {
		if filter.Before, err = tenant.ParseID[tenant.RequestID](after); err != nil {
			return nil, err
		}
	}
	page, err := d.Access.Newest(ctx, filter)
	if err != nil {
		return nil, err
	}
	var shown []Request
	for _, l := range page.Lines {
		shown = append(shown, shownRequest(l))
	}
	if len(shown) == 0 {
		return operation.PageAfter(&in.Paging, shown, false, ""), nil
	}
	return operation.PageAfter(&in.Paging, shown, page.Older, shown[len(shown)-1].ID), nil
}

func shownRequest(l accesslog.Line) Request {
	r := Request{ID: l.Request.String(), At: l.At.UTC(), Credential: l.Credential, Address: l.Address, Method: l.Method, Route: l.Route, Status: l.Status,
		TookMS: l.Took.Milliseconds(), Bytes: l.Bytes}
	if !l.Member.IsZero() {
		r.MemberID = l.Member.String()
	}
	return r
}
