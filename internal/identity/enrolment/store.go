package enrolment

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Kinds of sealed documents. They are never renamed.
const (
	ceremonyPlace = "ceremony"
	appPlace      = "totp"
	passkeyPlace  = "passkey"
	phonePlace    = "phone"
)

// ceremony is what was asked of a browser or of a person and not answered yet.
type ceremony struct {
	id      ceremonyID
	kind    string
	token   string // of which the digest is kept
	account tenant.AccountID
	session tenant.SessionID
	life    time.Duration

	State   []byte // of a passkey's
	pending pending
}

// kept is what a ceremony's row keeps sealed.
type kept struct {
	State   []byte  `json:"state,omitempty"`
	Pending pending `json:"pending"`
}

func (s *Service) insertCeremony(ctx context.Context, tx *gate.InstanceTx, c ceremony) error {
	if c.id.IsZero() {
		c.id = gate.NewID[ceremonyID](&tx.Tx)
	}
	sealed, err := tx.Seal(ctx, tx.Place(ceremonyPlace, c.id), kept{State: c.State, Pending: c.pending})
	if err != nil {
		return err
	}
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.ceremony where ends_at < $1`, tx.Now().Add(-time.Hour))
	batch.Queue(`
insert into control.ceremony (id, kind, token_hash, account_id, session_id, tries, created_at, ends_at, sealed)
values ($1, $2, $3, $4, $5, 0, $6, $7, $8)`, c.id, c.kind, tenant.Digest(c.token), c.account, c.session, tx.Now(), tx.Now().Add(c.life), sealed)
	return tx.SendBatch(ctx, batch).Close()
}

// useCeremony marks a ceremony as answered. It fails with fault.Ended for one that was, is over, or never was.
func useCeremony(ctx context.Context, tx *gate.InstanceTx, kind string, token []byte) error {
	tag, err := tx.Exec(ctx, `
update control.ceremony set used_at = $3 where kind = $1 and token_hash = $2 and used_at is null and ends_at > $3`, kind, token, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return over()
	}
	return err
}

// tryCeremony counts one code for what a session is setting up.
func tryCeremony(ctx context.Context, tx *gate.InstanceTx, kind string, token []byte, session tenant.SessionID) error {
	tag, err := tx.Exec(ctx, `
update control.ceremony set tries = tries + 1
where kind = $1 and token_hash = $2 and session_id = $3 and used_at is null and ends_at > $4 and tries < $5`,
		kind, token, session, tx.Now(), ceremonyTries)
	if err == nil && tag.RowsAffected() != 1 {
		return over()
	}
	return err
}

// takeCeremony removes a ceremony that was marked as answered, so that nobody takes it twice.
func takeCeremony(ctx context.Context, tx *gate.InstanceTx, kind string, token []byte) (ceremony, error) {
	return scanCeremony(ctx, tx, tx.QueryRow(ctx, `
delete from control.ceremony where kind = $1 and token_hash = $2 and used_at is not null and ends_at > $3
returning id, account_id, session_id, sealed`, kind, token, tx.Now()))
}

// peekCeremony reads a ceremony that still waits.
func peekCeremony(ctx context.Context, tx *gate.InstanceTx, kind string, token []byte) (ceremony, error) {
	return scanCeremony(ctx, tx, tx.QueryRow(ctx, `
select id, account_id, session_id, sealed from control.ceremony
where kind = $1 and token_hash = $2 and used_at is null and ends_at > $3`, kind, token, tx.Now()))
}

func scanCeremony(ctx context.Context, tx *gate.InstanceTx, row pgx.Row) (ceremony, error) {
	var c ceremony
	var sealed []byte
	err := row.Scan(&c.id, &c.account, &c.session, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, over()
	}
	if err != nil {
		return c, err
	}
	var k kept
	err = tx.Open(ctx, tx.Place(ceremonyPlace, c.id), sealed, &k)
	c.State, c.pending = k.State, k.Pending
	return c, err
}

// kindsOf lists the second factors of an account, the best first.
func kindsOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]string, error) {
	var passkey, app, phone, code bool
	err := tx.QueryRow(ctx, `
select exists (select from control.passkey where account_id = $1), exists (select from control.totp where account_id = $1),
       exists (select from control.phone where account_id = $1),
       exists (select from control.recovery_code where account_id = $1 and used_at is null)`, account).Scan(&passkey, &app, &phone, &code)
	if err != nil || !passkey && !app && !phone {
		return nil, err
	}
	var kinds []string
	for _, k := range []struct {
		has  bool
		kind string
	}{{passkey, factor.KindPasskey}, {app, factor.KindTOTP}, {phone, factor.KindSMS}, {code, factor.KindRecovery}} {
		if k.has {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds, nil
}

// strengthsOf returns how strong each account's factors can be.
func strengthsOf(ctx context.Context, tx *gate.InstanceTx, accounts []tenant.AccountID) (map[tenant.AccountID]gate.Strength, error) {
	rows, err := tx.Query(ctx, `
select a.id, exists (select from control.passkey where account_id = a.id),
    exists (select from control.totp where account_id = a.id) or exists (select from control.phone where account_id = a.id)
from control.account a where a.id = any ($1)`, accounts)
	if err != nil {
		return nil, err
	}
	all := map[tenant.AccountID]gate.Strength{}
	var id tenant.AccountID
	var passkey, second bool
	_, err = pgx.ForEachRow(rows, []any{&id, &passkey, &second}, func() error {
		switch {
		case passkey:
			all[id] = gate.PhishingResistant
		case second:
			all[id] = gate.Second
		default:
			all[id] = gate.Single
		}
		return nil
	})
	return all, err
}

// lockFactors keeps two removals of one account from passing each other.
func lockFactors(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error {
	_, err := tx.Exec(ctx, `select from control.account where id = $1 for update`, account)
	return err
}

// loadFactors reads an account's factors for its page.
func loadFactors(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (Factors, error) {
	var f Factors
	if err := loadPasskeys(ctx, tx, account, &f); err != nil {
		return f, err
	}
	var app Since
	err := tx.QueryRow(ctx, `select created_at, used_at from control.totp where account_id = $1`, account).Scan(&app.Added, &app.Used)
	if err == nil {
		f.App = &app
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return f, err
	}
	var since Since
	var sealed []byte
	err = tx.QueryRow(ctx, `select created_at, used_at, sealed from control.phone where account_id = $1`, account).Scan(&since.Added, &since.Used, &sealed)
	if err == nil {
		var p pending
		if err := tx.Open(ctx, tx.Place(phonePlace, account), sealed, &p); err != nil {
			return f, err
		}
		f.Phone = &Phone{factor.Masked(p.Number), since}
	} else if !errors.Is(err, pgx.ErrNoRows) {
		return f, err
	}
	err = tx.QueryRow(ctx, `select count(*) filter (where used_at is null), count(*) > 0 from control.recovery_code where account_id = $1`, account).Scan(&f.Codes, &f.Coded)
	return f, err
}

type label struct {
	Name string `json:"name"`
}

func loadPasskeys(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, f *Factors) error {
	rows, err := tx.Query(ctx, `
select id, created_at, used_at, doubted_at is not null, backup, sealed from control.passkey where account_id = $1 order by created_at, id`, account)
	if err != nil {
		return err
	}
	var sealed []vault.Sealed
	f.Passkeys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Passkey, err error) {
		var body []byte
		err = row.Scan(&p.ID, &p.Added, &p.Used, &p.Doubted, &p.Synced, &body)
		sealed = append(sealed, vault.Sealed{Place: tx.Place(passkeyPlace, p.ID), Bytes: body})
		return p, err
	})
	if err != nil || len(sealed) == 0 {
		return err
	}
	labels, err := gate.OpenAll[label](ctx, &tx.Tx, sealed)
	for i := range labels {
		f.Passkeys[i].Name = labels[i].Name
	}
	return err
}

// removeFactor deletes one factor. The account's recovery codes go with the last factor that they stand in for.
func removeFactor(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kind string, id PasskeyID) error {
	var gone int64
	batch := &pgx.Batch{}
	switch kind {
	case factor.KindPasskey:
		batch.Queue(`delete from control.passkey where account_id = $1 and id = $2`, account, id)
	case factor.KindTOTP:
		batch.Queue(`delete from control.totp where account_id = $1`, account)
	case factor.KindSMS:
		batch.Queue(`delete from control.phone where account_id = $1`, account)
	default:
		return unknown(kind)
	}
	batch.QueuedQueries[0].Exec(func(tag pgconn.CommandTag) error { gone = tag.RowsAffected(); return nil })
	batch.Queue(`
delete from control.recovery_code where account_id = $1 and not exists (select from control.passkey where account_id = $1)
and not exists (select from control.totp where account_id = $1) and not exists (select from control.phone where account_id = $1)`, account)
	err := tx.SendBatch(ctx, batch).Close()
	if err == nil && gone == 0 {
		return fault.New(fault.Missing, "This factor is not here any more. Load the page again.")
	}
	return err
}

func removeSince(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, since time.Time) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.passkey where account_id = $1 and created_at >= $2`, account, since)
	batch.Queue(`delete from control.totp where account_id = $1 and created_at >= $2`, account, since)
	batch.Queue(`delete from control.phone where account_id = $1 and created_at >= $2`, account, since)
	batch.Queue(`delete from control.recovery_code where account_id = $1 and created_at >= $2`, account, since)
	batch.Queue(`update control.wrong_code set wrong = 0, until = null where account_id = $1`, account)
	return tx.SendBatch(ctx, batch).Close()
}

