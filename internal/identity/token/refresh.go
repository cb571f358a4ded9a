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
// same token, then or later, ends the program's standing with all its tokens: two parties have the token, and one of them
// should not. It fails with fault.Denied.
func (s *Service) Refresh(ctx context.Context, refresh tenant.Secret) (Pair, error) {
	if !strings.HasPrefix(refresh.Reveal(), refreshPrefix) {
		return Pair{}, over()
	}
	pair, ok := Pair{}, false
	err := s.door.Instance(tenant.As(ctx, gate.Authenticator), gate.RefreshToken, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, scopes, err := useRefresh(ctx, tx, tenant.Digest(refresh.Reveal()))
		if err == nil {
			tx.About(id)
			pair, err = insertPair(ctx, tx, id, scopes)
			ok = err == nil
			return err
		}
		if !fault.Is(err, fault.Missing) {
			return err
		}
		// Not an error of the act: what ends here must stay ended.
		family, reused, err := familyOf(ctx, tx, tenant.Digest(refresh.Reveal()))
		if err != nil || !reused {
			return err
		}
		tx.About(family)
		tx.Note("reuse", true)
		return endCredential(ctx, tx, family, "reuse")
	})
	if err == nil && !ok {
		err = over()
	}
	return pair, err
}

// Revoke ends what a token belongs to, a key's or a program's (RFC 7009). An unknown token is no error: it does not work.
func (s *Service) Revoke(ctx context.Context, secret string) error {
	return s.door.Instance(tenant.As(ctx, gate.Authenticator), gate.EndCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		id, err := credentialOf(ctx, tx, tenant.Digest(secret))
		if err != nil || id.IsZero() {
			return err
		}
		tx.About(id)
		return endCredential(ctx, tx, id, "revoked")
	})
}

// EndMember ends every credential of a member: they left, were removed or disabled.
func (s *Service) EndMember(ctx context.Context, ws tenant.WorkspaceID, member tenant.MemberID) error {
	return s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.EndCredential, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(member)
		return endOfMember(ctx, tx, ws, member)
	})
}
