package speech

import (
	"context"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
)

// Versions returns the versions of a meeting's transcript, the newest first, without what was said. It is part of what shows
// the meeting and no act of its own.
func (s *Service) Versions(ctx context.Context, id meeting.ID) ([]Transcript, error) {
	var all []Transcript
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		all, err = described(ctx, tx, id)
		return err
	})
	return all, err
}

// Read returns one version of a meeting's transcript; a zero version stands for the newest. Reading it is an act that leaves an
// event. It fails with fault.Missing where the meeting has no such version.
func (s *Service) Read(ctx context.Context, id meeting.ID, version ID) (Transcript, error) {
	var t Transcript
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if version.IsZero() {
			t, err = Latest(ctx, tx, id)
			return err
		}
		t, err = Load(ctx, tx, version)
		if err == nil && t.Meeting != id {
			t, err = Transcript{}, fault.New(fault.Missing, "There is no such transcript.")
		}
		return err
	})
	return t, err
}

// Editable returns the workspace's settings to who may change them. It is part of the form and no act of its own.
func (s *Service) Editable(ctx context.Context) (Settings, error) {
	var set Settings
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChangeWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		set, err = settings(ctx, tx)
		return err
	})
	return set, err
}
