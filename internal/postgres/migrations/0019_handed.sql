-- +goose Up
-- Who handed a link for a new password over. Such a link is good only while both stand as they stood then.

alter table control.link add column maker_id uuid;
