package digest

import (
	"strings"

	"mainstay/internal/language"
)

// verbs are the forms by which English shows that a clause is complete.
type verbs struct {
	helpers map[string]bool // finite auxiliaries and modals
	modals  map[string]bool // those that take a bare infinitive
	finite  map[string]bool // forms that can be the verb of a clause
	nouns   map[string]bool // forms of finite that are as often nouns
}

// english is built from the bases that people use most.
var english = conjugated()

func conjugated() verbs {
	v := verbs{
		helpers: set(`is are was were am has have had do does did can could will would shall should may might must cannot
			isn't aren't wasn't weren't hasn't haven't hadn't don't doesn't didn't can't couldn't won't wouldn't shouldn't mustn't ain't`),
		modals: set(`can could will would shall should may might must cannot can't couldn't won't wouldn't shouldn't`),
		nouns: set(`work works plan plans cost costs show shows need needs use uses move moves order orders test tests report reports question
			questions address result results point points look looks change changes issue issues call calls note notes name names
			time times help call start starts stop stops end ends set sets place places form forms list lists state states
			check checks visit visits support supports control controls design designs focus offer offers answer answers cause
			causes demand demands measure measures request requests matter matters review reviews sound sounds stand stands
			side bill book books break breaks claim claims drop drops fit hold increase increases lead leads mark marks match
			matches mind open own paint paints part parts pass plant plants play plays press record records release rent rest
			return returns run runs sample sign signs start step steps stock store stores talk talks thought thoughts trade train turn turns
			view views vote votes walk watch water waste wish word words worry feature features deal deals range ranges bit saw
			left felt found cut cuts hit read lot lots like file files board draft drafts study studies research file project projects
			process schedule schedules limit limits target targets load loads share shares age figure figures function functions interest
			interests benefit benefits attempt attempts approach approaches comment comments concern concerns contact contacts contract
			cover covers debate debates decline decrease delay delays display displays favour favor finance force forces fund funds gain
			gains grant grants guarantee hope hopes host hosts impact impacts influence judge judges lack launch link links love mix
			monitor monitors object objects paint phone phones progress promise promises purchase push record records regard
			reply replies reserve reserves respect respects rush scan scans score scores search searches sort sorts stress struggle
			surprise switch switches touch track tracks transfer transfers travel treat trust type types update updates upgrade value
			values wait welcome wonder present direct complete clean clear close correct separate secure open double live lower light
			fight fights drive drives draw ring rings shift shifts spread strike strikes swing shake ship ships sink meeting tie ties
			wear win wins light lights lie lies read reads kick roll rolls account accounts charge charges group groups lift lifts
			count counts hire post posts pour pours raise rescue ride rides rise rises sleep slip slips split build builds pay catch permit permits
			repair repairs estimate estimates supply supplies pull protest stay stays spend cook sample samples conduct exchange fall falls bet bend
			express express produce refuse save saves ship trip trips host hosts cross judge jump score kill warn welcome cancel arrest wash phase phases`),
	}
	v.finite = map[string]bool{}
	for _, base := range strings.Fields(regular) {
		v.finite[base], v.finite[third(base)], v.finite[past(base)] = true, true, true
	}
	for _, forms := range phrases(irregular) {
		v.finite[forms[0]], v.finite[third(forms[0])] = true, true
		for _, f := range forms[1:] {
			v.finite[f] = true
		}
	}
	return v
}

// third gives the form after "she".
func third(base string) string {
	switch {
	case strings.HasSuffix(base, "y") && !strings.ContainsAny(base[len(base)-2:len(base)-1], "aeiou"):
		return base[:len(base)-1] + "ies"
	case strings.HasSuffix(base, "s"), strings.HasSuffix(base, "sh"), strings.HasSuffix(base, "ch"), strings.HasSuffix(base, "x"), strings.HasSuffix(base, "o"), strings.HasSuffix(base, "z"):
		return base + "es"
	}
	return base + "s"
}

