package link

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// about is what a link's row keeps sealed.
type about struct {
	Email string `json:"email"`
}

func (k Keeper) insert(ctx context.Context, tx *gate.InstanceTx, l Link, hash []byte, until time.Time) error {
	id := gate.NewID[tenant.SessionID](&tx.Tx)
	var sealed []byte
	if l.Email != "" {
		body, err := json.Marshal(about{l.Email})
		if err != nil {
			return err
		}
		if sealed, err = k.Vault.Seal(ctx, tx.Place("link", id), body); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
insert into control.link (id, kind, account_id, session_id, maker_id, since, token_hash, created_at, ends_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, l.Kind, l.Account, l.Session, l.Maker, l.Since, hash, tx.Now(), until, sealed)
	return err
}

func (k Keeper) load(ctx context.Context, tx *gate.InstanceTx, kind Kind, hash []byte) (Link, error) {
	l := Link{Kind: kind}
	var sealed []byte
	err := tx.QueryRow(ctx, `
select l.id, l.account_id, l.session_id, l.maker_id, coalesce(l.since, l.created_at), l.sealed from control.link l join control.account a on a.id = l.account_id
where l.token_hash = $1 and l.kind = $2 and l.used_at is null and l.ends_at > $3 and a.state = 'active'`, hash, kind, tx.Now()).
		Scan(&l.id, &l.Account, &l.Session, &l.Maker, &l.Since, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, Over(kind)
	}
	if err != nil || sealed == nil {
		return l, err
	}
	docs, err := k.Vault.Open(ctx, vault.Sealed{Place: tx.Place("link", l.id), Bytes: sealed})
	if err != nil {
		return l, err
	}
	var a about
	err = json.Unmarshal(docs[0], &a)
	l.Email = a.Email
	return l, err
}

func use(ctx context.Context, tx *gate.InstanceTx, l Link) error {
	tag, err := tx.Exec(ctx, `update control.link set used_at = $2 where id = $1 and used_at is null and ends_at > $2`, l.id, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return Over(l.Kind)
	}
	return err
}

func void(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kinds []Kind) error {
	_, err := tx.Exec(ctx, `update control.link set ends_at = $3 where account_id = $1 and kind = any($2) and used_at is null and ends_at > $3`,
		account, kinds, tx.Now())
	return err
}

func removeOver(ctx context.Context, tx *gate.InstanceTx) error {
	_, err := tx.Exec(ctx, `delete from control.link where ends_at < $1`, tx.Now().Add(-keep))
	return err
}
