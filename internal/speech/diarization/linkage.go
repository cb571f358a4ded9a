package diarization

import (
	"cmp"
	"slices"
)

// blockSize bounds the distance matrix of one agglomeration: 2,048 groups take 16 MB.
const blockSize = 2_048

// group is a set of pieces: the sum of their unit vectors, each times its length, and the sum of the lengths. The mean
// cosine between the pieces of two groups is the product of their sums over the product of their weights, so a group
// stands for its pieces exactly in average linkage.
type group struct {
	sum    []float32
	weight float32
}

func (g group) similarity(h group) float32 { return dot(g.sum, h.sum) / (g.weight * h.weight) }

// merge joins the groups that hold a and b at a height, the mean cosine distance between them.
type merge struct {
	a, b   int
	height float32
}

// tree is a dendrogram over groups: merges from the lowest to the highest.
type tree struct {
	leaves int
	merges []merge
}

// grow builds the average-linkage dendrogram by the nearest-neighbour chain (Murtagh 1983), in O(n^2) time and memory.
func grow(groups []group) tree {
	n := len(groups)
	m := newMatrix(groups)
	weight := make([]float32, n)
	for i, g := range groups {
		weight[i] = g.weight
	}
	alive := make([]int, n) // ascending
	for i := range alive {
		alive[i] = i
	}
	t := tree{leaves: n}
	var chain []int
	for len(alive) > 1 {
		if len(chain) == 0 {
			chain = append(chain, alive[0])
		}
		tip := chain[len(chain)-1]
		next := m.nearest(tip, alive, chain)
		if len(chain) < 2 || next != chain[len(chain)-2] {
			chain = append(chain, next)
			continue
		}
		chain = chain[:len(chain)-2]
		keep, gone := min(tip, next), max(tip, next)
		t.merges = append(t.merges, merge{keep, gone, m.at(keep, gone)})
		at, _ := slices.BinarySearch(alive, gone)
		alive = slices.Delete(alive, at, at+1)
		m.join(keep, gone, weight, alive)
		weight[keep] += weight[gone]
	}
	slices.SortStableFunc(t.merges, func(a, b merge) int { return cmp.Compare(a.height, b.height) })
	return t
}

// matrix holds the distances between n groups.
type matrix struct {
	n    int
	cell []float32
}

func newMatrix(groups []group) *matrix {
	n := len(groups)
	m := &matrix{n, make([]float32, n*n)}
	for i := range n {
		for j := range i {
			m.set(i, j, 1-groups[i].similarity(groups[j]))
		}
	}
	return m
}

func (m *matrix) at(i, j int) float32 { return m.cell[i*m.n+j] }

func (m *matrix) set(i, j int, d float32) { m.cell[i*m.n+j], m.cell[j*m.n+i] = d, d }

// nearest gives the nearest neighbour of tip; on a tie the one that tip came from, so that the chain ends.
func (m *matrix) nearest(tip int, alive, chain []int) int {
	best, low := -1, float32(0)
	if len(chain) > 1 {
		best = chain[len(chain)-2]
		low = m.at(tip, best)
	}
	row := m.cell[tip*m.n : (tip+1)*m.n]
	for _, other := range alive {
		if d := row[other]; other != tip && (best < 0 || d < low) {
			best, low = other, d
		}
	}
	return best
}

// join makes keep's distances those of the union with gone (Lance and Williams 1967).
func (m *matrix) join(keep, gone int, weight []float32, alive []int) {
	a, b := weight[keep], weight[gone]
	for _, other := range alive {
		if other != keep {
			m.set(keep, other, (a*m.at(keep, other)+b*m.at(gone, other))/(a+b))
		}
	}
}

// cut gives each leaf the number of its cluster after all merges up to a height have been made, and how many there are.
func (t tree) cut(height float32) ([]int, int) {
	count, _ := slices.BinarySearchFunc(t.merges, height, func(m merge, h float32) int {
		if m.height <= h {
			return -1
		}
		return 1
	})
	return t.after(count)
}

// after is cut for the first count merges.
func (t tree) after(count int) ([]int, int) {
	root := make([]int, t.leaves)
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for _, m := range t.merges[:count] {
		root[find(m.b)] = find(m.a)
	}
	number, clusters := make(map[int]int), make([]int, t.leaves)
	for i := range clusters {
		r := find(i)
		if _, known := number[r]; !known {
			number[r] = len(number)
		}
		clusters[i] = number[r]
	}
	return clusters, len(number)
}

// condense joins groups until at most blockSize are left, block by block, and says where each of the old ones went. Within
// a block it joins what is closer than height, and more where a block would keep over a quarter.
func condense(groups []group, height float32) (fewer []group, place []int) {
	place = make([]int, len(groups))
	for i := range place {
		place[i] = i
	}
	for len(groups) > blockSize {
		fewer, moved := []group(nil), make([]int, 0, len(groups))
		for block := range slices.Chunk(groups, blockSize) {
			t := grow(block)
			clusters, n := t.cut(height)
			if most := max(1, len(block)/4); n > most {
				clusters, n = t.after(len(block) - most)
			}
			for _, c := range clusters {
				moved = append(moved, len(fewer)+c)
			}
			fewer = append(fewer, unite(block, clusters, n)...)
		}
		for i, p := range place {
			place[i] = moved[p]
		}
		groups = fewer
	}
	return groups, place
}

// unite adds up the groups of each of n clusters.
func unite(groups []group, clusters []int, n int) []group {
	out := make([]group, n)
	for i, g := range groups {
		c := &out[clusters[i]]
		if c.sum == nil {
			c.sum = make([]float32, len(g.sum))
		}
		add(c.sum, g.sum, 1)
		c.weight += g.weight
	}
	return out
}
