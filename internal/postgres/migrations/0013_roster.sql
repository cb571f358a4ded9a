-- +goose Up
-- Members come, change and go; people are invited; an account has seats in several workspaces.

-- A seat that is closed lets nobody in: its member is disabled, was removed or left.
alter table control.seat add column closed_at timestamptz;
create index seat_of_workspace on control.seat (workspace_id);
create index session_of_member on control.session (workspace_id, member_id);

-- What a workspace asks of its people's passwords. It stands here and not in the workspace because a password is of the
-- account: the strictest rules of its workspaces hold.
alter table control.workspace add column password_least integer not null default 12
    constraint workspace_password_has_a_floor check (password_least between 12 and 128);
alter table control.workspace add column password_history integer not null default 0
    constraint workspace_password_history_is_bounded check (password_history between 0 and 24);
alter table control.workspace add column password_days integer not null default 0
    constraint workspace_password_days_are_bounded check (password_days = 0 or password_days between 30 and 1095);

-- Which invitation of which workspace a link's secret opens. What it offers stands in the workspace. `mailed` says that this
-- secret went to the invited address and was shown to nobody else, so that whoever has it has the address.
create table control.invitation (
    id           uuid primary key,
    workspace_id uuid not null,
    token_hash   bytea not null constraint invitation_token_is_unique unique,
    mailed       boolean not null,
    created_at   timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz
);

-- What a role was before, for who changed it and wants that back.
alter table tenant.member add column role_before text
    constraint member_role_before_is_known check (role_before in ('owner', 'admin', 'member', 'viewer'));
alter table tenant.member add column role_changed_at timestamptz;
alter table tenant.member add column role_changed_by uuid;

-- One that ended keeps how it ended and loses whom it named.
create table tenant.invitation (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    role         text not null constraint invitation_role_is_known check (role in ('owner', 'admin', 'member', 'viewer')),
    state        text not null constraint invitation_state_is_known check (state in ('open', 'accepted', 'revoked')),
    invited_by   uuid not null,
    member_id    uuid,
    days         integer not null constraint invitation_days_are_bounded check (days between 1 and 30),
    created_at   timestamptz not null,
    sent_at      timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz,
    sealed       bytea,
    primary key (workspace_id, id),
    constraint invitation_names_while_open check ((state = 'open') = (sealed is not null) and (state = 'open') = (ended_at is null)),
    constraint invitation_is_by_a_member foreign key (workspace_id, invited_by) references tenant.member (workspace_id, id)
);
create index invitation_by_state on tenant.invitation (workspace_id, state, id);

alter table tenant.invitation enable row level security;
alter table tenant.invitation force row level security;
create policy workspace_is_own on tenant.invitation using (workspace_id = tenant.current_workspace());

grant update on control.seat to mainstay_app;
grant select, insert, update on control.invitation to mainstay_app;
grant select, insert, update on tenant.invitation to mainstay_app;
-- So that the gate can refuse jobs without an error.
grant select (workspace_id, id, record_id) on tenant.invitation to mainstay_worker;
