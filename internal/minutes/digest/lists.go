package digest

import (
	"strings"

	"mainstay/internal/language"
)

// phrases gives the phrases of a list that commas part, each as its words.
func phrases(list string) [][]string {
	var out [][]string
	for _, p := range strings.Split(list, ",") {
		if w := strings.Fields(p); len(w) > 0 {
			out = append(out, w)
		}
	}
	return out
}

func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// grammar holds the small words by which a language shows how a sentence stands in talk. Missing lists do no harm.
type grammar struct {
	openers        [][]string      // tie a sentence to what was said before it
	danglers       map[string]bool // cannot end a sentence
	pronouns       map[string]bool // point back when they open a sentence
	persons        map[string]bool // speaker and listener
	singular       map[string]bool // the speaker alone
	starters       map[string]bool // open half a sentence
	leads          map[string]bool // open a sentence that stands well
	tying          map[string]bool // tie nouns together
	pointing       map[string]bool // point at what only those present saw
	subjects       map[string]bool // begin a clause
	articles       map[string]bool // begin a noun phrase
	prepositions   map[string]bool
	breaks         map[string]bool // cannot follow an article
	verbs          map[string]bool // common finite verbs
	nounBefore     map[string]bool // stand before nouns
	letters        map[string]bool // are words of one letter
	interjections  map[string]bool // interrupt a sentence
	relatives      map[string]bool // begin a clause that describes a noun
	social         map[string]bool // belong to greetings and thanks
	decisive       map[string]bool // say that something was settled
	loose          map[string]bool // are fine in talk and odd on paper
	tails          [][]string      // end a sentence and add nothing
	kept           [][]string      // openers that mean something with the word that follows
	subordinators  map[string]bool // open a clause that needs a verb of its own
	clausal        map[string]bool // are subjects by themselves
	objects        map[string]bool // pronouns, directions and the like behind a verb
	determiners    map[string]bool // begin a noun phrase
	times          map[string]bool // nouns that say when without a preposition
	adjectival     map[string]bool // stand before adjectives
	judging        map[string]bool // follow "it is" where "it" points at what comes
	demonstratives map[string]bool // point, and end a sentence only where they point back
	slurred        map[string]bool // are written otherwise
	partial        map[string]bool // cannot stand before an article
	degrees        map[string]bool // strengthen an adjective
	adverbs        map[string]bool // may stand before a comma at the beginning
	fragments      map[string]bool // begin what is no sentence
	questions      map[string]bool // ask, unless a subject follows
	between        map[string]bool // stand between subject and verb
	prefixes       map[string]bool // are parts of words before a hyphen
	being          map[string]bool // are forms of "to be"
}

