package catalogue_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/inference/catalogue"
)

func model(content string) catalogue.Model {
	sum := sha256.Sum256([]byte(content))
	return catalogue.Model{Name: "m", Files: []catalogue.File{{Path: "m/weights.bin", Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}}}
}

func folderWith(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "m"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m", "weights.bin"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestImportKeepsWhatTheCatalogueNames(t *testing.T) {
	t.Parallel()
	p := catalogue.Puller{Folder: t.TempDir(), Told: func(string) {}}
	if err := catalogue.Verify(p.Folder, model("weights")); !fault.Is(err, fault.Missing) {
		t.Errorf("Verify of nothing = %v, want fault.Missing", err)
	}
	if err := p.Import(t.Context(), []catalogue.Model{model("weights")}, folderWith(t, "weights")); err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Verify(p.Folder, model("weights")); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if err := os.WriteFile(filepath.Join(p.Folder, "m", "weights.bin"), []byte("weighty"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := catalogue.Verify(p.Folder, model("weights")); !fault.Is(err, fault.Invalid) {
		t.Errorf("Verify of a changed file = %v, want fault.Invalid", err)
	}
}

func TestADifferentFileIsRefusedAndNotKept(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"changed": "weighty", "longer": "weights and more", "shorter": "wei"} {
		p := catalogue.Puller{Folder: t.TempDir(), Told: func(string) {}}
		err := p.Import(t.Context(), []catalogue.Model{model("weights")}, folderWith(t, content))
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: Import = %v, want fault.Invalid", name, err)
		}
		left, err := filepath.Glob(filepath.Join(p.Folder, "m", "*"))
		if err != nil || len(left) != 0 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
}

func TestAMirrorWithoutTLSIsRefused(t *testing.T) {
	t.Parallel()
	p := catalogue.Puller{Folder: t.TempDir(), Mirror: "http://127.0.0.1:1/", Told: func(string) {}}
	if err := p.Pull(t.Context(), []catalogue.Model{model("weights")}); !fault.Is(err, fault.Invalid) {
		t.Errorf("Pull = %v, want fault.Invalid", err)
	}
}

func TestTheCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, p := range catalogue.Packages() {
		packages[p.Name] = len(p.SHA256) == 64
	}
	for _, m := range catalogue.Models() {
		if m.Licence == "" || m.Size() == 0 {
			t.Errorf("%s has no licence or no size", m.Name)
		}
		for _, f := range m.Files {
			if !f.Made && (len(f.SHA256) != 64 || len(f.From) == 0) {
				t.Errorf("%s has no digest or no source", f.Path)
			}
			for _, from := range f.From {
				if !packages[from.Package] {
					t.Errorf("%s comes from the unknown package %s", f.Path, from.Package)
				}
			}
		}
	}
}
