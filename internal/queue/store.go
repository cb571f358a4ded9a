package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
)

func insert(ctx context.Context, tx *gate.Tx, s Step) error {
	behalf := tx.Actor().OnBehalfOf
	if tx.Actor().Kind == tenant.Member {
		behalf = tx.Actor().Member
	}
	_, err := tx.Exec(ctx, `
insert into tenant.step (workspace_id, id, record_id, kind, input_id, run, state, attempt, failures, next_at, on_behalf_of, node, phase, progress,
    reason, created_at)
values ($1, $2, $3, $4, $5, $6, 'waiting', 0, 0, $7, $8, '', '', 0, '', $7)
on conflict on constraint step_is_once_a_run do nothing`,
		s.Workspace, s.ID, s.Record, s.Kind, s.Input, s.Run, tx.Now(), behalf)
	if err != nil {
		return fmt.Errorf("inserting step %s: %w", s.Kind, err)
	}
	return nil
}

// number gives a step the run after the newest. Acts that number runs of the same step wait for each other.
func number(ctx context.Context, tx *gate.Tx, s *Step) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended($1 || $2::uuid::text, 0))`, s.Kind, s.Input)
	if err == nil {
		err = tx.QueryRow(ctx, `
select coalesce(max(run), 0) + 1 from tenant.step where workspace_id = $1 and input_id = $2 and kind = $3`, s.Workspace, s.Input, s.Kind).Scan(&s.Run)
	}
	if err != nil {
		return fmt.Errorf("counting the runs of %s: %w", s.Kind, err)
	}
	return nil
}

func finish(ctx context.Context, tx *gate.Tx, s Step) error {
	tag, err := tx.Exec(ctx, `
update tenant.step set state = 'done', progress = 1, reason = '', finished_at = $4, lease_until = null
where workspace_id = $1 and id = $2 and state = 'running' and attempt = $3`, s.Workspace, s.ID, s.Attempt, tx.Now())
	if err != nil {
		return fmt.Errorf("finishing step %s: %w", s.ID, err)
	}
	if tag.RowsAffected() != 1 {
		return fault.Wrap(fault.Conflict, "This work was ended meanwhile.", errEnded)
	}
	return nil
}

// claim takes the fairest due step. It fails with fault.Missing where there is none.
func (q *Queue) claim(ctx context.Context) (Step, error) {
	now := q.cfg.Source.Now()
	tx, err := q.worker.Begin(ctx)
	if err != nil {
		return Step{}, postgres.Fault(err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	var s Step
	err = tx.QueryRow(ctx, `
update tenant.step set state = 'running', attempt = attempt + 1, node = $2, lease_until = $3, started_at = $1, reason = '', phase = '', progress = 0
where (workspace_id, id) = (
    select s.workspace_id, s.id from tenant.step s
    left join (select workspace_id, count(*) as steps from tenant.step where state = 'running' group by workspace_id) r
        on r.workspace_id = s.workspace_id
    left join queue.turn t on t.workspace_id = s.workspace_id
    where s.state = 'waiting' and s.next_at <= $1
    order by coalesce(r.steps, 0), t.number nulls first, s.next_at, s.id
    limit 1 for update of s skip locked)
returning workspace_id, id, kind, input_id, run, record_id, on_behalf_of, attempt, failures`, now, q.cfg.Node, now.Add(leaseLife)).
		Scan(&s.Workspace, &s.ID, &s.Kind, &s.Input, &s.Run, &s.Record, &s.OnBehalfOf, &s.Attempt, &s.Failures)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, fault.New(fault.Missing, "There is no work.")
	}
	if err != nil {
		return s, fmt.Errorf("claiming a step: %w", postgres.Fault(err))
	}
	_, err = tx.Exec(ctx, `
insert into queue.turn (workspace_id, number) values ($1, nextval('queue.turns'))
on conflict (workspace_id) do update set number = excluded.number`, s.Workspace)
	if err != nil {
		return s, fmt.Errorf("noting a turn: %w", postgres.Fault(err))
	}
	return s, postgres.Fault(tx.Commit(ctx))
}

// renew keeps the lease of a running step and reports whether it is still ours.
func (q *Queue) renew(ctx context.Context, s Step) (bool, error) {
	tag, err := q.worker.Exec(ctx, `
