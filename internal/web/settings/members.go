package settings

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/identity/roster"
	"mainstay/internal/tenant"
	"mainstay/internal/web"
)

// MembersPage lists who is in the workspace and who is invited.
type MembersPage struct {
	web.Shell
	May      bool // the reader changes roles and invites
	Notice   string
	Handed   *HandedLink // a link that is not mailed: shown once
	Resets   bool        // links for new passwords are handed over, because no mail is sent
	Query    string
	Filter   web.Select
	Filtered bool
	Count    string
	Rows     []MemberRow
	Prev     string
	Next     string
	Invited  []InvitedRow
}

// Page implements web.View.
func (MembersPage) Page() string { return "members" }

// HandedLink is a link for somebody while who made it can copy it. Label is what it is, Says what it does.
type HandedLink struct{ Name, Label, Link, Says string }

// MemberRow is a member. Roles is empty where the reader may not change theirs.
type MemberRow struct {
	ID, Name, Email, Role string
	Self, Disabled        bool
	Factors               *web.StateChip
	Seen                  string
	Roles                 []web.Option
	May                   bool // disable and remove
	Heir                  bool // the reader can hand them the ownership
}

// InvitedRow is an open invitation.
type InvitedRow struct {
	ID, Name, Email, Role, By string
	Until                     web.Stamp
	Over, May                 bool
}

func (a *Pages) memberRoutes(s *httpd.Server) {
	const small = 8 << 10
	s.Page("GET /settings/members", httpd.Verb(gate.ReadMembers), a.showMembers)
	s.Page("POST /settings/members/{id}/role", httpd.Verb(gate.ChangeRole), a.changeRole, httpd.MaxBody(small))
	s.Page("POST /settings/members/{id}/undo", httpd.Verb(gate.ChangeRole), a.undoRole, httpd.MaxBody(small))
	s.Page("POST /settings/members/{id}/disable", httpd.Verb(gate.DisableMember), a.onMember("disabled", a.Roster.Disable), httpd.MaxBody(small))
	s.Page("POST /settings/members/{id}/enable", httpd.Verb(gate.DisableMember), a.onMember("enabled", a.Roster.Enable), httpd.MaxBody(small))
	s.Page("GET /settings/members/{id}/remove", httpd.Verb(gate.RemoveMember), a.askRemoval)
	s.Page("POST /settings/members/{id}/remove", httpd.Verb(gate.RemoveMember), a.onMember("removed&changed={id}", a.Roster.Remove), httpd.MaxBody(small))
	s.Page("GET /settings/members/{id}/reset", httpd.Verb(gate.ResetMember), a.askReset, httpd.Confirmed())
	s.Page("POST /settings/members/{id}/reset", httpd.Verb(gate.ResetMember), a.handReset, httpd.MaxBody(small), httpd.Confirmed())
	s.Page("POST /settings/members/{id}/restore", httpd.Verb(gate.RemoveMember), a.onMember("restored", a.Roster.UndoRemoval), httpd.MaxBody(small))
	s.Page("GET /settings/members/{id}/transfer", httpd.Verb(gate.TransferWorkspace), a.askTransfer, httpd.Confirmed())
	s.Page("POST /settings/members/{id}/transfer", httpd.Verb(gate.TransferWorkspace), a.transfer, httpd.MaxBody(small))
}

const membersAPage = 50

func (a *Pages) showMembers(w http.ResponseWriter, r *http.Request) error {
	p, err := a.membersPage(r)
	if err != nil {
		return err
	}
	p.Notice = map[string]string{
		"disabled": "Disabled. Their sessions and keys ended; “Enable” lets them in again.", "enabled": "Enabled. They can sign in again.",
		"removed": "Removed. What they made stays, under their name.", "transferred": "They are an owner now, and you are an admin.",
		"restored": "They are a member again, with the role that they had. Their sessions and keys stay ended.",
		"undone":   "The role is what it was before.", "revoked": "The invitation is revoked. Its link is over.",
	}[r.URL.Query().Get("done")]
	if id, err := tenant.ParseID[tenant.MemberID](r.URL.Query().Get("changed")); err == nil && p.May {
		p.Toast = a.undo(r, id)
	}
	return a.Show(w, p)
}

// undo is the way back from a removal or a change of a role, where the service says that there is one: an address alone offers nothing.
func (a *Pages) undo(r *http.Request, id tenant.MemberID) *web.Toast {
	if m, err := a.Roster.Removed(r.Context(), id); err == nil {
		return &web.Toast{Text: m.Name + " is removed.", UndoURL: "/settings/members/" + id.String() + "/restore"}
	}
	m, _, err := a.Roster.Undoable(r.Context(), id)
	if err != nil {
		return nil
	}
	return &web.Toast{Text: m.Name + " is " + article(m.Role) + " now.", UndoURL: "/settings/members/" + id.String() + "/undo"}
}

