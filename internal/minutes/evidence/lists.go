package evidence

import (
	"strings"

	"mainstay/internal/language"
)

// The lists of this file never change. They hold small words and the words by which people retell what others said, never
// those of any meeting.

func wordSet(lists ...string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, w := range strings.Fields(list) {
			set[w] = true
		}
	}
	return set
}

func stems(l language.Language, lists ...string) map[string]bool {
	set := map[string]bool{}
	for w := range wordSet(lists...) {
		set[l.Stem(w)] = true
	}
	return set
}

// framing reports whether a stem is one of retelling: it says who spoke and how, and little of what.
func framing(l language.Language, stem string) bool { return retelling[l][stem] }

var retelling = map[language.Language]map[string]bool{
	language.English: stems(language.English, `team group meeting attendee participant member people everyone committee board discuss discussed discussion
		agree agreed agreement decide decided decision confirm note noted mention report reported ask asked explain explained suggest
		suggested propose proposed proposal plan planned present raise raised request requested recommend recommended describe
		state stated point topic item issue matter question answer follow-up action task respond responsible assign assigned
		update status consider need needs require required intend expect expected remain remaining open speaker clarify conclude review`),
	language.German: wordSet(`team gruppe besprechung sitzung teilnehmer runde diskutiert besprochen vereinbart beschlossen entschieden bestätigt erwähnt
		berichtet fragt erklärt vorgeschlagen geplant thema punkt frage aufgabe verantwortlich offen`),
	language.French: stems(language.French, `équipe groupe réunion participant discuté convenu décidé confirmé mentionné rapporté demandé expliqué proposé prévu sujet
		point question tâche responsable ouvert`),
	language.Spanish: stems(language.Spanish, `equipo grupo reunión participante discutió acordó decidió confirmó mencionó informó preguntó explicó propuso previsto tema punto
		pregunta tarea responsable abierto`),
	language.Italian: wordSet(`squadra gruppo riunione partecipanti discusso concordato deciso confermato menzionato riferito chiesto spiegato proposto previsto
		tema punto domanda compito responsabile aperto`),
	language.Dutch: wordSet(`team groep vergadering deelnemers besproken afgesproken besloten bevestigd genoemd gemeld gevraagd uitgelegd voorgesteld gepland
		onderwerp punt vraag taak verantwoordelijk open`),
	language.Portuguese: wordSet(`equipe grupo reunião participantes discutiu acordou decidiu confirmou mencionou informou perguntou explicou propôs previsto tema
		ponto pergunta tarefa responsável aberto`),
}

// ordinary reports whether a word is one that anybody may retell with although nobody said it.
func ordinary(l language.Language, norm string) bool {
	return ordinaryStems[l][l.Stem(norm)] || framing(l, l.Stem(norm)) || l.Stop(norm)
}

func knowsOrdinary(l language.Language) bool { return len(ordinaryStems[l]) > 0 }

var ordinaryStems = map[language.Language]map[string]bool{
	language.English: stems(language.English, `accept access accord achieve acquire act adapt add address adjust advance advise affect afford agenda aim align
		allow alternative amend amount analyse analyze announce appear apply appoint approach approve area arrange arrive aspect
		assess assist assume attach attempt attend available avoid aware base become begin benefit book bring budget build business
		buy calculate call cancel care carry case cause change charge check choice choose circulate claim clear client close colleague
		collect combine comment commit communicate company compare compile complete concern condition conduct confirm connect consult
		contact continue contract contribute control convert coordinate copy correct cost cover create current customer cut daily
		data date day deadline deal debate decline decrease define delay deliver demand department depend design detail determine
		develop differ difficult direct distribute divide document draft due early easy edit effect effort email employ enable
		encourage end engage ensure enter equip error establish estimate evaluate event examine example exist expand expense
		experience extend extra face fact fail feature feedback figure file fill final finance find finish fit fix focus form format
		forward free full function fund further future gather general generate give goal group grow guide handle happen help high hire
		hold host idea identify impact implement important improve include increase indicate inform initial input inquire inspect
		install instead instruct integrate interest introduce invest investigate invite invoice involve join keep key large late launch
		lead learn leave level limit line link list listen local locate long look low main maintain manage mark market material measure
		meet member merge message method minimum missing model modify money monitor month move name necessary negotiate new next notify
		number object obtain offer office option order organise organize outcome outline output outside overall overview own paper part
		partner party pass pay pending percent perform period permit person phase phone pick piece place possible postpone potential
		prefer prepare presentation previous price print prior priority problem procedure proceed process procure produce product
		progress project promise protect prove provide publish purchase purpose push quality quantity quick quote range rate reach react
		read ready real reason receive recent record recruit reduce refer reflect regard regular reject relate release rely remind
		remove rent reorder repair repeat replace reply reschedule research resolve resource respond rest result retain return revise
		risk role room round rule run safe sample save schedule scope search section secure seek select sell send separate series serve
		service set settle several share ship short show side sign similar simple site situation size solution solve sort source space
		speak specific specify spend staff stage standard start state stay step stop store strategy structure study style subject submit
		substitute success support supplier suppose survey switch system talk target technical term test text think time title together
		tool total track train transfer travel treat trial try turn type understand undertake unit upcoming upload usage use user value
		various verify version view visit volume wait walk warn watch week welcome whole work worker write wrong year yet
		began begun bought brought built came caught chose chosen dealt drawn drew driven drove fell found gave given gone grew grown held kept knew
		led left lost made met paid ran risen rose seen sent shown sold spent spoke spoken taken thought told took understood went won written wrote`),
}

