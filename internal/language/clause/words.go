package clause

import "strings"

// Set gives the words of a list as a set. The lists of this package never change.
func Set(lists ...string) map[string]bool {
	m := make(map[string]bool)
	for _, list := range lists {
		for _, w := range strings.Fields(list) {
			m[w] = true
		}
	}
	return m
}

// Phrases gives the phrases of a list that commas part, each as its words.
func Phrases(list string) [][]string {
	var out [][]string
	for _, p := range strings.Split(list, ",") {
		if w := strings.Fields(p); len(w) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// The closed classes of English: the small words that show what a sentence does.
var (
	// Nominative words can be the subject of a verb that follows them.
	Nominative = Set(`i we you he she it they that this these those who someone somebody anyone anybody everyone everybody nobody
		noone one there what which`)
	// owning words have an "'s" that says whose.
	owning = Set(`someone somebody anyone anybody everyone everybody nobody noone one`)
	// Objective words cannot be subjects.
	Objective = Set(`me us him her them myself us himself herself themselves`)
	// Pointer words are pronouns that stand for what was said before.
	Pointer = Set(`it that this those these them him her they one ones both all so`)

	Determiner = Set(`the a an my your our their his its this that these those some any every each no another both all which what whose`)
	// Modal words open a verb group and are followed by a bare verb.
	Modal  = Set(`will would can could shall should must may might`)
	Being  = Set(`am is are was were be been being`)
	Having = Set(`have has had having`)
	doings = Set(`do does did`)
	// Adverb words may stand within a verb group.
	Adverb = Set(`just really also still probably then only always never usually actually definitely certainly maybe even already now
		quickly personally basically obviously simply gladly happily first too both all kindly please hopefully possibly ever literally
		absolutely again normally generally certainly properly either likely perhaps quite myself finally currently not`)
	Preposition = Set(`of in on at by to from for with into about over through under between against within without around after before
		during until till off up down out onto per via near behind beside past towards`)
	Coordinator = Set(`and but or so then nor plus yet`)
	// Condition words open a clause that may never come true.
	Condition = Set(`if unless provided providing supposing suppose assuming`)
	// Relation words open a clause that belongs to the one before it.
	Relation = Set(`who which that what where how why whether when once before after until till while because since although though as
		than cos cause whatever whenever wherever lest`)
	// Asking words open a question.
	Asking = Set(`who what when where why how which whose`)

	// Opener words say nothing of their own at the start of a turn or a sentence.
	Opener = Set(`okay ok right so well yeah yes yep yup no nope nah oh ah and but then look great good thanks perfect alright righto um
		uh er hey hi hello sure fine lovely cool brilliant excellent beautiful now also anyway ya ye aye sorry listen see like honestly
		grand sweet ta cheers hm mm ha haha super wonderful fantastic fair true exactly absolutely indeed hmm eh ooh oof wow awesome
		amazing actually basically totally deal done agreed because cause cos 'cause plus ugh`)
	// Ending words say nothing of their own at the end of a sentence.
	Ending = Set(`okay ok right then though please sir madam mate lah eh yeah yes no anyway ta thanks too already so and but or because um uh
		cheers now ma'am folks guys everyone everybody well fine ya ah man also`)

	// loose are the spellings of contractions without their apostrophes, as some recognizers write them.
	loose = map[string]string{
		"im": "i am", "ive": "i have", "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not", "couldnt": "could not",
		"wouldnt": "would not", "shouldnt": "should not", "isnt": "is not", "arent": "are not", "wasnt": "was not", "havent": "have not",
		"hasnt": "has not", "thats": "that is", "youre": "you are", "theyre": "they are", "youll": "you will", "theyll": "they will",
		"weve": "we have", "youve": "you have", "theyve": "they have", "whos": "who is", "whats": "what is", "itll": "it will",
		"gonna": "going to", "gotta": "got to", "wanna": "want to", "cannot": "can not", "y'all": "you", "ya'll": "you", "lets": "let us",
		"let's": "let us", "won't": "will not", "wont": "will not", "can't": "can not", "shan't": "shall not", "ain't": "is not",
		"'em": "them", "someone'll": "someone will", "c'mon": "come on", "dunno": "do not know", "gimme": "give me", "lemme": "let me",
		"oughta": "ought to", "hafta": "have to", "needa": "need to",
	}
)
