package mainstay_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// built are the places where a query's text is put together from more than constants, each with why no input reaches it.
func built() map[string]string {
	return map[string]string{
		"internal/gate/gate.go":        "the table's name stands in the policy",
		"internal/meeting/store.go":    "the order is one of two constants",
		"internal/postgres/migrate.go": "the roles are constants, the database's name is quoted by pgx",
		"internal/speech/store.go":     "the condition is one of two constants",
		"internal/trust/store.go":      "the tables' names come quoted from the catalogue",
	}
}

// TestSQLIsConstant wants the text of every query to be a constant, so that what people send is a parameter and never SQL.
func TestSQLIsConstant(t *testing.T) {
	t.Parallel()
	unused, queries := built(), 0
	for _, root := range []string{"internal", "cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return err
			}
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			constants := constantsOf(t, filepath.Dir(path))
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				sql := textOf(call)
				if sql == nil {
					return true
				}
				queries++
				if isConstant(sql, constants) || parameterOf(file, sql) {
					return true
				}
				if built()[filepath.ToSlash(path)] == "" {
					t.Errorf("%s: the text of this query is no constant", files.Position(sql.Pos()))
				}
				delete(unused, filepath.ToSlash(path))
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for path := range unused {
		t.Errorf("%s puts no query together any more: remove its row", path)
	}
	if queries < 100 {
		t.Errorf("%d queries were found: the test does not see them", queries)
	}
}

// textOf returns the argument of a call that is a query's text, nil for other calls.
func textOf(call *ast.CallExpr) ast.Expr {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	switch method.Sel.Name {
	case "Queue":
		if receiver, ok := method.X.(*ast.Ident); ok && receiver.Name != "audit" {
			return call.Args[0]
		}
	case "Exec", "Query", "QueryRow", "ExecContext", "QueryContext", "QueryRowContext":
		if receiver, ok := method.X.(*ast.Ident); len(call.Args) > 1 && (!ok || receiver.Name != "syscall") {
			return call.Args[1]
		}
	}
	return nil
}

// constantsOf returns the names of a package's constants.
func constantsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if decl, ok := n.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				for _, spec := range decl.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						names[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return names
}

func isConstant(e ast.Expr, constants map[string]bool) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident:
		return constants[e.Name]
	case *ast.BinaryExpr:
		return e.Op == token.ADD && isConstant(e.X, constants) && isConstant(e.Y, constants)
	case *ast.ParenExpr:
		return isConstant(e.X, constants)
	}
	return false
}

// parameterOf reports whether a text is the parameter "sql" of the function around it: its callers are held to the rule by the
// name of that parameter (see sqlCallers).
func parameterOf(file *ast.File, e ast.Expr) bool {
	name, ok := e.(*ast.Ident)
	if !ok || name.Name != "sql" {
		return false
	}
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || e.Pos() < f.Pos() || e.Pos() > f.End() {
			return true
		}
		for _, p := range f.Type.Params.List {
			for _, n := range p.Names {
				found = found || n.Name == "sql"
			}
		}
		return true
	})
	return found
}

// TestFunctionsThatTakeSQLGetConstants holds the callers of functions with a parameter "sql" to the same rule.
func TestFunctionsThatTakeSQLGetConstants(t *testing.T) {
	t.Parallel()
	dirs := map[string][]string{}
	err := filepath.WalkDir("internal", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") && !strings.Contains(path, "test/") {
			dirs[filepath.Dir(path)] = append(dirs[filepath.Dir(path)], path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, paths := range dirs {
		constants, at := constantsOf(t, dir), map[string]int{}
		var parsed []*ast.File
		files := token.NewFileSet()
		for _, path := range paths {
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
			for _, decl := range file.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok {
					if i := sqlAt(f); i >= 0 && !slices.Contains([]string{"Exec", "Query", "QueryRow"}, f.Name.Name) {
						at[f.Name.Name] = i
					}
				}
			}
		}
		for _, file := range parsed {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				i, takes := at[called(call)]
				if takes && i < len(call.Args) && !isConstant(call.Args[i], constants) && !parameterOf(file, call.Args[i]) &&
					built()[filepath.ToSlash(files.Position(call.Pos()).Filename)] == "" {
					t.Errorf("%s: the SQL that is given on is no constant", files.Position(call.Pos()))
				}
				return true
			})
		}
	}
}

// sqlAt returns the place of the parameter "sql", -1 where there is none.
func sqlAt(f *ast.FuncDecl) int {
	i := 0
	for _, p := range f.Type.Params.List {
		for _, name := range p.Names {
			if name.Name == "sql" {
				return i
			}
			i++
		}
	}
	return -1
}

func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// TestLintersRun wants every linter in what runs on each change.
func TestLintersRun(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, lint, _ := strings.Cut(string(makefile), "\nlint:")
	lint, _, _ = strings.Cut(lint, "\n\n")
	for _, linter := range []string{"gofmt -l", "go vet ./...", "go tool staticcheck ./...", "ruff check", "mypy"} {
		if !strings.Contains(lint, linter) {
			t.Errorf("make lint does not run %q", linter)
		}
	}
	run, err := os.ReadFile(".ci/run")
	if err != nil || !strings.Contains(string(run), "make lint") {
		t.Errorf(".ci/run does not run make lint: %v", err)
	}
}
