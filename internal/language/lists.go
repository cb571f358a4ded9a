package language

import "strings"

// set gives the words of a list as a set. The lists of this package never change.
func set(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, list := range lists {
		for _, w := range strings.Fields(list) {
			m[w] = true
		}
	}
	return m
}

var stopWords = map[Language]map[string]bool{
	English: set(`a an the this that these those such same other another each every either neither both all any some no none
		i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
		it its itself they them their theirs themselves one ones who whom whose which what whatever someone somebody something
		anyone anybody anything everyone everybody everything nobody nothing
		am is are was were be been being have has had having do does did doing done can could shall should will would may might
		must ought let lets cannot won wouldn shouldn couldn don didn doesn isn aren wasn weren hasn haven hadn ain
		and but or nor so yet if then else because although though while whereas unless until since than as
		of in on at by to from for with without about against between among into onto through during before after above below
		under over up down out off along across around near per via within
		here there where when why how now again further once just only also too very really quite rather even still already ever
		never always often sometimes maybe perhaps well okay ok yeah yes yep yup no nope right sure oh ah hey hi hello thanks
		thank please sorry actually basically probably anyway else like kind sort bit lot lots thing things stuff way get gets
		got getting gotten go goes going gone went come comes came coming make makes made making take takes took taking put
		say says said saying know knows knew think thinks thought mean means meant want wants wanted see sees saw look looks
		guess suppose gonna wanna gotta dunno cause 'cause 'em 'kay not n't 't 'm 's 're 've 'll 'd im ive ill id
		much many more most less least few several own back able good nice great fine cool alright`),
	German: set(`der die das den dem des ein eine einen einem einer eines kein keine keinen dieser diese dieses diesen diesem jener
		ich mich mir mein meine wir uns unser unsere du dich dir dein deine ihr euch euer sie ihn ihm ihnen er es sich man
		bin bist ist sind seid war waren wäre sein gewesen habe hast hat haben hatte hatten hätte werde wird werden wurde wurden
		würde würden kann können könnte konnte soll sollen sollte will wollen wollte muss müssen müsste darf dürfen mag möchte
		und oder aber denn weil dass daß wenn als ob wie wo wer was wann warum wohin also dann da hier dort
		in im an am auf aus bei beim mit nach von vom vor zu zum zur über unter durch für gegen ohne um bis seit zwischen
		nicht nichts nie noch nur schon auch sehr so mal ja nein doch eben halt genau okay gut jetzt immer wieder mehr etwas alle
		alles viel viele ganz eigentlich vielleicht danke bitte hallo`),
	French: set(`le la les l' un une des du de d' au aux ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur
		leurs je j' me m' moi tu te t' toi il elle on nous vous ils elles se s' lui en y qui que qu' quoi dont où quel quelle
		suis es est sommes êtes sont étais était étaient être été ai as a avons avez ont avais avait avaient avoir eu
		serai sera seront serait fait faire fais font va vais vont aller peut peux peuvent pouvoir doit dois doivent faut
		et ou mais donc or ni car si comme quand parce puis alors aussi ainsi dans sur sous avec sans pour par vers chez entre
		ne n' pas plus moins très trop bien peu tout tous toute toutes rien jamais encore déjà ici là oui non voilà ok merci
		bonjour c' ça cela ceci quelque quelques même c'est d'accord`),
	Spanish: set(`el la los las lo un una unos unas de del al a ante con contra desde en entre hacia hasta para por según sin sobre
		tras yo me mí mi mis tú te ti tu tus él ella ello nos nosotros vosotros ustedes ellos ellas se le les su sus nuestro
		nuestra este esta esto estos estas ese esa eso esos esas aquel aquella que qué quien quién cual cuál cuyo donde cuando
		como cómo soy eres es somos son era eran fue fueron ser sido estoy está están estaba estar he ha hemos han había haber
		hay tengo tiene tienen tener hace hacer voy va vamos van ir puede pueden poder debe deben y e o u pero sino porque si
		no ni más menos muy mucho muchos poco ya también tampoco todo todos toda todas nada nunca siempre aquí ahí allí sí bueno
		vale pues entonces así gracias hola algo`),
	Italian: set(`il lo la i gli le l' un uno una un' di del dello della dei degli delle a al allo alla ai agli alle da dal dalla in
		nel nella nei nelle con su sul sulla per tra fra io mi me mio mia miei tu ti te tuo tua lui lei egli ella noi ci voi vi
		loro si suo sua suoi sue nostro nostra questo questa questi queste quello quella quelli quelle che chi cui quale quali
		cosa dove quando come perché sono sei è siamo siete era erano essere stato stata ho hai ha abbiamo avete hanno aveva
		avere faccio fa fare fanno vado va andare vanno può possiamo possono potere deve dobbiamo devono e ed o ma però quindi
		allora se anche non né più meno molto poco tutto tutti tutta già ancora sempre mai qui qua lì là sì no va bene ok ecco
		grazie ciao c'è d'accordo qualcosa niente`),
	Dutch: set(`de het een 't dit dat deze die ik me mij mijn wij we ons onze jij je jou jouw u uw hij hem zijn zij ze haar hun hen
		men wie wat welke waar wanneer hoe waarom ben bent is zijn was waren wees geweest heb hebt heeft hebben had hadden word
		wordt worden werd werden zal zult zullen zou zouden kan kunt kunnen kon moet moeten mag mogen wil willen doe doet doen ga
		gaat gaan en of maar want dus als dan omdat dat toch ook nog al wel niet geen niets nooit altijd weer meer veel heel erg
		zo van in op aan bij met naar uit over onder door voor tegen zonder om tot tussen te er hier daar nu ja nee oké goed even
		eens iets alles alle`),
	Portuguese: set(`o a os as um uma uns umas de do da dos das em no na nos nas ao aos à às por pelo pela para pra com sem sobre entre
		até eu me mim meu minha tu te teu tua você vocês ele ela eles elas nós lhe se seu sua seus suas nosso nossa este esta
		isto esse essa isso aquele aquela aquilo que quem qual quais onde quando como porque sou é somos são era eram foi foram
		ser sido estou está estão estava estar tenho tem temos têm tinha ter há vou vai vamos vão ir faz fazer pode podem poder
		deve devem e ou mas nem se não mais menos muito muita muitos pouco já também todo todos toda todas nada nunca sempre
		aqui ali lá sim bom bem então assim obrigado obrigada olá ok`),
}

