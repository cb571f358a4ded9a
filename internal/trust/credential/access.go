package credential

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// expected is what the access log should say of a request that was sent.
type expected struct {
	line
	body string // in words
}

// Logged sends requests of somebody and of nobody, which are answered, refused or find nothing, and reads their lines in the access
// log: who, from where, when, what and with which answer.
func Logged(ctx context.Context, s *Stage) (string, error) {
	at, closing, err := s.open()
	if err != nil {
		return "", err
	}
	defer closing()
	p, err := s.joined(ctx, at, letters(10)+" by the quay")
	if err != nil {
		return "", err
	}
	if err := s.Access.Flush(ctx); err != nil { // what waits leaves no room for strangers' lines
		return "", err
	}
	sent, err := s.ask(ctx, at, p)
	if err != nil {
		return "", err
	}
	logged, err := s.logged(ctx, sent)
	if err != nil {
		return "", err
	}
	for id, want := range sent {
		got, there := logged[id]
		if !there {
			return "", fmt.Errorf("%s has no line in the access log", want.body)
		}
		if _, err := netip.ParseAddr(got.address); err != nil || got.at.IsZero() {
			return "", fmt.Errorf("the line of %s does not say from where or when", want.body)
		}
		if got.at, got.address = want.at, want.address; got != want.line {
			return "", fmt.Errorf("the line of %s is %+v, want %+v", want.body, got, want.line)
		}
	}
	shown, err := s.Access.Newest(s.asOwner(ctx), accesslog.Filter{Member: p.member, Limit: 200})
	if err != nil {
		return "", err
	}
	seen := 0
	for _, l := range shown.Lines {
		if _, ours := sent[l.Request]; ours {
			seen++
		}
		if l.Workspace != s.Owner.Workspace {
			return "", errors.New("the owner is shown another workspace's line")
		}
	}
	if seen == 0 {
		return "", errors.New("the owner is not shown what a member asked for")
	}
	return fmt.Sprintf("%d of %d requests, answered with 200, 303, 401, 403, 404 and 422: each has its line, with who, address, time, route and status; %d are shown to the owner",
		len(logged), len(sent), seen), nil
}

// ask sends the requests.
func (s *Stage) ask(ctx context.Context, at string, p person) (map[tenant.RequestID]expected, error) {
	stranger := visit(at)
	sent := map[tenant.RequestID]expected{}
	for _, r := range []struct {
		who           *visitor
		method, path  string
		route         string
		status        int
		as            tenant.MemberID
		authorization string
	}{
		{p.visitor, http.MethodGet, "/meetings", "/meetings", http.StatusOK, p.member, ""},
		{p.visitor, http.MethodGet, "/api/v1/me", "/api/v1/me", http.StatusOK, p.member, ""},
		{p.visitor, http.MethodGet, "/meetings/mtg_none", "/meetings/{id}", http.StatusNotFound, p.member, ""},
		{p.visitor, http.MethodPost, "/account/name", "/account/name", http.StatusForbidden, p.member, ""}, // without its token
		{stranger, http.MethodGet, "/api/v1/me", "/api/v1/me", http.StatusUnauthorized, tenant.MemberID{}, ""},
		{stranger, http.MethodGet, "/api/v1/meetings", "/api/v1/meetings", http.StatusUnauthorized, tenant.MemberID{}, "Bearer mst_" + letters(20)},
		{stranger, http.MethodGet, "/meetings", "/meetings", http.StatusSeeOther, tenant.MemberID{}, ""},
		{stranger, http.MethodGet, "/nothing/here", "", http.StatusNotFound, tenant.MemberID{}, ""},
		{stranger, http.MethodPost, "/sign-in", "/sign-in", http.StatusUnprocessableEntity, tenant.MemberID{}, ""},
	} {
		header := []string{}
		if r.authorization != "" {
			header = append(header, "Authorization", r.authorization)
		}
		got, err := r.who.send(ctx, r.method, r.path, nil, header...)
		what := r.method + " " + r.path
		if err != nil {
			return nil, err
		}
		if got.status != r.status || got.request.IsZero() {
			return nil, fmt.Errorf("%s answers %d, want %d, with the id of the request", what, got.status, r.status)
		}
		sent[got.request] = expected{line{actor: r.as, method: r.method, route: r.route, status: r.status}, fmt.Sprintf("%s, answered %d,", what, r.status)}
	}
	return sent, nil
}

// logged returns the lines of requests once all are there, or those that are after a while: a line comes after its answer.
func (s *Stage) logged(ctx context.Context, sent map[tenant.RequestID]expected) (map[tenant.RequestID]line, error) {
	var ids []tenant.RequestID
	for id := range sent {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if err := s.Access.Flush(ctx); err != nil {
			return nil, err
		}
		var found map[tenant.RequestID]line
		err := s.Look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
			found, err = lines(ctx, tx, ids)
			return err
		})
		if err != nil || len(found) == len(sent) {
			return found, err
		}
		select {
		case <-ctx.Done():
			return found, nil
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// patience is how long a request's line may take, in the access log or the log.
const patience = 3 * time.Second
