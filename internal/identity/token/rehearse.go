package token

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Rehearsal says which rules held when keys and tokens were tried that are never stored.
type Rehearsal struct {
	AccessFor  time.Duration // how long an access token lives by its row
	RefreshFor time.Duration // and a refresh token
	Held       bool          // an access token works until its end
	Over       bool          // and not after it

	Rotated bool // a refresh token gives a new pair
	Reuse   bool // its second use is refused, and ends everything that came of it
	Revoked bool // what is revoked is over at once

	Hashed bool // the database holds the SHA-256 of a key and of each token, and none of them
	Looked bool // a key is found by its hash, and the hash itself is no key
	Bits   int  // of a key
}

// errRehearsed undoes a rehearsal.
var errRehearsed = errors.New("rehearsed")

// Rehearse makes a key and programs of an account of its own, uses them as their owners would and as thieves would, and undoes it
// all; nothing of it is stored. It is for the program's own checks.
func (s *Service) Rehearse(ctx context.Context) (Rehearsal, error) {
	var r Rehearsal
	prover := tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.Prover})
	err := s.Gate.Tally(prover, gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error {
		of := tenant.Actor{Account: tenant.NewID[tenant.AccountID](s.Source), Workspace: tenant.NewID[tenant.WorkspaceID](s.Source),
			Member: tenant.NewID[tenant.MemberID](s.Source)}
		if err := rehearsedAccount(ctx, tx, of.Account); err != nil {
			return err
		}
		stage := rehearsal{Service: &Service{Config: s.Config, door: stage{tx}}, tx: tx, of: of}
		for _, part := range []func(context.Context, *Rehearsal) error{stage.access, stage.reuse, stage.revocation, stage.key} {
			if err := part(ctx, &r); err != nil {
				return err
			}
		}
		return errRehearsed
	})
	if errors.Is(err, errRehearsed) {
		err = nil
	}
	return r, err
}

// stage is a door to a transaction that will be undone. What fails inside is undone at once, as behind the gate.
type stage struct{ tx *gate.InstanceTx }

// Instance implements door.
func (d stage) Instance(ctx context.Context, _ gate.Verb, fn func(ctx context.Context, tx *gate.InstanceTx) error) error {
	if _, err := d.tx.Exec(ctx, `savepoint act`); err != nil {
		return err
	}
	err := fn(ctx, d.tx)
	if err != nil {
		_, undone := d.tx.Exec(ctx, `rollback to savepoint act`)
		return errors.Join(err, undone)
	}
	_, err = d.tx.Exec(ctx, `release savepoint act`)
	return err
}

// Look implements door.
func (d stage) Look(ctx context.Context, _ gate.Verb, fn func(ctx context.Context, tx *gate.InstanceTx) error) error {
	return fn(ctx, d.tx)
}

// rehearsal is the service on a stage, and who acts there.
type rehearsal struct {
	*Service
	tx *gate.InstanceTx
	of tenant.Actor
}

// program lets a program in.
func (r rehearsal) program(ctx context.Context) (ID, Pair, error) {
	c := Credential{ID: tenant.NewID[ID](r.Source), Kind: "program", Scopes: []gate.Scope{gate.MeetingsRead}, CreatedAt: r.tx.Now()}
	c.EndsAt = c.CreatedAt.Add(ProgramLife)
	if err := issue(ctx, r.tx, r.of, c, nil); err != nil {
		return c.ID, Pair{}, fmt.Errorf("letting a program in: %w", err)
	}
	pair, err := insertPair(ctx, r.tx, c.ID, c.Scopes)
	return c.ID, pair, err
}

// works reports whether a bearer secret is taken. Anything but a refusal is an error.
func (r rehearsal) works(ctx context.Context, secret tenant.Secret) (bool, error) {
	_, err := r.Resolve(ctx, secret.Reveal())
	return taken(err)
}

func (r rehearsal) refreshes(ctx context.Context, secret tenant.Secret) (Pair, bool, error) {
	pair, err := r.Refresh(ctx, "", secret)
	ok, err := taken(err)
	return pair, ok, err
}

func taken(err error) (bool, error) {
	if fault.Is(err, fault.Denied) {
		return false, nil
	}
	return err == nil, err
}

func (r rehearsal) access(ctx context.Context, out *Rehearsal) error {
	id, pair, err := r.program(ctx)
	if err != nil {
		return err
	}
	if out.AccessFor, out.RefreshFor, err = lives(ctx, r.tx, id); err != nil {
		return err
	}
	if err := ageTokens(ctx, r.tx, id, AccessLife-time.Second); err != nil {
		return err
	}
	if out.Held, err = r.works(ctx, pair.Access); err != nil {
		return err
	}
	if err := ageTokens(ctx, r.tx, id, time.Second); err != nil {
		return err
	}
	still, err := r.works(ctx, pair.Access)
	out.Over = !still
	return err
}

// reuse has a refresh token used by two: its program, and who copied it.
func (r rehearsal) reuse(ctx context.Context, out *Rehearsal) error {
	_, first, err := r.program(ctx)
	if err != nil {
		return err
	}
	second, ok, err := r.refreshes(ctx, first.Refresh)
	if err != nil {
		return err
	}
	works, err := r.works(ctx, second.Access)
	if err != nil {
		return err
	}
	out.Rotated = ok && works && second.Refresh != first.Refresh && second.Access != first.Access
	_, again, err := r.refreshes(ctx, first.Refresh)
	if err != nil {
		return err
	}
	_, goesOn, err := r.refreshes(ctx, second.Refresh)
	if err != nil {
		return err
	}
	works, err = r.works(ctx, second.Access)
	out.Reuse = !again && !goesOn && !works
	return err
}

func (r rehearsal) revocation(ctx context.Context, out *Rehearsal) error {
	_, pair, err := r.program(ctx)
	if err != nil {
		return err
	}
	if err := r.Revoke(ctx, pair.Refresh.Reveal()); err != nil {
		return err
	}
	works, err := r.works(ctx, pair.Access)
	if err != nil {
		return err
	}
	_, goesOn, err := r.refreshes(ctx, pair.Refresh)
	out.Revoked = !works && !goesOn
	return err
}

func (r rehearsal) key(ctx context.Context, out *Rehearsal) error {
	program, pair, err := r.program(ctx)
	if err != nil {
		return err
	}
	key := newKey()
	c := Credential{ID: tenant.NewID[ID](r.Source), Kind: "key", Scopes: []gate.Scope{gate.MeetingsRead}, CreatedAt: r.tx.Now(), EndsAt: r.tx.Now().AddDate(0, 0, 1)}
	if err := issue(ctx, r.tx, r.of, c, tenant.Digest(key.Reveal())); err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	bits, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(key.Reveal(), keyPrefix))
	if err != nil {
		return err
	}
	out.Bits, out.Hashed = 8*len(bits), true
	for secret, id := range map[tenant.Secret]ID{key: c.ID, pair.Access: program, pair.Refresh: program} {
		rows, err := stored(ctx, r.tx, id)
		if err != nil {
			return err
		}
		plain := strings.Contains(rows, secret.Reveal()) || strings.Contains(rows, hex.EncodeToString([]byte(secret.Reveal())))
		out.Hashed = out.Hashed && !plain && strings.Contains(rows, hex.EncodeToString(tenant.Digest(secret.Reveal())))
	}
	works, err := r.works(ctx, key)
	if err != nil {
		return err
	}
	hash, err := r.works(ctx, tenant.Secret(keyPrefix+base64.RawURLEncoding.EncodeToString(tenant.Digest(key.Reveal()))))
	out.Looked = works && !hash
	return err
}
