package speech

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"mainstay/internal/capture"
	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
)

// Engines names what a recording can be transcribed with here, the usual one first.
func (s *Service) Engines() []string { return s.Recognizer.Engines() }

// RunAgain transcribes the newest recording of a meeting once more, with one of [Service.Engines] or, where engine is empty,
// the usual one. The transcript becomes the meeting's newest version; those before it stay. It fails with fault.Missing where
// there is no recording, with fault.Ended where it was destroyed, and with fault.Conflict while it is being transcribed.
func (s *Service) RunAgain(ctx context.Context, id meeting.ID, engine string) error {
	if engine != "" && !slices.Contains(s.Engines(), engine) {
		return fault.New(fault.Invalid, "There is no such speech engine here. Choose one from the list.")
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.RerunTranscript, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		recording, err := newestRecording(ctx, tx, id)
		if err != nil {
			return err
		}
		steps, err := queue.Of(ctx, tx, tx.Group())
		if err != nil {
			return err
		}
		if slices.ContainsFunc(steps, func(st queue.Status) bool { return st.State == "waiting" || st.State == "running" }) {
			return fault.New(fault.Conflict, "This meeting is being worked on. Wait for it, or cancel that first.")
		}
		tx.Note("engine", engine)
		if _, err := tx.Exec(ctx, `update tenant.recording set engine = $3 where workspace_id = $1 and id = $2`, tx.Workspace(), recording, engine); err != nil {
			return fmt.Errorf("choosing the engine of recording %s: %w", recording, err)
		}
		if err := meeting.Advance(ctx, tx, id, meeting.Waiting); err != nil {
			return err
		}
		return s.Queue.Again(ctx, tx, capture.Finished(recording, tx.Group()))
	})
}

func newestRecording(ctx context.Context, tx *gate.Tx, id meeting.ID) (capture.RecordingID, error) {
	var recording capture.RecordingID
	var state string
	err := tx.QueryRow(ctx, `
select id, state from tenant.recording where workspace_id = $1 and meeting_id = $2 order by created_at desc, id desc limit 1`,
		tx.Workspace(), id).Scan(&recording, &state)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return recording, fault.New(fault.Missing, "This meeting has no recording. Upload one.")
	case err != nil:
		return recording, fmt.Errorf("finding the recording of meeting %s: %w", id, err)
	case state == "erased":
		return recording, fault.New(fault.Ended, "The recording was destroyed, so it cannot be transcribed again. Its transcript and minutes stay.")
	}
	return recording, nil
}

// keepNames gives the speakers of a new transcript the names that people gave in the one before it: who speaks at the same
// times is the same person. A name goes to the one speaker with most of it, who must speak mostly then.
func (t *Transcript) keepNames(before Transcript) {
	shared, spoken, taken := together(before.Turns, t.Turns), map[string]int64{}, map[string]bool{}
	for _, turn := range t.Turns {
		spoken[turn.Speaker] += turn.EndMS - turn.StartMS
	}
	for _, old := range before.Speakers {
		if _, introduced := before.Introduced[old.ID]; old.Name == nil || introduced {
			continue // what a voice says of itself is found anew
		}
		best, most := -1, int64(0)
		for i, fresh := range t.Speakers {
			if n := shared[[2]string{old.ID, fresh.ID}]; !taken[fresh.ID] && n > most && 2*n > spoken[fresh.ID] {
				best, most = i, n
			}
		}
		if best >= 0 {
			taken[t.Speakers[best].ID] = true
			t.Speakers[best].Name = old.Name
			delete(t.Introduced, t.Speakers[best].ID)
		}
	}
}

// together is how many milliseconds each two speakers of two lists of turns speak at once. Both lists are in order of start.
func together(turns, others []document.Turn) map[[2]string]int64 {
	out := map[[2]string]int64{}
	first := 0
	for _, a := range turns {
		for first < len(others) && others[first].EndMS <= a.StartMS {
			first++
		}
		for i := first; i < len(others) && others[i].StartMS < a.EndMS; i++ {
			out[[2]string{a.Speaker, others[i].Speaker}] += max(0, min(a.EndMS, others[i].EndMS)-max(a.StartMS, others[i].StartMS))
		}
	}
	return out
}
