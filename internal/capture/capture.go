// Package capture takes recordings in. An upload is an ordered list of immutable parts, each sealed, stored and committed
// before its bytes count; a finished upload becomes a recording, which stays that list. Recordings are decoded in a sandbox
// when they are transcribed, played from their parts, and destroyed by destroying their key.
package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

type (
	uploadNoun    struct{}
	recordingNoun struct{}
	objectNoun    struct{}
)

func (uploadNoun) Prefix() string    { return "upl" }
func (recordingNoun) Prefix() string { return "rcd" }
func (objectNoun) Prefix() string    { return "obj" }

type (
	// UploadID names an upload.
	UploadID = tenant.ID[uploadNoun]
	// RecordingID names a recording.
	RecordingID = tenant.ID[recordingNoun]
	// ObjectID names a sealed object of the store.
	ObjectID = tenant.ID[objectNoun]
)

// The limits of an upload.
const (
	MaxSize    = 4 << 30        // bytes of a recording
	MaxPart    = 8 << 20        // bytes of a part
	UploadLife = 24 * time.Hour // an upload that rests longer expires
)

// Upload is a recording on its way in. Received counts durable bytes only.
type Upload struct {
	ID        UploadID
	Record    tenant.RecordID
	Meeting   meeting.ID
	Name      string
	Metadata  string // as its client sent it, for the client (tus's Upload-Metadata)
	Size      int64  // MaxSize while it is unknown
	Received  int64
	CreatedBy tenant.MemberID
	ExpiresAt time.Time
	State     string // "open", "finished", "ended", "expired"
	Recording RecordingID
}

// Recording is what was uploaded.
type Recording struct {
	ID         RecordingID
	Record     tenant.RecordID
	Meeting    meeting.ID
	Name       string
	Format     string // media type, by its bytes
	Size       int64
	State      string // "stored", "decoded", "refused", "erased"
	Reason     string // why it was refused, a sentence
	DurationMS *int64
	Channels   int
	Peaks      []byte // loudness over the whole length, 0 to 255
	CreatedAt  time.Time
	Same       *meeting.ID // a meeting that holds the same bytes already
}

// Sound is a recording's decoded audio: 16 kHz, 16 bits little-endian, channels interleaved, read once. It has more than one
// channel where each carries a speaker of its own.
type Sound interface {
	io.ReadCloser
	Channels() int
	Expected() float64   // how many seconds it lasts as far as is known by now; 0: unknown
	Milliseconds() int64 // how long what was read lasts
}

// Config is what the service stands on.
type Config struct {
	Gate   *gate.Gate
	Queue  *queue.Queue
	Vault  *vault.Vault
	Source tenant.Source
	Media  *media.Decoder
}

// Service takes recordings in and gives them out.
type Service struct {
	Config
	playing playing
}

// New returns the service.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Vault == nil || cfg.Media == nil {
		return nil, errors.New("capture: Gate, Queue, Vault and Media are required")
	}
	return &Service{Config: cfg, playing: playing{leases: map[playKey]*play{}}}, nil
}

// CheckSize fails with fault.Invalid or fault.TooLarge for a size that no upload has.
func CheckSize(size int64) error {
	switch {
	case size <= 0:
		return fault.New(fault.Invalid, "This file is empty. Choose another.")
	case size > MaxSize:
		return fault.New(fault.TooLarge, "This file is larger than 4 GB. Cut it or lower its quality.")
	}
	return nil
}

// The limits of what a client says of an upload.
const (
	maxName     = 255
	maxMetadata = 8 << 10
)

// Begin opens an upload of size bytes for a meeting.
func (s *Service) Begin(ctx context.Context, id meeting.ID, name string, size int64) (Upload, error) {
	return s.Announce(ctx, id, name, "", size)
}