var grammars = map[language.Language]grammar{
	language.English: {
		nounBefore: set(`the a an my our your their his her its this that these those some any no each every all more of for with in on about from to by and or into per than as other both few`),
		openers: phrases(`so, and, but, well, okay, ok, yeah, yes, yep, right, oh, ah, now, then, also, basically, actually, anyway, alright,
			all right, sure, great, cool, 'kay, because, 'cause, i mean, you know, or, thanks, thank you, like, um, of course, anyhow, hmm,
			exactly, obviously, plus, see, fine, absolutely, as i said, again, in fact, i guess so, good, perfect, hello, hi, sorry, please,
			let's see, you see, thank you very much, thanks very much, mr chair, madam chair, mr speaker, madam speaker, chair,
			by the way, in other words, at the end of the day, to be honest, to be fair, as you know, as we know, as i say, needless to say`),
		danglers: set(`and but so or because the a an if that's it's is like which than as when while although whether where
			then well okay yeah right i we're i'm there's they're my your our and cause 'cause um are was were we they he she who what how why every very`),
		pronouns:     set(`it he she they this that these those them there`),
		persons:      set(`i my me mine you your yours im`),
		singular:     set(`i my me mine myself im`),
		tying:        set(`the of for in on with by from and to`),
		leads:        set(`the a an we our they their all most some each every both many several in on at by after before during since one two three four five six seven eight nine ten no not another nobody everybody everyone people as`),
		starters:     set(`if when might think want need would could should will what especially certainly maybe just try which because whether to than whereas an where who whose how`),
		pointing:     set(`this these here there that's it's thing things one`),
		subjects:     set(`i we they he she`),
		articles:     set(`the a an my our their your`),
		prepositions: set(`of to for with from at by into in on about`),
		breaks: set(`is are was were am and but or of to if be been has have had can could would should will that which because so also then maybe
			well yeah what who how do does did than it they he she we not around often even this these those that then`),
		verbs: set(`is are was were am be been being has have had do does did can could shall should will would may might must need needs want
			wants use uses make makes go goes get gets got think thinks know like likes look looks work works take takes give gives find
			found see say says said let come comes means mean put keep made went cannot came took gave says told seems seem feel felt
			start starts cost costs show shows focus focuses agree believe hope`),
		letters: set(`a i o kg km cm mm ml mg tv pm vs dr mr ms`), relatives: set(`which who whose what`), interjections: set(`okay ok yeah yep 'kay alright hmm`),
		social:   set(`thank thanks welcome hello morning bye goodbye sorry laugh joke lunch coffee everybody congratulations apologies apologize apologise o'clock`),
		decisive: set(`decided decision decisions agreed agree approved conclusion concluded settled`),
		loose: set(`gonna wanna gotta sorta kinda stuff whatnot bunch guys guy cool crap damn hell whatever anyhow eh huh oops wow hey gosh garbage
			thingy thingie um uh hmm yeah okay ok yep nope hafta 'em`),
		tails: phrases(`you know, okay, ok, right, yeah, so, or something, or whatever, and so on, and so forth, and stuff, and stuff like that, and things like that,
			and everything, or anything, i think, i guess, i mean, i suppose, i believe, basically, actually, anyway, really, to be honest, though, then, please, thank you,
			thanks, or so, you see, is it, isn't it, of course, as well as, or something like that, and whatnot, and all that, by the way, for example, perfect, great, exactly, absolutely, like, well, too much so, mr chair, madam chair,
			mr speaker, madam speaker, mr president`),
		kept: phrases(`because of, so that, so far, so many, so much, so long, now that, right now, right after, right across, then again, good luck, as of, well over,
			like this, like that, or else, see if, fine tuning, also known, well known, good news, sorry state, great deal, sure enough, right hand, right side,
			good quality, good practice, good results, fine details, great care, perfect match, cool down, okay with, see the, see what, see how, good ideas,
			good idea, good progress, great progress, great work, good work, great britain, plus or, plus the, chair of, like the, like a, like an, so do, so does, so did, and so on`),
		subordinators: set(`if when whenever because although though while whereas unless whether that which who whose whom what where how why whoever whatever`),
		clausal:       set(`i we you he she it they there who this these those somebody someone everybody everyone nobody anybody anyone nothing everything something that what`),
		objects: set(`me us you him her it them this that these those what all both everything everybody everyone something nothing to more less
			about up out off down back into across through along away over around`),
		determiners: set(`the a an all some most any every each another our their its many several both my your his her other`),
		times: set(`time day week month year moment morning afternoon evening minute hour today tomorrow yesterday monday tuesday wednesday thursday friday saturday sunday way
			meeting project summer winter spring autumn quarter`),
		adjectival: set(`the a an my your our their his her its very more most less quite so too this that these those some any no each every least`),
		judging: set(`important clear possible impossible necessary hard easy likely unlikely better best good difficult true essential vital crucial
			reasonable useful time worth necessary obvious critical fair`),
		demonstratives: set(`that this those these`),
		slurred:        set(`gonna wanna gotta sorta kinda gimme lemme dunno hafta`),
		partial:        set(`some any every each several no`),
		degrees:        set(`very too quite so more most not pretty`),
		adverbs: set(`first second third fourth fifth finally today tomorrow yesterday however therefore unfortunately instead meanwhile overall again otherwise
			nevertheless nonetheless moreover furthermore thus hence here later earlier afterwards secondly thirdly still next last since
			after before once if when while although though because as what where whether now monday tuesday wednesday thursday friday
			saturday sunday then`),
		fragments: set(`just even especially maybe like not whoever plus etc two's tsk hmm more such to here cuz except`),
		questions: set(`what how why who where which whose`),
		between:   set(`only also just almost all both never always really actually still even probably`),
		prefixes:  set(`un re co de ex`),
		being:     set(`is are was were be been being isn't aren't wasn't weren't`),
	},
	language.German: {
		nounBefore: set(`der die das den dem des ein eine einen einem einer unser unsere unseren kein keine diese dieser dieses diesen im am zum zur vom beim und mit für von über in auf`),
		openers:    phrases(`also, und, aber, ja, okay, gut, genau, na ja, so, dann, nun, eben, halt, nein`), danglers: set(`und aber oder weil dass der die das ein eine mit von wenn`),
		pronouns: set(`er sie es das dies diese dieser da dort`), persons: set(`ich mein meine mir mich du dein dir dich`), starters: set(`weil dass ob wobei`), social: set(`danke bitte hallo tschüss`),
	},
	language.French: {
		nounBefore: set(`le la les l' un une des du de d' au aux notre nos votre ce cette ces et pour avec sur dans en par`),
		openers:    phrases(`alors, et, mais, donc, bon, oui, ok, voilà, ben, euh, eh bien, d'accord, non`), danglers: set(`et mais ou donc que le la les de un une à si`),
		pronouns: set(`il elle ils elles ça cela ce c' c'est`), persons: set(`je j j' moi me mon ma mes tu toi te vous`), starters: set(`parce que qui dont`), social: set(`merci bonjour salut`),
	},
	language.Spanish: {
		nounBefore: set(`el la los las un una unos unas del de al nuestro nuestra este esta y para con sobre en por`),
		openers:    phrases(`pues, y, pero, bueno, sí, vale, entonces, o sea`), danglers: set(`y pero o que el la los las de un una a si`),
		pronouns: set(`eso esto ese esa él ella ellos ellas`), persons: set(`yo me mi mis tú te tu`), starters: set(`porque que`), social: set(`gracias hola adiós`),
	},
	language.Italian: {
		nounBefore: set(`il lo la i gli le l' un uno una del della dei delle di nel nella al alla nostro nostra questo questa e per con su in`),
		openers:    phrases(`allora, e, ma, sì, ok, va bene, quindi, ecco, beh, cioè`), danglers: set(`e ma o che il la i le di un una a se`),
		pronouns: set(`questo quello lui lei loro`), persons: set(`io mi mio mia tu ti tuo`), starters: set(`perché che`), social: set(`grazie ciao buongiorno`),
	},
	language.Dutch: {
		nounBefore: set(`de het een onze ons deze dit die dat van voor met in op over en naar`),
		openers:    phrases(`nou, en, maar, dus, ja, oké, goed, dan`), danglers: set(`en maar of dat de het een van`),
		pronouns: set(`hij zij ze het dat dit deze die`), persons: set(`ik mij mijn me jij je jouw`), starters: set(`omdat dat`), social: set(`bedankt dank hallo`),
	},
	language.Portuguese: {
		nounBefore: set(`o a os as um uma do da dos das de no na nos nas nosso nossa este esta e para com sobre em por`),
		openers:    phrases(`então, e, mas, bom, sim, ok, pois, bem`), danglers: set(`e mas ou que o a os as de um uma`),
		pronouns: set(`isso isto ele ela eles elas aquilo`), persons: set(`eu me meu minha você te`), starters: set(`porque que`), social: set(`obrigado obrigada olá`),
	},
}

