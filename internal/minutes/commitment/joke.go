package commitment

import (
	"mainstay/internal/language/clause"
)

// jest reports whether the clause is said in jest, as far as its own words show.
func (t *turn) jest(s *clause.Sentence, c *clause.Clause) bool {
	if c.Subject != clause.Me && c.Subject != clause.Us && c.Subject != clause.Named {
		return false
	}
	n := 0
	for i := c.From; i < s.To; i++ {
		if absurd[t.At(i)] {
			n++
		}
	}
	if t.Find(c.From, s.To, absurdities) >= 0 {
		n++
	}
	return n > 0
}

// absurd are words of violence, despair, dreams and the circus, which nobody means in a plan for work.
var absurd = clause.Set(`cry weep scream hostage strangle murder kill killing throttle stab hang hanging drown bury eat haunt monastery circus moon beach cocktail cocktails bahamas hawaii pyjamas pajamas naked sword cannon dragon unicorn magic
	wizard superhero tattoo tattooed elvis sequin costume cape bolt dungeon ransom exorcist lottery samosas donkey elephant gorilla penguin teddy spoon blindfold guillotine parachute crawl beg kneel sob faint explode duel tarzan spaceship
	pigeon carrier witch voodoo pitchfork flamethrower catapult trebuchet retire naked ankles butt lion lions tiger crocodile shark sharks rocket laser clone emigrate hibernate hermit cave desert moonlight juggle tightrope clown trapeze
	limerick macarena karaoke hammock mars siberia timbuktu antarctica jail prison handcuff kidnap bribe haunted zombie zombies coffin grave funeral`)

var absurdities = clause.Phrases(`wear it to, on a t shirt, eat my hat, with my bare hands, with a bow, sell my, marry, over my dead body, lie down, move in, moving in, under the desk, under my desk, change my name, run away, run for mayor, live there, sleep in the, wallpaper my, for a fiver,
	rotary phone, with you in it, golf clubs, in my garage band, win the lottery, join a, set fire, burn it, on my grave, lock myself, chain myself, quit and, in protest`)
