package diarization

import (
	"cmp"
	"slices"
)

const (
	shortestMS  = 1_000 // pieces that are clustered; shorter ones are too vague
	leastSpeech = 1.0   // seconds: a cluster with less speech is nobody

	// Every cut from lowestCut to highestCut is tried.
	lowestCut, highestCut, cutStep = 0.40, 0.90, 0.01
	// See quality.apart. One voice alone gave at most 0.12, different people at least 0.24.
	likenessWeight = 0.25
	leastApart     = 0.18
	// How much a partition's life counts beside its silhouette.
	lifeWeight = 0.1
	// A silhouette is measured on at most so many pieces, evenly spread over the recording.
	sampleSize = 6_000
)

// voices are the pieces of a recording, ready to be clustered.
type voices struct {
	units   [][]float32 // of every piece, unit length
	weights []float32   // of every piece: its length in seconds
	long    []int       // the pieces that are clustered
	company [][]int     // of each of them: those of long that lie in the same track, itself among them
}

func newVoices(local Local) *voices {
	pieces := local.Pieces
	v := &voices{units: make([][]float32, len(pieces)), weights: make([]float32, len(pieces))}
	for i, p := range pieces {
		v.units[i] = unit(p.Embedding)
		v.weights[i] = float32(p.length()) / 1000
		if p.length() >= shortestMS {
			v.long = append(v.long, i)
		}
	}
	v.company = company(local, v.long)
	return v
}

// centroids gives the mean voice of each speaker, unit length. Where the number of speakers is known, it gives as many if
// the pieces allow. Without a piece of a second or more there is no voice at all.
func (v *voices) centroids(known int) [][]float32 {
	if len(v.long) == 0 {
		return nil
	}
	leaves := make([]group, len(v.long))
	for i, piece := range v.long {
		leaves[i].sum = make([]float32, len(v.units[piece]))
		add(leaves[i].sum, v.units[piece], v.weights[piece])
		leaves[i].weight = v.weights[piece]
	}
	groups, place := condense(leaves, lowestCut)
	best := v.best(v.partitions(groups, place, known), known)
	if best == nil {
		best = unite(groups, make([]int, len(groups)), 1)
	}
	best, _ = v.reassign(best, v.long)
	var out [][]float32
	for _, g := range best {
		if g.weight > 0 {
			out = append(out, unit(g.sum))
		}
	}
	return out
}

// best gives the clusters of the best partition, nil where one speaker is the better answer. Where the number of speakers is
// known, a partition into as many comes before any other.
func (v *voices) best(partitions []partition, known int) []group {
	if known == 1 {
		return nil
	}
	var best []group
	top, sample := float32(0), v.sample()
	for _, p := range partitions {
		if known > 0 && len(p.clusters) < len(best) {
			continue
		}
		q := v.quality(p.clusters, sample)
		if known == 0 && !q.apart() {
			continue
		}
		score := q.silhouette + lifeWeight*p.life
		if best == nil || score > top || (known > 0 && len(p.clusters) > len(best)) {
			best, top = p.clusters, score
		}
	}
	return best
}

// partition is what a cut leaves: the clusters that may be somebody. Its life is the range of heights at which there are as
// many. True speakers join late, so a partition into them lives long; a partition with somebody's cough or one moment's
// chance in it soon dies (Fred and Jain 2005).
type partition struct {
	clusters []group
	life     float32
}

// partitions gives what the cuts leave, the lowest cut first, between 2 and MaxSpeakers clusters.
func (v *voices) partitions(groups []group, place []int, known int) []partition {
	var out []partition
	t, before := grow(groups), -1
	for _, height := range heights(known) {
		clusters, n := t.cut(height)
		if n == before {
			out[len(out)-1].life += cutStep
			continue
		}
		before = n
		kept := v.candidates(unite(groups, clusters, n), through(place, clusters), known)
		if last := len(out) - 1; last >= 0 && len(out[last].clusters) == len(kept) {
			out[last].clusters = kept
			out[last].life += cutStep
			continue
		}
		out = append(out, partition{kept, cutStep})
	}
	return slices.DeleteFunc(out, func(p partition) bool { return len(p.clusters) < 2 || len(p.clusters) > MaxSpeakers })
}

// through gives the cluster of each leaf by its group.
func through(place, clusters []int) []int {
	out := make([]int, len(place))
	for leaf, group := range place {
		out[leaf] = clusters[group]
	}
	return out
}

// heights are the cuts that are tried. A known number of speakers is worth a look below and above the usual ones.
func heights(known int) []float32 {
	low, high := lowestCut, highestCut
	if known > 0 {
		low, high = 0.05, 1.2
	}
	var out []float32
	for h := low; h < high+cutStep/2; h += cutStep {
		out = append(out, float32(h))
	}
	return out
}

// candidates gives the clusters that may be somebody: those with enough speech and, where the number of speakers is not
// known, with enough speech of their own. Where it is known, the longest.
func (v *voices) candidates(clusters []group, owners []int, known int) []group {
	var kept []group
	own := v.own(owners, len(clusters))
	for i, g := range clusters {
		if g.weight < leastSpeech || (known == 0 && own[i] < leastSpeech) {
			continue
		}
		kept = append(kept, g)
	}
	if known > 0 && len(kept) > known {
		slices.SortStableFunc(kept, func(a, b group) int { return cmp.Compare(b.weight, a.weight) })
		kept = kept[:known]
	}
	return kept
}