update tenant.step set lease_until = $4
where workspace_id = $1 and id = $2 and state = 'running' and attempt = $3`, s.Workspace, s.ID, s.Attempt, q.cfg.Source.Now().Add(leaseLife))
	return tag.RowsAffected() == 1, postgres.Fault(err)
}

// ours reports whether a running step is still this attempt's.
func (q *Queue) ours(ctx context.Context, s Step) (bool, error) {
	var ours bool
	err := q.worker.QueryRow(ctx, `
select exists (select from tenant.step where workspace_id = $1 and id = $2 and state = 'running' and attempt = $3)`,
		s.Workspace, s.ID, s.Attempt).Scan(&ours)
	return ours, postgres.Fault(err)
}

// leave writes a step's state unless it was finished or taken over meanwhile.
func (q *Queue) leave(ctx context.Context, s Step, end ending) (bool, error) {
	tag, err := q.worker.Exec(ctx, `
with left_behind as (
    update tenant.step set state = $4, next_at = $5, reason = $6, lease_until = null, failures = $8,
        finished_at = case when $4 = 'waiting' then null else $7::timestamptz end
    where workspace_id = $1 and id = $2 and state = 'running' and attempt = $3 returning workspace_id, record_id)
select pg_notify('mainstay_progress', workspace_id || ' ' || record_id) from left_behind`,
		s.Workspace, s.ID, s.Attempt, end.state, end.next, end.reason, q.cfg.Source.Now(), end.failures)
	return tag.RowsAffected() == 1, postgres.Fault(err)
}

// reclaim makes steps waiting again: those of a node that starts or stops, or, for "", those whose lease is over.
func (q *Queue) reclaim(ctx context.Context, node string) error {
	_, err := q.worker.Exec(ctx, `
update tenant.step set state = 'waiting', lease_until = null
where state = 'running' and case when $1 = '' then lease_until < $2 else node = $1 end`, node, q.cfg.Source.Now())
	return postgres.Fault(err)
}

func (q *Queue) due(ctx context.Context) (int, error) {
	var n int
	err := q.worker.QueryRow(ctx, `select count(*) from tenant.step where state = 'waiting' and next_at <= $1`, q.cfg.Source.Now()).Scan(&n)
	return n, postgres.Fault(err)
}

// Depth is how much work there is in the whole deployment.
type Depth struct {
	Waiting int // for a worker; what waits for its next try is not counted
	Later   int // for its next try, or for an engine that is away
	Running int
	Dead    int        // ended without success, and not begun again
	Oldest  *time.Time // since when the longest waits for a worker
}

// Depth counts the work of every workspace. Who may know that is for its caller to decide.
func (q *Queue) Depth(ctx context.Context) (Depth, error) {
	var d Depth
	err := q.worker.QueryRow(ctx, `
select count(*) filter (where s.state = 'waiting' and s.next_at <= $1), count(*) filter (where s.state = 'waiting' and s.next_at > $1),
    count(*) filter (where s.state = 'running'), count(*) filter (where s.state = 'dead'), min(s.next_at) filter (where s.state = 'waiting' and s.next_at <= $1)
from tenant.step s
where s.state in ('waiting', 'running') or s.state = 'dead' and not exists (
    select from tenant.step later where later.workspace_id = s.workspace_id and later.input_id = s.input_id and later.kind = s.kind and later.run > s.run)`,
		q.cfg.Source.Now()).Scan(&d.Waiting, &d.Later, &d.Running, &d.Dead, &d.Oldest)
	if err != nil {
		return d, fmt.Errorf("counting work: %w", postgres.Fault(err))
	}
	return d, nil
}

// report stores how far a step is and tells its watchers.
func (q *Queue) report(ctx context.Context, s Step, phase string, progress float64) error {
	_, err := q.worker.Exec(ctx, `
with told as (
    update tenant.step set phase = $4, progress = $5
    where workspace_id = $1 and id = $2 and state = 'running' and attempt = $3 returning workspace_id, record_id)
