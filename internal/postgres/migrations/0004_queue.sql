-- +goose Up
-- Steps of work. A row holds ids, times, states and the sentence of a failure, which quotes nothing.

create table tenant.step (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    kind         text not null,
    input_id     uuid not null,
    run          integer not null,
    state        text not null constraint step_state_is_known
                 check (state in ('waiting', 'running', 'done', 'dead', 'cancelled')),
    attempt      integer not null, -- how often it was begun; whoever holds another number has lost it
    failures     integer not null,
    next_at      timestamptz not null,
    on_behalf_of uuid,
    node         text not null,
    lease_until  timestamptz,
    phase        text not null,
    progress     real not null,
    reason       text not null,
    created_at   timestamptz not null,
    started_at   timestamptz,
    finished_at  timestamptz,
    primary key (workspace_id, id),
    constraint step_is_once_a_run unique (workspace_id, input_id, kind, run)
);
create index step_of_record on tenant.step (workspace_id, record_id, created_at);
create index step_by_state on tenant.step (workspace_id, state, next_at);

alter table tenant.step enable row level security;
alter table tenant.step force row level security;
create policy workspace_is_own on tenant.step using (workspace_id = tenant.current_workspace());
-- Whoever claims work must see that there is some, in every workspace.
create policy worker_claims on tenant.step to mainstay_worker using (true) with check (true);
grant select, insert, update on tenant.step to mainstay_app, mainstay_worker;

-- Whose work was begun after whose, so that workspaces take turns.
create sequence queue.turns;
create table queue.turn (
    workspace_id uuid primary key,
    number       bigint not null
);
grant select, insert, update on queue.turn to mainstay_worker;
grant usage on sequence queue.turns to mainstay_worker;
