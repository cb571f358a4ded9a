package identity

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// voidChallenges ends the sign-ins of an account that are half done.
func voidChallenges(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `update control.challenge set used_at = $2 where account_id = $1 and used_at is null`, account, tx.Now())
	return err
}

// passwordOf reports whether an account has a password, and since when.
func passwordOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (bool, *time.Time, error) {
	var has bool
	var since *time.Time
	err := tx.QueryRow(ctx, `select password <> '', password_at from control.account where id = $1`, account).Scan(&has, &since)
	return has, since, missingAccount(err)
}

func workspacesOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]tenant.WorkspaceID, error) {
	rows, err := tx.Query(ctx, `select workspace_id from control.seat where account_id = $1 order by created_at`, account)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[tenant.WorkspaceID])
}

func leastFactor(ctx context.Context, tx *gate.Tx) (gate.Strength, error) {
	var least string
	err := tx.QueryRow(ctx, `select least_factor from tenant.workspace where workspace_id = $1`, tx.Workspace()).Scan(&least)
	if errors.Is(err, pgx.ErrNoRows) {
		return gate.Single, nil
	}
	if err != nil {
		return gate.Single, err
	}
	return gate.ParseStrength(least)
}

// peekChallenge reads a challenge that still takes a factor.
func peekChallenge(ctx context.Context, tx *gate.InstanceTx, hash []byte) (challenge, error) {
	return scanChallenge(tx.QueryRow(ctx, `
select id, account_id, factors, session_until, bound_id from control.challenge where token_hash = $1 and used_at is null and ends_at > $2 and tries < $3`,
		hash, tx.Now(), ChallengeTries))
}
