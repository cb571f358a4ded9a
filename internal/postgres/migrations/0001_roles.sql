-- +goose Up
-- The schemas, and what the policies read of the act: settings that the gate makes for one transaction.

create schema control;
create schema tenant;
create schema audit;
grant usage on schema control to mainstay_app;
grant usage on schema tenant, audit to mainstay_app, mainstay_worker;

-- +goose StatementBegin
create function tenant.current_workspace() returns uuid language sql stable parallel safe
as $$ select nullif(current_setting('app.workspace_id', true), '')::uuid $$;
-- +goose StatementEnd
-- +goose StatementBegin
create function tenant.current_member() returns uuid language sql stable parallel safe
as $$ select nullif(current_setting('app.member_id', true), '')::uuid $$;
-- +goose StatementEnd
