package identity

import (
	"context"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/password"
	"mainstay/internal/tenant"
)

// Newcomer is somebody who makes an account because they were invited: with a password, a passkey or a provider's word.
type Newcomer struct {
	Name     string
	Email    string // the invitation's
	Password string
	Passkey  string        // the browser's answer to what enrolment's BeginFirst asked, in place of a password
	Provider *ProviderWord // in place of both
	Least    int           // characters that the workspace asks of a password
	Verified bool          // the invitation went to the address and to nobody else
}

// ProviderWord is what an identity provider said of somebody who has no account yet. Its maker has verified it.
type ProviderWord struct {
	Shown Shown // as whom they come in; its Workspace is the provider's, if it is one's
	// Link makes the provider the account's way in, inside the act that makes the account. It fails with fault.Conflict where the
	// person at the provider has an account here.
	Link func(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID) error
}

// Shown is what the newcomer has shown, once they have the account.
func (n Newcomer) Shown() Shown {
	switch {
	case n.Provider != nil:
		return n.Provider.Shown
	case n.Passkey != "":
		return Shown{Factors: []string{Passkey}}
	}
	return Shown{Factors: []string{Password}}
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
// It fails with fault.Invalid for a field that [Wrong] names, and with fault.Conflict where the address, or the person at the
// provider, has an account.
func (s *Service) Register(ctx context.Context, n Newcomer) (tenant.AccountID, error) {
	proof, err := s.newcomerProof(ctx, &n)
	if err != nil {
		return proof.Account, err
	}
	return proof.Account, s.Gate.Instance(tenant.As(ctx, gate.Authenticator), gate.CreateAccount, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(proof.Account)
		if err := s.insertNewcomer(ctx, tx, proof.Account, n, proof.password); err != nil {
			return err
		}
		switch {
		case n.Provider != nil:
			return n.Provider.Link(ctx, tx, proof.Account)
		case n.Passkey != "":
			return s.Factors.AddFirst(ctx, tx, proof.First)
		}
		return nil
	})
}

// newcomerProof checks what a newcomer said, and is how they will sign in.
func (s *Service) newcomerProof(ctx context.Context, n *Newcomer) (firstProof, error) {
	var err error
	if n.Name, err = NameOk(n.Name); err != nil {
		return firstProof{}, err
	}
	if n.Provider != nil {
		return firstProof{First: enrolment.First{Account: tenant.NewID[tenant.AccountID](s.Source)}}, nil
	}
	if n.Passkey == "" {
		if err := password.Check(n.Password, n.Least, n.Name, n.Email); err != nil {
			return firstProof{}, wrong("password", err)
		}
	}
	return s.firstProof(ctx, Setup{Password: n.Password, Passkey: n.Passkey})
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