// fillers of the empty language are sounds that no language uses as words.
var fillers = map[Language]map[string]bool{
	"":      set(`uh uhh uhm umm hm hmm hmmm mm mmm mhm mm-hmm mm-hm uh-huh uh-uh uhuh ehm ähm äh öh öhm euh`),
	English: set(`um er erm eh em ah oh huh mm-mm uh-oh hum`),
	German:  set(`hm eh`), French: set(`heu hum hein bah ben`), Spanish: set(`eh em mmm`), Italian: set(`eh mah boh`),
	Dutch: set(`eh uh hè`), Portuguese: set(`hã hum né eh`),
}

// aside is a phrase that may stand in a sentence without being part of it.
type aside struct {
	words     []string
	apart     bool            // it is an aside only between punctuation
	notAfter  map[string]bool // words before it that make it part of the sentence
	notBefore map[string]bool // words after it that do
}

var asides = map[Language][]aside{
	English: {
		{words: []string{"you", "know"}, notAfter: set(`do did if what as that how when whether would because than don't like let should
			and could can to will which make`), notBefore: set(`what that how if why where who when the it this each about them him her more`)},
		{words: []string{"i", "mean"}, notAfter: set(`what do did that which know if can`), notBefore: set(`it that to by`)},
		{words: []string{"sort", "of"}, notAfter: set(`a the this that what some any these those same one no another which every other`)},
		{words: []string{"kind", "of"}, notAfter: set(`a the this that what some any these those same one no another which every other`)},
		{words: []string{"like"}, apart: true},
		{words: []string{"you", "see"}, apart: true},
		{words: []string{"i", "guess"}, apart: true},
		{words: []string{"so", "to", "speak"}, apart: true},
	},
	German:     {{words: []string{"weißt", "du"}, apart: true}, {words: []string{"sag", "ich", "mal"}}, {words: []string{"sozusagen"}}, {words: []string{"quasi"}}, {words: []string{"ich", "meine"}, apart: true}},
	French:     {{words: []string{"tu", "sais"}, apart: true}, {words: []string{"vous", "savez"}, apart: true}, {words: []string{"tu", "vois"}, apart: true}, {words: []string{"genre"}, apart: true}},
	Spanish:    {{words: []string{"o", "sea"}, apart: true}, {words: []string{"sabes"}, apart: true}, {words: []string{"digamos"}, apart: true}},
	Italian:    {{words: []string{"cioè"}, apart: true}, {words: []string{"diciamo"}, apart: true}, {words: []string{"sai"}, apart: true}},
	Dutch:      {{words: []string{"weet", "je"}, apart: true}, {words: []string{"zeg", "maar"}}},
	Portuguese: {{words: []string{"sabe"}, apart: true}, {words: []string{"tipo"}, apart: true}, {words: []string{"quer", "dizer"}, apart: true}},
}

