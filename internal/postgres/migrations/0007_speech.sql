-- +goose Up
-- What a workspace says of the speech in it. Without a row all languages are allowed.
create table tenant.speech_setting (
    workspace_id uuid primary key,
    languages    text[] not null,
    changed_at   timestamptz not null
);
alter table tenant.speech_setting enable row level security;
alter table tenant.speech_setting force row level security;
create policy workspace_is_own on tenant.speech_setting using (workspace_id = tenant.current_workspace());
grant select, insert, update on tenant.speech_setting to mainstay_app;
grant select on tenant.speech_setting to mainstay_worker;

-- The engine that a recording is to be transcribed with; empty: the usual one.
alter table tenant.recording add column engine text not null default '';
