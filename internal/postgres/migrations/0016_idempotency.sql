-- +goose Up
-- Requests of programs that are to be done once. The key and the request are kept as keyed digests, the answer sealed under the
-- key of the record that it tells about. acted_at is written in the transaction of the act itself.
create table tenant.idempotency (
    workspace_id uuid not null,
    id           uuid not null,
    member_id    uuid not null,
    record_id    uuid not null,
    key_hmac     bytea not null,
    request_hmac bytea not null,
    state        text not null constraint idempotency_state_is_known check (state in ('running', 'done')),
    run          integer not null constraint idempotency_run_is_positive check (run > 0),
    begun_at     timestamptz not null,
    lease_until  timestamptz not null,
    acted_at     timestamptz,
    ends_at      timestamptz not null,
    sealed       bytea,
    primary key (workspace_id, id),
    constraint idempotency_key_is_once unique (workspace_id, member_id, key_hmac),
    constraint idempotency_answer_is_there check ((state = 'done') = (sealed is not null))
);
create index idempotency_by_end on tenant.idempotency (workspace_id, ends_at);
alter table tenant.idempotency enable row level security;
alter table tenant.idempotency force row level security;
create policy workspace_is_own on tenant.idempotency using (workspace_id = tenant.current_workspace());
grant select, insert, update, delete on tenant.idempotency to mainstay_app;
grant select, delete on tenant.idempotency to mainstay_worker;
