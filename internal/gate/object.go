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
)

// lookup returns the query that finds an object's record and the actor's access to it. The object's name comes from the
// policy table, never from input.
func (o Object) lookup() string {
	return fmt.Sprintf(`
select r.id, r.group_id, g.visibility, g.hidden_at is not null, coalesce(a.level, ''), g.created_by
from tenant.%s o
join tenant.record r on r.workspace_id = o.workspace_id and r.id = o.record_id
join tenant.record g on g.workspace_id = r.workspace_id and g.id = r.group_id
left join tenant.access a on a.workspace_id = r.workspace_id and a.group_id = r.group_id and a.member_id = $3
where o.workspace_id = $1 and o.id = $2 and r.erased_at is null and g.erased_at is null`, o)
}