select pg_notify('mainstay_progress', workspace_id || ' ' || record_id) from told`, s.Workspace, s.ID, s.Attempt, phase, progress)
	return postgres.Fault(err)
}

func notify(ctx context.Context, tx *gate.Tx, record tenant.RecordID) error {
	_, err := tx.Exec(ctx, `select pg_notify('mainstay_progress', $1::uuid || ' ' || $2::uuid)`, tx.Workspace(), record)
	return err
}

// Status is a step as people see it.
type Status struct {
	ID         ID
	Record     tenant.RecordID
	Kind       string
	Run        int
	State      string // "waiting", "running", "done", "dead", "cancelled"
	Attempt    int
	Phase      string
	Progress   float64 // 0 to 1
	Reason     string  // why it waits or ended, a sentence
	Ahead      int     // steps of the workspace that wait before it
	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

const statusColumns = `s.id, s.record_id, s.kind, s.run, s.state, s.attempt, s.phase, s.progress, s.reason,
    case when s.state <> 'waiting' then 0 else
        (select count(*) from tenant.step o where o.workspace_id = s.workspace_id and o.state = 'waiting' and o.kind not like 'tell:%' and (o.next_at, o.id) < (s.next_at, s.id)) end,
    s.created_at, s.started_at, s.finished_at`

// One returns a step inside an act or view about it. It fails with fault.Missing where it is gone.
func One(ctx context.Context, tx *gate.Tx, id ID) (Status, error) {
	found, err := statuses(ctx, tx, `
select `+statusColumns+` from tenant.step s where s.workspace_id = $1 and s.id = $2`, tx.Workspace(), id)
	if err == nil && len(found) == 0 {
		err = fault.New(fault.Missing, "There is no such work.")
	}
	if err != nil {
		return Status{}, err
	}
	return found[0], nil
}

// Of returns the steps of a record's group inside an act or view about it, the newest first.
func Of(ctx context.Context, tx *gate.Tx, record tenant.RecordID) ([]Status, error) {
	return statuses(ctx, tx, `
select `+statusColumns+` from tenant.step s
where s.workspace_id = $1 and s.record_id = $2 and s.kind not like 'tell:%' order by s.created_at desc, s.id desc limit 20`, tx.Workspace(), record)
}

// Open returns the workspace's steps that are not done, of records that the actor may read.
func Open(ctx context.Context, tx *gate.Tx) ([]Status, error) {
	return statuses(ctx, tx, `
select `+statusColumns+` from tenant.step s
join gate.readable g on g.workspace_id = s.workspace_id and g.record_id = s.record_id
where s.workspace_id = $1 and s.state in ('waiting', 'running', 'dead') and s.kind not like 'tell:%'
  and not exists (select from tenant.step n where n.workspace_id = s.workspace_id and n.input_id = s.input_id and n.kind = s.kind and n.run > s.run)
order by s.created_at desc, s.id desc limit 200`, tx.Workspace())
}

// Done returns the workspace's steps that ended well since the time, of records that the actor may read, the newest first.
func Done(ctx context.Context, tx *gate.Tx, since time.Time) ([]Status, error) {
	return statuses(ctx, tx, `
select `+statusColumns+` from tenant.step s
join gate.readable g on g.workspace_id = s.workspace_id and g.record_id = s.record_id
where s.workspace_id = $1 and s.state = 'done' and s.kind not like 'tell:%' and s.finished_at >= $2
order by s.finished_at desc, s.id desc limit 20`, tx.Workspace(), since)
}

// Dead counts the steps that [Open] shows as dead.
func Dead(ctx context.Context, tx *gate.Tx) (n int, err error) {
	err = tx.QueryRow(ctx, `
select count(*) from tenant.step s
join gate.readable g on g.workspace_id = s.workspace_id and g.record_id = s.record_id
where s.workspace_id = $1 and s.state = 'dead' and s.kind not like 'tell:%'
  and not exists (select from tenant.step n where n.workspace_id = s.workspace_id and n.input_id = s.input_id and n.kind = s.kind and n.run > s.run)`,
		tx.Workspace()).Scan(&n)
	return n, err
}

func statuses(ctx context.Context, tx *gate.Tx, sql string, args ...any) ([]Status, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("reading steps: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Status, error) {
		var s Status
		err := row.Scan(&s.ID, &s.Record, &s.Kind, &s.Run, &s.State, &s.Attempt, &s.Phase, &s.Progress, &s.Reason, &s.Ahead,
			&s.CreatedAt, &s.StartedAt, &s.FinishedAt)
		return s, err
	})
}
