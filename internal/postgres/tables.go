package postgres

import (
	_ "embed"
	"strings"
)

//go:embed tables.txt
var tables string

// Tables returns every column that the migrations make: "schema.table column type", with "not null" where it must be set, in
// the order of the alphabet. A deployment's own tables can be compared with it. A test keeps it equal to a fresh database.
func Tables() []string { return strings.Split(strings.TrimSpace(tables), "\n") }
