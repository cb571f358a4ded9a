package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"mainstay/internal/httpd/limit"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func charge(id byte, most int) limit.Charge {
	return limit.Charge{Key: limit.Key{ID: [16]byte{id}}, Quota: limit.Quota{Most: most, Window: time.Minute}}
}

func TestAQuotaEndsAndComesBack(t *testing.T) {
	t.Parallel()
	l := limit.New(0)
	for i := range 6 {
		s, ok := l.Take(noon, charge(1, 6))
		if !ok || s[0].Left != 5-i {
			t.Fatalf("request %d: %+v, %v", i, s, ok)
		}
	}
	s, ok := l.Take(noon, charge(1, 6))
	if ok || s[0].Retry != 10*time.Second || s[0].Full != time.Minute {
		t.Errorf("the seventh: %+v, %v; want a refusal for 10 s", s, ok)
	}
	if _, ok := l.Take(noon.Add(9*time.Second), charge(1, 6)); ok {
		t.Error("a request was allowed before its time")
	}
	if _, ok := l.Take(noon.Add(10*time.Second), charge(1, 6)); !ok {
		t.Error("a request was refused after its Retry-After")
	}
	if s, ok := l.Take(noon.Add(time.Hour), charge(1, 6)); !ok || s[0].Left != 5 {
		t.Errorf("after an hour: %+v, %v; want the whole quota and no more", s, ok)
	}
	if _, ok := l.Take(noon, charge(2, 6)); !ok {
		t.Error("somebody else pays")
	}
}

// TestARefusalCostsNobody: where one key has nothing left, the others are not charged.
func TestARefusalCostsNobody(t *testing.T) {
	t.Parallel()
	l := limit.New(0)
	l.Take(noon, charge(1, 1))
	for range 5 {
		if _, ok := l.Take(noon, charge(1, 1), charge(2, 2)); ok {
			t.Fatal("the first key has nothing left")
		}
	}
	if s, ok := l.Take(noon, charge(2, 2)); !ok || s[0].Left != 1 {
		t.Errorf("the second key: %+v, %v", s, ok)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := limit.New(64)
	for i := range 10_000 {
		id := [16]byte{byte(i), byte(i >> 8)}
		if _, ok := l.Take(noon, limit.Charge{Key: limit.Key{ID: id}, Quota: limit.Quota{Most: 1, Window: time.Minute}}); !ok {
			t.Fatal("a new key was refused")
		}
	}
	if n := l.Len(); n > 64 {
		t.Errorf("%d keys are remembered, want at most 64", n)
	}
	l.Take(noon.Add(time.Hour), charge(9, 1))
	for i := range 64 {
		l.Take(noon.Add(time.Hour), charge(byte(i), 1))
	}
	if n := l.Len(); n > 64 {
		t.Errorf("%d keys are remembered, want at most 64", n)
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	same := func(a, b string) bool {
		return limit.Network(netip.MustParseAddr(a)) == limit.Network(netip.MustParseAddr(b))
	}
	if !same("2001:db8::1", "2001:db8::ffff:2") || same("2001:db8::1", "2001:db8:0:1::1") {
		t.Error("an IPv6 network is not its first 64 bits")
	}
	if !same("192.0.2.1", "::ffff:192.0.2.1") || same("192.0.2.1", "192.0.2.2") {
		t.Error("an IPv4 network is not its address")
	}
}
