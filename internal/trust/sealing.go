package trust

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"mainstay/internal/gate"
	"mainstay/internal/trust/search"
	"mainstay/internal/vault"
)

// place is where the proof seals documents of its own: in its workspace's record.
func (s side) place() vault.Place {
	return vault.Place{Workspace: s.owner.Workspace, Record: gate.WorkspaceRecord(s.owner.Workspace), Kind: "proof", Row: s.owner.Workspace}
}

// nothingReadable searches what was written since the proof began for the word that stands in everything the proof put in:
// first every row of its workspace, then the files of the data folder, database, log and objects among them, then the objects, wherever they are.
func nothingReadable(ctx context.Context, p *proof) (finding, error) {
	if _, err := p.opened(ctx); err != nil {
		return finding{}, err
	}
	if _, _, err := p.upload(ctx, "sound"); err != nil {
		return finding{}, err
	}
	rows, in, err := p.rowsWith(ctx, p.word)
	if err != nil {
		return finding{}, err
	}
	if len(in) > 0 {
		return fail("a word of the meeting stands in %s", strings.Join(in, ", "))
	}
	files, bytes, err := p.written()
	if err != nil {
		return finding{}, err
	}
	found, err := search.For(p.word).In(p.began, p.Data, p.Temp)
	if err != nil {
		return finding{}, err
	}
	if len(found) > 0 {
		return fail("a word of the meeting stands in %d files, the first %s (%s)", len(found), found[0].Path, found[0].Form)
	}
	objects, readable, err := p.objectsWith(ctx, p.word)
	if err != nil {
		return finding{}, fmt.Errorf("looking at the objects: %w", err)
	}
	if readable > 0 || objects == 0 {
		return fail("a word of the meeting stands in %d of %d objects", readable, objects)
	}
	return pass("0 finds in %d rows, %d objects and %d files (%d MB) written meanwhile: text, UTF-16, base64, hex, packed", rows, objects, files, bytes>>20)
}

// credentialsSealed stores a model's key, which is never used, and looks at the row.
func credentialsSealed(ctx context.Context, p *proof) (finding, error) {
	as := p.ours.as(ctx)
	if err := p.choose(as, "https://127.0.0.1", false); err != nil {
		return finding{}, err
	}
	var row []byte
	err := p.Gate.View(as, gate.Act{Verb: gate.ReadModel}, func(ctx context.Context, tx *gate.Tx) error {
		return tx.QueryRow(ctx, `select sealed from tenant.model where workspace_id = $1`, tx.Workspace()).Scan(&row)
	})
	if err != nil {
		return finding{}, fmt.Errorf("reading the row: %w", err)
	}
	if forms := search.For(p.word).Within(row); len(forms) > 0 {
		return fail("the key stands in its row as %s", strings.Join(forms, ", "))
	}
	header, err := vault.Inspect(row)
	if err != nil {
		return fail("the row of %d bytes has no header of a seal", len(row))
	}
	got, err := p.Models.Setting(as)
	if err != nil || !got.HasKey || got.Key != "" {
		return fail("the key does not open again, or is shown: %v", err)
	}
	return pass("%d bytes, %s, key %x of version %d; it opens for its workspace", len(row), header.Algorithm, header.Key, header.Version)
}

// seals is how many times noncesDiffer seals the same token.
const seals = 100_000

// noncesDiffer seals one token again and again.
func noncesDiffer(ctx context.Context, p *proof) (finding, error) {
	return differ(func() ([]byte, error) { return p.Vault.Seal(ctx, p.ours.place(), []byte("the same token")) })
}

// The nonce of sealed bytes: 96 bits behind the header of format, version and key.
const (
	nonceAt   = 1 + 4 + 8
	nonceSize = 12
)

func differ(seal func() ([]byte, error)) (finding, error) {
	seen := make(map[[nonceSize]byte]bool, seals)
	for range seals {
		sealed, err := seal()
		if err != nil {
			return finding{}, err
		}
		seen[[nonceSize]byte(sealed[nonceAt:])] = true
	}
	if len(seen) != seals {
		return fail("%d nonces in %d seals", len(seen), seals)
	}
	return pass("%d nonces of 96 bits in %d seals of the same token", len(seen), seals)
}

// tamperingRefused changes sealed bytes in every way, and opens them.
func tamperingRefused(ctx context.Context, p *proof) (finding, error) {
	text := []byte("what was sealed")
	here, there := p.ours.place(), p.other.place()
	mine, err := p.Vault.Seal(ctx, here, text)
	if err != nil {
		return finding{}, err
	}
	foreign, err := p.Vault.Seal(ctx, there, text)
	if err != nil {
		return finding{}, err
	}
	another := here
	another.Row[0] ^= 1
	attempts := []vault.Sealed{{Place: another, Bytes: mine}, {Place: here, Bytes: foreign}, {Place: there, Bytes: mine}, {Place: here, Bytes: mine[:len(mine)-1]}}
	for _, at := range []int{0, 4, 12, nonceAt, nonceAt + nonceSize, len(mine) - 1} { // format, version, key, nonce, text, tag
		flipped := slices.Clone(mine)
		flipped[at] ^= 1
		attempts = append(attempts, vault.Sealed{Place: here, Bytes: flipped})
	}
	told := p.Damages()
	for i, a := range attempts {
		if docs, err := p.Vault.Open(ctx, a); err == nil || vault.DamageOf(err) == "" || docs[0] != nil {
			return fail("change %d of %d was not noticed (%v)", i+1, len(attempts), err)
		}
	}
	docs, err := p.Vault.Open(ctx, vault.Sealed{Place: here, Bytes: mine})
	if err != nil || !bytes.Equal(docs[0], text) {
		return fail("what was not changed does not open: %v", err)
	}
	if told = p.Damages() - told; told < int64(len(attempts)) {
		return fail("the operator was told of %d changes of %d", told, len(attempts))
	}
	return pass("%d of %d changes refused and logged: a bit of each part, another row, another workspace, cut short", len(attempts), len(attempts))
}

// secretsOutside tries placeholders, and looks at who may read the root key.
func secretsOutside(_ context.Context, p *proof) (finding, error) {
	placeholders := []string{"changeme", "secret", "<password>", "example"}
	for _, value := range placeholders {
		for _, name := range []string{"MAINSTAY_DATABASE", "MAINSTAY_ENGINE_TOKEN"} {
			if !p.Refuses(name + "=" + value) {
				return fail("the program starts with a placeholder in %s", name)
			}
		}
	}
	if p.Refuses("MAINSTAY_LOG=info") {
		return fail("the program refuses settings that are right, so its refusals say nothing")
	}
	if p.RootKey == "" {
		return pass("%d placeholders refused; the root key is in no file", len(placeholders))
	}
	info, err := os.Stat(p.RootKey)
	if err != nil {
		return finding{}, fmt.Errorf("looking at the root key: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fail("the root key's file has mode %04o: others may read it", mode)
	}
	return pass("%d placeholders refused; the root key's file has mode %04o", len(placeholders), info.Mode().Perm())
}

// written counts the files that were changed since the proof began, which are those that the search reads.
func (p *proof) written() (files int, size int64, err error) {
	err = eachFile(p.Data, func(path string, changed time.Time, n int64) {
		if !changed.Before(p.began) {
			files, size = files+1, size+n
		}
	})
	return files, size, err
}
