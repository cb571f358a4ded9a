package enrolment

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/factor"
	"mainstay/internal/tenant"
)

// NewCodes replaces the acting person's recovery codes and returns the new ones, which nobody can read again.
func (s *Service) NewCodes(ctx context.Context) ([]string, error) {
	actor, err := s.present(ctx)
	if err != nil {
		return nil, err
	}
	var codes []string
	err = s.Gate.Instance(s.as(ctx), gate.AddFactor, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(actor.Account)
		tx.Note("factor", factor.KindRecovery)
		f, err := s.load(ctx, tx, actor.Account)
		if err != nil {
			return err
		}
		if f.Strength() == gate.Single {
			return fault.New(fault.Conflict, "Recovery codes stand in for another factor. Add a passkey or an authenticator app first.")
		}
		if codes, err = s.replaceCodes(ctx, tx, actor.Account); err != nil {
			return err
		}
		return s.changed(ctx, tx, actor, actor.Session, added[factor.KindRecovery])
	})
	return codes, err
}

// replaceCodes makes an account's codes anew. Secrets come from the system, never from an injected source.
func (s *Service) replaceCodes(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) ([]string, error) {
	codes, err := factor.NewRecoveryCodes(rand.Reader)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(rand.Reader, salt); err != nil {
		return nil, fmt.Errorf("making a salt: %w", err)
	}
	var hashes [][]byte
	for _, code := range codes {
		normal, _ := factor.NormalRecovery(code)
		hashes = append(hashes, s.Stretch.Hash(normal, salt))
	}
	return codes, insertCodes(ctx, tx, account, salt, hashes)
}
