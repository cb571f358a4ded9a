package recognition

import (
	"slices"
	"strings"
)

const (
	languageWindows  = 8      // clips that are asked at most
	fewWindows       = 3      // clips that are asked at first; each costs as much as a quarter of its recognition
	agreed           = 0.8    // the share of votes that needs no more windows
	languageSpeechMS = 60_000 // so much speech is waited for before the language is chosen
)

// primary gives the primary tag of a BCP 47 tag: "de-CH" is "de".
func primary(tag string) string {
	first, _, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(tag), "_", "-"), "-")
	return strings.ToLower(first)
}

// given says which language is spoken where there is nothing to find out: one is named, or one alone is allowed.
func (o Options) given() string {
	if o.Language != "" {
		return primary(o.Language)
	}
	if allowed := o.allowed(); len(allowed) == 1 {
		return allowed[0]
	}
	return ""
}

func (o Options) allowed() []string {
	var out []string
	for _, tag := range o.Allowed {
		if p := primary(tag); p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// Vote chooses the language of a meeting: every window votes for each allowed language with its probability times the
// window's weight. Confidence is the winner's share of all votes that were cast, so that it is low where the windows heard a
// language that is not allowed. Without a vote for any allowed language the first allowed one is chosen, with no confidence;
// without allowed ones, the answer may be empty.
func Vote(windows []map[string]float64, weights []float64, allowed []string) (language string, confidence float64) {
	votes, cast := map[string]float64{}, 0.0
	for i, probabilities := range windows {
		weight := 1.0
		if i < len(weights) {
			weight = weights[i]
		}
		for tag, p := range probabilities {
			if p > 0 && weight > 0 {
				votes[primary(tag)] += p * weight
				cast += p * weight
			}
		}
	}
	choices := slices.Clone(allowed)
	if len(choices) == 0 {
		for tag := range votes {
			choices = append(choices, tag)
		}
		slices.Sort(choices)
	}
	for _, tag := range choices {
		if language == "" || votes[primary(tag)] > votes[language] {
			language = primary(tag)
		}
	}
	if cast > 0 {
		confidence = votes[language] / cast
	}
	return language, confidence
}

// spread gives up to n of the clips, the longer half of them, in an order that covers all of the time soon.
func spread(clips []clip, n int) []clip {
	lengths := make([]int, len(clips))
	for i, c := range clips {
		lengths[i] = len(c.pcm)
	}
	slices.Sort(lengths)
	long := slices.DeleteFunc(slices.Clone(clips), func(c clip) bool { return len(c.pcm) < lengths[len(lengths)/2] })
	n = min(n, len(long))
	out := make([]clip, 0, n)
	for first := range fewWindows {
		for i := first; i < n; i += fewWindows {
			out = append(out, long[i*len(long)/n])
		}
	}
	return out
}