// Announce is Begin for a client whose metadata is kept, sealed, and given back by Status.
func (s *Service) Announce(ctx context.Context, id meeting.ID, name, metadata string, size int64) (Upload, error) {
	if err := CheckSize(size); err != nil {
		return Upload{}, err
	}
	if len(metadata) > maxMetadata {
		return Upload{}, fault.New(fault.TooLarge, "The upload's metadata is longer than 8 kB.")
	}
	var m meeting.Meeting
	err := s.Gate.View(ctx, gate.Act{Verb: gate.BeginUpload, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		m, err = meeting.Load(ctx, tx, id)
		return err
	})
	if err != nil {
		return Upload{}, err
	}
	u := Upload{ID: tenant.NewID[UploadID](s.Source), Record: tenant.NewID[tenant.RecordID](s.Source), Meeting: id, Name: shortened(name), Metadata: metadata,
		Size: size, State: "open"}
	making := gate.Making{ID: u.Record, Kind: "recording", Group: m.Record, Purpose: vault.Content}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.BeginUpload, Object: id, Make: []gate.Making{making}}, func(ctx context.Context, tx *gate.Tx) error {
		u.ExpiresAt, u.CreatedBy = tx.Now().Add(UploadLife), tx.Actor().Member
		tx.Note("size", size)
		if err := insertUpload(ctx, tx, u); err != nil {
			return err
		}
		return meeting.Advance(ctx, tx, id, meeting.Uploading)
	})
	return u, err
}

// shortened keeps the end of a long file name, which says what kind of file it is.
func shortened(name string) string {
	letters := []rune(name)
	return string(letters[max(0, len(letters)-maxName):])
}

// Status returns how far an upload is. It is part of the upload and no act of its own. What ended before it could become a
// recording, though all of it is in, becomes one now. It fails with fault.Ended for an upload that rested too long.
func (s *Service) Status(ctx context.Context, id UploadID) (Upload, error) {
	u, err := s.status(ctx, gate.ReadUpload, id)
	if err != nil || u.State != "open" || u.Received != u.Size {
		return u, err
	}
	if _, err := s.finish(ctx, u); err != nil && !fault.Is(err, fault.Conflict) {
		return u, err
	}
	return s.status(ctx, gate.ReadUpload, id)
}

func (s *Service) status(ctx context.Context, verb gate.Verb, id UploadID) (Upload, error) {
	var u Upload
	err := s.Gate.View(ctx, gate.Act{Verb: verb, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if u, err = loadUpload(ctx, tx, id); err == nil && u.State == "open" && u.rested(tx.Now()) {
			err = over()
		}
		return err
	})
	return u, err
}

// Append adds the bytes of body at offset, which must be what the upload has received. It returns the new offset: those
// bytes survive any crash, also where Append failed later on. When the last byte is in, the upload becomes a recording.
func (s *Service) Append(ctx context.Context, id UploadID, offset int64, body io.Reader) (Upload, error) {
	u, err := s.add(ctx, id, offset, body)
	if err != nil || u.Received != u.Size {
		return u, err
	}
	u.Recording, err = s.finish(ctx, u)
	u.State = "finished"
	return u, err
}

// add is Append without its end.
func (s *Service) add(ctx context.Context, id UploadID, offset int64, body io.Reader) (Upload, error) {
	var u Upload
	lease, err := s.Gate.Lease(ctx, gate.Act{Verb: gate.AppendUpload, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if u, err = loadUpload(ctx, tx, id); err != nil {
			return err
		}
		return u.takes(offset, tx.Now())
	})
	if err != nil {
		return u, err
	}
	err = s.receive(ctx, lease, &u, body)
	return u, errors.Join(err, lease.Close(context.WithoutCancel(ctx)))
}

// takes fails with fault.Conflict unless the upload goes on at offset.
func (u Upload) takes(offset int64, now time.Time) error {
	switch {
	case u.State != "open" || u.rested(now):
		return over()
	case offset != u.Received:
		return fault.New(fault.Conflict, "The upload goes on at another place. Ask how far it is and continue there.")
	}
	return nil
}

func (u Upload) rested(now time.Time) bool { return !now.Before(u.ExpiresAt) }

func over() error { return fault.New(fault.Ended, "This upload is over. Begin it again.") }