func (a *Pages) membersPage(r *http.Request) (MembersPage, error) {
	members, err := a.Roster.Members(r.Context())
	if err != nil {
		return MembersPage{}, err
	}
	shell, me, err := a.styled(r, "Members", "/settings/members")
	p := MembersPage{Shell: shell, May: me.Role.AtLeast(gate.Admin), Resets: !a.Identity.Mails(), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	if err != nil {
		return p, err
	}
	only := gate.Role(r.URL.Query().Get("role"))
	p.Filter = web.Select{ID: "role", Label: "Role", Options: web.Choose(string(only), append([]web.Option{{Name: "Every role"}}, roleOptions("")...)...)}
	p.Filtered = p.Query != "" || only != ""
	var shown []roster.Member
	for _, m := range members {
		if (only == "" || m.Role == only) && contains(p.Query, m.Name, m.Email) {
			shown = append(shown, m)
		}
	}
	p.page(r, shown, len(members), me.Role)
	if !p.May {
		return p, nil
	}
	return p, a.invited(r, &p, me.Role)
}

func contains(words string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(words)) })
}

// page fills in the rows of the page that is asked for, and the ways to its neighbours.
func (p *MembersPage) page(r *http.Request, shown []roster.Member, all int, mine gate.Role) {
	at, _ := strconv.Atoi(r.URL.Query().Get("page"))
	at = min(max(at, 0), max(len(shown)-1, 0)/membersAPage)
	from, to := at*membersAPage, min((at+1)*membersAPage, len(shown))
	for _, m := range shown[from:to] {
		p.Rows = append(p.Rows, memberRow(m, mine))
	}
	p.Count = web.Count(all, "member", "members")
	if p.Filtered {
		p.Count = strconv.Itoa(len(shown)) + " of " + p.Count
	}
	if len(shown) > membersAPage {
		p.Count += ", " + strconv.Itoa(from+1) + " to " + strconv.Itoa(to)
	}
	link := func(page int) string {
		q := url.Values{"page": {strconv.Itoa(page)}}
		for _, name := range []string{"q", "role"} {
			if v := r.URL.Query().Get(name); v != "" {
				q.Set(name, v)
			}
		}
		return "/settings/members?" + q.Encode()
	}
	if at > 0 {
		p.Prev = link(at - 1)
	}
	if to < len(shown) {
		p.Next = link(at + 1)
	}
}

func memberRow(m roster.Member, mine gate.Role) MemberRow {
	row := MemberRow{ID: m.ID.String(), Name: m.Name, Email: m.Email, Role: roleName(m.Role), Self: m.Self, Disabled: m.Disabled}
	if !mine.AtLeast(gate.Admin) {
		return row
	}
	row.Seen = "Never"
	if !m.LastSeen.IsZero() {
		row.Seen = m.LastSeen.Format("2 Jan 2006")
	}
	if m.Strength != nil {
		row.Factors = factorChip(*m.Strength)
	}
	over := mine == gate.Owner || m.Role != gate.Owner
	row.May = over && !m.Self
	row.Heir = mine == gate.Owner && !m.Self && !m.Disabled && m.Role != gate.Owner
	if over {
		for _, o := range roleOptions(mine) {
			o.Chosen = o.Value == string(m.Role)
			row.Roles = append(row.Roles, o)
		}
	}
	return row
}

func factorChip(s gate.Strength) *web.StateChip {
	switch s {
	case gate.PhishingResistant:
		return &web.StateChip{Class: "ok", Icon: "key-round", Text: "Passkey"}
	case gate.Second:
		return &web.StateChip{Class: "ok", Icon: "shield-check", Text: "Second factor"}
	}
	return &web.StateChip{Class: "draft", Icon: "lock", Text: "Password only"}
}

// roleOptions are the roles that somebody with a role can give, from the most to the least; all where mine is empty.
func roleOptions(mine gate.Role) []web.Option {
	says := map[gate.Role]string{gate.Owner: "Everything, owners and models included", gate.Admin: "Members and settings, but no owners",
		gate.Member: "Makes meetings, and reads what is shared", gate.Viewer: "Reads what is shared, and changes nothing"}
	var options []web.Option
	for _, r := range gate.Roles() {
		if mine == "" || mine.AtLeast(r) {
			options = append(options, web.Option{Value: string(r), Name: roleName(r), Hint: says[r]})
		}
	}
	return options
}

func roleName(r gate.Role) string {
	if r == "" {
		return ""
	}
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

func article(r gate.Role) string {
	if r == gate.Owner || r == gate.Admin {
		return "an " + string(r)
	}
	return "a " + string(r)
}

func (a *Pages) changeRole(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := a.Roster.ChangeRole(r.Context(), id, gate.Role(r.PostFormValue("role"))); err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/members?changed="+id.String(), http.StatusSeeOther)
	return nil
}

func (a *Pages) undoRole(w http.ResponseWriter, r *http.Request) error {
	return a.onMember("undone", a.Roster.UndoRole)(w, r)
}

// onMember does an act on the member that the address names and goes back to the list.
func (a *Pages) onMember(done string, act memberAct) httpd.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
		if err != nil {
			return err
		}
		if err := act(r.Context(), id); err != nil {
			return err
		}
		http.Redirect(w, r, "/settings/members?done="+strings.ReplaceAll(done, "{id}", id.String()), http.StatusSeeOther)
		return nil
	}
}

