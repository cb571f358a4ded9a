package language_test

import (
	"testing"

	"mainstay/internal/language"
)

func TestTagsNameLanguagesAndNothingElse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"en": "en", "EN": "en", "pt-br": "pt-BR", "zh-Hant-TW": "zh-Hant-TW", "de_AT": "de-AT", "yue": "yue",
		"": "", "und": "", "english": "", "canary": "", "en-x-canary": "", "x-canary": "", "en-u-ca-canary": "", "zz": "", "en-canary": "", "en GB": "",
	} {
		if got := language.Tag(in); got != want {
			t.Errorf("Tag(%q) = %q, want %q", in, got, want)
		}
	}
}
