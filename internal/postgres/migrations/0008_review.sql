-- +goose Up
-- Minutes that somebody asked others to read before they are approved.
alter table tenant.minutes drop constraint minutes_state_is_known;
alter table tenant.minutes add constraint minutes_state_is_known check (state in ('draft', 'review', 'approved', 'superseded'));
alter table tenant.meeting drop constraint meeting_stage_is_known;
alter table tenant.meeting add constraint meeting_stage_is_known
    check (stage in ('new', 'uploading', 'waiting', 'transcribing', 'drafting', 'draft', 'review', 'approved', 'failed'));