// subjectCues announce another subject.
var subjectCues = map[language.Language][][]string{
	language.English: phrases(`next item, next topic, next thing, next point, next on the, moving on, move on, next up, last item, last thing, final item, first item,
		first thing, second item, item one, item two, item three, item four, item five, item number, agenda, let's talk about, turn to, turning to, come back to,
		another thing, any other business, other business, let's start, let's look at, what about, how about the, next question, last question, as for the, next presentation,
		move to, get started, kick off, kick us off, start us off, onto the, on to the, has the floor, turn over to, over to you, hand over, go over to, questions from, your presentation,
		next questions, first questions, final question, questions are, question is from, minutes left, minutes more, more minutes, left of the meeting, minutes to go, suspend the, next meeting in, end of our time, our time is`),
	language.German:     phrases(`nächster punkt, nächste punkt, nächstes thema, weiter mit, kommen wir zu, nächsten punkt, tagesordnung, letzter punkt, fangen wir an, als nächstes`),
	language.French:     phrases(`point suivant, prochain point, passons à, passons au, ordre du jour, dernier point, on passe, commençons`),
	language.Spanish:    phrases(`siguiente punto, próximo punto, pasemos a, pasamos a, orden del día, último punto, empecemos, siguiente tema`),
	language.Italian:    phrases(`prossimo punto, punto successivo, passiamo a, ordine del giorno, ultimo punto, iniziamo, prossimo tema`),
	language.Dutch:      phrases(`volgende punt, volgend punt, volgende onderwerp, agenda, laatste punt, laten we beginnen, we gaan naar`),
	language.Portuguese: phrases(`próximo ponto, próximo tema, próximo assunto, passemos a, vamos passar, ordem do dia, último ponto, vamos começar`),
}