// countWrong counts an answer as wrong until it turns out to be right. It fails with [locked] during a pause, and begins one
// with every fifth.
func countWrong(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kind string) error {
	var until *time.Time
	var wrong int
	err := tx.QueryRow(ctx, `
insert into control.wrong_code as w (account_id, kind, wrong) values ($1, $2, 1)
on conflict (account_id, kind) do update set wrong = w.wrong + 1 where w.until is null or w.until <= $3
returning wrong`, account, kind, tx.Now()).Scan(&wrong)
	if errors.Is(err, pgx.ErrNoRows) {
		if err := tx.QueryRow(ctx, `select until from control.wrong_code where account_id = $1 and kind = $2`, account, kind).Scan(&until); err != nil {
			return err
		}
		return &locked{until.Sub(tx.Now())}
	}
	if err != nil || wrong%wrongCodes != 0 {
		return err
	}
	pause := firstPause << min(max(wrong/wrongCodes-1, 0), mostPauses)
	_, err = tx.Exec(ctx, `update control.wrong_code set until = $3 where account_id = $1 and kind = $2`, account, kind, tx.Now().Add(pause))
	return err
}

func forgetWrong(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kind string) error {
	_, err := tx.Exec(ctx, `update control.wrong_code set wrong = 0, until = null where account_id = $1 and kind = $2`, account, kind)
	return err
}

