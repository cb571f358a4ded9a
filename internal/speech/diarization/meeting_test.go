package diarization_test

import (
	"math"
	"math/rand/v2"
	"slices"

	"mainstay/internal/speech/diarization"
)

// said is a stretch of talk by a person of a synthetic meeting, in seconds.
type said struct {
	who        int
	start, end float64
}

// room makes what the networks would hear in a synthetic meeting: each person is a direction, each piece that direction
// with noise of its own.
type room struct {
	rnd    *rand.Rand
	people [][]float32
	noise  float64 // length of the noise beside a direction of length 1
}

const dimensions = 192

func newRoom(seed uint64, people int, noise float64) *room {
	r := &room{rnd: rand.New(rand.NewPCG(seed, 7)), noise: noise}
	for range people {
		r.people = append(r.people, r.direction())
	}
	return r
}

func (r *room) direction() []float32 {
	v := make([]float32, dimensions)
	var square float64
	for i := range v {
		v[i] = float32(r.rnd.NormFloat64())
		square += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(square))
	}
	return v
}

func (r *room) voice(who int) []float32 {
	v := r.direction()
	for i := range v {
		v[i] = r.people[who][i] + v[i]*float32(r.noise)
	}
	return v
}

// hear makes windows of 10 s every 5 s and pieces of 1.5 s in their cores, each window with local speakers of its own.
func (r *room) hear(talk []said, length float64) diarization.Local {
	var l diarization.Local
	count := max(1, 1+int(math.Ceil((length-10)/5)))
	for n := range count {
		start := float64(n) * 5
		end := min(start+10, length)
		from, to := start+2.5, start+7.5
		if n == 0 {
			from = start
		}
		if n == count-1 {
			to = end
		}
		w := diarization.Window{Span: span(start, end)}
		seats := r.rnd.Perm(3)
		local := map[int]int{}
		for _, s := range talk {
			a, b := max(s.start, start), min(s.end, end)
			if b <= a {
				continue
			}
			if _, known := local[s.who]; !known && len(local) < 3 {
				local[s.who] = seats[len(local)]
			}
			seat, known := local[s.who]
			if !known {
				continue
			}
			w.Speakers[seat] = append(w.Speakers[seat], span(a, b))
			l.Pieces = append(l.Pieces, r.pieces(n, seat, s.who, max(a, from), min(b, to))...)
		}
		l.Windows = append(l.Windows, w)
	}
	return l
}

func (r *room) pieces(window, seat, who int, from, to float64) []diarization.Piece {
	var out []diarization.Piece
	add := func(a, b float64) {
		out = append(out, diarization.Piece{Window: window, Speaker: seat, Span: span(a, b), Embedding: r.voice(who)})
	}
	if to-from < 0.4 {
		return nil
	}
	if to-from <= 2 {
		add(from, to)
		return out
	}
	for at := from; at+1.5 <= to+1e-6; at += 0.75 {
		add(at, at+1.5)
	}
	return out
}

// talk lets people take turns of 2 to 8 seconds at random until length.
func (r *room) talk(length float64) []said {
	var out []said
	who := 0
	for at := 0.5; at < length-8; {
		who = (who + 1 + r.rnd.IntN(max(1, len(r.people)-1))) % len(r.people)
		end := at + 2 + 6*r.rnd.Float64()
		out = append(out, said{who, at, end})
		at = end + 0.3
	}
	return out
}

// errorRate is the share of the talk that is missed or given to another, with the best mapping of speakers that a greedy
// search finds, beside what was said by nobody.
func errorRate(talk []said, result diarization.Result, length float64) float64 {
	frames := int(length * 50)
	truth, found := make([]int, frames), make([]string, frames)
	for _, s := range talk {
		for f := int(s.start * 50); f < min(int(s.end*50), frames); f++ {
			truth[f] = s.who + 1
		}
	}
	for _, t := range result.Turns {
		for f := t.StartMS / 20; f < min(t.EndMS/20, int64(frames)); f++ {
			found[f] = t.Speaker
		}
	}
	type pair struct {
		who     int
		speaker string
	}
	together := map[pair]int{}
	for f := range frames {
		together[pair{truth[f], found[f]}]++
	}
	pairs := make([]pair, 0, len(together))
	for p := range together {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b pair) int { return together[b] - together[a] })
	who, speaker, right, all := map[int]bool{}, map[string]bool{}, 0, 0
	for _, p := range pairs {
		if p.who == 0 && p.speaker == "" {
			continue
		}
		all += together[p]
		if p.who > 0 && p.speaker != "" && !who[p.who] && !speaker[p.speaker] {
			who[p.who], speaker[p.speaker] = true, true
			right += together[p]
		}
	}
	return 1 - float64(right)/float64(max(all, 1))
}
