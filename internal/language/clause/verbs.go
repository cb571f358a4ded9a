package clause

import "strings"

// Form says how a verb is inflected.
type Form int

const (
	NoVerb Form = iota
	Bare        // send
	Third       // sends
	Past        // sent, also the participle
	Gerund      // sending
)

// bareVerbs are the verbs of work and of daily life that this grammar knows without a modal before them. A word after "will"
// or "to" is a verb whether it stands here or not.
const bareVerbs = `accept account accrue achieve act adapt add address adjust administer adopt advertise advise agree aim allow amend announce answer
	apologise apologize apply appoint approach approve argue arrange ask assemble assess assign assume attach attend audit avoid award back bake
	balance bear become begin believe benchmark bid bill block board boil book borrow brief bring budget build bump buy calculate
	calibrate call cancel capitalise capitalize carry catch change charge chase check choose chuck circulate clarify clean clear close collect
	combine come commission commit communicate compare compile complain complete compute confirm connect consider consult contact
	continue contract convert cook coordinate copy correct cost countersign courier cover create cut deal debit debug decide decline deep
	defer delegate delete deliver demo deploy describe design destroy develop dial dig disable discuss dispatch distribute do document
	double draft draw drive drop eat edit email empty enable encourage enforce engage enter escalate establish estimate evaluate examine
	exchange expect explain explore export express extend extract fetch figure file fill finalise finalize find finish fire fit fix
	flag flatten flick fly follow forget forward freeze gather get give go grab grant greet grow guarantee guess guide hand handle hang happen
	hate have hear help hide hire hit hold hope host identify implement import improve include increase inform input insert inspect install
	integrate interview introduce investigate invite invoice involve issue join jump keep key kick kill know label land launch lay lead learn
	leave lend let liaise lift like limit line link list listen live load loan locate lock log look lose love lower mail maintain make manage map
	mark measure meet mend mention merge message migrate mind miss mock model monitor move name need negotiate nominate note notice notify
	obtain offer open operate opt order organise organize outline owe own pack paint park pass patch pay perform phone photograph pick pilot
	ping place plan plant play plug point poll pop position post postpone pour practise practice prefer prepare present press price print
	prioritise prioritize proceed process procure produce program progress project promise promote proof proofread propose protect prove provide
	publish pull purchase push put query question quit quote raise rank reach read readvertise reassure rebook recall receive recharge reckon
	recommend reconcile record recruit recycle redo redraft reduce refactor refer refine refund refuse register reinstate reject release remember
	remind remove rename renew rent repair repeat replace reply report request rerun reschedule research reseal resend reserve reset resolve respond
	rest restart restock restore resubmit retest retry return reverse revert review revise rewrite ring roll rotate round route run save
	say schedule scope score scrap screen search see seek seem sell send separate serve set settle share shift ship shoot shop shortlist show
	shut sign sit skip slip solve sort source speak specify spend split sponsor square staff stand start state stay steer stick stop store
	streamline stress stretch strike strip study submit sue suggest summarise summarize supervise supply support suppose surface survey
	swap switch sync take talk target teach tell tender terminate test text thank think throw tidy tie touch track trade train transfer
	translate treat trial trigger trim try turn type understand unlock update upgrade upload use validate verify view visit volunteer vote wait
	walk want warn wash watch weigh welcome win wipe withdraw wonder work worry wrap write zip move`