// app is an account's authenticator app.
type app struct {
	pending
	used int64
}

func loadApp(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (app, error) {
	var a app
	var sealed []byte
	err := tx.QueryRow(ctx, `select used_step, sealed from control.totp where account_id = $1`, account).Scan(&a.used, &sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, wrongCode()
	}
	if err != nil {
		return a, err
	}
	return a, tx.Open(ctx, tx.Place(appPlace, account), sealed, &a.pending)
}

// useStep takes the code of a time step, if no code of it or of a later one was taken meanwhile.
func useStep(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, step int64) error {
	tag, err := tx.Exec(ctx, `update control.totp set used_step = $2, used_at = $3 where account_id = $1 and used_step < $2`, account, step, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return wrongCode()
	}
	return err
}

func (s *Service) replaceApp(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, p pending, step int64) error {
	sealed, err := tx.Seal(ctx, tx.Place(appPlace, account), p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into control.totp (account_id, used_step, created_at, sealed) values ($1, $2, $3, $4)
on conflict (account_id) do update set used_step = excluded.used_step, created_at = excluded.created_at, used_at = null, sealed = excluded.sealed`,
		account, step, tx.Now(), sealed)
	return err
}

// passkey is a row of one.
type passkey struct {
	factor.Passkey
	id      PasskeyID
	account tenant.AccountID
}

func passkeyByCredential(ctx context.Context, tx *gate.InstanceTx, credential []byte) (passkey, error) {
	var k passkey
	var key string
	var count int64
	err := tx.QueryRow(ctx, `
select id, account_id, public_key, sign_count, backup, transports from control.passkey where credential = $1 for update`,
		written(credential)).Scan(&k.id, &k.account, &key, &count, &k.Backup, &k.Transports)
	if errors.Is(err, pgx.ErrNoRows) {
		return k, fault.New(fault.Denied, "This passkey is not known here. It may have been removed; use another way to sign in.")
	}
	if err != nil {
		return k, err
	}
	k.ID, k.SignCount = credential, uint32(count)
	k.PublicKey, err = base64.RawURLEncoding.DecodeString(key)
	return k, err
}

// written is how bytes that are no secret stand in a column.
func written(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func ownerOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (factor.Owner, error) {
	o := factor.Owner{Handle: account[:]}
	rows, err := tx.Query(ctx, `
select credential, public_key, sign_count, backup, transports from control.passkey where account_id = $1 order by created_at, id`, account)
	if err != nil {
		return o, err
	}
	o.Passkeys, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (k factor.Passkey, err error) {
		var credential, key string
		var count int64
		if err = row.Scan(&credential, &key, &count, &k.Backup, &k.Transports); err != nil {
			return k, err
		}
		k.SignCount = uint32(count)
		if k.ID, err = base64.RawURLEncoding.DecodeString(credential); err != nil {
			return k, err
		}
		k.PublicKey, err = base64.RawURLEncoding.DecodeString(key)
		return k, err
	})
	return o, err
}

func (s *Service) insertPasskey(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, k factor.Passkey, name string) error {
	id := gate.NewID[PasskeyID](&tx.Tx)
	sealed, err := tx.Seal(ctx, tx.Place(passkeyPlace, id), label{name})
	if err != nil {
		return err
	}
	if k.Transports == nil {
		k.Transports = []string{}
	}
	tag, err := tx.Exec(ctx, `
insert into control.passkey (id, account_id, credential, public_key, sign_count, backup, transports, created_at, sealed)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (credential) do nothing`,
		id, account, written(k.ID), written(k.PublicKey), int64(k.SignCount), k.Backup, k.Transports, tx.Now(), sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Conflict, "This passkey is in use already. Make another one.")
	}
	return err
}

func renamePasskey(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, id PasskeyID, name string) error {
	sealed, err := tx.Seal(ctx, tx.Place(passkeyPlace, id), label{name})
	if err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `update control.passkey set sealed = $3 where account_id = $1 and id = $2`, account, id, sealed)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Missing, "This passkey is not here any more. Load the page again.")
	}
	return err
}

func countUse(ctx context.Context, tx *gate.InstanceTx, id PasskeyID, count uint32) error {
	_, err := tx.Exec(ctx, `update control.passkey set sign_count = $2, used_at = $3 where id = $1`, id, int64(count), tx.Now())
	return err
}

func doubtPasskey(ctx context.Context, tx *gate.InstanceTx, id PasskeyID) error {
	_, err := tx.Exec(ctx, `update control.passkey set doubted_at = coalesce(doubted_at, $2) where id = $1`, id, tx.Now())
	return err
}

func hasCodes(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (bool, error) {
	var has bool
	err := tx.QueryRow(ctx, `select exists (select from control.recovery_code where account_id = $1 and used_at is null)`, account).Scan(&has)
	return has, err
}

func insertCodes(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, salt []byte, hashes [][]byte) error {
	batch := &pgx.Batch{}
	batch.Queue(`delete from control.recovery_code where account_id = $1`, account)
	for i, hash := range hashes {
		batch.Queue(`insert into control.recovery_code (account_id, number, salt, code_hash, created_at) values ($1, $2, $3, $4, $5)`,
			account, i+1, written(salt), hash, tx.Now())
	}
	return tx.SendBatch(ctx, batch).Close()
}

func saltOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]byte, error) {
	var salt string
	err := tx.QueryRow(ctx, `select salt from control.recovery_code where account_id = $1 limit 1`, account).Scan(&salt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, wrongCode()
	}
	if err != nil {
		return nil, err
	}
	return base64.RawURLEncoding.DecodeString(salt)
}

func useCode(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, hash []byte) error {
	tag, err := tx.Exec(ctx, `update control.recovery_code set used_at = $3 where account_id = $1 and code_hash = $2 and used_at is null`, account, hash, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return wrongCode()
	}
	return err
}

func numberOf(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) (string, error) {
	var sealed []byte
	var p pending
	err := tx.QueryRow(ctx, `select sealed from control.phone where account_id = $1`, account).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", fault.New(fault.Conflict, "This account has no number. Use another factor.")
	}
	if err != nil {
		return "", err
	}
	err = tx.Open(ctx, tx.Place(phonePlace, account), sealed, &p)
	return p.Number, err
}

func replacePhone(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, p pending, hmac []byte) error {
	sealed, err := tx.Seal(ctx, tx.Place(phonePlace, account), p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
insert into control.phone (account_id, number_hmac, created_at, sealed) values ($1, $2, $3, $4)
on conflict (account_id) do update set number_hmac = excluded.number_hmac, created_at = excluded.created_at, used_at = null, sealed = excluded.sealed`,
		account, hmac, tx.Now(), sealed)
	return err
}

// text is a message with a code.
type text struct {
	account             tenant.AccountID
	number, bound, code []byte
}

// sent is how many messages went out before one.
type sent struct{ justNow, numberHour, numberDay, accountDay, allDay int }

// textsBefore counts under a lock that each message takes, so that no two see the same count.
func textsBefore(ctx context.Context, tx *gate.InstanceTx, m text) (sent, error) {
	var n sent
	now := tx.Now()
	batch := &pgx.Batch{}
	batch.Queue(`select pg_advisory_xact_lock(hashtext('control.text_message'))`)
	batch.Queue(`delete from control.text_message where created_at < $1`, now.Add(-textRetention))
	batch.Queue(`
select count(*) filter (where number_hmac = $1 and created_at > $3), count(*) filter (where number_hmac = $1 and created_at > $4),
       count(*) filter (where number_hmac = $1), count(*) filter (where account_id = $2), count(*)
from control.text_message where created_at > $5`, m.number, m.account, now.Add(-textPause), now.Add(-time.Hour), now.Add(-24*time.Hour)).
		QueryRow(func(row pgx.Row) error {
			return row.Scan(&n.justNow, &n.numberHour, &n.numberDay, &n.accountDay, &n.allDay)
		})
	return n, tx.SendBatch(ctx, batch).Close()
}

// insertText enters a message; others for the same sign-in are void from then on.
func insertText(ctx context.Context, tx *gate.InstanceTx, m text) error {
	batch := &pgx.Batch{}
	batch.Queue(`update control.text_message set used_at = $2 where bound_hash = $1 and used_at is null`, m.bound, tx.Now())
	batch.Queue(`
insert into control.text_message (id, account_id, number_hmac, bound_hash, code_hmac, tries, created_at, ends_at)
values ($1, $2, $3, $4, $5, 0, $6, $7)`, gate.NewID[textID](&tx.Tx), m.account, m.number, m.bound, m.code, tx.Now(), tx.Now().Add(TextLife))
	return tx.SendBatch(ctx, batch).Close()
}

// tryText counts one try of a code that was sent for a sign-in.
func tryText(ctx context.Context, tx *gate.InstanceTx, bound []byte) error {
	tag, err := tx.Exec(ctx, `
update control.text_message set tries = tries + 1 where bound_hash = $1 and used_at is null and ends_at > $2 and tries < $3`, bound, tx.Now(), textTries)
	if err == nil && tag.RowsAffected() != 1 {
		return fault.New(fault.Denied, "There is no code to enter, or it is over. Ask for a new one.")
	}
	return err
}

func useText(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, bound, code []byte) error {
	tag, err := tx.Exec(ctx, `
update control.text_message set used_at = $4 where account_id = $1 and bound_hash = $2 and code_hmac = $3 and used_at is null and ends_at > $4`,
		account, bound, code, tx.Now())
	if err == nil && tag.RowsAffected() != 1 {
		return wrongCode()
	}
	if err == nil {
		_, err = tx.Exec(ctx, `update control.phone set used_at = $2 where account_id = $1`, account, tx.Now())
	}
	return err
}
