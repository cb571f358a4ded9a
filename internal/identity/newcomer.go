package identity

import (
	"context"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/password"
	"mainstay/internal/tenant"
)

// Newcomer is somebody who makes an account because they were invited.
type Newcomer struct {
	Name     string
	Email    string // the invitation's
	Password string
	Least    int  // characters that the workspace asks of a password
	Verified bool // the invitation went to the address and to nobody else
}

// NameOk returns a person's name with single spaces. It fails with fault.Invalid, about the field "name".
func NameOk(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > 120 {
		return name, wrong("name", fault.New(fault.Invalid, "Enter a name, at most 120 characters."))
	}
	return name, nil
}

// FieldError returns err as one about a field of a form, which [Wrong] names.
func FieldError(field string, err error) error { return wrong(field, err) }

// Register makes an account that has no place in any workspace yet. The caller has seen that an invitation names its address.
// It fails with fault.Invalid for a field that [Wrong] names, and with fault.Conflict where the address has an account.
func (s *Service) Register(ctx context.Context, n Newcomer) (tenant.AccountID, error) {
	id := tenant.NewID[tenant.AccountID](s.Source)
	var err error
	if n.Name, err = NameOk(n.Name); err != nil {
		return id, err
	}
	if err := password.Check(n.Password, n.Least, n.Name, n.Email); err != nil {
		return id, wrong("password", err)
	}
	hash, err := s.hasher.Hash(ctx, n.Password)
	if err != nil {
		return id, err
	}
	return id, s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.CreateAccount, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		return s.insertNewcomer(ctx, tx, id, n, hash)
	})
}

// Switch takes the actor's session to another workspace of their account. The session gets a new id and a new token, so that
// pages of the workspace that it leaves can change nothing in the other; when it began and what was shown stays. It fails with
// fault.Missing for a workspace that the account may not enter, and with fault.Denied for a session that is confined to one.
func (s *Service) Switch(ctx context.Context, to tenant.WorkspaceID) (Begun, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Begun{}, err
	}
	if actor.Session.IsZero() || actor.Credential != "" {
		return Begun{}, fault.New(fault.Denied, "Only a browser's session can go to another workspace.")
	}
	var begun Begun
	err = s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.SwitchWorkspace, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		tx.About(actor.Account)
		tx.Note("from", actor.Workspace)
		tx.Note("to", to)
		begun, err = s.moveSession(ctx, tx, actor, to)
		return err
	})
	return begun, err
}
