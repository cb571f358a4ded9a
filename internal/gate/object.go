package gate

import "fmt"

// Object is a kind of thing that acts are about. Its table has workspace_id, id and record_id.
type Object string

// The objects. None stands for the workspace itself.
const (
	None       Object = ""
	Meeting    Object = "meeting"
	Upload     Object = "upload"
	Recording  Object = "recording"
	Transcript Object = "transcript"
	Minutes    Object = "minutes"
	Step       Object = "step"
	Provider   Object = "sign_in_provider"
	Domain     Object = "domain"
	Notice     Object = "notice"
	Credential Object = "credential"
	Webhook    Object = "webhook"
	Person     Object = "member"
	Invitation Object = "invitation"
)

const roleOf = `
select m.role, w.least_factor, w.session_hours, w.idle_minutes
from tenant.member m join tenant.workspace w on w.workspace_id = m.workspace_id
where m.workspace_id = $1 and m.id = $2 and m.state = 'active'`

// lookup returns the query that finds the actor's role, an object's record and the actor's access to it, in one row whatever is
// there. The object's name comes from the policy table, never from input.
func (o Object) lookup() string {
	group := `join tenant.record g on g.workspace_id = r.workspace_id and g.id = r.group_id and g.erased_at is null`
	if o == Meeting {
		group = `cross join lateral (select r.visibility, r.hidden_at, r.created_by) g` // a meeting's record leads its group
	}
	return fmt.Sprintf(`
select coalesce(m.role, ''), coalesce(w.least_factor, ''), coalesce(w.session_hours, 0), coalesce(w.idle_minutes, 0), r.id, r.group_id,
       coalesce(g.visibility, ''), g.hidden_at is not null, coalesce(a.level, ''), g.created_by
from (select) act
left join tenant.member m on m.workspace_id = $1 and m.id = $3 and m.state = 'active'
left join tenant.workspace w on w.workspace_id = $1
left join (tenant.%s o
    join tenant.record r on r.workspace_id = o.workspace_id and r.id = o.record_id and r.erased_at is null
    %s)
  on o.workspace_id = $1 and o.id = $2
left join tenant.access a on a.workspace_id = $1 and a.group_id = r.group_id and a.member_id = $3`, o, group)
}