// past gives the regular past.
func past(base string) string {
	n := len(base)
	switch {
	case strings.HasSuffix(base, "e"):
		return base + "d"
	case strings.HasSuffix(base, "y") && !strings.ContainsAny(base[n-2:n-1], "aeiou"):
		return base[:n-1] + "ied"
	case doubled[base]:
		return base + base[n-1:] + "ed"
	}
	return base + "ed"
}

var doubled = set(`plan stop drop fit ship skip admit permit refer prefer occur commit submit control cancel travel step`)

// regular verbs, by their base.
const regular = `accept account achieve act add address adjust admit adopt affect afford agree aim allow amend amount announce answer appear
	apply appoint appreciate approach approve argue arrange arrive ask assess assign assist assume attach attempt attend avoid
	base belong benefit bother calculate call cancel care carry cause challenge change charge check claim clean clear close collect
	combine comment commit communicate compare complain complete comply concern conclude conduct confirm connect consider consist constitute
	construct consult contact contain continue contribute control convert cook cooperate cope correct cost count cover create cross
	deal debate decide decline decrease define delay deliver demand deny depend deploy describe deserve design destroy determine develop
	differ direct disagree discover discuss display distribute divide double doubt draft drop earn elect employ enable
	encourage engage enjoy ensure enter establish estimate evaluate examine exceed exist expand expect expire explain explore
	express extend face fail favour favor fill finance finish fit fix focus follow force form function fund gain gather generate govern
	grant guarantee handle happen hate help hire hope host identify ignore imagine impact implement imply import improve include
	incorporate increase indicate influence inform insist inspect install insure intend introduce invest investigate invite involve
	issue join judge jump justify kick kill lack last launch learn lie lift like limit link list live load locate lock look
	love lower maintain manage mark match matter measure mention merge miss mix monitor move name need note notice
	object observe obtain occur offer open operate oppose order organise organize own paint participate pass permit persuade phase phone pick
	place plan play point post pour prefer prepare present preserve press prevent print proceed process produce progress promise
	promote propose protect prove provide publish pull purchase pursue push qualify question raise reach react realise realize
	receive recognise recognize recommend record recover reduce refer reflect refuse regard regret reject relate release rely remain remember
	remind remove renew rent repair repeat replace reply report represent request require rescue research reserve resolve respect respond
	rest restore restrict result resume retain retire return reveal review roll rush sample satisfy save scan schedule score
	search secure seem select separate serve settle share shift ship shout sign signal simplify skip slip solve sort
	sound specify start state stay step stick stop store strengthen stress struggle submit succeed suffer suggest suit supply support suppose
	surprise survive suspect switch talk target tend test thank threaten tie touch track trade train transfer
	translate travel treat trust try turn type update upgrade upload use vary visit vote wait walk want warn wash waste watch
	welcome widen wish wonder work worry`

// irregular verbs: base and finite past.
const irregular = `be is, become became, begin began, bend bent, bet bet, bind bound, blow blew, break broke, bring brought, build built, buy bought,
	catch caught, choose chose, come came, cut cut, deal dealt, dig dug, draw drew, drive drove, eat ate, fall fell, feed fed, feel felt,
	fight fought, find found, fly flew, forget forgot, freeze froze, get got, give gave, go went goes, grow grew, hang hung, hear heard, hide hid,
	hit hit, hold held, hurt hurt, keep kept, know knew, lay laid, lead led, leave left, lend lent, let let, light lit, lose lost, make made,
	mean meant, meet met, pay paid, put put, quit quit, read read, ride rode, ring rang, rise rose, run ran, say said, see saw, sell sold, send sent,
	set set, shake shook, shine shone, shoot shot, show showed, shut shut, sing sang, sink sank, sit sat, sleep slept, speak spoke, spend spent,
	split split, spread spread, stand stood, steal stole, strike struck, swim swam, swing swung, take took, teach taught, tell told, think thought,
	throw threw, understand understood, wake woke, wear wore, win won, withdraw withdrew, write wrote`

// verbForms gives the verbs of a language, none where they are not known.
func verbForms(l language.Language) verbs {
	if l != language.English {
		return verbs{}
	}
	return english
}
