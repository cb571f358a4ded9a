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

-- What members of a workspace are told of. A notice says what happened to what, by ids: what that is called is read when the
-- notice is shown or mailed, if its reader may still read it.
create table tenant.notice (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    member_id    uuid not null,
    kind         text not null constraint notice_kind_is_known check (kind in ('review', 'ready', 'failed', 'sign-in', 'factor')),
    object_id    uuid not null,
    shown        boolean not null,
    mail         text not null constraint notice_mail_is_known check (mail in ('none', 'due', 'sent', 'dead', 'dropped')),
    created_at   timestamptz not null,
    read_at      timestamptz,
    mailed_at    timestamptz,
    primary key (workspace_id, id),
    constraint notice_is_made_once unique (workspace_id, member_id, kind, object_id)
);
create index notice_of_member on tenant.notice (workspace_id, member_id, created_at desc);

-- What a member chose. Without a row the kind's usual way holds.
create table tenant.notice_choice (
    workspace_id uuid not null,
    member_id    uuid not null,
    kind         text not null constraint choice_kind_is_known check (kind in ('review', 'ready', 'failed', 'sign-in', 'factor')),
    app          boolean not null,
    mail         boolean not null,
    changed_at   timestamptz not null,
    primary key (workspace_id, member_id, kind),
    constraint security_is_mailed check (mail or kind not in ('sign-in', 'factor'))
);

-- How much content a mail of the workspace may hold. Without a row: titles.
create table tenant.mail_setting (
    workspace_id uuid primary key,
    content      text not null constraint mail_content_is_known check (content in ('nothing', 'title', 'summary')),
    changed_at   timestamptz not null
);

-- +goose StatementBegin
do $$
declare name text;
begin
    foreach name in array array['notice', 'notice_choice'] loop
        execute format('alter table tenant.%I enable row level security', name);
        execute format('alter table tenant.%I force row level security', name);
        execute format('create policy member_is_self on tenant.%I using (workspace_id = tenant.current_workspace()
            and (tenant.current_member() is null or member_id = tenant.current_member()))', name);
    end loop;
end $$;
-- +goose StatementEnd
alter table tenant.mail_setting enable row level security;
alter table tenant.mail_setting force row level security;
create policy workspace_is_own on tenant.mail_setting using (workspace_id = tenant.current_workspace());
grant select, update on tenant.notice to mainstay_app;
grant select, insert, update on tenant.notice_choice, tenant.mail_setting to mainstay_app;
grant select, insert, update on tenant.notice, tenant.notice_choice to mainstay_worker;
grant select on tenant.mail_setting to mainstay_worker;
