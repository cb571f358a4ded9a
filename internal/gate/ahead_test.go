package gate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/gate/gatetest"
)

// ahead returns an act that reads whether an object has a row a round trip early, and what it found.
func ahead(verb gate.Verb, object [16]byte) (gate.Act, *bool) {
	var found bool
	return gate.Act{Verb: verb, Object: object, Ahead: func(b *pgx.Batch) {
		b.Queue(`select true from tenant.meeting where id = $1`, object).QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&found); !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return nil
		})
	}}, &found
}

// What is read ahead of the decision is confined to the workspace, and where the decision is no the act's body never sees it.
func TestReadsAheadOfTheDecisionAreConfined(t *testing.T) {
	t.Parallel()
	w := gatetest.New(t)
	a, b := w.Workspace(t), w.Workspace(t)
	mine, private, theirs := a.Meeting(t, false), a.Meeting(t, true), b.Meeting(t, false)
	viewer := a.Member(t, gate.Viewer)
	for name, c := range map[string]struct {
		verb   gate.Verb
		object [16]byte
		want   fault.Kind
		found  bool
	}{
		"one's own":                       {gate.ReadMeeting, mine, 0, true},
		"another workspace's":             {gate.ReadMeeting, theirs, fault.Missing, false},
		"private, read and thrown away":   {gate.ReadMeeting, private, fault.Missing, true},
		"a role too low, and thrown away": {gate.ChangeMeeting, mine, fault.Denied, true},
	} {
		act, found := ahead(c.verb, c.object)
		ran := false
		err := w.Gate.Do(viewer, act, func(context.Context, *gate.Tx) error { ran = true; return nil })
		if c.want == 0 && err != nil || c.want != 0 && !fault.Is(err, c.want) {
			t.Errorf("%s: Do() = %v", name, err)
		}
		if ran != (c.want == 0) || *found != c.found {
			t.Errorf("%s: the body ran %t, a row was read %t", name, ran, *found)
		}
	}
}