// timeWords name times. In a line they must have been said, or follow from what was said.
var timeWords = map[language.Language]map[string]bool{
	language.English: wordSet(`monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays mon tue
		tues wed thu thur thurs fri january february march april may june july august september october november december jan feb mar
		apr jun jul aug sep sept oct nov dec today tomorrow tonight yesterday weekend noon midnight easter christmas`),
	language.German: wordSet(`montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag januar jänner februar märz april mai juni juli august
		september oktober november dezember heute morgen übermorgen gestern wochenende ostern weihnachten`),
	language.French: wordSet(`lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril mai juin juillet août septembre octobre novembre
		décembre aujourd'hui demain hier pâques noël`),
	language.Spanish: wordSet(`lunes martes miércoles jueves viernes sábado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre
		noviembre diciembre hoy ayer pascua navidad`),
	language.Italian: wordSet(`lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio marzo aprile maggio giugno luglio agosto settembre
		ottobre novembre dicembre oggi domani ieri pasqua natale`),
	language.Dutch: wordSet(`maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart april mei juni juli augustus september oktober
		november december vandaag morgen gisteren pasen kerst`),
	language.Portuguese: wordSet(`segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo janeiro fevereiro março abril maio junho julho
		agosto setembro outubro novembro dezembro hoje amanhã ontem páscoa natal`),
}

// Weekdays and months by their names, counted as ISO 8601 does.
var (
	weekdays = ranked(`monday tuesday wednesday thursday friday saturday sunday`, `mon tue wed thu fri`)
	months   = ranked(`january february march april may june july august september october november december`, `jan feb mar apr may jun jul aug sep oct nov dec`)
)

func ranked(lists ...string) map[string]int {
	all := map[string]int{}
	for _, list := range lists {
		for i, w := range strings.Fields(list) {
			all[w] = i + 1
		}
	}
	return all
}

// conjunctions join clauses; with a subject behind them they open one. Subjects are small words.
var (
	conjunctions = map[language.Language]map[string]bool{
		language.English: wordSet(`and but so or because while whereas although though then yet`), language.German: wordSet(`und aber oder denn weil sodass während obwohl`),
		language.French: wordSet(`et mais ou donc car`), language.Spanish: wordSet(`y e pero o porque mientras aunque`), language.Italian: wordSet(`e ed ma o quindi mentre`),
		language.Dutch: wordSet(`en maar of want omdat terwijl`), language.Portuguese: wordSet(`e mas ou porque enquanto`),
	}
	subjects = map[language.Language]map[string]bool{
		language.English: wordSet(`i we you he she it they there that this these those the a an my our your his her their somebody everybody nobody`),
		language.German:  wordSet(`ich wir du er sie es das die der ein eine man dann`), language.French: wordSet(`je j nous vous il elle on ils elles le la les un une c`),
		language.Spanish: wordSet(`yo nosotros él ella ellos el la los las un una`), language.Italian: wordSet(`io noi lui lei loro il la i le un una`),
		language.Dutch: wordSet(`ik wij we je jij hij zij ze het de een dat`), language.Portuguese: wordSet(`eu nós ele ela eles o a os as um uma`),
	}
	conditions = map[language.Language]map[string]bool{
		language.English: wordSet(`if unless whether provided assuming suppose depending would could might perhaps maybe`), language.German: wordSet(`wenn falls ob sofern würde könnte vielleicht`),
		language.French: wordSet(`si peut-être pourrait`), language.Spanish: wordSet(`si quizás tal podría`), language.Italian: wordSet(`se forse potrebbe`),
		language.Dutch: wordSet(`als indien misschien zou`), language.Portuguese: wordSet(`se talvez poderia`),
	}
	// assent is how people agree without a word of agreeing.
	assent = map[language.Language]map[string]bool{
		language.English: wordSet(`yes yeah yep yup okay ok sure fine right good great perfect absolutely definitely deal done settled let's lets will we'll i'll shall going
			happy works exactly course aye`),
		language.German: wordSet(`ja genau gut okay ok einverstanden klar passt abgemacht gerne werden machen`),
		language.Dutch:  wordSet(`ja goed oké ok prima akkoord precies zullen`),
	}
)

