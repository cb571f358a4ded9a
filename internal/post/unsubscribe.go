package post

import (
	"context"
	"crypto/subtle"
	"encoding/base64"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// macSize is the length of the keyed digest that a token to unsubscribe holds.
const macSize = 32

// leaving returns the token by which whoever holds a mail ends mails of its kind to its member. It is bound to workspace, member
// and kind by a key of the workspace, so that nothing has to be kept of it, and it does nothing else.
func (s *Service) leaving(ctx context.Context, workspace tenant.WorkspaceID, member tenant.MemberID, kind Kind) (string, error) {
	about := append(append(append([]byte{}, workspace[:]...), member[:]...), kind...)
	mac, err := s.Gate.Vault.Digest(ctx, workspace, append([]byte("unsubscribe\x00"), about...))
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(append(mac, about...)), nil
}

// Leaving returns the kind of mails that a token ends. It fails with fault.Ended for a token that is not ours.
func (s *Service) Leaving(ctx context.Context, token string) (Kind, error) {
	_, _, kind, err := s.holder(ctx, token)
	return kind, err
}

func (s *Service) holder(ctx context.Context, token string) (workspace tenant.WorkspaceID, member tenant.MemberID, kind Kind, err error) {
	over := fault.New(fault.Ended, "This link is not whole, or its workspace is gone. Sign in to choose what you are told of.")
	raw, decoded := base64.RawURLEncoding.DecodeString(token)
	if decoded != nil || len(raw) <= macSize+len(workspace)+len(member) || len(raw) > 128 {
		return workspace, member, kind, over
	}
	about := raw[macSize:]
	copy(workspace[:], about)
	copy(member[:], about[len(workspace):])
	kind = Kind(about[len(workspace)+len(member):])
	want, err := s.Gate.Vault.Digest(ctx, workspace, append([]byte("unsubscribe\x00"), about...))
	if fault.Is(err, fault.Missing) {
		return workspace, member, kind, over
	}
	if err == nil && (subtle.ConstantTimeCompare(raw[:macSize], want) != 1 || kind.Subject() == "" || kind.Security()) {
		err = over
	}
	return workspace, member, kind, err
}

// Unsubscribe ends mails of the kind that a token is for. Its token is its right, and it can be done twice. What the member is
// told of in the app stays. It fails as [Service.Leaving] does.
func (s *Service) Unsubscribe(ctx context.Context, token string) (Kind, error) {
	workspace, member, kind, err := s.holder(ctx, token)
	if err != nil {
		return kind, err
	}
	from := tenant.Visitor(ctx)
	ctx = tenant.WithActor(ctx, tenant.Actor{Kind: tenant.Job, Job: gate.Notifier, Workspace: workspace, OnBehalfOf: member, Address: from.Address, Request: from.Request})
	return kind, s.Gate.Do(ctx, gate.Act{Verb: gate.EndNotices}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("kind", kind)
		all, err := choices(ctx, tx, kind, member)
		if err != nil {
			return err
		}
		choice := all.of(member)
		choice.Mail = false
		return choose(ctx, tx, member, choice)
	})
}