// receive stores body in parts. A part counts once its object is durable and its row committed.
func (s *Service) receive(ctx context.Context, lease *gate.Lease, u *Upload, body io.Reader) error {
	body = io.LimitReader(body, u.Size-u.Received+1)
	part := make([]byte, min(MaxPart, u.Size-u.Received+1))
	for {
		n, err := io.ReadFull(body, part)
		if n > 0 {
			if u.Received+int64(n) > u.Size {
				return fault.New(fault.TooLarge, "More bytes came than the upload was announced with. Begin it again.")
			}
			if failed := s.store(context.WithoutCancel(ctx), lease, u, part[:n]); failed != nil {
				return failed
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fault.Wrap(fault.Invalid, "The connection broke. What arrived is safe; continue the upload.", err)
		}
	}
}

func (s *Service) store(ctx context.Context, lease *gate.Lease, u *Upload, data []byte) error {
	object := tenant.NewID[ObjectID](s.Source)
	place := vault.Place{Workspace: s.workspace(ctx), Record: u.Record, Kind: kindPart, Row: object}
	if err := s.Vault.PutBlob(ctx, place, data); err != nil {
		return fmt.Errorf("storing a part of upload %s: %w", u.ID, err)
	}
	err := lease.Do(ctx, func(ctx context.Context, tx *gate.Tx) error { return insertPart(ctx, tx, *u, object, len(data)) })
	if err != nil {
		return err
	}
	u.Received += int64(len(data))
	lease.Count(len(data))
	return nil
}

func (s *Service) workspace(ctx context.Context) tenant.WorkspaceID {
	actor, _ := tenant.ActorOf(ctx)
	return actor.Workspace
}

// End gives an upload up. What it received is destroyed.
func (s *Service) End(ctx context.Context, id UploadID) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.EndUpload, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		u, err := loadUpload(ctx, tx, id)
		if err != nil {
			return err
		}
		if u.State != "open" {
			return fault.New(fault.Conflict, "This upload is over already.")
		}
		if _, err := tx.Erase(ctx, u.Record); err != nil {
			return err
		}
		return endUpload(ctx, tx, id)
	})
}

// Put takes a whole file in at once: Begin and Append for callers that know its size.
func (s *Service) Put(ctx context.Context, id meeting.ID, name string, size int64, body io.Reader) (Upload, error) {
	u, err := s.Begin(ctx, id, name, size)
	if err != nil {
		return u, err
	}
	u, err = s.Append(ctx, u.ID, 0, body)
	if err == nil && u.Received != u.Size {
		err = fault.New(fault.Invalid, "The connection broke before the whole file arrived. Try again.")
	}
	return u, err
}

// Take stores all of body, of which nobody knows the size, as an upload that is still open: Finish makes it a recording. It is
// for forms, whose file comes before what is said about it.
func (s *Service) Take(ctx context.Context, id meeting.ID, name string, body io.Reader) (Upload, error) {
	u, err := s.Begin(ctx, id, name, MaxSize)
	if err != nil {
		return u, err
	}
	if u, err = s.add(ctx, u.ID, 0, body); err != nil {
		return u, err
	}
	if err := CheckSize(u.Received); err != nil {
		return u, err
	}
	u.Size = u.Received
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.AppendUpload, Object: u.ID}, func(ctx context.Context, tx *gate.Tx) error { return setSize(ctx, tx, u) })
	return u, err
}

// Finish makes what Take stored a recording. It fails with fault.Conflict for an upload that is not whole, or finished already.
func (s *Service) Finish(ctx context.Context, id UploadID) (RecordingID, error) {
	u, err := s.status(ctx, gate.FinishUpload, id)
	if err != nil {
		return RecordingID{}, err
	}
	if u.State != "open" || u.Received != u.Size {
		return RecordingID{}, fault.New(fault.Conflict, "This upload is not whole, or finished already.")
	}
	return s.finish(ctx, u)
}

// Erase destroys a recording. Its transcript and minutes stay.
func (s *Service) Erase(ctx context.Context, id RecordingID) (vault.Receipt, error) {
	var receipt vault.Receipt
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EraseRecording, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		tx.Note("record", tx.Record().String())
		if receipt, err = tx.Erase(ctx, tx.Record()); err != nil {
			return err
		}
		return eraseRecording(ctx, tx, id)
	})
	return receipt, err
}

// Dispose is the step that destroys a recording of which the transcript alone was wanted. Transcript and minutes stay.
func (s *Service) Dispose(ctx context.Context, step queue.Step) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.DisposeMedia, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("record", tx.Record().String())
		if err := s.Queue.Finish(ctx, tx, step); err != nil {
			return err
		}
		if _, err := tx.Erase(ctx, tx.Record()); err != nil {
			return err
		}
		return eraseRecording(ctx, tx, RecordingID(step.Input))
	})
}
