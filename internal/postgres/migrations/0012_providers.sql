-- +goose Up
-- Sign-in through identity providers: which a workspace has, whose accounts are linked to whom, and which domains are proven.

create table tenant.sign_in_provider (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    kind         text not null constraint sign_in_provider_kind_is_known check (kind in ('google', 'microsoft', 'oidc')),
    issuer       text not null,
    client_id    text not null,
    enabled      boolean not null,
    version      integer not null,
    created_at   timestamptz not null,
    changed_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id)
);

create table tenant.domain (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    domain_hmac  bytea not null,
    created_at   timestamptz not null,
    checked_at   timestamptz,
    proven_at    timestamptz,
    sealed       bytea not null,
    primary key (workspace_id, id),
    constraint domain_is_there_once unique (workspace_id, domain_hmac)
);

-- +goose StatementBegin
do $$
declare name text;
begin
    foreach name in array array['sign_in_provider', 'domain'] loop
        execute format('alter table tenant.%I enable row level security', name);
        execute format('alter table tenant.%I force row level security', name);
        execute format('create policy workspace_is_own on tenant.%I using (workspace_id = tenant.current_workspace())', name);
    end loop;
end $$;
-- +goose StatementEnd

-- The workspaces' providers that are on, so that a sign-in finds the workspace. It holds no secret.
create table control.provider (
    id           uuid primary key,
    workspace_id uuid not null,
    kind         text not null,
    issuer       text not null,
    client_id    text not null,
    created_at   timestamptz not null
);

-- Which account somebody is who comes through a provider. The digest is of provider, issuer and subject.
create table control.linked_identity (
    id           uuid primary key,
    account_id   uuid not null references control.account (id),
    provider     text not null,
    subject_hmac bytea not null constraint linked_identity_is_of_one_account unique,
    created_at   timestamptz not null,
    used_at      timestamptz not null,
    sealed       bytea not null
);
create index linked_identity_of_account on control.linked_identity (account_id);

create table control.proven_domain (
    domain_hmac  bytea not null,
    workspace_id uuid not null,
    proven_at    timestamptz not null,
    ends_at      timestamptz not null,
    primary key (domain_hmac, workspace_id)
);

-- What came back from a provider once and must not again; kept until it would be refused for its age.
create table control.used_state (
    state_hash bytea primary key,
    ends_at    timestamptz not null
);
create index used_state_by_end on control.used_state (ends_at);

grant select, insert, update, delete on tenant.sign_in_provider, tenant.domain to mainstay_app;
grant select, insert, update, delete on control.provider, control.linked_identity, control.proven_domain to mainstay_app;
grant select, insert, delete on control.used_state to mainstay_app;
