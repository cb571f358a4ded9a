package introduction_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/document"
	"mainstay/internal/speech/introduction"
)

// heard makes a transcript of "voice: words" lines; a voice in capitals has a name already.
func heard(lang string, lines ...string) document.Transcript {
	var t document.Transcript
	seen := map[string]bool{}
	for i, line := range lines {
		who, text, _ := strings.Cut(line, ": ")
		if !seen[who] {
			seen[who] = true
			s := document.Speaker{ID: who}
			if who == strings.ToUpper(who) {
				s.Name = &who
			}
			t.Speakers = append(t.Speakers, s)
		}
		t.Segments = append(t.Segments, document.Segment{ID: fmt.Sprint(i + 1), Speaker: &who, Text: text, Language: &lang})
	}
	return t
}

func TestFind(t *testing.T) {
	t.Parallel()
	attendees := []string{"Tom Baker", "Laura Miller", "Ann Lee", "Ann Cole", "Jörg Weber"}
	for name, c := range map[string]struct {
		lang  string
		lines []string
		want  string // "voice=name (segment: quote)"
	}{
		"a full name names":                 {"en", []string{"a: Good morning. My name is Tom Baker, and I run the site."}, "a=Tom Baker (1: My name is Tom Baker)"},
		"a first name that one bears names": {"en", []string{"a: Hi everybody, I'm Laura."}, "a=Laura Miller (1: I'm Laura)"},
		"a first name that two bear":        {"en", []string{"a: Hi, I'm Ann."}, ""},
		"the full name tells the two apart": {"en", []string{"a: Hi, I'm Ann Cole."}, "a=Ann Cole (1: I'm Ann Cole)"},
		"a name that nobody bears":          {"en", []string{"a: I'm Peter."}, ""},
		"the same first name of another":    {"en", []string{"a: I'm Tom Smith."}, ""},
		"somebody's something":              {"en", []string{"a: I'm Tom's boss.", "b: I am Tom Baker's assistant."}, ""},
		"a name and here":                   {"en", []string{"a: Yes, Tom here, can you hear me?"}, "a=Tom Baker (1: Tom here)"},
		"a name and speaking":               {"en", []string{"a: Laura Miller speaking."}, "a=Laura Miller (1: Laura Miller speaking)"},
		"here that speaks to somebody":      {"en", []string{"a: Tom, here is the plan.", "b: Laura here is the list."}, ""},
		"a pointing finger":                 {"en", []string{"a: This is Tom.", "b: This is Laura Miller from the office."}, ""},
		"a finger at oneself":               {"en", []string{"a: This is Laura Miller, and I am leading the meeting."}, "a=Laura Miller (1: This is Laura Miller)"},
		"a quotation":                       {"en", []string{"a: He said I'm Tom."}, ""},
		"a condition":                       {"en", []string{"a: If I'm Tom, I would leave."}, ""},
		"two names of one voice":            {"en", []string{"a: I'm Tom.", "a: I'm Laura."}, ""},
		"one name of two voices":            {"en", []string{"a: I'm Tom.", "b: I'm Tom.", "c: I'm Laura."}, "c=Laura Miller (3: I'm Laura)"},
		"a voice with a name keeps it":      {"en", []string{"ANN: I'm Tom."}, ""},
		"German":                            {"de", []string{"a: Guten Morgen zusammen, ich bin Jörg Weber vom Büro."}, "a=Jörg Weber (1: ich bin Jörg Weber)"},
		"a word that is a name elsewhere":   {"en", []string{"a: I'm tom."}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			found := introduction.Find(heard(c.lang, c.lines...), attendees)
			for _, who := range []string{"a", "b", "c", "ANN"} {
				if in, ok := found[who]; ok {
					got = append(got, fmt.Sprintf("%s=%s (%s: %s)", who, in.Name, in.By.Segment, in.By.Quote))
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("Find(%q) (-want +got):\n%s", c.lines, diff)
			}
		})
	}
}

func FuzzFind(f *testing.F) {
	f.Add("en", "My name is Tom Baker", "Tom Baker")
	f.Add("de", "Tom hier.", "Tom")
	f.Add("", "I'm", "")
	f.Fuzz(func(t *testing.T, lang, text, name string) {
		for _, in := range introduction.Find(heard(lang, "a: "+text), []string{name}) {
			if in.Name != name || !strings.Contains(text, in.By.Quote) || in.By.Quote == "" {
				t.Errorf("Find gives %+v for %q", in, text)
			}
		}
	})
}
