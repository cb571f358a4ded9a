package diarization

import (
	"math"
	"sort"
)

// The numbers of clustering. Distances are cosine distances, 0 to 2.
const (
	block       = 1500 // pieces clustered at once: the memory is its square
	fineCut     = 0.35 // below it pieces of a block are surely one voice
	firstCut    = 0.40
	lastCut     = 0.90
	cutStep     = 0.01
	leastSpeech = 1.0  // seconds a speaker must have
	oneVoice    = 0.30 // a silhouette below it: the voices are one
)

// item is a piece, or some that are surely one voice: a unit vector and how many seconds it stands for.
type item struct {
	vector []float32
	weight float64
}

// speakers returns a centroid for each speaker, none where no piece is long enough.
func speakers(pieces []Piece, known int) [][]float32 {
	var items []item
	for _, p := range pieces {
		if p.End-p.Start >= longPiece-1e-6 {
			items = append(items, item{unit(p.Embedding), p.End - p.Start})
		}
	}
	for len(items) > block {
		fine := condense(items)
		if len(fine) >= len(items)*9/10 { // voices that hardly repeat: keep the longest
			sort.SliceStable(fine, func(i, j int) bool { return fine[i].weight > fine[j].weight })
			fine = fine[:block]
		}
		items = fine
	}
	if len(items) == 0 {
		return nil
	}
	return choose(items, merges(items), known)
}

// condense clusters block by block, finely, and returns an item for each cluster.
func condense(items []item) []item {
	var fine []item
	for at := 0; at < len(items); at += block {
		part := items[at:min(at+block, len(items))]
		labels := cut(len(part), merges(part), fineCut)
		sums := centroids(part, labels)
		for _, s := range sums {
			fine = append(fine, item{unit(s.sum), s.weight})
		}
	}
	return fine
}

// merge joins two clusters, named by a member of each, at a distance.
type merge struct {
	a, b int
	at   float64
}

// merges returns the average linkage of the items, nearest first, by the nearest-neighbour chain (Murtagh 1983). Weights
// count: the distance of clusters is the mean over their seconds.
func merges(items []item) []merge {
	n := len(items)
	distance := make([]float32, n*n)
	for i := range n {
		for j := range i {
			d := float32(1 - dot(items[i].vector, items[j].vector))
			distance[i*n+j], distance[j*n+i] = d, d
		}
	}
	weight, alive := make([]float64, n), make([]bool, n)
	for i, it := range items {
		weight[i], alive[i] = it.weight, true
	}
	var out []merge
	var chain []int
	for len(out) < n-1 {
		if len(chain) == 0 {
			for i := range n {
				if alive[i] {
					chain = append(chain, i)
					break
				}
			}
		}
		tip := chain[len(chain)-1]
		next, least := -1, float32(math.MaxFloat32)
		if len(chain) > 1 { // prefer going back, so that ties end the chain
			next = chain[len(chain)-2]
			least = distance[tip*n+next]
		}
		for j := range n {
			if alive[j] && j != tip && distance[tip*n+j] < least {
				next, least = j, distance[tip*n+j]
			}
		}
		if len(chain) > 1 && next == chain[len(chain)-2] {
			chain = chain[:len(chain)-2]
			join(distance, weight, alive, tip, next)
			out = append(out, merge{tip, next, float64(least)})
			continue
		}
		chain = append(chain, next)
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].at < out[j].at })
	return out
}

// join makes cluster a the union of a and b.
func join(distance []float32, weight []float64, alive []bool, a, b int) {
	n := len(weight)
	wa, wb := float32(weight[a]), float32(weight[b])
	for k := range n {
		if alive[k] && k != a && k != b {
			d := (wa*distance[a*n+k] + wb*distance[b*n+k]) / (wa + wb)
			distance[a*n+k], distance[k*n+a] = d, d
		}
	}
	weight[a] += weight[b]
	alive[b] = false
}

// cut returns the cluster of each item when merges up to the distance are made, numbered from 0.
func cut(n int, all []merge, at float64) []int {
	parent := make([]int, n)
	for i := range parent {
		parent[i] = i
	}
	var root func(int) int
	root = func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	for _, m := range all {
		if m.at > at {
			break
		}
		parent[root(m.b)] = root(m.a)
	}
	numbers, labels := map[int]int{}, make([]int, n)
	for i := range n {
		r := root(i)
		if _, ok := numbers[r]; !ok {
			numbers[r] = len(numbers)
		}
		labels[i] = numbers[r]
	}
	return labels
}

