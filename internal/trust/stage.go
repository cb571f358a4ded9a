package trust

import (
	"context"
	"errors"

	"mainstay/internal/gate"
	"mainstay/internal/identity"
	"mainstay/internal/trust/credential"
	"mainstay/internal/trust/search"
)

// staged is a check of people's credentials, on the proof's stage.
func staged(check func(context.Context, *credential.Stage) (string, error)) func(context.Context, *proof) (finding, error) {
	return func(ctx context.Context, p *proof) (finding, error) {
		s, err := p.stage()
		if err != nil {
			return finding{}, err
		}
		found, err := check(ctx, s)
		return finding{Pass, found}, err
	}
}

// stage is our workspace as the checks of credentials use it.
func (p *proof) stage() (*credential.Stage, error) {
	if p.Doors == nil || p.Listen == nil || p.Accounts == nil || p.Tokens == nil || p.Access == nil {
		return nil, errors.New("the deployment has no doors that could be tried")
	}
	s := &credential.Stage{Owner: p.ours.owner, Word: p.word, Began: p.began, Least: p.Work, Routes: p.Routes, Identity: p.Identity, Roster: p.Roster, Accounts: p.Accounts,
		Tokens: p.Tokens, Access: p.Access, Doors: p.Doors, Listen: p.Listen, Dumps: p.Dumps, Look: p.look, Written: p.freshRows, Folders: []string{p.Data, p.Temp}}
	if s.Least == (identity.HashCost{}) {
		s.Least = identity.DefaultCost()
	}
	return s, nil
}

// freshRows looks for a word in every row of our workspace, and in what was written since the proof began to the tables of no
// workspace.
func (p *proof) freshRows(ctx context.Context, word *search.Search) (tables []string, rows int, err error) {
	err = p.Gate.View(p.ours.as(ctx), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		tables, rows, err = inRows(ctx, tx, word)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	err = p.look(ctx, func(ctx context.Context, tx *gate.Tx) error {
		shared, n, err := inShared(ctx, tx, word, p.since)
		tables, rows = append(tables, shared...), rows+n
		return err
	})
	return tables, rows, err
}
