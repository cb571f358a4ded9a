-- +goose Up
-- What programs sign their requests with: API keys, and the tokens of programs that a person let in. What a credential may do
-- stands in its workspace; the digests by which a request finds it stand in control.

create table tenant.credential (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    member_id    uuid not null,
    kind         text not null constraint credential_kind_is_known check (kind in ('key', 'program')),
    prefix       text not null constraint credential_prefix_is_short check (length(prefix) <= 12),
    scopes       text[] not null,
    created_at   timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz,
    sealed       bytea not null,
    primary key (workspace_id, id)
);
alter table tenant.credential enable row level security;
alter table tenant.credential force row level security;
create policy workspace_is_own on tenant.credential using (workspace_id = tenant.current_workspace());
create index credential_of_member on tenant.credential (workspace_id, member_id);

create table control.credential (
    id           uuid primary key,
    account_id   uuid not null references control.account (id),
    workspace_id uuid not null,
    member_id    uuid not null,
    kind         text not null constraint credential_kind_is_known check (kind in ('key', 'program')),
    key_hash     bytea constraint credential_key_is_unique unique,
    scopes       text[] not null,
    created_at   timestamptz not null,
    ends_at      timestamptz not null,
    ended_at     timestamptz,
    end_reason   text not null constraint credential_end_is_known check (end_reason in ('', 'revoked', 'reuse', 'removed')),
    used_at      timestamptz,
    constraint credential_has_a_key_or_tokens check ((kind = 'key') = (key_hash is not null))
);
create index credential_of_account on control.credential (account_id);
create index credential_of_member on control.credential (workspace_id, member_id);

create table control.token (
    token_hash    bytea primary key,
    credential_id uuid not null references control.credential (id),
    kind          text not null constraint token_kind_is_known check (kind in ('access', 'refresh')),
    created_at    timestamptz not null,
    ends_at       timestamptz not null,
    used_at       timestamptz
);
create index token_of_credential on control.token (credential_id);
create index token_by_end on control.token (ends_at);

-- A program that asks to be let in (RFC 8628). The person types the user code, whose digest is under the lookup key.
create table control.device (
    id            uuid primary key,
    device_hash   bytea not null constraint device_code_is_unique unique,
    user_hmac     bytea not null constraint device_user_code_is_unique unique,
    state         text not null constraint device_state_is_known check (state in ('waiting', 'allowed', 'denied', 'used')),
    scopes        text[] not null,
    credential_id uuid references control.credential (id),
    polled_at     timestamptz,
    created_at    timestamptz not null,
    ends_at       timestamptz not null,
    sealed        bytea not null
);
create index device_by_end on control.device (ends_at);

grant select, insert, update on tenant.credential to mainstay_app;
grant select, insert, update on control.credential to mainstay_app;
grant select, insert, update, delete on control.token, control.device to mainstay_app;
