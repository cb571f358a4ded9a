-- +goose Up
-- Meetings, and the recordings, transcripts and minutes that belong to them. Each of the four is a record with a key of
-- its own below the meeting's. In the clear: ids, times, sizes, counts, states and enums.

create table tenant.meeting (
    workspace_id  uuid not null,
    id            uuid not null,
    record_id     uuid not null,
    state         text not null constraint meeting_state_is_known check (state in ('open', 'deleted')),
    stage         text not null constraint meeting_stage_is_known
                  check (stage in ('new', 'uploading', 'waiting', 'transcribing', 'drafting', 'draft', 'approved', 'failed')),
    source        text not null constraint meeting_source_is_known check (source in ('upload', 'paste', 'sample')),
    starts_at     timestamptz,
    zone          text not null,
    language      text not null,
    template      text not null,
    told          text not null constraint told_is_known check (told in ('yes', 'no', 'unknown')),
    retention     text not null constraint retention_is_known check (retention in ('kept', 'ephemeral')),
    people        integer not null constraint people_is_a_count check (people >= 0),
    model_allowed boolean not null,
    duration_ms   bigint,
    version       integer not null,
    created_by    uuid,
    created_at    timestamptz not null,
    deleted_at    timestamptz,
    sealed        bytea not null,
    primary key (workspace_id, id)
);
create index meeting_by_start on tenant.meeting (workspace_id, starts_at desc, id);
create index meeting_by_record on tenant.meeting (workspace_id, record_id);

-- An upload is an ordered list of immutable parts, each a sealed object. Bytes count in `received` once they are durable.
create table tenant.upload (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    meeting_id   uuid not null,
    state        text not null constraint upload_state_is_known check (state in ('open', 'finished', 'ended', 'expired')),
    size         bigint not null constraint upload_size_is_positive check (size > 0),
    received     bigint not null constraint upload_received_fits check (received between 0 and size),
    expires_at   timestamptz not null,
    created_by   uuid,
    created_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id)
);
create index upload_by_record on tenant.upload (workspace_id, record_id);

create table tenant.part (
    workspace_id uuid not null,
    upload_id    uuid not null,
    number       integer not null,
    record_id    uuid not null,
    object_id    uuid not null,
    size         integer not null constraint part_size_is_bounded check (size between 1 and 8388608),
    created_at   timestamptz not null,
    primary key (workspace_id, upload_id, number)
);
create index part_by_record on tenant.part (workspace_id, record_id);

create table tenant.recording (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    meeting_id   uuid not null,
    upload_id    uuid not null,
    state        text not null constraint recording_state_is_known check (state in ('stored', 'decoded', 'refused', 'erased')),
    reason       text not null,
    format       text not null,
    size         bigint not null,
    duration_ms  bigint,
    channels     integer,
    digest_hmac  bytea not null,
    peaks_id     uuid,
    created_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id)
);
create index recording_by_digest on tenant.recording (workspace_id, digest_hmac);
create index recording_by_meeting on tenant.recording (workspace_id, meeting_id);

create table tenant.transcript (
    workspace_id uuid not null,
    id           uuid not null,
    record_id    uuid not null,
    meeting_id   uuid not null,
    recording_id uuid,
    run          integer not null,
    language     text not null,
    duration_ms  bigint,
    segments     integer not null,
    created_at   timestamptz not null,
    sealed       bytea not null,
    primary key (workspace_id, id),
    constraint transcript_is_once_a_run unique (workspace_id, meeting_id, run)
);

create table tenant.segment (
    workspace_id  uuid not null,
    transcript_id uuid not null,
    number        integer not null,
    record_id     uuid not null,
    speaker       integer,
    start_ms      bigint,
    end_ms        bigint,
    sealed        bytea not null,
    primary key (workspace_id, transcript_id, number)
);

create table tenant.speaker (
    workspace_id  uuid not null,
    transcript_id uuid not null,
    number        integer not null,
    record_id     uuid not null,
    version       integer not null,
    sealed        bytea not null,
    primary key (workspace_id, transcript_id, number)
);

create table tenant.minutes (
    workspace_id  uuid not null,
    id            uuid not null,
    record_id     uuid not null,
    meeting_id    uuid not null,
    transcript_id uuid not null,
    run           integer not null,
    version       integer not null,
    state         text not null constraint minutes_state_is_known check (state in ('draft', 'approved', 'superseded')),
    drafted_by    text not null constraint drafted_by_is_known check (drafted_by in ('rules', 'model')),
    lines         integer not null,
    created_at    timestamptz not null,
    changed_at    timestamptz not null,
    approved_at   timestamptz,
    approved_by   uuid,
    sealed        bytea not null,
    primary key (workspace_id, id),
    constraint minutes_are_once_a_run unique (workspace_id, meeting_id, run)
);

-- +goose StatementBegin
do $$
declare name text;
begin
    foreach name in array array['meeting', 'upload', 'part', 'recording', 'transcript', 'segment', 'speaker', 'minutes'] loop
        execute format('alter table tenant.%I enable row level security', name);
        execute format('alter table tenant.%I force row level security', name);
        execute format('create policy workspace_is_own on tenant.%I using (workspace_id = tenant.current_workspace())', name);
    end loop;
end $$;
-- +goose StatementEnd
-- Parts, transcripts and segments never change. Nothing is deleted: erasing is destroying a key.
grant select, insert, update on tenant.meeting, tenant.upload, tenant.recording, tenant.speaker, tenant.minutes to mainstay_app;
grant select, insert on tenant.part, tenant.transcript, tenant.segment to mainstay_app;
grant select, update on tenant.meeting, tenant.upload, tenant.recording to mainstay_worker;
grant select, insert, update on tenant.speaker, tenant.minutes to mainstay_worker;
grant select, insert on tenant.transcript, tenant.segment to mainstay_worker;
grant select on tenant.part to mainstay_worker;
