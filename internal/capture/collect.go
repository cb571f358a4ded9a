package capture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// CollectorGrace is how old a key or object without a row must be before the collector takes it. A key is made before its
// row and an object before the row that counts it, so a young one may belong to an act that is not committed yet. No act
// lasts nearly as long.
const CollectorGrace = time.Hour

// The paces of the collector.
const (
	collectEvery = time.Hour   // by the injected clock
	collectLook  = time.Minute // how often it looks at that clock
	collectBatch = 500
)

// Report counts what the collector removed.
type Report struct {
	Workspaces int // first runs that a crash ended before the workspace had an owner
	Keys       int // keys of records that never came to be
	Erasures   int // records whose key was destroyed, and whose rows did not say so yet
	Blobs      int // objects that no row counts, or whose record is erased
	Uploads    int // uploads that rested too long
	Recordings int // recordings to be destroyed once their transcript is safe, and it is
}

// Empty reports whether there was nothing to remove.
func (r Report) Empty() bool { return r == Report{} }

// RunCollector collects at once and then every hour of the injected clock, until ctx ends. Failures are logged: what could
// not be removed is removed the next time.
func (s *Service) RunCollector(ctx context.Context, log *slog.Logger) {
	ticker := time.NewTicker(collectLook)
	defer ticker.Stop()
	var last time.Time
	for {
		if now := s.Source.Now(); last.IsZero() || now.Sub(last) >= collectEvery {
			last = now
			report, err := s.Collect(ctx)
			if err != nil && ctx.Err() == nil {
				log.Error("collecting", "error", err)
			}
			log.Info("collected", "workspaces", report.Workspaces, "keys", report.Keys, "erasures", report.Erasures,
				"blobs", report.Blobs, "uploads", report.Uploads, "recordings", report.Recordings)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Collect removes what crashes and time leave: keys and objects without rows, what remains of an erasure that was cut,
// uploads that rested too long, and recordings that were kept for their transcript only. It may run at any time beside
// anything else, and twice at once. A workspace that cannot be collected does not keep it from the others.
//
// It touches no workspace whose own key is not in the key store: then database and key store do not belong together, and
// what looks like an orphan is somebody's meeting.
func (s *Service) Collect(ctx context.Context) (Report, error) {
	var report Report
	workspaces, err := s.workspaces(ctx)
	if err != nil {
		return report, err
	}
	var failures []error
	for _, ws := range workspaces {
		if err := s.collectIn(s.as(ctx, tenant.Job, ws), ws, &report); err != nil {
			failures = append(failures, fmt.Errorf("collecting in workspace %s: %w", ws, err))
		}
	}
	return report, errors.Join(append(failures, s.collectWorkspaces(ctx, workspaces, &report))...)
}

func (s *Service) workspaces(ctx context.Context) ([]tenant.WorkspaceID, error) {
	var all []tenant.WorkspaceID
	err := s.Gate.Look(s.as(ctx, tenant.System, tenant.WorkspaceID{}), gate.Collect, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		all, err = listWorkspaces(ctx, tx)
		return err
	})
	return all, err
}

func (s *Service) collectIn(ctx context.Context, ws tenant.WorkspaceID, report *Report) error {
	held, err := s.Vault.Held(ctx, ws, gate.WorkspaceRecord(ws))
	if err != nil {
		return err
	}
	if !held[0] {
		return fault.New(fault.Invalid, "The key store has no key of this workspace. Start with the key store that belongs to the database.")
	}
	for _, step := range []func(context.Context, tenant.WorkspaceID, *Report) error{
		s.expireUploads, s.destroyHeard, s.finishErasures, s.collectKeys, s.collectBlobs,
	} {
		if err := step(ctx, ws, report); err != nil {
			return err
		}
	}
	return nil
}

// expireUploads gives up uploads that rested too long, each in an act of its own.
func (s *Service) expireUploads(ctx context.Context, _ tenant.WorkspaceID, report *Report) error {
	var over []UploadID
	err := s.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		over, err = uploadsOver(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range over {
		err := s.Gate.Do(ctx, gate.Act{Verb: gate.EndUpload, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
			if err := expireUpload(ctx, tx, id); err != nil {
				return err
			}
			tx.Note("expired", true)
			_, err := tx.Erase(ctx, tx.Record())
			return err
		})
		switch {
		case fault.Is(err, fault.Conflict), fault.Is(err, fault.Missing): // it went on, or ended, meanwhile
		case err != nil:
			return err
		default:
			report.Uploads++
		}
	}
	return nil
}

// destroyHeard destroys recordings that were to live until their transcript is safe, where that was not done at once.
func (s *Service) destroyHeard(ctx context.Context, _ tenant.WorkspaceID, report *Report) error {
	var heard []RecordingID
	err := s.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		heard, err = recordingsHeard(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range heard {
		switch _, err := s.Erase(ctx, id); {
		case fault.Is(err, fault.Missing): // somebody was first
		case err != nil:
			return err
		default:
			report.Recordings++
		}
	}
	return nil
}

// finishErasures marks the rows of records whose key is gone. A key is made before its row, so such a record was erased by
// an act that a crash ended before it could say so.
func (s *Service) finishErasures(ctx context.Context, ws tenant.WorkspaceID, report *Report) error {
	return s.eachRecord(ctx, func(records []tenant.RecordID) error {
		held, err := s.Vault.Held(ctx, ws, records...)
		if err != nil {
			return err
		}
		var cut []tenant.RecordID
		for i, record := range records {
			if !held[i] {
				cut = append(cut, record)
			}
		}
		if len(cut) == 0 {
			return nil
		}
		err = s.Gate.Do(ctx, gate.Act{Verb: gate.Collect}, func(ctx context.Context, tx *gate.Tx) error {
			tx.Note("erasures", len(cut))
			return markErased(ctx, tx, cut)
		})
		if err == nil {
			report.Erasures += len(cut)
		}
		return err
	})
}

// eachRecord calls fn with the workspace's living records, many at a time, outside any act.
func (s *Service) eachRecord(ctx context.Context, fn func([]tenant.RecordID) error) error {
	var after tenant.RecordID
	for {
		var records []tenant.RecordID
		err := s.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
			records, err = livingRecords(ctx, tx, after, collectBatch)
			return err
		})
		if err != nil || len(records) == 0 {
			return err
		}
		if err := fn(records); err != nil {
			return err
		}
		after = records[len(records)-1]
	}
}

// collectKeys destroys the keys of records that never came to be.
func (s *Service) collectKeys(ctx context.Context, ws tenant.WorkspaceID, report *Report) error {
	orphans, err := s.Vault.Orphans(ctx, ws, CollectorGrace, func(ctx context.Context, records []tenant.RecordID) (here []bool, err error) {
		err = s.look(ctx, func(ctx context.Context, tx *gate.Tx) error {
			here, err = knownRecords(ctx, tx, records)
			return err
		})
		return here, err
	})
	if err != nil || len(orphans) == 0 {
		return err
	}
	removed, err := inActs(ctx, s.Gate, "keys", orphans, func(ctx context.Context, record tenant.RecordID) error {
		_, err := s.Vault.Destroy(ctx, ws, record)
		return err
	})
	report.Keys += removed
	return err
}

// inActs removes orphans by a few in each act, so that no act lasts.
func inActs[T any](ctx context.Context, g *gate.Gate, name string, orphans []T, remove func(context.Context, T) error) (removed int, err error) {
	for few := range slices.Chunk(orphans, 50) {
		err := g.Do(ctx, gate.Act{Verb: gate.Collect}, func(ctx context.Context, tx *gate.Tx) error {
			tx.Note(name, len(few))
			for _, orphan := range few {
				if err := remove(ctx, orphan); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, err
		}
		removed += len(few)
	}
	return removed, nil
}

// object is a stored blob by its ids. An object's id tells when it was made.
type object struct {
	record tenant.RecordID
	id     ObjectID
}

// collectBlobs removes objects that no row counts, and those of erased records, which nobody can read.
func (s *Service) collectBlobs(ctx context.Context, ws tenant.WorkspaceID, report *Report) error {
	var batch []object
	before := s.Source.Now().Add(-CollectorGrace)
	err := s.Vault.Blobs(ctx, ws, func(record tenant.RecordID, row [16]byte) error {
		if id := ObjectID(row); id.Time().Before(before) {
			batch = append(batch, object{record, id})
		}
		if len(batch) < collectBatch {
			return nil
		}
		full := batch
		batch = nil
		return s.collectObjects(ctx, ws, full, report)
	})
	return errors.Join(err, s.collectObjects(ctx, ws, batch, report))
}

func (s *Service) collectObjects(ctx context.Context, ws tenant.WorkspaceID, batch []object, report *Report) error {
	var counted []bool
	err := s.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		counted, err = countedObjects(ctx, tx, batch)
		return err
	})
	if err != nil {
		return err
	}
	var orphans []object
	for i, o := range batch {
		if !counted[i] {
			orphans = append(orphans, o)
		}
	}
	removed, err := inActs(ctx, s.Gate, "objects", orphans, func(ctx context.Context, o object) error {
		return s.Vault.DeleteBlob(ctx, vault.Place{Workspace: ws, Record: o.record, Kind: kindPart, Row: o.id})
	})
	report.Blobs += removed
	return err
}

// collectWorkspaces destroys the keys of workspaces that never came to be listed: a first run or a proof began them, and a
// crash kept it from its end. One that holds records, but none in this database, is left alone: it belongs to another.
func (s *Service) collectWorkspaces(ctx context.Context, known []tenant.WorkspaceID, report *Report) error {
	here := map[tenant.WorkspaceID]bool{}
	for _, ws := range known {
		here[ws] = true
	}
	before := s.Source.Now().Add(-CollectorGrace)
	var begun []tenant.WorkspaceID
	err := s.Vault.Workspaces(ctx, func(ws tenant.WorkspaceID, made time.Time) error {
		if !here[ws] && made.Before(before) {
			begun = append(begun, ws)
		}
		return nil
	})
	for _, ws := range begun {
		if err != nil {
			break
		}
		var gone bool
		if gone, err = s.forgetWorkspace(ctx, ws); gone {
			report.Workspaces++
		}
	}
	return err
}

// forgetWorkspace marks a workspace's rows and destroys its keys, if it is this database's.
func (s *Service) forgetWorkspace(ctx context.Context, ws tenant.WorkspaceID) (bool, error) {
	as, own, others := s.as(ctx, tenant.Job, ws), false, false
	err := s.Vault.Records(ws, func(record tenant.RecordID) error {
		own, others = own || record == gate.WorkspaceRecord(ws), others || record != gate.WorkspaceRecord(ws)
		return nil
	})
	if err != nil {
		return false, err
	}
	var here []bool
	err = s.look(as, func(ctx context.Context, tx *gate.Tx) (err error) {
		here, err = knownRecords(ctx, tx, []tenant.RecordID{gate.WorkspaceRecord(ws)})
		return err
	})
	if err != nil || others && !here[0] {
		return false, err
	}
	if own && here[0] {
		err = s.Gate.Do(as, gate.Act{Verb: gate.Collect}, func(ctx context.Context, tx *gate.Tx) error {
			return markErased(ctx, tx, nil)
		})
		if err != nil {
			return false, err
		}
	}
	err = s.Gate.Instance(s.as(ctx, tenant.System, tenant.WorkspaceID{}), gate.Collect, func(ctx context.Context, tx *gate.InstanceTx) error {
		tx.About(ws)
		if err := s.Vault.DeleteBlobs(ctx, ws); err != nil {
			return err
		}
		return s.Vault.DestroyWorkspace(ctx, ws)
	})
	return err == nil, err
}

// as returns ctx for the collector, in a workspace or in the instance.
func (s *Service) as(ctx context.Context, kind tenant.Kind, ws tenant.WorkspaceID) context.Context {
	return tenant.WithActor(ctx, tenant.Actor{Kind: kind, Job: gate.Collector, Workspace: ws, Request: tenant.NewID[tenant.RequestID](s.Source)})
}

// look reads as the collector. It is no act: what it finds becomes one only where something is to be removed.
func (s *Service) look(ctx context.Context, fn gate.Func) error {
	return s.Gate.View(ctx, gate.Act{Verb: gate.Collect}, fn)
}
