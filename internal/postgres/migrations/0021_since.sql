-- +goose Up
-- When the session began that a link for saying "this was not me" is about: what was added to the account since is taken back by it.
-- Null: a link from before this was kept.

alter table control.link add column since timestamptz;