// ands join two phrases.
var ands = map[language.Language]string{language.English: "and", language.German: "und", language.French: "et", language.Spanish: "y",
	language.Italian: "e", language.Dutch: "en", language.Portuguese: "e"}

// plain words name nothing in particular.
var plain = map[language.Language]map[string]bool{
	language.English: set(`people person guy guys time times moment question questions example point points idea ideas problem problems part parts fact case
		cases number numbers side course sense meeting minute minutes today tomorrow yesterday week day days year years hour hours month
		morning afternoon bunch couple end beginning start whole different certain important possible probable big small new old better
		best bad hard easy true real main sort reason reasons place first second third last next group sure interested interesting
		happy half change talking trying doing looking using working going saying thinking used said true need needed use work try point
		discussion little long short high low right left chair minister member order available level mind word words past lad lads mate
		front separate general particular meantime previous fair enough away alone apart instead soon far pretty together twice etcetera round
		etc open tell final various several overall basic easily huge further able worry presentation item items topic topics bits bob bobs
		kinda sorta hundred thousand monday tuesday wednesday thursday friday saturday sunday january february
		march april june july august september october november december view report section sections session later`),
	language.German:     set(`leute zeit frage fragen beispiel punkt idee problem teil fall woche tag tage jahr jahre stunde heute morgen gestern neu neue alte große kleine`),
	language.French:     set(`gens temps question exemple point idée problème partie fait cas semaine jour année heure aujourd'hui demain hier nouveau petit grand`),
	language.Spanish:    set(`gente tiempo pregunta ejemplo punto idea problema parte caso semana día año hora hoy mañana ayer nuevo grande`),
	language.Italian:    set(`gente tempo domanda esempio punto idea problema parte caso settimana giorno anno ora oggi domani ieri nuovo grande`),
	language.Dutch:      set(`mensen tijd vraag voorbeeld punt idee probleem deel geval week dag jaar uur vandaag morgen gisteren nieuw groot`),
	language.Portuguese: set(`gente tempo pergunta exemplo ponto ideia problema parte caso semana dia ano hora hoje amanhã ontem novo grande`),
}