// SurePage asks before something that cannot be taken back. Word is what is to be typed; empty: nothing is.
type SurePage struct {
	web.Shell
	Heading, Lead, Action, Button, Back, Icon string
	What                                      []string // what will be so after
	Word                                      string
	Safe                                      bool // it destroys nothing
	Confirm                                   web.Field
}

// Page implements web.View.
func (SurePage) Page() string { return "sure" }

func (a *Pages) askRemoval(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
	if err != nil {
		return err
	}
	m, err := a.Roster.Member(r.Context(), id)
	if err != nil {
		return err
	}
	shell, _, err := a.styled(r, "Remove a member", "/settings/members")
	if err != nil {
		return err
	}
	return a.Show(w, SurePage{Shell: shell, Heading: "Remove " + m.Name + "?", Lead: "To keep them out for a while only, disable them instead.", Icon: "trash-2",
		Action: "/settings/members/" + id.String() + "/remove", Button: "Remove", Back: "/settings/members",
		What: []string{"Their sessions, keys and programs here end at once.", "What they made stays, under their name.", "What only they could see stays with the owners and admins.",
			"You can take it back for ten minutes; their sessions stay ended. Later they come back by a new invitation, as the member that they were."}})
}

func (a *Pages) askReset(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
	if err != nil {
		return err
	}
	name, err := a.Accounts.Resettable(r.Context(), id)
	if err != nil {
		return err
	}
	shell, _, err := a.styled(r, "A new password", "/settings/members")
	if err != nil {
		return err
	}
	return a.Show(w, SurePage{Shell: shell, Heading: "Let " + name + " choose a new password?", Lead: "You get a link to hand over. Whoever opens it chooses the password of the account.", Icon: "key-round",
		Action: "/settings/members/" + id.String() + "/reset", Button: "Make the link", Safe: true, Back: "/settings/members",
		What: []string{"The link is shown once, works once, and is good for half an hour.", "Give it to them yourself, and only when you are sure that it is them.",
			"When it is used, every session of theirs ends.", "A second factor of theirs stays, and is asked for at the next sign-in."}})
}

// handReset makes a link for a new password and shows it, once.
func (a *Pages) handReset(w http.ResponseWriter, r *http.Request) error {
	id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
	if err != nil {
		return err
	}
	handed, err := a.Accounts.ResetLink(r.Context(), id)
	if err != nil {
		return err
	}
	p, err := a.membersPage(r)
	if err != nil {
		return err
	}
	p.Handed = &HandedLink{Name: handed.Name, Label: "The link for a new password", Link: originOf(r) + handed.Path.Reveal(),
		Says: "Whoever has it chooses their password, until " + untilOf(r, handed.Until) + ". Nothing was mailed."}
	return a.Show(w, p)
}

func untilOf(r *http.Request, at time.Time) string {
	return at.In(web.ZoneOf(r)).Format("2 January 2006, 15:04 MST")
}

func (a *Pages) transferPage(r *http.Request) (SurePage, tenant.MemberID, error) {
	id, err := tenant.ParseID[tenant.MemberID](r.PathValue("id"))
	if err != nil {
		return SurePage{}, id, err
	}
	m, err := a.Roster.Successor(r.Context(), id)
	if err != nil {
		return SurePage{}, id, err
	}
	shell, _, err := a.styled(r, "Hand over the ownership", "/settings/members")
	return SurePage{Shell: shell, Heading: "Hand the ownership to " + m.Name + "?", Icon: "arrow-right",
		Lead:   "Only an owner can give it back to you.",
		Action: "/settings/members/" + id.String() + "/transfer", Button: "Hand it over", Back: "/settings/members", Word: "transfer",
		What:    []string{m.Name + " becomes an owner.", "You become an admin: you cannot change owners or models any more.", "Both happen, or neither."},
		Confirm: wordField("transfer")}, id, err
}

func wordField(word string) web.Field {
	return web.Field{ID: "confirm", Label: "Type “" + word + "”", Complete: "off", Required: true, First: true, Max: 40}
}

func (a *Pages) askTransfer(w http.ResponseWriter, r *http.Request) error {
	p, _, err := a.transferPage(r)
	if err != nil {
		return err
	}
	return a.Show(w, p)
}

func (a *Pages) transfer(w http.ResponseWriter, r *http.Request) error {
	p, id, err := a.transferPage(r)
	if err != nil {
		return err
	}
	if !typed(r, p.Word) {
		p.Confirm.Problem = "Type the word to go on."
		return a.ShowAgain(w, http.StatusUnprocessableEntity, p)
	}
	if err := a.Roster.Transfer(r.Context(), id); err != nil {
		return err
	}
	http.Redirect(w, r, "/settings/members?done=transferred", http.StatusSeeOther)
	return nil
}

// typed reports whether the form holds the word that confirms it.
func typed(r *http.Request, word string) bool {
	return strings.EqualFold(strings.TrimSpace(r.PostFormValue("confirm")), word)
}

// refused reports whether an error is about what somebody typed, so that the form is shown again.
func refused(err error) bool { return fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) }
