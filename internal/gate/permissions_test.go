package gate_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/gate"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

// TestPermissionsAreWritten keeps docs/permissions.md equal to the policy table.
func TestPermissionsAreWritten(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "permissions.md")
	want := permissions()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("docs/permissions.md is not what the policy says (%v): run make gen", err)
	}
}

func permissions() string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\nGenerated from the policy table in internal/gate/policy.go. What is not here is refused.\n\n")
	b.WriteString("A member sees what the workspace shares and what was shared with them; everything else does not exist for them. The level is\n")
	b.WriteString("what they need on that record: a viewer's is reader, a member's contributor, its maker's, an admin's and an owner's manager.\n\n")
	b.WriteString("An API key or a token may do what its person's role allows and its scope names, never more. An act marked \"confirm\" asks its person\nto show a factor again where the last time is more than 15 minutes ago.\n\n")
	b.WriteString("| act | what it is | owner | admin | member | viewer | level | a key's scope | without a person |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range gate.Policy() {
		fmt.Fprintf(&b, "| %s | %s |", r.Verb, r.Says)
		allowed := r.Least != ""
		for _, role := range gate.Roles() {
			mark := ""
			if allowed {
				mark = "yes"
			}
			fmt.Fprintf(&b, " %s |", mark)
			if role == r.Least {
				allowed = false
			}
		}
		scope := string(r.Scope)
		if r.Confirm {
			scope = "none: confirm"
		}
		fmt.Fprintf(&b, " %s | %s | %s |\n", r.Level, strings.ReplaceAll(scope, "*", "any"), strings.Join(r.Jobs, ", "))
	}
	return b.String()
}

func TestEveryRuleIsWhole(t *testing.T) {
	t.Parallel()
	seen := map[gate.Verb]bool{}
	for _, r := range gate.Policy() {
		if seen[r.Verb] {
			t.Errorf("%s has two rules", r.Verb)
		}
		seen[r.Verb] = true
		if r.Says == "" || r.Stream == "" || r.Least == "" && len(r.Jobs) == 0 {
			t.Errorf("the rule of %s is not whole", r.Verb)
		}
		if r.Object != gate.None && r.Least != "" && r.Level == "" {
			t.Errorf("%s needs no level on its object", r.Verb)
		}
	}
}
