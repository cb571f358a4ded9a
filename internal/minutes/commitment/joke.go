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

// absurd are words of harm and of fable.
var absurd = clause.Set(`strangle throttle murder kidnap guillotine unicorn unicorns zombie zombies vampire voodoo`)

var absurdities = clause.Phrases(`eat my hat, bare hands, over my dead body, win the lottery, sell my house, sell my car, sell my soul, sell my kidney, sell a kidney, change my name, in my sleep, in my dreams, run away, jump off a, throw myself,
	chain myself, lock myself, by the ankles, by the ears, clone myself, hide under, and cry, will cry, just cry, join the circus, join a convent`)
