package capture

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
	"mainstay/internal/vault"
)

// finish turns a complete upload into a recording: one act with its event and the fact that starts the work.
func (s *Service) finish(ctx context.Context, u Upload) (RecordingID, error) {
	ctx = context.WithoutCancel(ctx)
	id := tenant.NewID[RecordingID](s.Source)
	var parts []part
	err := s.Gate.View(ctx, gate.Act{Verb: gate.FinishUpload, Object: u.ID}, func(ctx context.Context, tx *gate.Tx) (err error) {
		parts, err = loadParts(ctx, tx, u.ID)
		return err
	})
	if err != nil {
		return id, err
	}
	source := s.source(s.workspace(ctx), u.Record, parts)
	format, digest, err := s.describe(ctx, source)
	if err != nil {
		return id, s.refuse(ctx, u, err)
	}
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.FinishUpload, Object: u.ID}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("format", format)
		tx.Note("size", u.Size)
		if err := insertRecording(ctx, tx, u, id, format, digest); err != nil {
			return err
		}
		if err := meeting.Advance(ctx, tx, u.Meeting, meeting.Waiting); err != nil {
			return err
		}
		return s.Queue.Emit(ctx, tx, Finished(id, tx.Group()))
	})
	return id, err
}

// refuse ends an upload of what is no recording: what came is destroyed, and the meeting says why.
func (s *Service) refuse(ctx context.Context, u Upload, cause error) error {
	if !fault.Is(cause, fault.Invalid) {
		return cause
	}
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.EndUpload, Object: u.ID}, func(ctx context.Context, tx *gate.Tx) error {
		if _, err := tx.Erase(ctx, u.Record); err != nil {
			return err
		}
		if err := endUpload(ctx, tx, u.ID); err != nil {
			return err
		}
		if err := insertRefused(ctx, tx, u, gate.NewID[RecordingID](tx), fault.Sentence(cause)); err != nil {
			return err
		}
		return meeting.Advance(ctx, tx, u.Meeting, meeting.Failed)
	})
	return errors.Join(cause, err)
}

// Arriving returns the upload that a meeting waits for. It is part of the page that shows it, and fails with fault.Missing
// where there is none.
func (s *Service) Arriving(ctx context.Context, id meeting.ID) (Upload, error) {
	var u Upload
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		u, err = arriving(ctx, tx, id)
		return err
	})
	return u, err
}

// describe tells a recording by its bytes: what it is, and a keyed digest by which the same bytes are noticed again.
func (s *Service) describe(ctx context.Context, source *source) (format string, digest []byte, err error) {
	head := make([]byte, min(4096, source.size))
	if _, err := source.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", nil, err
	}
	if format, err = s.Media.Sniff(head); err != nil {
		return "", nil, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(source, 0, source.size)); err != nil {
		return "", nil, fmt.Errorf("reading an upload back: %w", err)
	}
	digest, err = s.Vault.Digest(ctx, source.workspace, sum.Sum(nil))
	return format, digest, err
}

// Decode opens a recording's sound for the transcriber. When all of it was read, Close stores its length and waveform.
func (s *Service) Decode(ctx context.Context, id RecordingID) (Sound, error) {
	var parts []part
	var rec Recording
	err := s.Gate.View(ctx, gate.Act{Verb: gate.DecodeMedia, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if rec, err = loadRecording(ctx, tx, id); err != nil {
			return err
		}
		parts, err = partsOfRecording(ctx, tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	src := s.source(s.workspace(ctx), rec.Record, parts)
	sound, err := s.Media.Decode(ctx, src, src.size)
	if err != nil {
		return nil, fmt.Errorf("decoding recording %s: %w", rec.ID, errors.Join(err, src.Close()))
	}
	return &described{Sound: sound, source: src, ctx: ctx, service: s, id: rec.ID}, nil
}

// described stores what is known of a sound once it was heard to its end.
type described struct {
	*media.Sound
	source  *source
	ctx     context.Context //nolint:containedctx // it is the reader's own, and ends with it
	service *Service
	id      RecordingID
	ended   bool
	closed  bool
}

func (d *described) Read(p []byte) (int, error) {
	n, err := d.Sound.Read(p)
	d.ended = d.ended || errors.Is(err, io.EOF)
	return n, err
}

func (d *described) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	if err := errors.Join(d.Sound.Close(), d.source.Close()); err != nil || !d.ended {
		return err
	}
	act := gate.Act{Verb: gate.DescribeMedia, Object: d.id}
	return d.service.Gate.Do(d.ctx, act, func(ctx context.Context, tx *gate.Tx) error {
		return describeRecording(ctx, tx, d.id, d.Milliseconds(), d.Channels(), d.Peaks())
	})
}

// Of returns the newest recording of a meeting, waveform included. It is part of the page that shows it.
func (s *Service) Of(ctx context.Context, id meeting.ID) (Recording, error) {
	var rec Recording
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMeeting, Object: id}, func(ctx context.Context, tx *gate.Tx) (err error) {
		rec, err = newestRecording(ctx, tx, id)
		return err
	})
	return rec, err
}

