-- +goose Up
-- What a program called itself (OAuth's client_id), as a digest: its refresh tokens are taken from nobody else. Null: it was let in
-- before this was asked.

alter table control.credential add column client_hash bytea;
