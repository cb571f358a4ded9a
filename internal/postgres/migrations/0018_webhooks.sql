-- +goose Up
-- Webhooks: where a workspace wants to be told that something happened, and each telling. What is told is ids alone.

create table tenant.webhook (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    state        text not null constraint webhook_state_is_known check (state in ('on', 'off', 'removed')),
    events       text[] not null,
    version      integer not null,
    created_by   uuid not null,
    created_at   timestamptz not null,
    changed_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id)
);

create table tenant.delivery (
    workspace_id uuid not null,
    id           uuid not null,
    webhook_id   uuid not null,
    message_id   uuid not null,
    event        text not null,
    object_id    uuid,
    group_id     uuid,
    state        text not null constraint delivery_state_is_known check (state in ('waiting', 'done', 'dead')),
    attempts     integer not null,
    status       integer not null,
    created_at   timestamptz not null,
    tried_at     timestamptz,
    primary key (workspace_id, id),
    constraint delivery_is_of_a_webhook foreign key (workspace_id, webhook_id) references tenant.webhook (workspace_id, id)
);
create index delivery_of_webhook on tenant.delivery (workspace_id, webhook_id, id);

alter table tenant.webhook enable row level security;
alter table tenant.webhook force row level security;
create policy workspace_is_own on tenant.webhook using (workspace_id = tenant.current_workspace());
alter table tenant.delivery enable row level security;
alter table tenant.delivery force row level security;
create policy workspace_is_own on tenant.delivery using (workspace_id = tenant.current_workspace());

-- What is sent again has the id under which it was sent before: message_id is the receiver's webhook-id.
grant select, insert, update on tenant.webhook to mainstay_app;
grant select, insert, delete on tenant.delivery to mainstay_app;
grant select, update on tenant.webhook to mainstay_worker;
grant select, insert, update, delete on tenant.delivery to mainstay_worker;
