package language_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/language"
)

func texts(l language.Language, text string) []string {
	var out []string
	for _, s := range l.Sentences(text) {
		out = append(out, s.In(text))
	}
	return out
}

func TestSentences(t *testing.T) {
	t.Parallel()
	long := "we looked at the invoices from the north site and the numbers are fine for june and july and we still miss the ones from august " +
		"so i will call the supplier about them on thursday"
	for name, c := range map[string]struct {
		lang language.Language
		in   string
		want []string
	}{
		"end marks end sentences":             {"en", "It is done. Is it? Yes!", []string{"It is done.", "Is it?", "Yes!"}},
		"titles do not":                       {"en", "Ask Dr. Baker. He knows.", []string{"Ask Dr. Baker.", "He knows."}},
		"initials do not":                     {"en", "J. R. Smith came. Good.", []string{"J. R. Smith came.", "Good."}},
		"a letter after a common word does":   {"en", "That is block C. The slab is late.", []string{"That is block C.", "The slab is late."}},
		"decimals do not":                     {"en", "It costs 12.5 euros. Fine.", []string{"It costs 12.5 euros.", "Fine."}},
		"p.m. ends one before a capital":      {"en", "We meet at 5 p.m. tomorrow. Or at 6 p.m. Tell me.", []string{"We meet at 5 p.m. tomorrow.", "Or at 6 p.m.", "Tell me."}},
		"a missing blank is forgiven":         {"en", "We drew some.Then we left.", []string{"We drew some.", "Then we left."}},
		"tokenized text splits":               {"en", "There it goes . Computer adjusting .", []string{"There it goes .", "Computer adjusting ."}},
		"lower case without capitals splits":  {"en", "that is all. we are done.", []string{"that is all.", "we are done."}},
		"a run-on is cut before a new clause": {"en", long, []string{strings.Split(long, " and the")[0], "and the" + strings.Split(long, "and the")[1]}},
		"a capital restarts a sentence":       {"en", "rubber is dear We want two of The Hague", []string{"rubber is dear", "We want two of The Hague"}},
		"German dates hold together":          {"de", "Am 3. März geht es los. Dr. Weber kommt.", []string{"Am 3. März geht es los.", "Dr. Weber kommt."}},
		"Japanese stops end sentences":        {"ja", "今日は会議です。始めましょう。", []string{"今日は会議です。", "始めましょう。"}},
		"blank text has none":                 {"en", " \n ", nil},
		"marks without words belong before":   {"en", "Well. ... Yes.", []string{"Well. ...", "Yes."}},
		"numbered things hold together":       {"en", "Take No. 5 first. No. That is it.", []string{"Take No. 5 first.", "No.", "That is it."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, texts(c.lang, c.in)); diff != "" {
				t.Errorf("Sentences(%q) (-want +got):\n%s", c.in, diff)
			}
		})
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lang     language.Language
		in, want string
	}{
		"hesitation goes":                   {"en", "Um, we, uh, need a uh new pump.", "we need a new pump."},
		"repeated words go":                 {"en", "I think the the riser is is wrong.", "I think the riser is wrong."},
		"repeated phrases go":               {"en", "There's a, there's a beam in it.", "there's a beam in it."},
		"a repeat across a filler goes":     {"en", "I think uh that uh that's no problem .", "I think that's no problem."},
		"cut-off words go":                  {"en", "W we use th- the portal.", "we use the portal."},
		"asides go":                         {"en", "It was, you know, too late, I mean.", "It was too late."},
		"a lone like goes":                  {"en", "It is, like, late.", "It is late."},
		"asides that carry the clause stay": {"en", "Do you know what I mean by sort of thing?", "Do you know what I mean by thing?"},
		"a kind of thing stays":             {"en", "It is a kind of pump.", "It is a kind of pump."},
		"marks go":                          {"en", "We {vocalsound} agreed [inaudible] on it.", "We agreed on it."},
		"tokenized text closes up":          {"en", "I 'm sure , it 's fine .", "I'm sure, it's fine."},
		"numbers said twice stay":           {"en", "Call five five two.", "Call five five two."},
		"short words of their own stand":    {"en", "Give 'em to me 'cause I 'm late.", "Give 'em to me 'cause I'm late."},
		"spelled letters close up":          {"en", "The L_C_D_s and the T_V_ are dear.", "The LCDs and the TV are dear."},
		"negation stays":                    {"en", "No, no, we do not do not want it.", "no, we do not want it."},
		"nothing but fillers is nothing":    {"en", "Um . Uh {vocalsound} .", ""},
		"English fillers are German words":  {"de", "Wir fahren um acht, ähm, er kommt.", "Wir fahren um acht er kommt."},
		"an abbreviation is no filler":      {"en", "The ER model is um fine.", "The ER model is fine."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := c.lang.Clean(c.in).Text; got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestCleanSource(t *testing.T) {
	t.Parallel()
	const in = "Um so the the pump uh costs 50 euros . Okay ."
	c := language.English.Clean(in)
	at := strings.Index(c.Text, "pump costs 50")
	src := c.Source(language.Span{Start: at, End: at + len("pump costs 50")})
	if got, want := src.In(in), "pump uh costs 50"; got != want {
		t.Errorf("Source = %q, want %q", got, want)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lang language.Language
		in   string
		want []string
	}{
		"words are values":               {"en", "twenty-five or thirty five", []string{"25", "35"}},
		"groups are one number":          {"en", "1,200 and 12.5 and 1,234,567.80", []string{"1200", "12.5", "1234567.8"}},
		"scales multiply":                {"en", "two hundred and ten thousand, two hundred twenty-five, 7.7million, 7.7 million, 50k", []string{"210000", "225", "7700000", "7700000", "50000"}},
		"decimals are spoken":            {"en", "two point one seven", []string{"2.17"}},
		"years come in halves":           {"en", "in nineteen ninety and twenty twenty-six", []string{"1990", "2026"}},
		"ordinals count":                 {"en", "the 2nd and the twenty-third", []string{"2", "23"}},
		"a line's end ends a number":     {"en", "the twenty-first\ntwenty-first", []string{"21", "21"}},
		"digits said apart stay apart":   {"en", "five five two", []string{"5", "5", "2"}},
		"one and first are words":        {"en", "the first one", nil},
		"percent and money signs vanish": {"en", "50% of €300", []string{"50", "300"}},
		"German is compound":             {"de", "fünfundzwanzig, 1.200 und 12,5 und einundzwanzig", []string{"25", "1200", "12.5", "21"}},
		"French counts in twenties":      {"fr", "quatre-vingt-dix-sept et soixante-quinze", []string{"97", "75"}},
		"Spanish links with y":           {"es", "treinta y cinco o veinticinco", []string{"35", "25"}},
		"Italian is compound":            {"it", "ventotto e trentadue", []string{"28", "32"}},
		"Dutch is compound":              {"nl", "vijfentwintig en tweeëndertig", []string{"25", "32"}},
		"Portuguese links with e":        {"pt", "vinte e cinco", []string{"25"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, n := range c.lang.Numbers(c.in) {
				got = append(got, n.Value)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("Numbers(%q) (-want +got):\n%s", c.in, diff)
			}
		})
	}
}

func TestPolarity(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"denial differs from affirmation":  {"We will do it.", "We won't do it.", false},
		"agreed differs from rejected":     {"They agreed to the offer.", "They rejected the offer.", false},
		"two negations affirm":             {"Nobody did not come.", "Everybody came.", true},
		"other words may differ":           {"The pump is late.", "The late pump.", true},
		"a no that answers denies nothing": {"No, I will do it.", "I will do it.", true},
		"a no before a not is one denial":  {"No we do not want it.", "We want it.", false},
		"a no before a noun denies":        {"So no Saturdays for now.", "Saturdays for now.", false},
		"spaced contractions count":        {"We do n't want it.", "We want it.", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			en := language.English
			if got := en.Polarity(c.a).Same(en.Polarity(c.b)); got != c.same {
				t.Errorf("Same(%q, %q) = %v, want %v", c.a, c.b, got, c.same)
			}
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	var got []string
	for _, n := range language.English.Names("Then Tom Baker and I met the BBC. Titanium is dear. Ask Ann-Marie.") {
		if n.Opening {
			n.Text += "?"
		}
		got = append(got, n.Text)
	}
	want := []string{"Tom Baker", "BBC", "Titanium?", "Ask?", "Ann-Marie"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Names (-want +got):\n%s", diff)
	}
}

func TestGuess(t *testing.T) {
	t.Parallel()
	for want, in := range map[language.Language]string{
		"en": "We should look at the numbers and then decide.", "de": "Wir müssen uns das noch einmal ansehen und dann entscheiden.",
		"fr": "Nous devons regarder les chiffres et puis décider.", "es": "Tenemos que mirar los números y luego decidir qué hacer.",
		"it": "Dobbiamo guardare i numeri e poi decidere cosa fare.", "nl": "We moeten naar de cijfers kijken en dan beslissen.",
		"pt": "Nós temos que olhar os números e depois decidir o que fazer.", "": "Xyzzy.",
	} {
		if got := language.Guess(in); got != want {
			t.Errorf("Guess(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	got := language.English.Content("Um, we're costing the L_C_D_ displays, you know.")
	if diff := cmp.Diff([]string{"cost", "lcd", "display"}, got); diff != "" {
		t.Errorf("Content (-want +got):\n%s", diff)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "Um, we, uh, need a 12.5 th- the the pump. Dr. X said so!", "今日は。", "a\xff\xfe b", "I 'm {x} [y] <z", "twenty twenty six point five", "....", "L_C_D_ no. 5", "It is, like, late, you know, so to speak, sozusagen, cioè, sabe."} {
		f.Add(s)
	}
	langs := []language.Language{"en", "de", "fr", "es", "it", "nl", "pt", "ru", "ja", ""}
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range langs {
			inside := func(what string, s language.Span) {
				if s.Start < 0 || s.End < s.Start || s.End > len(text) {
					t.Fatalf("%s: span %v outside of %q", what, s, text)
				}
			}
			end, words := 0, 0
			for _, s := range l.Sentences(text) {
				inside("sentence", s)
				if s.Start < end {
					t.Fatalf("sentences overlap in %q", text)
				}
				end = s.End
				words += len(language.Words(s.In(text)))
			}
			if all := len(language.Words(text)); utf8.ValidString(text) && words != all {
				t.Fatalf("sentences of %q hold %d words of %d", text, words, all)
			}
			for _, n := range l.Numbers(text) {
				inside("number", n.Span)
			}
			for _, n := range l.Names(text) {
				inside("name", n.Span)
			}
			c := l.Clean(text)
			for _, k := range c.Kept() {
				inside("kept", k)
			}
			inside("source", c.Source(language.Span{Start: 0, End: len(c.Text)}))
			l.Content(text)
			l.Polarity(text)
		}
		language.Guess(text)
	})
}