// irregular gives forms that no rule makes, "bare: past participle".
const irregular = `begin: began begun, become: became become, bring: brought, build: built, buy: bought, catch: caught, choose: chose chosen, come: came,
	cost: cost, cut: cut, deal: dealt, dig: dug, do: did done, draw: drew drawn, drive: drove driven, eat: ate eaten, find: found, fly: flew flown,
	forget: forgot forgotten, freeze: froze frozen, get: got gotten, give: gave given, go: went gone, grow: grew grown, hang: hung, have: had,
	hear: heard, hide: hid hidden, hit: hit, hold: held, keep: kept, know: knew known, lay: laid, lead: led, learn: learnt, leave: left, lend: lent,
	let: let, lose: lost, make: made, mean: meant, meet: met, pay: paid, put: put, quit: quit, read: read, redo: redid redone, ring: rang rung, run: ran,
	rerun: reran, resend: resent, reset: reset, rewrite: rewrote rewritten, say: said, see: saw seen, seek: sought, sell: sold, send: sent, set: set,
	shoot: shot, show: shown, shut: shut, sit: sat, speak: spoke spoken, spend: spent, split: split, stand: stood, stick: stuck, strike: struck, take: took taken,
	teach: taught, tell: told, think: thought, throw: threw thrown, understand: understood, wear: wore worn, win: won, withdraw: withdrew withdrawn, write: wrote written`

type verbForm struct {
	base string
	form Form
}

var verbForms = inflect()

// inflect makes the table of all forms of the known verbs.
func inflect() map[string]verbForm {
	table := map[string]verbForm{}
	for _, v := range strings.Fields(bareVerbs) {
		for _, p := range pasts(v) {
			table[p] = verbForm{v, Past}
		}
		for _, g := range doubled(v, "ing") {
			table[g] = verbForm{v, Gerund}
		}
		table[thirdOf(v)] = verbForm{v, Third}
	}
	for _, entry := range strings.Split(irregular, ",") {
		base, forms, _ := strings.Cut(strings.TrimSpace(entry), ":")
		for _, f := range strings.Fields(forms) {
			table[f] = verbForm{base, Past}
		}
	}
	for _, v := range strings.Fields(bareVerbs) {
		table[v] = verbForm{v, Bare}
	}
	return table
}

func thirdOf(v string) string {
	switch {
	case strings.HasSuffix(v, "y") && !isVowel(v[len(v)-2]):
		return v[:len(v)-1] + "ies"
	case strings.HasSuffix(v, "s"), strings.HasSuffix(v, "x"), strings.HasSuffix(v, "z"), strings.HasSuffix(v, "sh"), strings.HasSuffix(v, "ch"), strings.HasSuffix(v, "o"):
		return v + "es"
	}
	return v + "s"
}

func pasts(v string) []string {
	if strings.HasSuffix(v, "y") && !isVowel(v[len(v)-2]) {
		return []string{v[:len(v)-1] + "ied"}
	}
	return doubled(v, "ed")
}

// doubled gives a verb with an ending, with and without its last consonant doubled.
func doubled(v, ending string) []string {
	last := v[len(v)-1]
	switch {
	case last == 'e' && !strings.HasSuffix(v, "ee") && !strings.HasSuffix(v, "oe"):
		return []string{v[:len(v)-1] + ending}
	case len(v) > 2 && !isVowel(last) && isVowel(v[len(v)-2]) && !strings.ContainsRune("wxy", rune(last)):
		return []string{v + ending, v + string(last) + ending}
	}
	return []string{v + ending}
}

func isVowel(b byte) bool { return strings.IndexByte("aeiou", b) >= 0 }

// Lookup gives the bare form of a word that is, or may be, a form of a known verb.
func Lookup(norm string) (string, Form) {
	v, ok := verbForms[norm]
	if !ok {
		return norm, NoVerb
	}
	return v.base, v.form
}

// IsGerund reports whether a word is the -ing form of a verb, known or not.
func IsGerund(norm string) bool {
	if _, f := Lookup(norm); f == Gerund {
		return true
	}
	return len(norm) > 5 && strings.HasSuffix(norm, "ing") && !notGerunds[norm]
}

// IsParticiple reports whether a word can follow "be" or "have" as a participle.
func IsParticiple(norm string) bool {
	if _, f := Lookup(norm); f == Past {
		return true
	}
	return len(norm) > 4 && strings.HasSuffix(norm, "ed") && !notParticiples[norm]
}

var (
	notGerunds     = Set(`morning evening meeting building during something anything nothing everything ceiling wedding parking string spring pudding`)
	notParticiples = Set(`need indeed speed hundred embed bed shed`)
)
