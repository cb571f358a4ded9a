package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/meeting"
	"mainstay/internal/postgres"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/search"
)

// look reads the catalogue and what belongs to no workspace, as the prover.
func (p *proof) look(ctx context.Context, fn func(context.Context, *gate.Tx) error) error {
	prover := tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.Prover})
	return p.Gate.Look(prover, gate.BeginProof, func(ctx context.Context, tx *gate.InstanceTx) error { return fn(ctx, &tx.Tx) })
}

// tablesDeclared compares the database's columns with those that the migrations make.
func tablesDeclared(ctx context.Context, p *proof) (finding, error) {
	var have []string
	err := p.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		have, err = inventory(ctx, tx)
		return err
	})
	if err != nil {
		return finding{}, err
	}
	want := postgres.Tables()
	lost, added := beyond(want, have), beyond(have, want)
	if len(lost)+len(added) > 0 {
		return fail("%d columns are missing (%s), %d are not declared (%s)", len(lost), strings.Join(lost, ", "), len(added), strings.Join(added, ", "))
	}
	return pass("%d columns, as declared", len(have))
}

// beyond returns what a has and b has not.
func beyond(a, b []string) []string {
	in := map[string]bool{}
	for _, s := range b {
		in[s] = true
	}
	var only []string
	for _, s := range a {
		if !in[s] {
			only = append(only, s)
		}
	}
	return only
}

// upload puts in a second of silence with a word in it, and returns the file.
func (p *proof) upload(ctx context.Context, title string) (capture.RecordingID, []byte, error) {
	m, err := p.meeting(ctx, &p.ours, meeting.Details{Title: "Recording", Language: "en"})
	if err != nil {
		return capture.RecordingID{}, nil, err
	}
	as, file := p.ours.as(ctx), silence(p.name(title))
	u, err := p.Capture.Put(as, m.ID, p.name("file")+".wav", int64(len(file)), bytes.NewReader(file))
	if err != nil {
		return capture.RecordingID{}, nil, fmt.Errorf("uploading: %w", err)
	}
	if err := p.cancelWork(as, side{meetings: []meeting.ID{m.ID}}); err != nil {
		return capture.RecordingID{}, nil, fmt.Errorf("cancelling what would listen to it: %w", err)
	}
	return u.Recording, file, nil
}

// filesOutside uploads a file, plays it back, and looks for its word in the objects and in the database.
func filesOutside(ctx context.Context, p *proof) (finding, error) {
	id, file, err := p.upload(ctx, "recording")
	if err != nil {
		return finding{}, err
	}
	played, err := p.Capture.Play(p.ours.as(ctx), id)
	if err != nil {
		return finding{}, fmt.Errorf("playing: %w", err)
	}
	back, err := io.ReadAll(played)
	if err != nil {
		return finding{}, fmt.Errorf("playing: %w", err)
	}
	if sha256.Sum256(back) != sha256.Sum256(file) {
		return fail("%d bytes went in and %d others came back", len(file), len(back))
	}
	objects, readable, err := p.objectsWith(ctx, p.word)
	if err != nil {
		return finding{}, fmt.Errorf("looking at the objects: %w", err)
	}
	rows, in, err := p.rowsWith(ctx, p.word)
	if err != nil {
		return finding{}, err
	}
	if objects == 0 || readable+len(in) > 0 {
		return fail("%d objects are stored, %d of them and %d tables hold a word of the file", objects, readable, len(in))
	}
	where := "the data folder"
	if p.Blobs != "" {
		where = "the object store"
		beside, err := p.besideStore()
		if err != nil {
			return finding{}, err
		}
		if beside > 0 {
			return fail("an object store is configured, and %d objects of it lie in the data folder", beside)
		}
	}
	return pass("%d bytes came back with the same SHA-256 from %d objects in %s; no word of them there or in %d rows", len(back), objects, where, rows)
}

// objectsWith returns how many objects our workspace has, by the vault and by the bucket alike, and in how many of them, as
// they lie there, the word stands.
func (p *proof) objectsWith(ctx context.Context, word string) (objects, readable int, err error) {
	listed := 0
	err = p.Vault.Blobs(ctx, p.ours.owner.Workspace, func(tenant.RecordID, [16]byte) error { listed++; return nil })
	if err != nil {
		return 0, 0, err
	}
	sought := search.For(word)
	err = p.Objects.Each(ctx, fmt.Sprintf("%x/", p.ours.owner.Workspace[:]), func(name string) error {
		objects++
		object, err := p.Objects.Open(ctx, name)
		if err != nil {
			return err
		}
		raw, err := io.ReadAll(io.NewSectionReader(object, 0, object.Size()))
		if len(sought.Within(raw)) > 0 {
			readable++
		}
		return errors.Join(err, object.Close())
	})
	return min(objects, listed), readable, err
}

// besideStore counts the files of our workspace where objects lie if there is no store.
func (p *proof) besideStore() (int, error) {
	files := 0
	err := eachFile(filepath.Join(p.Data, "blobs", fmt.Sprintf("%x", p.ours.owner.Workspace[:])), func(string, time.Time, int64) { files++ })
	return files, err
}

