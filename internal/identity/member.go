package identity

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/gate"
	"mainstay/internal/tenant"
)

// NameOf returns the name of a member of the actor's workspace, also of one who left; "Somebody" where there was none. It is
// part of the page that shows it and no act of its own.
func (s *Service) NameOf(ctx context.Context, id tenant.MemberID) (string, error) {
	var who person
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMembers}, func(ctx context.Context, tx *gate.Tx) error {
		var body []byte
		err := tx.QueryRow(ctx, `select sealed from tenant.member where workspace_id = $1 and id = $2`, tx.Workspace(), id).Scan(&body)
		if errors.Is(err, pgx.ErrNoRows) {
			who.Name = "Somebody"
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading member %s: %w", id, err)
		}
		return tx.Open(ctx, tx.Place(gate.WorkspaceRecord(tx.Workspace()), "member", id), body, &who)
	})
	return who.Name, err
}
