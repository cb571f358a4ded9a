package diarization

import "math"

// dot is the scalar product; vectors of different length have the product of their common part.
func dot(a, b []float32) float32 {
	n := min(len(a), len(b))
	a, b = a[:n], b[:n]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= n; i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	for ; i < n; i++ {
		s0 += a[i] * b[i]
	}
	return s0 + s1 + s2 + s3
}

// add adds v times by to sum.
func add(sum, v []float32, by float32) {
	for i, x := range v {
		sum[i] += x * by
	}
}

// unit gives v with length 1.
func unit(v []float32) []float32 {
	out := make([]float32, len(v))
	if square := float64(dot(v, v)); square > 0 {
		add(out, v, float32(1/math.Sqrt(square)))
	}
	return out
}
