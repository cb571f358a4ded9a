package gate

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/tenant"
)

// Recipient is a member who may be told of a group of records, because they may read it.
type Recipient struct {
	Member tenant.MemberID
	Role   Role
	Level  Level
	Maker  bool // of the record that leads the group
}

// Recipients returns the members who may read the group of the act's object now, as a decision about each would say. It is for
// narrow actors that tell people of something. Of the workspace's own record it returns every member.
func Recipients(ctx context.Context, tx *Tx) ([]Recipient, error) {
	rows, err := tx.Query(ctx, `
select m.id, m.role, coalesce(a.level, ''), coalesce(g.created_by = m.id, false)
from tenant.record g
join tenant.member m on m.workspace_id = g.workspace_id and m.state = 'active'
left join tenant.access a on a.workspace_id = g.workspace_id and a.group_id = g.id and a.member_id = m.id
where g.workspace_id = $1 and g.id = $2 and g.erased_at is null and g.hidden_at is null
  and (g.visibility = 'workspace' or g.created_by = m.id or a.level is not null)
order by m.id`, tx.Workspace(), tx.Group())
	if err != nil {
		return nil, fmt.Errorf("finding the recipients of record %s: %w", tx.Group(), err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Recipient, error) {
		var r Recipient
		var shared Level
		err := row.Scan(&r.Member, &r.Role, &shared, &r.Maker)
		r.Level = levelOf(r.Role, shared, r.Maker)
		return r, err
	})
}
