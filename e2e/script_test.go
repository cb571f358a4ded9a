package e2e

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mainstay/internal/document"
	"mainstay/internal/sample"
)

// TestScript runs the stories of the command line in testdata/script against the real program. A story that needs the models
// says [models].
func TestScript(t *testing.T) {
	program, err := builds[""]()
	check(t, err)
	bin := t.TempDir()
	check(t, os.Symlink(program, filepath.Join(bin, "mainstay")))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               func(env *testscript.Env) error { return setUpStory(env, bin) },
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "await": await, "deserted": deserted, "silence": silence, "sample": sampleFile, "published": published, "utf16": utf16File,
		},
	})
}

// setUpStory gives a story the program and a folder for temporary files of its own, short and open to the database's user.
func setUpStory(env *testscript.Env, bin string) error {
	tmp, err := os.MkdirTemp("/tmp", "story-")
	if err != nil {
		return err
	}
	env.Defer(func() { _ = os.RemoveAll(tmp) })
	env.Setenv("TMPDIR", tmp)
	env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if venv, models := os.Getenv("MAINSTAY_TEST_VENV"), os.Getenv("MAINSTAY_TEST_MODELS"); venv != "" {
		env.Setenv("MAINSTAY_PYTHON", filepath.Join(venv, "bin", "python"))
		env.Setenv("MAINSTAY_MODELS", models)
	}
	program, err := filepath.Abs(filepath.Join("..", "inference"))
	env.Setenv("MAINSTAY_PROGRAM", program)
	return errors.Join(err, os.Chmod(tmp, 0o711))
}

func condition(name string) (bool, error) {
	switch name {
	case "models":
		return os.Getenv("MAINSTAY_TEST_VENV") != "" && os.Getenv("MAINSTAY_TEST_MODELS") != "", nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, errors.New("there is no condition " + name)
}

// exits runs a command whose exit code must be the first argument. Its output is there for stdout and stderr.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		got = ended.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// await waits until a path that a pattern below TMPDIR names exists.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if found, err := filepath.Glob(filepath.Join(ts.Getenv("TMPDIR"), args[0])); err == nil && len(found) > 0 {
			return
		}
	}
	ts.Fatalf("there is no %s after a minute", args[0])
}

// deserted checks that nothing lies in TMPDIR; with a !, that something does.
func deserted(ts *testscript.TestScript, neg bool, _ []string) {
	left, err := os.ReadDir(ts.Getenv("TMPDIR"))
	ts.Check(err)
	if empty := len(left) == 0; empty == neg {
		ts.Fatalf("in the folder of temporary files lies %v", left)
	}
}

// silence writes seconds of silence as WAV.
func silence(ts *testscript.TestScript, _ bool, args []string) {
	seconds, err := strconv.Atoi(args[1])
	ts.Check(err)
	const rate = 16_000
	size := uint32(2 * rate * seconds)
	wav := []byte("RIFF")
	wav = binary.LittleEndian.AppendUint32(wav, 36+size)
	wav = append(wav, "WAVEfmt "...)
	for _, field := range []any{uint32(16), uint16(1), uint16(1), uint32(rate), uint32(2 * rate), uint16(2), uint16(16)} {
		wav, err = binary.Append(wav, binary.LittleEndian, field)
		ts.Check(err)
	}
	wav = append(wav, "data"...)
	wav = binary.LittleEndian.AppendUint32(wav, size)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), append(wav, make([]byte, size)...), 0o600))
}

// sampleFile writes the sample meeting's recording.
func sampleFile(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), sample.Audio(), 0o600))
}

// utf16File writes a text again in UTF-16 with a mark.
func utf16File(ts *testscript.TestScript, _ bool, args []string) {
	wide := []byte{0xff, 0xfe}
	for _, r := range ts.ReadFile(args[0]) {
		wide = binary.LittleEndian.AppendUint16(wide, uint16(r))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), wide, 0o600))
}

// published checks that JSON fits docs/minutes.schema.json and that every line's quotes stand in the segments that it cites. With
// "empty" nothing may be in it.
func published(ts *testscript.TestScript, _ bool, args []string) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "docs", "minutes.schema.json"))
	ts.Check(err)
	text := ts.ReadFile(args[0])
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	ts.Check(err)
	ts.Check(schema.Validate(value))
	var d document.Document
	ts.Check(json.Unmarshal([]byte(text), &d))
	said := map[string]string{}
	for _, s := range d.Transcript.Segments {
		said[s.ID] = s.Text
	}
	lines := linesOf(d.Minutes)
	for _, l := range lines {
		for _, e := range l.Evidence {
			if strings.TrimSpace(e.Quote) == "" || !strings.Contains(said[e.Segment], e.Quote) {
				ts.Fatalf("line %s quotes %q, which is not in segment %s", l.ID, e.Quote, e.Segment)
			}
		}
	}
	if wantEmpty := len(args) > 1 && args[1] == "empty"; wantEmpty != (len(lines) == 0 && len(said) == 0) {
		ts.Fatalf("there are %d lines and %d segments", len(lines), len(said))
	}
}

func linesOf(m document.Minutes) []document.Line {
	lines := slices.Concat(m.Summary, m.Decisions, m.Questions)
	for _, t := range m.Topics {
		lines = append(lines, t.Lines...)
	}
	for _, a := range m.Actions {
		lines = append(lines, a.Line)
	}
	return lines
}
