package gate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/gate"
)

// verbs returns the constants of type Verb by name.
func verbs(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "policy.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Verb" {
				found[spec.Names[0].Name] = true
			}
		}
		return true
	})
	return found
}

// TestEveryVerbHasARuleAndAnAct: a verb without a row is refused for everybody, and one that no code uses is a right that
// nobody watches.
func TestEveryVerbHasARuleAndAnAct(t *testing.T) {
	t.Parallel()
	names := verbs(t)
	if len(names) != len(gate.Policy()) {
		t.Errorf("there are %d verbs and %d rules", len(names), len(gate.Policy()))
	}
	used := map[string]bool{}
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || filepath.Dir(path) == "../gate" {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "gate" {
						used[sel.Sel.Name] = true
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	used["ReadAudit"] = true // audit.Newest is for whoever shows the log
	for name := range names {
		if !used[name] {
			t.Errorf("no act uses %s", name)
		}
	}
}
