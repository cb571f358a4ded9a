package llm

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// kind names the sealed document for the vault. It is never renamed.
const kind = "model"

// sealed is what the row keeps sealed. The key is a secret of the operator's and stands nowhere else.
type sealed struct {
	V     int    `json:"v"`
	URL   string `json:"url"`
	Model string `json:"model"`
	Key   string `json:"key"`
	Own   bool   `json:"own"`
	Terms string `json:"terms,omitempty"`
}

func load(ctx context.Context, tx *gate.Tx) (Setting, error) {
	var set Setting
	var body []byte
	err := tx.QueryRow(ctx, `
select enabled, provider, region, training, retention_days, monthly_tokens, version, sealed from tenant.model where workspace_id = $1`,
		tx.Workspace()).Scan(&set.Enabled, &set.Provider, &set.Region, &set.Training, &set.RetentionDays, &set.MonthlyTokens, &set.Version, &body)
	if errors.Is(err, pgx.ErrNoRows) {
		return Setting{}, nil // no choice was made: off
	}
	if err != nil {
		return set, fmt.Errorf("reading the model's settings: %w", err)
	}
	var doc sealed
	if err := tx.Open(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), kind, tx.Workspace()), body, &doc); err != nil {
		return set, err
	}
	set.URL, set.Model, set.Own, set.Terms = doc.URL, doc.Model, doc.Own, doc.Terms
	set.Key, set.HasKey = tenant.Secret(doc.Key), doc.Key != ""
	return set, nil
}

func save(ctx context.Context, tx *gate.Tx, set Setting) error {
	record := gate.WorkspaceRecord(tx.Workspace())
	body, err := tx.Seal(ctx, tx.Place(record, kind, tx.Workspace()), sealed{V: 1, URL: set.URL, Model: set.Model, Key: set.Key.Reveal(), Own: set.Own, Terms: set.Terms})
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
insert into tenant.model (workspace_id, record_id, enabled, provider, region, training, retention_days, monthly_tokens, version, changed_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (workspace_id) do update set enabled = excluded.enabled, provider = excluded.provider, region = excluded.region,
    training = excluded.training, retention_days = excluded.retention_days, monthly_tokens = excluded.monthly_tokens,
    version = excluded.version, changed_at = excluded.changed_at, sealed = excluded.sealed
where tenant.model.version = excluded.version - 1`,
		tx.Workspace(), record, set.Enabled, set.Provider, set.Region, set.Training, set.RetentionDays, set.MonthlyTokens, set.Version, tx.Now(), body)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "Somebody else changed these settings meanwhile. Reload the page and try again.")
	}
	return err
}
