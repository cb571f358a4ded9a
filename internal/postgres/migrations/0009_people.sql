-- +goose Up
-- People: how an account shows who it is, what a session was begun with, and what a workspace asks of sessions.

alter table control.account add column password_at timestamptz;
alter table control.account add column verified_at timestamptz;
alter table control.account add constraint account_password_is_a_hash check (password = '' or password like '$%');

-- A session in no workspace is of a person who has none. `previous_hash` is the token before the last rotation, good until
-- `previous_until`. `bound_id` confines the session to the workspace through whose provider it was begun.
alter table control.session alter column workspace_id drop not null;
alter table control.session alter column member_id drop not null;
alter table control.session add column factors text[] not null default '{password}';
alter table control.session add column confirmed_at timestamptz;
alter table control.session add column rotated_at timestamptz;
alter table control.session add column previous_hash bytea;
alter table control.session add column previous_until timestamptz;
alter table control.session add column bound_id uuid;
alter table control.session add column sealed bytea;
update control.session set confirmed_at = created_at, rotated_at = created_at;
alter table control.session alter column factors drop default;
alter table control.session alter column confirmed_at set not null;
alter table control.session alter column rotated_at set not null;

-- A sign-in that still needs a second factor.
create table control.challenge (
    id            uuid primary key,
    account_id    uuid not null references control.account (id),
    token_hash    bytea not null constraint challenge_token_is_unique unique,
    factors       text[] not null,
    session_until timestamptz,
    bound_id      uuid,
    tries         integer not null constraint challenge_tries_are_few check (tries between 0 and 10),
    created_at    timestamptz not null,
    ends_at       timestamptz not null,
    used_at       timestamptz
);
create index challenge_of_account on control.challenge (account_id);

alter table tenant.workspace add column least_factor text not null default 'none'
    constraint workspace_factor_is_known check (least_factor in ('none', 'second', 'phishing-resistant'));
alter table tenant.workspace add column session_hours integer not null default 720
    constraint workspace_session_is_bounded check (session_hours between 1 and 720);
alter table tenant.workspace add column idle_minutes integer not null default 10080
    constraint workspace_idle_is_bounded check (idle_minutes between 5 and 43200);

grant select, insert, update on control.challenge to mainstay_app;
grant update on control.account to mainstay_app;
