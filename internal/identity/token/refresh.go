package token

import (
	"context"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// Pair is what a program gets: an access token for the next requests and a refresh token for the next pair.
type Pair struct {
	Access    tenant.Secret
	AccessFor time.Duration
	Refresh   tenant.Secret
	Scopes    []gate.Scope
}

// Refresh takes a refresh token, once, for a new pair. Of any number of concurrent uses one succeeds. Every other use of the
// same token, then or later, ends the program's standing with all its tokens, and so does its use under another name than the
// program was let in with: two parties have the token, and one of them should not. It fails with fault.Denied.
func (s *Service) Refresh(ctx context.Context, program string, refresh tenant.Secret) (Pair, error) {
	if !strings.HasPrefix(refresh.Reveal(), refreshPrefix) {
		return Pair{}, over()
	}
	pair, ok := Pair{}, false
	client := clientHash(program)
	err := s.door.Instance(tenant.As(ctx, gate.Authenticator), gate.RefreshToken, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, scopes, err := useRefresh(ctx, tx, tenant.Digest(refresh.Reveal()), client)
		if err == nil {
			tx.About(id)
			pair, err = insertPair(ctx, tx, id, scopes)
			ok = err == nil
			return err
		}
		if !fault.Is(err, fault.Missing) {
			return err
		}
		return s.reused(ctx, tx, tenant.Digest(refresh.Reveal()), client)
	})
	if err == nil && !ok {
		err = over()
	}
	return pair, err
}

// clientHash is what is kept of a program's name; nil for a program that says none.
func clientHash(program string) []byte {
	if program = oneLine(program); program == "" {
		return nil
	}
	return tenant.Digest(program)
}

// reused ends what a refresh token that was used before, or that another program has, belongs to, and tells its person. It is no
// error of the act: what ends here must stay ended.
func (s *Service) reused(ctx context.Context, tx *gate.InstanceTx, hash, client []byte) error {
	f, err := familyOf(ctx, tx, hash, client)
	if err != nil || !f.shared {
		return err
	}
	tx.About(f.id)
	tx.Note("reuse", true)
	ended, err := endCredential(ctx, tx, f.id, "reuse")
	if err != nil || !ended || s.People == nil {
		return err
	}
	return s.People.Changed(ctx, tx, f.account, time.Time{}, "A connected program was signed out: its token was used twice or by another program, so that somebody else may have a copy of it.")
}

// Revoke ends what a token belongs to, a key's or a program's (RFC 7009). An unknown token is no error: it does not work.
func (s *Service) Revoke(ctx context.Context, secret string) error {
	return s.door.Instance(tenant.As(ctx, gate.Authenticator), gate.EndCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, err := credentialOf(ctx, tx, tenant.Digest(secret))
		if err != nil || id.IsZero() {
			return err
		}
		tx.About(id)
		_, err = endCredential(ctx, tx, id, "revoked")
		return err
	})
}

// EndMember ends every credential of a member: they left, were removed or disabled.
func (s *Service) EndMember(ctx context.Context, ws tenant.WorkspaceID, member tenant.MemberID) error {
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(member)
		return endOfMember(ctx, tx, ws, member)
	})
}
