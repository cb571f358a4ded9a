-- +goose Up
-- A workspace can be prepared before anybody owns it: the first run claims it. At most one waits like that.
alter table control.workspace add column claimed_at timestamptz;
update control.workspace set claimed_at = created_at;
create unique index one_workspace_is_prepared on control.workspace ((true)) where claimed_at is null;