// own gives how many seconds each of n clusters has in tracks that are mostly its own. Within a window the network tells
// speakers apart by more than their voices, so a moment's odd sound inside another's track is not a new speaker.
func (v *voices) own(owners []int, n int) []float32 {
	out := make([]float32, n)
	for i, owner := range owners {
		var same, all float32
		for _, other := range v.company[i] {
			w := v.weights[v.long[other]]
			all += w
			if owners[other] == owner {
				same += w
			}
		}
		if same*2 >= all {
			out[owner] += v.weights[v.long[i]]
		}
	}
	return out
}

// company gives, for each of the long pieces, those of them that lie for the most part in the runs of its track: pieces of
// the windows around tell who speaks at the edges of a window.
func company(local Local, long []int) [][]int {
	out := make([][]int, len(long))
	for i, piece := range long {
		p := local.Pieces[piece]
		runs := local.Windows[p.Window].Speakers[p.Speaker]
		from, to := i, i
		for from > 0 && local.Pieces[long[from-1]].Window >= p.Window-1 {
			from--
		}
		for to < len(long) && local.Pieces[long[to]].Window <= p.Window+1 {
			to++
		}
		for other := from; other < to; other++ {
			if q := local.Pieces[long[other]].Span; other == i || 2*covered(runs, q) > q.length() {
				out[i] = append(out[i], other)
			}
		}
	}
	return out
}

// covered gives how much of a span lies in runs.
func covered(runs []Span, s Span) int64 {
	var sum int64
	for _, r := range runs {
		sum += max(0, min(r.EndMS, s.EndMS)-max(r.StartMS, s.StartMS))
	}
	return sum
}

// sample gives the pieces on which a silhouette is measured.
func (v *voices) sample() []int {
	step := max(1, (len(v.long)+sampleSize-1)/sampleSize)
	var out []int
	for i := 0; i < len(v.long); i += step {
		out = append(out, v.long[i])
	}
	return out
}

// reassign gives each piece to the cluster with the nearest centroid. It returns the new clusters and each piece's owner.
// A cluster that loses all its pieces stays, empty, with its centroid's direction and no weight.
func (v *voices) reassign(clusters []group, pieces []int) ([]group, []int) {
	centres := make([][]float32, len(clusters))
	out := make([]group, len(clusters))
	for i, g := range clusters {
		centres[i] = unit(g.sum)
		out[i].sum = make([]float32, len(g.sum))
	}
	owners := make([]int, len(pieces))
	for i, piece := range pieces {
		owner, _ := nearest(v.units[piece], centres)
		owners[i] = owner
		add(out[owner].sum, v.units[piece], v.weights[piece])
		out[owner].weight += v.weights[piece]
	}
	return slices.Clip(out), owners
}

// nearest gives the centroid that a unit vector resembles most, and how much.
func nearest(u []float32, centroids [][]float32) (int, float32) {
	best, top := 0, float32(-2)
	for i, c := range centroids {
		if s := dot(u, c); s > top {
			best, top = i, s
		}
	}
	return best, top
}

// quality says how well clusters stand apart.
type quality struct {
	silhouette float32 // mean over the pieces, weighted by length
	least      float32 // mean of the cluster where it is lowest; a cluster of one piece has none
	likeness   float32 // cosine of the two centroids that are most alike
}

// apart reports whether the clusters are more than the moods of one voice. One voice that is split by chance gives centroids
// that are much alike, and one of the clusters hangs together badly; different people over one telephone are alike, too,
// but hang together well. So both count.
func (q quality) apart() bool {
	return (q.silhouette+q.least)/2-likenessWeight*q.likeness >= leastApart
}

// quality measures clusters, after the pieces have gone to the nearest centroids, by the silhouette (Rousseeuw 1987): the
// mean of (b-a)/max(a,b), where a is a piece's mean distance to its own cluster and b that to the nearest other one.
func (v *voices) quality(clusters []group, pieces []int) quality {
	clusters, owners := v.reassign(clusters, pieces)
	sums, counts := make([]float32, len(clusters)), make([]int, len(clusters))
	var total, weight float32
	for i, piece := range pieces {
		width := v.weights[piece] * v.width(piece, owners[i], clusters)
		sums[owners[i]] += width
		counts[owners[i]]++
		total += width
		weight += v.weights[piece]
	}
	q := quality{silhouette: total / max(weight, 1e-6), likeness: -1}
	q.least = q.silhouette
	for i, g := range clusters {
		if g.weight == 0 {
			continue
		}
		if counts[i] > 1 {
			q.least = min(q.least, sums[i]/g.weight)
		}
		for _, h := range clusters[:i] {
			q.likeness = max(q.likeness, dot(unit(g.sum), unit(h.sum)))
		}
	}
	return q
}

// width is the silhouette of one piece; 0 for the only piece of a cluster.
func (v *voices) width(piece, owner int, clusters []group) float32 {
	u, w := v.units[piece], v.weights[piece]
	rest := clusters[owner].weight - w
	if rest < 1e-3 {
		return 0
	}
	// Rounding can carry a distance of nothing below 0.
	a := max(0, 1-(dot(u, clusters[owner].sum)-w)/rest)
	b := float32(2)
	for c, g := range clusters {
		if c != owner && g.weight > 0 {
			b = min(b, 1-dot(u, g.sum)/g.weight)
		}
	}
	if b = max(b, 0); max(a, b) == 0 {
		return 0
	}
	return (b - a) / max(a, b)
}
