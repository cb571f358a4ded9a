package diarization

import (
	"cmp"
	"slices"
)

const (
	shortestMS    = 1_000 // pieces that are clustered; shorter ones are too vague
	leastSpeechMS = 1_000 // a cluster with less speech is nobody

	// Every cut from lowestCut to highestCut is tried.
	lowestCut, highestCut, cutStep = 0.40, 0.90, 0.01
	// A partition with a lower silhouette is no better than one speaker alone.
	leastSilhouette = 0.30
	// How much a partition's life counts beside its silhouette.
	lifeWeight = 0.25
	// A silhouette is measured on at most so many pieces, evenly spread over the recording.
	sampleSize = 6_000
)

// voices are the pieces of a recording, ready to be clustered.
type voices struct {
	units   [][]float32 // of every piece, unit length
	weights []float32   // of every piece: its length in seconds
	long    []int       // the pieces that are clustered
}

func newVoices(pieces []Piece) *voices {
	v := &voices{units: make([][]float32, len(pieces)), weights: make([]float32, len(pieces))}
	for i, p := range pieces {
		v.units[i] = unit(p.Embedding)
		v.weights[i] = float32(p.length()) / 1000
		if p.length() >= shortestMS {
			v.long = append(v.long, i)
		}
	}
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
	groups := condense(leaves, lowestCut)
	best := v.best(grow(groups), groups, known)
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

// best gives the clusters of the best cut, nil where one speaker is the better answer. Where the number of speakers is
// known, a cut that gives as many comes before any other.
func (v *voices) best(t tree, groups []group, known int) []group {
	if known == 1 {
		return nil
	}
	var best []group
	top, sample := float32(leastSilhouette), v.sample()
	for _, p := range partitions(t, groups, known) {
		if known > 0 && len(p.clusters) < len(best) {
			continue
		}
		after, owners := v.reassign(p.clusters, sample)
		score := v.silhouette(after, owners, sample)
		if score < leastSilhouette && known == 0 {
			continue
		}
		score += lifeWeight * p.life
		if score > top || (known > 0 && len(p.clusters) > len(best)) {
			best, top = p.clusters, score
		}
	}
	return best
}

// partition is what a cut leaves: the clusters with enough speech. Its life is the range of heights at which there are as
// many. True speakers join late, so a partition into them lives long; a partition with somebody's cough or one moment's
// chance in it soon dies (Fred and Jain 2005).
type partition struct {
	clusters []group
	life     float32
}

// partitions gives what the cuts leave, the lowest cut first, between 2 and MaxSpeakers clusters.
func partitions(t tree, groups []group, known int) []partition {
	var out []partition
	before := -1
	for _, height := range heights(known) {
		clusters, n := t.cut(height)
		if n == before {
			out[len(out)-1].life += cutStep
			continue
		}
		before = n
		kept := candidates(unite(groups, clusters, n), known)
		if last := len(out) - 1; last >= 0 && len(out[last].clusters) == len(kept) {
			out[last].clusters = kept
			out[last].life += cutStep
			continue
		}
		out = append(out, partition{kept, cutStep})
	}
	return slices.DeleteFunc(out, func(p partition) bool { return len(p.clusters) < 2 || len(p.clusters) > MaxSpeakers })
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

// candidates gives the clusters with enough speech, the longest only where their number is known.
func candidates(clusters []group, known int) []group {
	kept := slices.DeleteFunc(slices.Clone(clusters), func(g group) bool { return g.weight*1000 < leastSpeechMS })
	if known > 0 && len(kept) > known {
		slices.SortStableFunc(kept, func(a, b group) int { return cmp.Compare(b.weight, a.weight) })
		kept = kept[:known]
	}
	return kept
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

// silhouette is the mean over the pieces, weighted by length, of (b-a)/max(a,b) (Rousseeuw 1987): a is the mean distance
// to the pieces of the own cluster, b that to the nearest other cluster.
func (v *voices) silhouette(clusters []group, owners, pieces []int) float32 {
	var sum, total float32
	for i, piece := range pieces {
		total += v.weights[piece]
		sum += v.weights[piece] * v.width(piece, owners[i], clusters)
	}
	if total == 0 {
		return 0
	}
	return sum / total
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
