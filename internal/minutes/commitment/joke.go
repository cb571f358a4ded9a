package commitment

import "mainstay/internal/language/clause"

// jest reports whether the clause is said in jest, as far as its own words show. Most jokes are known by what others answer,
// see [exchange]; some speak of what nobody plans at work.
func (t *turn) jest(s *clause.Sentence, c *clause.Clause) bool {
	if c.Subject != clause.Me && c.Subject != clause.Us && c.Subject != clause.Named {
		return false
	}
	for i := c.From; i < s.To; i++ {
		if absurd[t.At(i)] {
			return true
		}
	}
	return t.Find(c.From, s.To, absurdities) >= 0
}

// absurd are words of harm, despair, flight, the circus, wild animals and magic.
var absurd = clause.Set(`strangle throttle murder stab drown poison hostage ransom kidnap duel guillotine dungeon coffin funeral cannon sword pitchfork
	cry weep sob scream faint beg kneel hide grovel
	beach cocktail cocktails hammock monastery convent circus bahamas hawaii moon mars emigrate hermit
	clown juggle costume naked pyjamas pajamas superhero wizard witch magic unicorn dragon zombie zombies vampire ghost voodoo
	elephant donkey gorilla penguin penguins lion lions tiger crocodile shark sharks camel pigeon pigeons goat goats`)

var absurdities = clause.Phrases(`eat my hat, bare hands, over my dead body, win the lottery, sell my house, sell my car, sell my soul, sell my kidney, sell a kidney, change my name, in my sleep, in my dreams, run away, jump off, throw myself,
	chain myself, lock myself, set fire, under the desk, under my desk, under the table, by the ankles, by the ears, with a bow, lie down, move in, moving in, clone myself`)
