-- +goose Up
-- What leaves the deployment: which model a workspace chose, and the ledger of every call. The ledger never holds text.

create table tenant.model (
    workspace_id   uuid primary key,
    record_id      uuid not null,
    enabled        boolean not null,
    provider       text not null constraint model_provider_is_known check (provider in ('anthropic', 'openai', 'gemini')),
    region         text not null,
    training       text not null constraint model_training_is_known check (training in ('no', 'yes')),
    retention_days integer not null constraint model_retention_is_known check (retention_days >= 0),
    monthly_tokens bigint not null constraint model_budget_is_positive check (monthly_tokens > 0),
    version        integer not null,
    changed_at     timestamptz not null,
    sealed         bytea not null
);

create table tenant.egress (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    state        text not null constraint egress_state_is_known check (state in ('begun', 'done', 'failed')),
    purpose      text not null,
    provider     text not null,
    region       text not null,
    fields       text not null,
    bytes_out    bigint not null,
    bytes_in     bigint not null,
    tokens_in    bigint not null,
    tokens_out   bigint not null,
    status       integer not null,
    begun_at     timestamptz not null,
    ended_at     timestamptz,
    sealed       bytea not null,
    primary key (workspace_id, id)
);
create index egress_by_time on tenant.egress (workspace_id, begun_at);

-- +goose StatementBegin
do $$
declare name text;
begin
    foreach name in array array['model', 'egress'] loop
        execute format('alter table tenant.%I enable row level security', name);
        execute format('alter table tenant.%I force row level security', name);
        execute format('create policy workspace_is_own on tenant.%I using (workspace_id = tenant.current_workspace())', name);
    end loop;
end $$;
-- +goose StatementEnd
grant select, insert, update on tenant.model, tenant.egress to mainstay_app;
grant select on tenant.model to mainstay_worker;
grant select, insert, update on tenant.egress to mainstay_worker;