// Playback is a recording that is being listened to. Close lets go of it.
type Playback struct {
	io.ReadSeeker
	io.Closer
	Format    string
	CreatedAt time.Time
}

// Play opens a recording for listening. A playback is one act per session, recording and ten minutes; reads in between are
// checked every five seconds.
func (s *Service) Play(ctx context.Context, id RecordingID) (Playback, error) {
	actor, err := tenant.ActorOf(ctx)
	if err != nil {
		return Playback{}, err
	}
	p, err := s.lease(ctx, playKey{actor.Session, actor.Member, id})
	if err != nil {
		return Playback{}, err
	}
	if err := p.lease.Check(ctx); err != nil {
		return Playback{}, err
	}
	src := s.source(actor.Workspace, p.recording.Record, p.parts)
	reader := &checked{SectionReader: io.NewSectionReader(src, 0, src.size), ctx: ctx, lease: p.lease}
	return Playback{ReadSeeker: reader, Closer: src, Format: p.recording.Format, CreatedAt: p.recording.CreatedAt}, nil
}

// checked asks its lease before each read.
type checked struct {
	*io.SectionReader
	ctx   context.Context //nolint:containedctx // it is the request's own, and ends with it
	lease *gate.Lease
}

func (c *checked) Read(p []byte) (int, error) {
	if err := c.lease.Check(c.ctx); err != nil {
		return 0, err
	}
	n, err := c.SectionReader.Read(p)
	c.lease.Count(n)
	return n, err
}

// playTime is how long one act of playback stands.
const playTime = 10 * time.Minute

type playKey struct {
	session   tenant.SessionID
	member    tenant.MemberID
	recording RecordingID
}

type play struct {
	lease     *gate.Lease
	recording Recording
	parts     []part
	began     time.Time
}

type playing struct {
	mu     sync.Mutex
	leases map[playKey]*play
}

// lease returns the running playback of the key, or begins one and closes those that are over.
func (s *Service) lease(ctx context.Context, key playKey) (*play, error) {
	now := s.Source.Now()
	s.playing.mu.Lock()
	p, ok := s.playing.leases[key]
	s.playing.mu.Unlock()
	if ok && now.Sub(p.began) < playTime {
		return p, nil
	}
	p = &play{began: now}
	lease, err := s.Gate.Lease(ctx, gate.Act{Verb: gate.PlayRecording, Object: key.recording}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if p.recording, err = loadRecording(ctx, tx, key.recording); err != nil {
			return err
		}
		p.parts, err = partsOfRecording(ctx, tx, key.recording)
		return err
	})
	if err != nil {
		return nil, err
	}
	p.lease = lease
	for _, old := range s.playing.swap(key, p, now) {
		if err := old.lease.Close(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// swap keeps a playback and returns those that are over, and the one that another request of the same player began meanwhile.
func (p *playing) swap(key playKey, fresh *play, now time.Time) []*play {
	p.mu.Lock()
	defer p.mu.Unlock()
	var over []*play
	for k, old := range p.leases {
		if k == key || now.Sub(old.began) >= playTime {
			over = append(over, old)
			delete(p.leases, k)
		}
	}
	p.leases[key] = fresh
	return over
}

// part is an object of a recording and where its bytes stand in it.
type part struct {
	object ObjectID
	start  int64
	size   int64
}

// source reads a recording across its parts.
type source struct {
	service   *Service
	workspace tenant.WorkspaceID
	record    tenant.RecordID
	parts     []part
	size      int64

	mu     sync.Mutex
	number int // of the part held open
	open   *vault.Blob
}

func (s *Service) source(ws tenant.WorkspaceID, record tenant.RecordID, parts []part) *source {
	src := &source{service: s, workspace: ws, record: record, parts: parts, number: -1}
	for _, p := range parts {
		src.size += p.size
	}
	return src
}

// ReadAt implements io.ReaderAt over the parts.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for i, pt := range s.parts {
		if at >= pt.start+pt.size {
			continue
		}
		for done < len(p) && at < pt.start+pt.size {
			blob, err := s.part(i)
			if err != nil {
				return done, err
			}
			want := min(int64(len(p)-done), pt.start+pt.size-at)
			n, err := blob.ReadAt(p[done:done+int(want)], at-pt.start)
			done, at = done+n, at+int64(n)
			if err != nil && !errors.Is(err, io.EOF) {
				return done, err
			}
			if n == 0 {
				return done, io.ErrUnexpectedEOF
			}
		}
		if done == len(p) {
			return done, nil
		}
	}
	return done, io.EOF
}

func (s *source) part(i int) (*vault.Blob, error) {
	if s.number == i {
		return s.open, nil
	}
	if s.open != nil {
		_ = s.open.Close()
		s.open, s.number = nil, -1
	}
	place := vault.Place{Workspace: s.workspace, Record: s.record, Kind: kindPart, Row: s.parts[i].object}
	blob, err := s.service.Vault.OpenBlob(context.Background(), place)
	if err != nil {
		return nil, fmt.Errorf("opening part %d: %w", i, err)
	}
	s.open, s.number = blob, i
	return blob, nil
}

// Close lets go of the part that is open.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open, s.number = nil, -1
	return err
}
