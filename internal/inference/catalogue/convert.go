package catalogue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"mainstay/internal/fault"
)

// convert makes what the runtime needs of brought weights, in the work folder, and moves it to its place. Where the
// converter wrote other bytes than the catalogue names, what it wrote must first answer as it should.
func (b bringing) convert(ctx context.Context, m Model) error {
	b.tell("converting " + m.Name)
	if b.Python == "" {
		return fault.New(fault.Busy, "Models are converted by the inference program, which is not installed. Run make setup.")
	}
	work, err := os.MkdirTemp(b.work, "convert-")
	if err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(work)
	if err := b.lend(work, m); err != nil {
		return err
	}
	if err := b.run(ctx, "convert", "--models", work); err != nil {
		return err
	}
	other, err := strange(work, m)
	if err != nil {
		return err
	}
	if len(other) > 0 {
		if err := b.tryOut(ctx, work); err != nil {
			return err
		}
	}
	for _, f := range m.Files {
		if !f.Made {
			continue
		}
		path := filepath.Join(b.Folder, filepath.FromSlash(f.Path))
		if err := os.Remove(path + record); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if digest, ok := other[f.Path]; ok {
			if err := os.WriteFile(path+record, []byte(digest+"\n"), 0o644); err != nil {
				return fmt.Errorf("keeping a digest: %w", err)
			}
		}
		if err := place(filepath.Join(work, filepath.FromSlash(f.Path)), path); err != nil {
			return err
		}
	}
	return nil
}

// lend shows the model's brought files in the work folder.
func (b bringing) lend(work string, m Model) error {
	for _, f := range m.Files {
		if f.Made {
			continue
		}
		path := filepath.Join(work, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		real, err := filepath.Abs(filepath.Join(b.Folder, filepath.FromSlash(f.Path)))
		if err != nil {
			return err
		}
		if err := os.Symlink(real, path); err != nil {
			return err
		}
	}
	return nil
}

// strange returns the digests of made files that differ from the catalogue's.
func strange(work string, m Model) (map[string]string, error) {
	other := map[string]string{}
	for _, f := range m.Files {
		if !f.Made {
			continue
		}
		got, err := digestOf(filepath.Join(work, filepath.FromSlash(f.Path)))
		if err != nil {
			return nil, fmt.Errorf("the converter did not write %s: %w", f.Path, err)
		}
		if got != f.SHA256 {
			other[f.Path] = got
		}
	}
	return other, nil
}

// tryOut runs the made networks once. A recognizer is lent, because the check runs one too.
func (b bringing) tryOut(ctx context.Context, work string) error {
	b.tell("checking what the converter wrote")
	for _, m := range Models() {
		if m.Name == "voice" || Verify(b.Folder, m) != nil {
			continue
		}
		if err := b.lend(work, m); err != nil {
			return err
		}
		return b.run(ctx, "check", "--models", work, "--recognition", m.Name)
	}
	return fault.New(fault.Busy, "What the converter wrote cannot be checked without a recognizer. Pull whisper-base first.")
}

func (b bringing) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, b.Python, append([]string{"-B", "-m", "mainstay_inference"}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+b.Program)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fault.Wrap(fault.Busy, "The inference program could not convert or check a model. Run make setup, then pull again.",
			fmt.Errorf("%s: %w: %s", args[0], err, tail(out)))
	}
	return nil
}
