package settings

import (
	"context"
	"net/http"
	"strconv"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

type memberAct func(ctx context.Context, id tenant.MemberID) error

// InvitePage is the form of an invitation.
type InvitePage struct {
	web.Shell
	Problem     string
	Mails       bool // the link is mailed
	Name, Email web.Field
	Roles       []web.Option
	Days        web.Select
}

// Page implements web.View.
func (InvitePage) Page() string { return "invite" }

func (a *Pages) invitationRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /settings/members/invite", httpd.Verb(gate.Invite), a.newInvitation, httpd.Confirmed())
	s.Page("POST /settings/members/invite", httpd.Verb(gate.Invite), a.invite, httpd.MaxBody(small), httpd.Confirmed())
	s.Page("POST /settings/invitations/{id}/send", httpd.Verb(gate.SendInvitation), a.sendInvitation, httpd.MaxBody(small))
	s.Page("POST /settings/invitations/{id}/revoke", httpd.Verb(gate.RevokeInvitation), a.revokeInvitation, httpd.MaxBody(small))
}

func (a *Pages) newInvitation(w http.ResponseWriter, r *http.Request) error {
	p, err := a.invitePage(r, roster.Guest{Role: gate.Member, Days: roster.DefaultDays}, nil)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) invitePage(r *http.Request, g roster.Guest, problem error) (InvitePage, error) {
	roles, err := a.Roster.MayInvite(r.Context())
	if err != nil {
		return InvitePage{}, err
	}
	shell, _, err := a.styled(r, "Invite", "/settings/members")
	p := InvitePage{Shell: shell, Mails: a.Roster.Post.Works(),
		Name:  web.Field{ID: "name", Label: "Name", Value: g.Name, Required: true, First: true, Max: 120},
		Email: web.Field{ID: "email", Label: "E-mail", Type: "email", Value: g.Email, Required: true, Max: 254},
		Days: web.Select{ID: "days", Label: "The link is good for", Options: web.Choose(strconv.Itoa(g.Days), web.Option{Value: "1", Name: "a day"},
			web.Option{Value: "7", Name: "7 days"}, web.Option{Value: "14", Name: "14 days"}, web.Option{Value: "30", Name: "30 days"})}}
	for _, o := range roleOptions(roles[len(roles)-1]) {
		o.Chosen = o.Value == string(g.Role)
		p.Roles = append(p.Roles, o)
	}
	if problem == nil {
		return p, err
	}
	switch identity.Wrong(problem) {
	case "name":
		p.Name.Problem = fault.Sentence(problem)
	case "email":
		p.Email.Problem = fault.Sentence(problem)
	default:
		p.Problem = fault.Sentence(problem)
	}
	return p, err
}

// invite makes an invitation and says that it was mailed, or shows its link, once.
func (a *Pages) invite(w http.ResponseWriter, r *http.Request) error {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil {
		return httpd.Refuse(http.StatusBadRequest, "This form was not sent by our page. Load the page again.")
	}
	g := roster.Guest{Name: r.PostFormValue("name"), Email: r.PostFormValue("email"), Role: gate.Role(r.PostFormValue("role")), Days: days}
	sent, err := a.Roster.Invite(r.Context(), g)
	if refused(err) {
		p, failed := a.invitePage(r, g, err)
		if failed != nil {
			return failed
		}
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return a.showSent(w, r, sent)
}

func (a *Pages) sendInvitation(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[roster.InvitationID](r.PathValue("id"))
	if err != nil {
		return err
	}
	sent, err := a.Roster.Resend(r.Context(), id)
	if err != nil {
		return err
	}
	return a.showSent(w, r, sent)
}

func (a *Pages) showSent(w http.ResponseWriter, r *http.Request, sent roster.Sent) error {
	p, err := a.membersPage(r)
	if err != nil {
		return err
	}
	if sent.Link == "" {
		p.Notice = sent.Name + " is invited. The link is on its way to " + sent.Email + "."
		return a.Show(w, p)
	}
	p.Handed = &HandedLink{Name: sent.Name, Label: "The link of the invitation", Link: originOf(r) + sent.Link.Reveal(),
		Says: "Whoever has it joins in their name, until " + untilOf(r, sent.EndsAt) + ". No mail server is set, so nothing was mailed."}
	return a.Show(w, p)
}

// originOf is where the browser found us.
func originOf(r *http.Request) string {
	scheme := "http"
	if httpd.Secure(r) {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}

func (a *Pages) revokeInvitation(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[roster.InvitationID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Roster.Revoke(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/members?done=revoked", http.StatusSeeOther)
	return nil
}

// invited fills in who is invited.
func (a *Pages) invited(r *http.Request, p *MembersPage, mine gate.Role) error {
	open, err := a.Roster.Invitations(r.Context())
	if err != nil {
		return err
	}
	for _, i := range open {
		p.Invited = append(p.Invited, InvitedRow{ID: i.ID.String(), Name: i.Name, Email: i.Email, Role: roleName(i.Role), By: i.By,
			Until: web.StampAt(i.EndsAt, web.ZoneOf(r)), Over: i.Over, May: mine.AtLeast(i.Role)})
	}
	return nil
}
