-- +goose Up
-- Letters to accounts, until they are sent. A letter that ended keeps how it ended and loses what it said.
create table control.outbox (
    id          uuid primary key,
    account_id  uuid,
    state       text not null constraint outbox_state_is_known check (state in ('waiting', 'sent', 'dead', 'dropped')),
    tries       integer not null, -- how often it was begun; whoever holds another number has lost it
    status      integer not null, -- what the server said last, in SMTP's codes; 0: nothing
    next_at     timestamptz not null,
    lease_until timestamptz,
    created_at  timestamptz not null,
    ended_at    timestamptz,
    sealed      bytea,
    constraint outbox_keeps_what_waits check ((state = 'waiting') = (sealed is not null) and (state = 'waiting') = (ended_at is null))
);
create index outbox_by_state on control.outbox (state, next_at, id);
grant select, insert, update, delete on control.outbox to mainstay_app;
