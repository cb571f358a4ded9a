package web

import (
	"io/fs"
	"regexp"
	"testing"
)

// All templates are one set: a second one of the same name would take the first one's place without a word.
func TestEveryTemplateHasANameOfItsOwn(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, file := range files {
		text, err := fs.ReadFile(templateFiles, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`{{-? *define "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			if before := seen[m[1]]; before != "" {
				t.Errorf("%s and %s both define %q", before, file, m[1])
			}
			seen[m[1]] = file
		}
	}
	if len(seen) < 60 {
		t.Errorf("%d templates were found", len(seen))
	}
}