// silence is a second of nothing as a WAV file, with a title.
func silence(title string) []byte {
	const rate = 16000
	if len(title)%2 == 1 {
		title += " "
	}
	var b bytes.Buffer
	for _, part := range []any{[]byte("RIFF"), uint32(4 + 8 + 16 + 8 + 4 + 8 + len(title) + 8 + 2*rate), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(rate), uint32(2 * rate), uint16(2), uint16(16), []byte("LIST"), uint32(4 + 8 + len(title)), []byte("INFOINAM"), uint32(len(title)),
		[]byte(title), []byte("data"), uint32(2 * rate), make([]byte, 2*rate)} {
		_ = binary.Write(&b, binary.LittleEndian, part) // a buffer takes everything
	}
	return b.Bytes()
}

// rowsWith returns how many rows our workspace has, and the tables in which the word stands.
func (p *proof) rowsWith(ctx context.Context, text string) (rows int, in []string, err error) {
	word := search.For(text)
	err = p.Gate.View(p.ours.as(ctx), gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) (err error) {
		in, rows, err = inRows(ctx, tx, word)
		return err
	})
	return rows, in, err
}

// weak are connection strings that must be refused before anything is sent.
func weak() []string {
	return []string{"postgres://127.0.0.1:1/mainstay", "postgres://127.0.0.1:1/mainstay?sslmode=disable", "postgres://127.0.0.1:1/mainstay?sslmode=prefer",
		"postgres://127.0.0.1:1/mainstay?sslmode=require"}
}

// databaseVerified looks at connections of both roles, and tries connection strings that verify nothing.
func databaseVerified(ctx context.Context, p *proof) (finding, error) {
	for _, dsn := range weak() {
		if err := p.Connect(ctx, tenant.Secret(dsn)); !fault.Is(err, fault.Invalid) {
			return fail("a connection that verifies nothing was tried: %v", err)
		}
	}
	sockets, verified := 0, 0
	for _, as := range []context.Context{p.ours.as(ctx), tenant.WithActor(ctx, tenant.Actor{Kind: tenant.Job, Job: gate.Transcriber, Workspace: p.ours.owner.Workspace})} {
		err := p.Gate.View(as, gate.Act{Verb: gate.ReadWorkspace}, func(ctx context.Context, tx *gate.Tx) error {
			socket, tls, err := connection(ctx, tx)
			if socket {
				sockets++
			} else if tls {
				verified++
			}
			return err
		})
		if err != nil {
			return finding{}, fmt.Errorf("looking at a connection: %w", err)
		}
	}
	if sockets+verified != 2 {
		return fail("%d of 2 roles are connected without TLS", 2-sockets-verified)
	}
	return pass("%d roles by Unix socket, %d by TLS; %d of %d connection strings that verify nothing refused", sockets, verified, len(weak()), len(weak()))
}

// A store as it must be written, and stores that must be refused before anything is sent.
const strongStore = "s3://bucket?region=nowhere&endpoint=https://store.invalid"

func weakStores() []string {
	return []string{"http://store.invalid/bucket", "s3://bucket?region=nowhere&endpoint=http://store.invalid", "s3://bucket?region=nowhere&endpoint=http://127.0.0.1:9000",
		strongStore + "&disable_https=true", "s3://key:secret@bucket?region=nowhere&endpoint=https://store.invalid"}
}

// storeVerified tries stores that verify nothing, and asks the configured one.
func storeVerified(ctx context.Context, p *proof) (finding, error) {
	for _, store := range weakStores() {
		if !p.Refuses("MAINSTAY_BLOBS=" + store) {
			return fail("the program starts with an object store without TLS, or with credentials in its URL")
		}
	}
	if p.Refuses("MAINSTAY_BLOBS=" + strongStore) {
		return fail("the program refuses an object store by TLS, too")
	}
	if p.Blobs == "" {
		return notApplicable("objects are in a local folder; %d of %d stores without TLS or with credentials in the URL refused", len(weakStores()), len(weakStores()))
	}
	if p.Reached == nil || p.Refuses("MAINSTAY_BLOBS="+p.Blobs) {
		return fail("the object store is not reached by TLS")
	}
	version, err := p.Reached(ctx)
	if err != nil {
		return finding{}, err
	}
	if version != "TLS 1.2" && version != "TLS 1.3" {
		return fail("the object store is reached by %q", version)
	}
	return pass("the store answered by %s with a verified certificate; %d of %d stores without TLS or with credentials in the URL refused",
		version, len(weakStores()), len(weakStores()))
}

// tablesWalled reads the catalogue.
func tablesWalled(ctx context.Context, p *proof) (finding, error) {
	var lacks []string
	var tables int
	err := p.look(ctx, func(ctx context.Context, tx *gate.Tx) (err error) {
		lacks, tables, err = bare(ctx, tx)
		return err
	})
	if err != nil {
		return finding{}, err
	}
	if len(lacks) > 0 {
		return fail("%d of %d: %s", len(lacks), tables, strings.Join(lacks, ", "))
	}
	return pass("%d tables and views: workspace_id set, row security forced, no role that passes it", tables)
}

// eachFile calls fn for every file of a folder. What goes meanwhile is not there.
func eachFile(folder string, fn func(path string, changed time.Time, size int64)) error {
	return filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			fn(path, info.ModTime(), info.Size())
		}
		return err
	})
}
