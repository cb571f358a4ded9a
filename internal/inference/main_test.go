package inference_test

import (
	"fmt"
	"os"
	"testing"

	"mainstay/internal/sandbox"
)

// TestMain lets this binary be the child that a sandbox of kind Landlock starts, and a parent that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox-child" {
		fmt.Fprintln(os.Stderr, sandbox.Child(os.Args[2:]))
		os.Exit(125)
	}
	if len(os.Args) == 4 && os.Args[1] == "hold" {
		hold(os.Args[2], os.Args[3])
	}
	os.Exit(m.Run())
}
