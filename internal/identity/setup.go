package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"unicode/utf8"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/identity/enrolment"
	"mainstay/internal/identity/password"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// Setup is what the first person says in the first run.
type Setup struct {
	Token     string
	Name      string
	Email     string
	Password  string
	Passkey   string // the browser's answer to [Service.BeginFirstPasskey], in place of a password
	Workspace string
}

// IssueSetup returns a single-use token for the first run, and "" where the deployment has an owner already. A token
// issued before and not used is void from then on.
func (s *Service) IssueSetup(ctx context.Context) (tenant.Secret, error) {
	var token tenant.Secret
	err := s.Gate.Instance(tenant.As(ctx, gate.Installer), gate.BeginSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		done, err := isSetUp(ctx, tx)
		if err != nil || done {
			return err
		}
		token = tenant.NewSecret()
		return replaceSetup(ctx, tx, tenant.Digest(token.Reveal()))
	})
	return token, err
}

// SetupOpen reports whether the token would be taken. It fails with fault.Ended for a token that was used or is unknown.
func (s *Service) SetupOpen(ctx context.Context, token string) error {
	return s.Gate.Look(tenant.As(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		return setupUnused(ctx, tx, tenant.Digest(token))
	})
}

// Owned reports whether somebody owns the deployment. Anybody may know.
func (s *Service) Owned(ctx context.Context) (bool, error) {
	var done bool
	err := s.Gate.Look(tenant.As(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		done, err = isSetUp(ctx, tx)
		return err
	})
	return done, err
}

// Prepare returns a context in which the installer acts in the workspace that the first run will claim, and makes that
// workspace where there is none. It fails with fault.Ended once the deployment has an owner: from then on nobody but its
// people acts there.
func (s *Service) Prepare(ctx context.Context) (context.Context, error) {
	owned, err := s.Owned(ctx)
	if err != nil {
		return ctx, err
	}
	if owned {
		return ctx, fault.New(fault.Ended, "This deployment has an owner already. Sign in.")
	}
	id, err := s.prepare(ctx)
	return tenant.Within(ctx, gate.Installer, id), err
}

// prepare makes the workspace's rows first and enters it in the deployment's list after, so that what is listed is whole.
func (s *Service) prepare(ctx context.Context) (tenant.WorkspaceID, error) {
	var id tenant.WorkspaceID
	err := s.Gate.Look(tenant.As(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		id, err = preparedWorkspace(ctx, tx)
		return err
	})
	if err != nil || !id.IsZero() {
		return id, err
	}
	id = tenant.NewID[tenant.WorkspaceID](s.Source)
	if err := s.Vault.CreateWorkspace(ctx, id); err != nil {
		return id, fmt.Errorf("making the keys of workspace %s: %w", id, err)
	}
	making := gate.Making{ID: gate.WorkspaceRecord(id), Kind: "workspace", Purpose: vault.Content}
	act := gate.Act{Verb: gate.CreateWorkspace, Make: []gate.Making{making}}
	err = s.Gate.Do(tenant.Within(ctx, gate.Installer, id), act, func(ctx context.Context, tx *gate.Tx) error { return insertWorkspace(ctx, tx, "New workspace") })
	if err != nil {
		return id, err
	}
	return id, s.Gate.Instance(tenant.As(ctx, gate.Installer), gate.RegisterWorkspace, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(id)
		return registerWorkspace(ctx, tx, id, s.Region)
	})
}

// FirstRun makes the first account, claims the prepared workspace for it, and signs its owner in. The token is used up in the
// last act, so that a crash before leaves it good; what the crash left is made anew by the next try.
func (s *Service) FirstRun(ctx context.Context, setup Setup) (Begun, error) {
	setup, err := setup.checked()
	if err != nil {
		return Begun{}, err
	}
	s.claimed.Lock()
	defer s.claimed.Unlock()
	if err := s.SetupOpen(ctx, setup.Token); err != nil {
		return Begun{}, err
	}
	proof, err := s.firstProof(ctx, setup)
	if err != nil {
		return Begun{}, err
	}
	id, err := s.prepare(ctx)
	if err != nil {
		return Begun{}, err
	}
	owner := tenant.Actor{Kind: tenant.Member, Workspace: id, Member: tenant.NewID[tenant.MemberID](s.Source), Account: proof.Account}
	err = s.Gate.Do(tenant.Within(ctx, gate.Installer, id), gate.Act{Verb: gate.ClaimWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("member", owner.Member.String())
		if err := nameWorkspace(ctx, tx, setup.Workspace); err != nil {
			return err
		}
		return insertMember(ctx, tx, owner, gate.Owner, person{Name: setup.Name, Email: setup.Email})
	})
	if err != nil {
		return Begun{}, err
	}
	return s.claim(ctx, owner, setup, proof)
}

