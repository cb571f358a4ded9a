-- +goose Up
-- Who asked for which address, when and from where, and what was answered. Nothing of what was sent or shown.
create table control.access_log (
    request_id   uuid primary key,
    at           timestamptz not null,
    actor_kind   text not null,
    actor_id     uuid,
    credential   text not null,
    workspace_id uuid,
    address      text not null,
    method       text not null,
    route        text not null,
    status       integer not null,
    ms           bigint not null,
    bytes        bigint not null
);
create index access_log_of_workspace on control.access_log (workspace_id, request_id desc) where workspace_id is not null;
create index access_log_of_actor on control.access_log (workspace_id, actor_id, request_id desc) where workspace_id is not null;
create index access_log_by_time on control.access_log (at);
create index access_log_of_nobody on control.access_log (at) where workspace_id is null;

grant select, insert, delete on control.access_log to mainstay_app;