// titles are abbreviations that never end a sentence; abbreviations may end one, if a capital follows.
var (
	titles = set(`mr mrs ms dr prof st hon sgt capt lt col gen rev sen rep gov pres vs e.g i.e z.b d.h u.a bzw sr sra srta dra mme mlle
		sig dott ing mevr dhr bijv approx fig resp sogen vgl`)
	abbreviations = set(`etc inc ltd corp co dept est jr a.m p.m am pm jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed
		thu thur thurs fri sat sun usw ca ggf evtl min max std ext tel art ph.d u.s u.k`)
)

var germanMonths = set(`januar jänner februar märz april mai juni juli august september oktober november dezember`)

// clauseOpeners, followed by subjects, begin a new clause in a sentence that runs on.
var (
	clauseOpeners = map[Language]map[string]bool{
		English: set(`and but so okay then because well now`), German: set(`und aber also dann weil denn`), French: set(`et mais donc alors puis`),
		Spanish: set(`y pero entonces así pues`), Italian: set(`e ma quindi allora però`), Dutch: set(`en maar dus dan want`),
		Portuguese: set(`e mas então porque`), "": nil,
	}
	subjects = map[Language]map[string]bool{
		English: set(`i we you he she it they there that this the what if let`), German: set(`ich wir du er sie es das die der da`),
		French: set(`je j' on nous vous il elle ils elles c le la les ça j`), Spanish: set(`yo nosotros él ella ellos el la los las hay eso esto`),
		Italian: set(`io noi lui lei loro il la i le c questo`), Dutch: set(`ik wij we je jij hij zij ze het de dat er`),
		Portuguese: set(`eu nós ele ela eles a gente o os as isso`), "": nil,
	}
)

// negations deny. Accepting and refusing words are given by how they begin.
var (
	negations = map[Language]map[string]bool{
		English: set(`not n't never no none nobody nothing neither nor cannot without hardly nowhere unable`),
		German:  set(`nicht nichts nie niemals kein keine keinen keinem keiner keines niemand ohne weder nein`),
		French:  set(`pas jamais rien aucun aucune personne sans ni non`), Spanish: set(`no nunca jamás nada nadie ningún ninguna ninguno sin tampoco ni`),
		Italian: set(`non mai niente nulla nessuno nessuna senza né no`), Dutch: set(`niet niets nooit geen niemand zonder nee noch`),
		Portuguese: set(`não nunca jamais nada ninguém nenhum nenhuma sem nem`),
	}
	accepting = map[Language][]string{
		English: {"agree", "approv", "accept", "adopt", "confirm", "keep", "kept"}, German: {"zugestimmt", "angenommen", "genehmig", "akzeptier", "einverstanden", "bestätig"},
		French: {"accept", "approuv", "adopt", "accord", "confirm"}, Spanish: {"acept", "aprob", "acord", "confirm"}, Italian: {"accett", "approv", "concord", "conferm"},
		Dutch: {"akkoord", "goedgekeurd", "geaccepteerd", "bevestig"}, Portuguese: {"aceit", "aprov", "concord", "confirm"},
	}
	refusing = map[Language][]string{
		English: {"reject", "refus", "declin", "cancel", "disagree", "disapprov", "oppos", "withdr", "abandon", "drop", "scrap", "veto", "deny", "denie", "denial"},
		German:  {"abgelehnt", "ablehn", "verweiger", "verworfen", "abgesagt", "storni"}, French: {"refus", "rejet", "annul", "abandonn"},
		Spanish: {"rechaz", "cancel", "deneg", "abandon"}, Italian: {"rifiut", "respin", "annull", "abbandon"}, Dutch: {"afgewezen", "geweiger", "geannuleerd", "verworpen"},
		Portuguese: {"rejeit", "recus", "cancel", "abandon"},
	}
)