// BeginFirstPasskey returns the options with which the first person's browser makes a passkey. What they typed is checked first, so
// that nobody makes a passkey for an account that will not be.
func (s *Service) BeginFirstPasskey(ctx context.Context, setup Setup) (json.RawMessage, error) {
	setup.Passkey = "wanted"
	setup, err := setup.checked()
	if err != nil {
		return nil, err
	}
	if err := s.SetupOpen(ctx, setup.Token); err != nil {
		return nil, err
	}
	return s.Factors.BeginFirst(ctx, setup.Name, setup.Email)
}

// firstProof is how the first person will sign in: by a password's hash, or by a passkey, to which the account's id belongs.
type firstProof struct {
	enrolment.First
	password string
}

func (s *Service) firstProof(ctx context.Context, setup Setup) (firstProof, error) {
	var p firstProof
	var err error
	if setup.Passkey != "" {
		p.First, err = s.Factors.FinishFirst(ctx, setup.Passkey)
		return p, err
	}
	p.Account = tenant.NewID[tenant.AccountID](s.Source)
	p.password, err = s.hasher.Hash(ctx, setup.Password)
	return p, err
}

// claim uses the token up and makes the account and its first session.
func (s *Service) claim(ctx context.Context, owner tenant.Actor, setup Setup, proof firstProof) (Begun, error) {
	var begun Begun
	err := s.Gate.Instance(tenant.As(ctx, gate.Installer), gate.FinishSetup, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(owner.Account)
		if err := useSetup(ctx, tx, tenant.Digest(setup.Token)); err != nil {
			return err
		}
		if err := claimWorkspace(ctx, tx, owner.Workspace); err != nil {
			return err
		}
		if err := s.insertAccount(ctx, tx, owner, setup, proof.password); err != nil {
			return err
		}
		if err := s.AskVerification(ctx, tx, owner.Account); err != nil {
			return err
		}
		shown := Shown{Factors: []string{Password}}
		if proof.password == "" {
			shown.Factors = []string{Passkey}
			if err := s.Factors.AddFirst(ctx, tx, proof.First); err != nil {
				return err
			}
		}
		var err error
		begun, err = s.open(ctx, tx, owner, shown)
		return err
	})
	return begun, err
}

func (s Setup) checked() (Setup, error) {
	s.Name, s.Workspace = strings.Join(strings.Fields(s.Name), " "), strings.Join(strings.Fields(s.Workspace), " ")
	s.Email = strings.TrimSpace(s.Email)
	switch {
	case s.Name == "" || utf8.RuneCountInString(s.Name) > 120:
		return s, wrong("name", fault.New(fault.Invalid, "Enter your name, at most 120 characters."))
	case s.Workspace == "" || utf8.RuneCountInString(s.Workspace) > 120:
		return s, wrong("workspace", fault.New(fault.Invalid, "Enter a name for the workspace, at most 120 characters."))
	}
	if at, err := mail.ParseAddress(s.Email); err != nil || at.Address != s.Email || len(s.Email) > 254 {
		return s, wrong("email", fault.New(fault.Invalid, "Enter an e-mail address such as name@company.com."))
	}
	if s.Passkey != "" {
		return s, nil
	}
	return s, wrong("password", password.Check(s.Password, password.Least, s.Name, s.Email, s.Workspace))
}

// fieldError is a fault of one field of a form.
type fieldError struct {
	field string
	error
}

func (e *fieldError) Unwrap() error { return e.error }

func wrong(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field, err}
}

// Wrong returns the field of a form that an error is about: "name", "email", "password" or "workspace", else empty.
func Wrong(err error) string {
	var known *fieldError
	if errors.As(err, &known) {
		return known.field
	}
	return ""
}
