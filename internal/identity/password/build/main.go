// Command build makes list.bin from a list of passwords, the most common first, a password a line:
//
//	go run ./internal/identity/password/build 10_million_password_list_top_1M.txt
//
// It takes the first 100,000, and of the rest those that are long enough to be anybody's here.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	first = 100_000
	least = 12 // characters
	width = 6  // bytes of a digest
	to    = "internal/identity/password/list.bin"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "Give the list's path.")
		os.Exit(2)
	}
	digests, err := read(os.Args[1])
	if err == nil {
		err = os.WriteFile(to, bytes.Join(digests, nil), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(len(digests), "passwords")
}

func read(path string) ([][]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var digests [][]byte
	lines := bufio.NewScanner(file)
	for n := 0; lines.Scan(); n++ {
		password := strings.ToLower(lines.Text())
		if n < first || utf8.RuneCountInString(password) >= least {
			sum := sha256.Sum256([]byte(password))
			digests = append(digests, sum[:width])
		}
	}
	slices.SortFunc(digests, bytes.Compare)
	return slices.CompactFunc(digests, bytes.Equal), lines.Err()
}