// choose tries every cut and keeps the one whose clusters are the clearest; with a known count, the clearest with as many.
func choose(items []item, all []merge, known int) [][]float32 {
	best, clearest, off := []int(nil), math.Inf(-1), math.MaxInt
	seen := map[int]bool{}
	for step := 0; ; step++ {
		at := firstCut + float64(step)*cutStep
		if at > lastCut+1e-9 {
			break
		}
		raw := cut(len(items), all, at)
		if count := 1 + maxOf(raw); seen[count] {
			continue // the same merges: the same clusters
		} else {
			seen[count] = true
		}
		labels := settled(items, raw)
		count := 1 + maxOf(labels)
		score := silhouette(items, labels)
		miss := 0
		if known > 0 {
			miss = abs(count - known)
		}
		if miss < off || miss == off && score > clearest {
			best, clearest, off = labels, score, miss
		}
	}
	if known == 1 || known == 0 && clearest < oneVoice {
		best = make([]int, len(items))
	}
	var out [][]float32
	for _, s := range centroids(items, best) {
		out = append(out, unit(s.sum))
	}
	return out
}

// settled drops clusters of too little speech and gives every item to the nearest centroid of the rest.
func settled(items []item, labels []int) []int {
	var kept [][]float32
	for _, s := range centroids(items, labels) {
		if s.weight >= leastSpeech {
			kept = append(kept, unit(s.sum))
		}
	}
	if len(kept) == 0 {
		return make([]int, len(items))
	}
	out := make([]int, len(items))
	used := map[int]int{}
	for i, it := range items {
		best, most := 0, -2.0
		for c, centroid := range kept {
			if d := dot(it.vector, centroid); d > most {
				best, most = c, d
			}
		}
		if _, ok := used[best]; !ok {
			used[best] = len(used)
		}
		out[i] = used[best]
	}
	return out
}

type sum struct {
	sum    []float32
	weight float64
}

func centroids(items []item, labels []int) []sum {
	sums := make([]sum, 1+maxOf(labels))
	for i, it := range items {
		s := &sums[labels[i]]
		if s.sum == nil {
			s.sum = make([]float32, len(it.vector))
		}
		for d, v := range it.vector {
			s.sum[d] += v * float32(it.weight)
		}
		s.weight += it.weight
	}
	return sums
}

// silhouette is how much nearer items are to their own cluster than to the next, weighted by seconds, -1 to 1. With unit
// vectors the mean distance to a cluster is one minus the product with its mean. One cluster has no silhouette.
func silhouette(items []item, labels []int) float64 {
	sums := centroids(items, labels)
	if len(sums) < 2 {
		return math.Inf(-1)
	}
	total, weight := 0.0, 0.0
	for i, it := range items {
		own, other := 0.0, math.Inf(1)
		for c, s := range sums {
			product := dot(it.vector, s.sum)
			if c != labels[i] {
				other = min(other, 1-product/s.weight)
				continue
			}
			if rest := s.weight - it.weight; rest > 1e-9 {
				own = 1 - (product-it.weight)/rest
			}
		}
		if most := max(own, other); most > 0 {
			total += it.weight * (other - own) / most
		}
		weight += it.weight
	}
	return total / weight
}

func maxOf(all []int) int {
	most := 0
	for _, v := range all {
		most = max(most, v)
	}
	return most
}

func abs(n int) int { return max(n, -n) }

func unit(v []float32) []float32 {
	length := math.Sqrt(dot(v, v))
	out := make([]float32, len(v))
	if length == 0 || math.IsNaN(length) {
		return out
	}
	for i := range v {
		out[i] = float32(float64(v[i]) / length)
	}
	return out
}

func dot(a, b []float32) float64 {
	var s float32
	for i := range min(len(a), len(b)) {
		s += a[i] * b[i]
	}
	return float64(s)
}

func cosine(a, b []float32) float64 {
	la, lb := math.Sqrt(dot(a, a)), math.Sqrt(dot(b, b))
	if la == 0 || lb == 0 {
		return 0
	}
	return dot(a, b) / (la * lb)
}
