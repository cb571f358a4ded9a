package digest

import (
	"strings"

	"mainstay/internal/document"
	"mainstay/internal/language"
)

// announcements gives for each segment the name of the matter that is announced in it, "" where none is.
func (t *talk) announcements(segments []document.Segment) []string {
	names := make([]string, len(segments))
	for i, s := range segments {
		names[i] = t.announcedIn(s)
	}
	return names
}

// announcedIn gives the name of the matter that a segment announces, "" where it announces none: "the next item is the front
// door" announces "front door".
func (t *talk) announcedIn(s document.Segment) string {
	for _, span := range t.spoken.Sentences(s.Text) {
		text := t.spoken.Clean(span.In(s.Text)).Text
		words := language.Words(text)
		for i := range words {
			for _, cue := range announcing[t.spoken] {
				if !hasWords(words[i:], cue) {
					continue
				}
				if name := t.matter(text, words[i+len(cue):]); name != "" {
					return name
				}
			}
		}
	}
	return ""
}

// matter reads the noun phrase that words begin with, behind the small words that lead to it. It must end with its clause:
// what a verb follows is no name.
func (t *talk) matter(text string, words []language.Word) string {
	const lead, longest = 4, 6
	from := 0
	for from < len(words) && from < lead && t.spoken.Stop(words[from].Norm) {
		from++
	}
	to := from
	for to < len(words) && to-from < longest && (to == from || tight(text, words, to)) {
		if link := to > from && linking[t.spoken][words[to].Norm]; !link && !t.nameWord(words[to]) {
			break
		}
		to++
	}
	for to > from && linking[t.spoken][words[to-1].Norm] {
		to--
	}
	if to == from || plain[t.spoken][words[to-1].Norm] {
		return ""
	}
	if to < len(words) && tight(text, words, to) && !itself[words[to].Norm] {
		return ""
	}
	return text[words[from].Start:words[to-1].End]
}

// nameWord reports whether a word can be part of a matter's name.
func (t *talk) nameWord(w language.Word) bool {
	v := verbForms(t.spoken)
	return len(w.Norm) > 1 && !t.spoken.Stop(w.Norm) && !t.spoken.Filler(w.Norm) && !t.names[w.Norm] && !(v.finite[w.Norm] && !v.nouns[w.Norm])
}

// tight reports whether only a blank or a hyphen parts word i from the one before it.
func tight(text string, words []language.Word, i int) bool {
	return strings.Trim(text[words[i-1].End:words[i].Start], " -") == ""
}

// itself may follow a matter's name.
var itself = set(`itself themselves today now first then again please`)

// announcing phrases name the next matter behind them.
var announcing = map[language.Language][][]string{
	language.English: phrases(`next item is, next item, next topic is, next topic, next point is, next point, next up is, next up, next on the agenda is, last item is, last item,
		last point is, last topic is, final item is, final item, first item is, first topic is, second item is, moving on to, move on to, let's talk about,
		let's start with, let's begin with, let's discuss, let's go to, let's turn to, turning to, what about, how about, next one is, item one is, item two is,
		item three is, item four is, item five is`),
	language.German: phrases(`nächster punkt ist, nächste punkt ist, nächster punkt, nächstes thema ist, nächste thema ist, kommen wir zu, kommen wir zum, kommen wir zur,
		fangen wir an mit, weiter mit, letzter punkt ist, letzte punkt ist`),
	language.French:     phrases(`prochain point est, point suivant est, prochain point c'est, passons à, passons au, passons aux, dernier point est, commençons par`),
	language.Spanish:    phrases(`siguiente punto es, próximo punto es, pasemos a, pasamos a, último punto es, empecemos con, empezamos con`),
	language.Italian:    phrases(`prossimo punto è, punto successivo è, passiamo a, passiamo al, passiamo alla, ultimo punto è, iniziamo con, cominciamo con`),
	language.Dutch:      phrases(`volgende punt is, volgende onderwerp is, laatste punt is, laten we beginnen met, we gaan naar`),
	language.Portuguese: phrases(`próximo ponto é, próximo tema é, próximo assunto é, passemos a, passemos ao, vamos passar para, último ponto é, vamos começar com`),
}

// linking words may stand inside of a name.
var linking = map[language.Language]map[string]bool{
	language.English: set(`of and for the in to on with`), language.German: set(`der des und für von im am`), language.French: set(`de du des la le les et pour`),
	language.Spanish: set(`de del la el y para`), language.Italian: set(`di del della dei e per`), language.Dutch: set(`van de het en voor`), language.Portuguese: set(`de do da dos e para`),
}
