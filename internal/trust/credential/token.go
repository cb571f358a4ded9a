package credential

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ShortLived lets a program in and has its access token grow old.
func ShortLived(ctx context.Context, s *Stage) (string, error) {
	r, err := s.Tokens.Rehearse(ctx)
	switch {
	case err != nil:
		return "", err
	case r.AccessFor <= 0 || r.AccessFor > 15*time.Minute:
		return "", fmt.Errorf("an access token lives for %s", r.AccessFor)
	case !r.Held:
		return "", errors.New("an access token does not hold until its end, so that its end says nothing")
	case !r.Over:
		return "", errors.New("an access token is taken after its end")
	}
	return fmt.Sprintf("an access token lives for %d seconds by its row; it holds a second before its end and not at it", int(r.AccessFor/time.Second)), nil
}

// Revocable has refresh tokens used twice, and revoked.
func Revocable(ctx context.Context, s *Stage) (string, error) {
	r, err := s.Tokens.Rehearse(ctx)
	switch {
	case err != nil:
		return "", err
	case !r.Rotated:
		return "", errors.New("a refresh token gives no new pair")
	case !r.Reuse:
		return "", errors.New("the second use of a refresh token leaves something of its program working")
	case !r.Revoked:
		return "", errors.New("what was revoked still works")
	}
	return fmt.Sprintf("a refresh token gives one new pair within %d days; its second use ends all that came of it, and so does revoking, at once",
		int(r.RefreshFor/(24*time.Hour))), nil
}

// KeysHashed makes a key and tokens, and reads their rows.
func KeysHashed(ctx context.Context, s *Stage) (string, error) {
	r, err := s.Tokens.Rehearse(ctx)
	switch {
	case err != nil:
		return "", err
	case r.Bits < 256:
		return "", fmt.Errorf("a key has %d bits", r.Bits)
	case !r.Hashed:
		return "", errors.New("the database holds a key or a token, or not its SHA-256")
	case !r.Looked:
		return "", errors.New("a key is not found by its hash, or the hash works as a key")
	}
	return fmt.Sprintf("a key has %d bits; the database holds the SHA-256 of 1 key and 2 tokens and none of them, and a hash is no key", r.Bits), nil
}
