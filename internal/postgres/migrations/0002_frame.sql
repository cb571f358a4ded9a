-- +goose Up
-- What the gate stands on: accounts and sessions (control), members, records and access (tenant), events (audit).

create schema if not exists gate;
grant usage on schema gate to mainstay_app, mainstay_worker;

create table control.account (
    id          uuid primary key,
    email_hmac  bytea not null constraint account_email_is_unique unique,
    password    text not null,
    state       text not null constraint account_state_is_known check (state in ('active', 'disabled')),
    created_at  timestamptz not null,
    sealed      bytea not null
);

create table control.session (
    id           uuid primary key,
    account_id   uuid not null references control.account (id),
    workspace_id uuid not null,
    member_id    uuid not null,
    token_hash   bytea not null constraint session_token_is_unique unique,
    created_at   timestamptz not null,
    used_at      timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz
);
create index session_of_account on control.session (account_id);

create table control.workspace (
    id         uuid primary key,
    region     text not null,
    placement  text not null,
    created_at timestamptz not null
);

-- Which workspaces an account may enter, and as which member. What the member may do stands in the workspace.
create table control.seat (
    account_id   uuid not null references control.account (id),
    workspace_id uuid not null,
    member_id    uuid not null,
    created_at   timestamptz not null,
    primary key (account_id, workspace_id)
);

-- The single-use token that lets the first person in. Its presence, unused, means that the deployment has no owner yet.
create table control.setup (
    id         uuid primary key,
    token_hash bytea not null constraint setup_token_is_unique unique,
    created_at timestamptz not null,
    used_at    timestamptz
);

create table control.event (
    id           uuid primary key,
    at           timestamptz not null,
    stream       text not null,
    actor_kind   text not null,
    actor_id     uuid,
    actor_name   text not null,
    verb         text not null,
    object_id    uuid,
    outcome      text not null constraint event_outcome_is_known check (outcome in ('done', 'refused', 'failed')),
    reason       text not null,
    request_id   uuid,
    address      text not null,
    details_hash bytea not null constraint event_details_hash_is_whole check (octet_length(details_hash) = 32),
    sealed       bytea not null
);

create table tenant.workspace (
    workspace_id uuid primary key,
    record_id    uuid not null,
    created_at   timestamptz not null,
    version      integer not null,
    sealed       bytea not null
);

create table tenant.member (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    account_id   uuid not null,
    role         text not null constraint member_role_is_known check (role in ('owner', 'admin', 'member', 'viewer')),
    state        text not null constraint member_state_is_known check (state in ('active', 'disabled', 'removed')),
    created_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id)
);
create unique index member_is_once_in_workspace on tenant.member (workspace_id, account_id);

-- A record is the smallest thing with its own key, access and retention. A record of a group (a meeting's recording,
-- transcript, minutes) is readable by whoever may read the group; a record that leads a group is its own group.
create table tenant.record (
    workspace_id uuid not null,
    id           uuid not null,
    group_id     uuid not null,
    kind         text not null,
    visibility   text not null constraint record_visibility_is_known check (visibility in ('workspace', 'private')),
    created_by   uuid,
    created_at   timestamptz not null,
    hidden_at    timestamptz,
    erased_at    timestamptz,
    primary key (workspace_id, id)
);
create index record_of_group on tenant.record (workspace_id, group_id);

create table tenant.access (
    workspace_id uuid not null,
    group_id     uuid not null,
    member_id    uuid not null,
    level        text not null constraint access_level_is_known check (level in ('manager', 'contributor', 'reader')),
    created_at   timestamptz not null,
    primary key (workspace_id, group_id, member_id),
    constraint access_is_to_a_record foreign key (workspace_id, group_id) references tenant.record (workspace_id, id),
    constraint access_is_of_a_member foreign key (workspace_id, member_id) references tenant.member (workspace_id, id)
);

create table audit.event (
    workspace_id uuid not null,
    id           uuid not null,
    at           timestamptz not null,
    stream       text not null constraint event_stream_is_known check (stream in ('access', 'data', 'administration', 'keys')),
    actor_kind   text not null,
    actor_id     uuid,
    actor_name   text not null,
    on_behalf_of uuid,
    verb         text not null,
    object_id    uuid,
    record_id    uuid not null,
    outcome      text not null constraint event_outcome_is_known check (outcome in ('done', 'refused', 'failed')),
    reason       text not null,
    request_id   uuid,
    address      text not null,
    details_hash bytea not null constraint event_details_hash_is_whole check (octet_length(details_hash) = 32),
    sealed       bytea not null,
    primary key (workspace_id, id)
);
create index event_by_time on audit.event (workspace_id, at);
create index event_by_record on audit.event (workspace_id, record_id, at);

alter table tenant.workspace enable row level security;
alter table tenant.workspace force row level security;
create policy workspace_is_own on tenant.workspace using (workspace_id = tenant.current_workspace());
alter table tenant.member enable row level security;
alter table tenant.member force row level security;
create policy workspace_is_own on tenant.member using (workspace_id = tenant.current_workspace());
alter table tenant.record enable row level security;
alter table tenant.record force row level security;
create policy workspace_is_own on tenant.record using (workspace_id = tenant.current_workspace());
alter table tenant.access enable row level security;
alter table tenant.access force row level security;
create policy workspace_is_own on tenant.access using (workspace_id = tenant.current_workspace());
alter table audit.event enable row level security;
alter table audit.event force row level security;
create policy workspace_is_own on audit.event using (workspace_id = tenant.current_workspace());

-- What the actor of this transaction may read. A member reads what the workspace shares and what was shared with them;
-- a job, which has no member, reads its workspace, or the one group that it was given.
create view gate.readable with (security_invoker = true) as
select r.workspace_id, r.id as record_id, r.group_id,
       case when tenant.current_member() is null then 'manager'
            when a.level is not null then a.level
            when g.created_by = tenant.current_member() then 'manager'
            else 'reader' end as level
from tenant.record r
join tenant.record g on g.workspace_id = r.workspace_id and g.id = r.group_id
left join tenant.access a on a.workspace_id = r.workspace_id and a.group_id = r.group_id and a.member_id = tenant.current_member()
where r.workspace_id = tenant.current_workspace()
  and r.erased_at is null and g.erased_at is null and g.hidden_at is null
  and (nullif(current_setting('app.group_id', true), '') is null or r.group_id = nullif(current_setting('app.group_id', true), '')::uuid)
  and (tenant.current_member() is null or g.visibility = 'workspace' or g.created_by = tenant.current_member() or a.level is not null);

-- Each role gets what its code does and no more; rights_test.go holds the whole table.
grant select, insert, update on control.session, control.workspace, control.setup to mainstay_app;
grant select, insert on control.account, control.seat, control.event to mainstay_app;
grant select, insert, update, delete on tenant.member to mainstay_app;
grant select, insert, update on tenant.workspace, tenant.record to mainstay_app;
grant select on tenant.access to mainstay_app;
grant select on tenant.workspace, tenant.member, tenant.access to mainstay_worker;
grant select, insert, update on tenant.record to mainstay_worker;
grant select, insert on audit.event to mainstay_app, mainstay_worker;
grant select on gate.readable to mainstay_app, mainstay_worker;
