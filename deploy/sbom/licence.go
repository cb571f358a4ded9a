package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// theirs are the names of files that say under which terms a module is given.
var theirs = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents|unlicense)([.-].*)?$`)

// licencesOf returns the licence's files of a module and what they are by SPDX's names. Licences that would bind the program's own source
// are refused.
func licencesOf(dir, name string) ([]text, string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, "", fmt.Errorf("looking for the licence of %s: %w; run go mod download", name, err)
	}
	var texts []text
	licence := ""
	for _, e := range entries {
		if e.IsDir() || !theirs.MatchString(e.Name()) {
			continue
		}
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, "", err
		}
		texts = append(texts, text{"go/" + name + "/" + e.Name(), body})
		if found := spdx(string(body)); found != "" && licence == "" {
			licence = found
		}
	}
	if licence == "" {
		return nil, "", fmt.Errorf("the licence of %s is missing, or none that a release may hold; look at %s", name, dir)
	}
	return texts, licence, nil
}

// marks are sentences by which a licence is known, the first that fits wins. A licence without a row is refused.
var marks = []struct {
	licence string
	says    []string
}{
	{"BSD-3-Clause OR GPL-2.0-only", []string{"SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only"}},
	{"MPL-2.0", []string{"Mozilla Public License Version 2.0"}},
	{"Apache-2.0", []string{"Apache License", "Version 2.0", "TERMS AND CONDITIONS FOR USE, REPRODUCTION"}},
	{"", []string{"GNU AFFERO GENERAL PUBLIC LICENSE"}},
	{"", []string{"GNU LESSER GENERAL PUBLIC LICENSE"}},
	{"", []string{"GNU GENERAL PUBLIC LICENSE", "TERMS AND CONDITIONS"}},
	{"BSD-3-Clause", []string{"Redistribution and use in source and binary forms", "may be used to endorse or promote"}},
	{"BSD-2-Clause", []string{"Redistribution and use in source and binary forms"}},
	{"ISC", []string{"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee"}},
	{"MIT-0", []string{"MIT No Attribution", "Permission is hereby granted, free of charge"}},
	{"MIT", []string{"Permission is hereby granted, free of charge", "The above copyright notice and this permission notice"}},
	{"CC0-1.0", []string{"CC0 1.0 Universal"}},
	{"Unlicense", []string{"This is free and unencumbered software released into the public domain"}},
}

func spdx(body string) string {
	flat := strings.ToLower(strings.Join(strings.Fields(body), " "))
	for _, m := range marks {
		fits := true
		for _, s := range m.says {
			fits = fits && strings.Contains(flat, strings.ToLower(s))
		}
		if fits {
			return m.licence
		}
	}
	return ""
}
