package password

import "strings"

// The words that lists of stolen passwords are made of, again and again, with digits and signs around them. A password that is
// nothing but these is guessed within the first thousands of tries.
const commonWords = `password passwort passphrase passwd pass word secret admin administrator root user guest login welcome letmein
changeme default test testing demo sample master access system server computer internet office company business meeting
qwerty qwertz azerty qwertyuiop asdf asdfgh asdfghjkl zxcvbn zxcvbnm iloveyou love lovely angel baby princess sunshine
flower summer winter spring autumn january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday football baseball soccer hockey dragon monkey tiger shadow
superman batman spiderman pokemon starwars trustno one two three hello world freedom whatever nothing money jesus
jordan michael jennifer jessica daniel michelle ashley thomas charlie george the my your you is a i me in and for new`

// substitutes are the letters that digits and signs stand for.
var substitutes = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "@", "a", "$", "s", "!", "i", "|", "l")

// common reports whether a password is made of common words alone, or of runs along the alphabet, the digits or the keyboard.
func common(password string) bool {
	lower := strings.ToLower(password)
	if runs(lower) {
		return true
	}
	words := map[string]bool{}
	for _, w := range strings.Fields(commonWords) {
		words[w] = true
	}
	return madeOf(letters(lower), words) || madeOf(letters(substitutes.Replace(lower)), words) || madeOf(letters(substitutes.Replace(strings.Trim(lower, "0123456789!@#$%&*?.-_ "))), words)
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		if r > 127 {
			return r
		}
		return -1
	}, s)
}

// madeOf reports whether text is a row of at most four of the words. Text without letters is: digits and signs alone are no secret.
func madeOf(text string, words map[string]bool) bool {
	const most = 4
	fewest := make([]int, len(text)+1)
	for i := 1; i <= len(text); i++ {
		fewest[i] = most + 1
		for j := max(0, i-16); j < i; j++ {
			if words[text[j:i]] {
				fewest[i] = min(fewest[i], fewest[j]+1)
			}
		}
	}
	return fewest[len(text)] <= most
}

// rows are what fingers run along.
var rows = []string{"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "1qaz2wsx3edc4rfv5tgb6yhn7ujm"}

// runs reports whether most steps from character to character are to a neighbour in one of the rows, or to itself.
func runs(text string) bool {
	all := []rune(text)
	steps := 0
	for i := 1; i < len(all); i++ {
		if all[i] == all[i-1] || neighbours(all[i-1], all[i]) {
			steps++
		}
	}
	return len(all) > 1 && steps*10 >= (len(all)-1)*7
}

func neighbours(a, b rune) bool {
	for _, row := range rows {
		if strings.Contains(row, string([]rune{a, b})) || strings.Contains(row, string([]rune{b, a})) {
			return true
		}
	}
	return false
}