// universal words say something of all. A line may not, unless its source does.
var universal = map[language.Language]map[string]bool{
	language.English: wordSet(`all every everyone everybody everything always entire entirely whole completely fully unanimous unanimously each both`),
	language.German:  wordSet(`alle alles aller jeder jede jedes immer sämtliche einstimmig beide`), language.French: wordSet(`tous toutes tout toujours chaque unanimité`),
	language.Spanish: wordSet(`todos todas todo siempre cada unanimidad`), language.Italian: wordSet(`tutti tutte tutto sempre ogni unanimità`),
	language.Dutch: wordSet(`alle alles iedereen altijd elke elk unaniem`), language.Portuguese: wordSet(`todos todas tudo sempre cada unanimidade`),
}

// contrasts are pairs of sides: a line may not use a word of one side that nobody said where the source uses one of the other.
var contrasts = map[language.Language][][2][]string{
	language.English: pairs(language.English,
		`increase raise rise rose risen grow grew grown more higher expand gain`, `decrease reduce cut lower drop fall fell fallen less fewer shrink shrank lose lost loss`,
		`before earlier early advance prepone`, `after later late delay postpone`,
		`above exceed`, `below`, `most maximum`, `least minimum`, `first`, `last final`,
		`open begin began begun start launch resume continue`, `close end stop finish halt suspend pause`,
		`buy bought purchase hire recruit`, `sell sold fire dismiss`, `win won pass succeed success`, `lose lost fail failure`,
		`include add join`, `exclude remove omit leave`, `allow permit enable`, `forbid prohibit ban block prevent disable`,
		`cheap cheaper affordable`, `expensive dear costly`, `fast faster quick quicker`, `slow slower`, `long longer`, `short shorter`,
		`big bigger large larger`, `small smaller`, `good better best improve`, `bad worse worst worsen`, `easy easier simple`, `hard harder difficult`,
		`safe`, `unsafe dangerous`, `possible`, `impossible`, `true correct`, `false wrong incorrect`, `like love prefer`, `dislike hate`,
		`support favour favor`, `oppose against`, `public external`, `private internal confidential`, `keep retain`, `discard replace abandon scrap`,
		`approve accept agree`, `reject refuse decline deny disagree`, `complete done finished ready`, `incomplete unfinished missing pending`,
		`inside`, `outside`, `free`, `paid charge`, `strong stronger`, `weak weaker`),
	language.German: pairs(language.German,
		`erhöhen erhöht steigt mehr höher`, `senken gesenkt sinkt weniger niedriger`, `vor früher`, `nach später`, `beginnen starten öffnen`, `beenden stoppen schließen`,
		`kaufen`, `verkaufen`, `erlaubt erlauben`, `verboten verbieten`, `billig billiger günstig`, `teuer teurer`, `zugestimmt angenommen genehmigt`, `abgelehnt verworfen`),
	language.French: pairs(language.French, `augmenter augmente plus hausse`, `diminuer réduire baisse moins`, `avant`, `après`, `commencer ouvrir`, `arrêter fermer finir`,
		`acheter`, `vendre`, `accepté approuvé`, `refusé rejeté`),
	language.Spanish: pairs(language.Spanish, `aumentar aumenta más`, `reducir disminuir menos`, `antes`, `después`, `empezar abrir`, `parar cerrar terminar`, `comprar`, `vender`,
		`aceptado aprobado`, `rechazado`),
}

// pairs takes lists two by two.
func pairs(l language.Language, lists ...string) [][2][]string {
	var all [][2][]string
	for i := 0; i+1 < len(lists); i += 2 {
		var pair [2][]string
		for k := range pair {
			for w := range stems(l, lists[i+k]) {
				pair[k] = append(pair[k], w)
			}
		}
		all = append(all, pair)
	}
	return all
}

// commandsMachine reports whether words speak to a machine that reads the transcript rather than to the meeting: "ignore all
// previous instructions". What stands beside them is no source for a line.
func commandsMachine(text string) bool {
	const reach = 6
	all := language.Words(text)
	for i, w := range all {
		if !overruling[w.Norm] {
			continue
		}
		for _, next := range all[i+1 : min(i+1+reach, len(all))] {
			if orders[next.Norm] {
				return true
			}
		}
	}
	return false
}

var (
	overruling = wordSet(`ignore disregard forget override bypass ignoriere ignorieren vergiss ignorez ignorer oubliez ignora ignore olvida negeer vergeet ignorem`)
	orders     = wordSet(`instruction instructions prompt prompts guidelines anweisung anweisungen vorgaben consigne consignes instrucción instrucciones istruzioni
		instructies instruções`)
)
