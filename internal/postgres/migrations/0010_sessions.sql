-- +goose Up
-- Sign-in: how often was tried, which browsers are known, and links that were mailed.

-- How many tries a key has left, since when, of all nodes together. A key is an HMAC of an address, an account, or both.
create table control.allowance (
    key_hmac bytea primary key,
    spare    real not null,
    at       timestamptz not null
);
create index allowance_by_time on control.allowance (at);

-- A browser in which an account signed in. One browser can be known for several accounts by the same token.
create table control.browser (
    id         uuid primary key,
    account_id uuid not null references control.account (id),
    token_hash bytea not null,
    created_at timestamptz not null,
    used_at    timestamptz not null,
    ends_at    timestamptz not null,
    constraint browser_is_once_an_account unique (token_hash, account_id)
);
create index browser_of_account on control.browser (account_id);

-- A link that proves that its holder reads an address: it is used once, by one.
create table control.link (
    id         uuid primary key,
    kind       text not null constraint link_kind_is_known check (kind in ('verify', 'reset', 'not-me')),
    account_id uuid not null references control.account (id),
    session_id uuid,
    token_hash bytea not null constraint link_token_is_unique unique,
    created_at timestamptz not null,
    ends_at    timestamptz not null,
    used_at    timestamptz,
    sealed     bytea
);
create index link_of_account on control.link (account_id, kind);

-- Passwords that an account had, for workspaces that do not want them again.
create table control.former_password (
    account_id uuid not null references control.account (id),
    password   text not null constraint former_password_is_a_hash check (password like '$%'),
    ended_at   timestamptz not null,
    primary key (account_id, ended_at)
);

create index session_by_previous on control.session (previous_hash) where previous_hash is not null;
alter table control.session add constraint session_is_thirty_days_at_most check (ends_at <= created_at + interval '30 days');

grant select, insert, update, delete on control.allowance, control.browser, control.link, control.former_password to mainstay_app;
grant delete on control.account, control.session, control.seat to mainstay_app;
