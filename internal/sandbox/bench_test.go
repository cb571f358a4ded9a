package sandbox_test

import (
	"testing"

	"mainstay/internal/sandbox"
)

// BenchmarkStart is what a sandbox adds to starting a program that does nothing.
func BenchmarkStart(b *testing.B) {
	for _, kind := range []sandbox.Kind{sandbox.Bubblewrap, sandbox.Landlock} {
		b.Run(kind.String(), func(b *testing.B) {
			s, err := sandbox.New(sandbox.Config{Only: kind, Child: []string{"/proc/self/exe", "sandbox-child"}})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := s.Probe(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
