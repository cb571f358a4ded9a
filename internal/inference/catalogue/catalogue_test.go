package catalogue_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/inference/catalogue"
)

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func model(content string) catalogue.Model {
	return catalogue.Model{Name: "m", Files: []catalogue.File{{Path: "m/weights.bin", Hub: "hub/m/weights.bin", Size: int64(len(content)), SHA256: digest(content)}}}
}

// write makes files below a folder.
func write(t *testing.T, folder string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// nothing fails the test if a models folder holds any file.
func nothing(t *testing.T, folder string) {
	t.Helper()
	for _, pattern := range []string{"m/*", "voice/*"} {
		if left, err := filepath.Glob(filepath.Join(folder, pattern)); err != nil || len(left) != 0 {
			t.Errorf("%v is left", left)
		}
	}
}

func TestVerifyComparesEachFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  fault.Kind
		fails bool
	}{
		"as the catalogue says": {map[string]string{"m/weights.bin": "weights"}, 0, false},
		"missing":               {nil, fault.Missing, true},
		"changed":               {map[string]string{"m/weights.bin": "weighty"}, fault.Invalid, true},
		"longer":                {map[string]string{"m/weights.bin": "weights."}, fault.Invalid, true},
		"a note beside a file that is not made here": {map[string]string{"m/weights.bin": "weighty", "m/weights.bin.sha256": digest("weighty")}, fault.Invalid, true},
	} {
		err := catalogue.Verify(write(t, t.TempDir(), test.files), model("weights"))
		if (err != nil) != test.fails || test.fails && !fault.Is(err, test.want) {
			t.Errorf("%s: Verify = %v, want %v", name, err, test.want)
		}
	}
}

func TestFindKnowsNames(t *testing.T) {
	t.Parallel()
	if all, err := catalogue.Find(); err != nil || len(all) != len(catalogue.Models()) {
		t.Errorf("Find() = %d models, %v", len(all), err)
	}
	if one, err := catalogue.Find("voice"); err != nil || len(one) != 1 || one[0].Name != "voice" {
		t.Errorf("Find(voice) = %v, %v", one, err)
	}
	if _, err := catalogue.Find("voice", "whisper-giant"); !fault.Is(err, fault.Missing) {
		t.Errorf("Find of an unknown model = %v, want fault.Missing", err)
	}
}

func TestTheCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	packages := map[string]bool{}
	for _, p := range catalogue.Packages() {
		packages[p.Name] = len(p.SHA256) == 64 && strings.HasSuffix(p.File, ".whl") && strings.Contains(p.File, "-"+p.Version+"-")
	}
	for _, m := range catalogue.Models() {
		if m.Licence == "" || m.Size() == 0 {
			t.Errorf("%s has no licence or no size", m.Name)
		}
		for _, f := range m.Files {
			if len(f.SHA256) != 64 || f.Size == 0 || f.Made == (len(f.From) > 0) || !filepath.IsLocal(f.Path) || !strings.HasPrefix(f.Path, m.Name+"/") {
				t.Errorf("%s has no digest, size, source or place", f.Path)
			}
			for _, from := range f.From {
				if !packages[from.Package] {
					t.Errorf("%s comes from the unknown package %s", f.Path, from.Package)
				}
			}
		}
	}
}

// TestTheInstalledModelsAreTheCatalogues runs where models are installed.
func TestTheInstalledModelsAreTheCatalogues(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("MAINSTAY_TEST_MODELS")
	if folder == "" {
		t.Skip("no models are installed: run make test")
	}
	for _, m := range catalogue.Models() {
		if err := catalogue.Verify(folder, m); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}
