package introduction

import (
	"strings"

	"mainstay/internal/language"
)

// phrase is a run of normalised words. An unsure one points at somebody else as often as at its speaker.
type phrase struct {
	words  []string
	unsure bool
}

// phrases reads a list that commas part; a question mark makes a phrase unsure.
func phrases(list string) []phrase {
	var all []phrase
	for _, p := range strings.Split(list, ",") {
		sure := strings.TrimSuffix(strings.TrimSpace(p), "?")
		all = append(all, phrase{strings.Fields(sure), strings.HasSuffix(strings.TrimSpace(p), "?")})
	}
	return all
}

func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// What comes before one's own name at the beginning of a sentence.
var before = map[language.Language][]phrase{
	language.English:    phrases(`my name is, my name's, i am, i'm, this is?, it's?, it is?`),
	language.German:     phrases(`mein name ist, ich bin, ich heiße, hier spricht, hier ist?`),
	language.French:     phrases(`je m'appelle, mon nom est, je suis, c'est?`),
	language.Spanish:    phrases(`me llamo, mi nombre es, soy, habla?`),
	language.Italian:    phrases(`mi chiamo, il mio nome è, sono?, qui è?`),
	language.Dutch:      phrases(`mijn naam is, ik ben, ik heet, je spreekt met`),
	language.Portuguese: phrases(`meu nome é, o meu nome é, eu sou, chamo-me, me chamo, aqui é?`),
}

// What comes after it.
var after = map[language.Language][]phrase{
	language.English: phrases(`here, speaking`), language.German: phrases(`hier, am apparat`), language.French: phrases(`à l'appareil`),
	language.Italian: phrases(`al telefono`), language.Dutch: phrases(`hier`),
}

// oneself says that the speaker goes on about themselves.
var oneself = set(`i i'm my ich mein je mon ik`)

// greets may stand before an introduction in its sentence.
var greets = set(`hi hello hey good morning afternoon evening everyone everybody all and so yes yeah okay well um uh thanks thank you team
	hallo guten morgen tag abend zusammen und also bonjour salut à tous et hola buenos días buenas tardes todos y
	buongiorno ciao tutti e goedemorgen goedemiddag allemaal en dag bom dia boa tarde olá`)
