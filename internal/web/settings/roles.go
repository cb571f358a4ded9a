package settings

import (
	"net/http"
	"strings"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/web"
)

// IndexPage is the way to the settings.
type IndexPage struct {
	web.Shell
	Groups []SettingsGroup
}

// Page implements web.View.
func (IndexPage) Page() string { return "settings" }

// SettingsGroup is some settings under a heading.
type SettingsGroup struct {
	Name  string
	Pages []web.Setting
}

// RolesPage is the policy table as people read it.
type RolesPage struct {
	web.Shell
	Mine   string
	Roles  []string
	Groups []RoleGroup
}

// Page implements web.View.
func (RolesPage) Page() string { return "roles" }

// RoleGroup is the acts on one kind of thing.
type RoleGroup struct {
	Name string
	Acts []RoleAct
}

// RoleAct is an act and whether each role may do it, in the order of RolesPage.Roles.
type RoleAct struct {
	Says, Note string
	May        []bool
}

func (a *Pages) roleRoutes(s *httpd.Server) {
	s.Page("GET /settings", httpd.Verb(gate.ReadWorkspace), a.showIndex)
	s.Page("GET /settings/roles", httpd.Verb(gate.ReadWorkspace), a.showRoles)
}

func (a *Pages) showIndex(w http.ResponseWriter, r *http.Request) error {
	shell, me, err := a.styled(r, "Settings", "/settings")
	if err != nil {
		return err
	}
	return a.Show(w, IndexPage{Shell: shell, Groups: SettingsGroups(me.Role)})
}

// SettingsGroups returns the settings that a role may open, under their headings.
func SettingsGroups(role gate.Role) []SettingsGroup {
	var groups []SettingsGroup
	at := map[string]int{}
	for _, s := range web.SettingsFor(role) {
		i, known := at[s.Group]
		if !known {
			i = len(groups)
			at[s.Group], groups = i, append(groups, SettingsGroup{Name: s.Group})
		}
		groups[i].Pages = append(groups[i].Pages, s)
	}
	return groups
}

func (a *Pages) showRoles(w http.ResponseWriter, r *http.Request) error {
	shell, me, err := a.styled(r, "Roles", "/settings/roles")
	if err != nil {
		return err
	}
	p := RolesPage{Shell: shell, Mine: article(me.Role), Groups: RoleGroups(gate.Policy())}
	for _, role := range gate.Roles() {
		p.Roles = append(p.Roles, roleName(role))
	}
	return a.Show(w, p)
}

// RoleGroups groups the acts that members do by what they are about: the noun before the verb's point.
func RoleGroups(policy []gate.Rule) []RoleGroup {
	var groups []RoleGroup
	at := map[string]int{}
	for _, rule := range policy {
		if rule.Least == "" {
			continue
		}
		noun, _, _ := strings.Cut(string(rule.Verb), ".")
		name := nounName(noun)
		i, known := at[name]
		if !known {
			i = len(groups)
			at[name], groups = i, append(groups, RoleGroup{Name: name})
		}
		groups[i].Acts = append(groups[i].Acts, roleAct(rule))
	}
	return groups
}

func roleAct(rule gate.Rule) RoleAct {
	act := RoleAct{Says: strings.ToUpper(rule.Says[:1]) + rule.Says[1:]}
	for _, role := range gate.Roles() {
		act.May = append(act.May, role.AtLeast(rule.Least))
	}
	switch {
	case rule.Confirm:
		act.Note = "Asks again who you are."
	case rule.Level == gate.Manager && rule.Object != gate.Person && rule.Object != gate.Invitation && rule.Least == gate.Member:
		act.Note = "A member: what they made, or what they manage."
	case rule.Level == gate.Contributor:
		act.Note = "Where it is shared with them."
	}
	return act
}

// nounName is what a group of acts is called. A noun without an entry is its own name.
func nounName(noun string) string {
	names := map[string]string{"workspace": "Workspace", "member": "Members", "invitation": "Invitations", "policy": "Sign-in and passwords", "deployment": "Deployment",
		"audit": "Logs", "access": "Logs", "egress": "What leaves", "model": "Models", "meeting": "Meetings", "upload": "Recordings", "recording": "Recordings",
		"transcript": "Transcripts", "speaker": "Transcripts", "minutes": "Minutes", "work": "Work", "key": "API keys and programs", "program": "API keys and programs",
		"provider": "Sign-in providers", "domain": "Sign-in providers", "notice": "Notices and mail", "mail": "Notices and mail"}
	if name, known := names[noun]; known {
		return name
	}
	return strings.ToUpper(noun[:1]) + noun[1:]
}
