-- +goose Up
-- The factors of an account beside its password, what is asked and not answered yet, and how often was guessed.

-- A ceremony that was begun in a browser and waits for its answer: making or showing a passkey, setting an app or a number up.
-- It is taken once. A session's own can be answered by that session alone; a sign-in's by who holds the challenge.
create table control.ceremony (
    id         uuid primary key,
    kind       text not null constraint ceremony_kind_is_known check (kind in ('register', 'assert', 'totp', 'number')),
    token_hash bytea not null constraint ceremony_token_is_unique unique,
    account_id uuid,
    session_id uuid,
    tries      integer not null constraint ceremony_tries_are_few check (tries between 0 and 5),
    created_at timestamptz not null,
    ends_at    timestamptz not null,
    used_at    timestamptz,
    sealed     bytea not null
);
create index ceremony_by_end on control.ceremony (ends_at);

-- used_step is the time step of the last code that was taken: only later ones are.
create table control.totp (
    account_id uuid primary key references control.account (id),
    used_step  bigint not null,
    created_at timestamptz not null,
    used_at    timestamptz,
    sealed     bytea not null
);

-- credential is its device's name for it, and public_key the key (COSE), both in base64url. doubted_at is when an answer came whose count had gone back: another copy may be in use.
create table control.passkey (
    id            uuid primary key,
    account_id    uuid not null references control.account (id),
    credential    text not null constraint passkey_is_of_one_account unique,
    public_key    text not null,
    sign_count    bigint not null,
    backup        boolean not null,
    transports    text[] not null,
    created_at    timestamptz not null,
    used_at       timestamptz,
    doubted_at    timestamptz,
    sealed        bytea not null
);
create index passkey_of_account on control.passkey (account_id);

create table control.recovery_code (
    account_id uuid not null references control.account (id),
    number     integer not null,
    salt       text not null constraint recovery_code_is_salted check (length(salt) >= 22),
    code_hash  bytea not null constraint recovery_code_hash_is_whole check (octet_length(code_hash) = 32),
    created_at timestamptz not null,
    used_at    timestamptz,
    primary key (account_id, number)
);

create table control.phone (
    account_id  uuid primary key references control.account (id),
    number_hmac bytea not null,
    created_at  timestamptz not null,
    used_at     timestamptz,
    sealed      bytea not null
);

-- A code that was sent. bound_hash is of the one sign-in, or the one setting up, that it is for.
create table control.text_message (
    id          uuid primary key,
    account_id  uuid not null,
    number_hmac bytea not null,
    bound_hash  bytea not null,
    code_hmac   bytea not null,
    tries       integer not null constraint text_message_tries_are_few check (tries between 0 and 5),
    created_at  timestamptz not null,
    ends_at     timestamptz not null,
    used_at     timestamptz
);
create index text_message_by_time on control.text_message (created_at);
create index text_message_of_bound on control.text_message (bound_hash);

-- Wrong codes since the last right one, of all nodes together, and until when no more are looked at.
create table control.wrong_code (
    account_id uuid not null references control.account (id),
    kind       text not null constraint wrong_code_kind_is_known check (kind in ('totp', 'sms', 'recovery')),
    wrong      integer not null,
    until      timestamptz,
    primary key (account_id, kind)
);

grant select, insert, update, delete on control.ceremony to mainstay_app;
grant select, insert, update, delete on control.totp to mainstay_app;
grant select, insert, update, delete on control.passkey to mainstay_app;
grant select, insert, update, delete on control.recovery_code to mainstay_app;
grant select, insert, update, delete on control.phone to mainstay_app;
grant select, insert, update, delete on control.text_message to mainstay_app;
grant select, insert, update on control.wrong_code to mainstay_app;
