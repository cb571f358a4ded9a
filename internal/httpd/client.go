package httpd

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// client is who sent a request, whatever stands between.
type client struct {
	address netip.Addr // invalid where nobody says: a request of a Unix socket whose proxy is silent
	secure  bool       // the browser spoke TLS
	proxied bool       // a proxy that we believe told us
}

func (c client) String() string {
	if !c.address.IsValid() {
		return ""
	}
	return c.address.String()
}

var errDisagree = errors.New("X-Forwarded-For and Forwarded name different clients")

// clientOf finds the client. What X-Forwarded-For, Forwarded and X-Forwarded-Proto say counts only where the connection is a
// listed proxy's or a Unix socket's; the client is then the rightmost hop that is no listed proxy. Nothing that others send
// changes the answer. A proxy that writes one of the two lists may pass the other on as somebody sent it, so that lists which
// name different clients are an error.
func (s *Server) clientOf(r *http.Request) (client, error) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	c := client{address: plain(peer.Addr()), secure: r.TLS != nil}
	if err == nil && !s.believes(c.address) {
		return c, nil
	}
	own, forwarded := r.Header.Values("X-Forwarded-For"), r.Header.Values("Forwarded")
	if len(own) == 0 && len(forwarded) == 0 && err == nil {
		c.secure = c.secure || s.saysSecure(r)
		return c, nil // the proxy itself asks, or is silent
	}
	c.proxied = true
	byOwn, byForwarded := s.rightmost(listOf(own), c.address), s.rightmost(forOf(forwarded), c.address)
	switch {
	case len(own) > 0 && len(forwarded) > 0 && byOwn != byForwarded:
		return c, errDisagree
	case len(own) > 0:
		c.address = byOwn
	default:
		c.address = byForwarded
	}
	c.secure = c.secure || s.saysSecure(r)
	return c, nil
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func (s *Server) believes(a netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// rightmost returns the last hop that is no listed proxy. A hop that is no address ends the search at the one after it.
func (s *Server) rightmost(hops []string, last netip.Addr) netip.Addr {
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := hopAddress(hops[i])
		if err != nil {
			return last
		}
		if last = hop; !s.believes(hop) {
			return last
		}
	}
	return last
}

// hopAddress reads an address as proxies write it: bare, with a port, or an IPv6 one in brackets.
func hopAddress(text string) (netip.Addr, error) {
	text = strings.Trim(text, `" `)
	if a, err := netip.ParseAddrPort(text); err == nil {
		return plain(a.Addr()), nil
	}
	a, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return plain(a), err
}

func listOf(lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	return strings.Split(strings.Join(lines, ","), ",")
}

// forOf returns the "for" of each element of Forwarded (RFC 7239), empty where an element has none.
func forOf(lines []string) []string {
	var hops []string
	for _, element := range listOf(lines) {
		hop := ""
		for _, pair := range strings.Split(element, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); strings.EqualFold(name, "for") {
				hop = value
			}
		}
		hops = append(hops, hop)
	}
	return hops
}

// saysSecure reports whether the nearest proxy got the request by TLS.
func (s *Server) saysSecure(r *http.Request) bool {
	if schemes := listOf(r.Header.Values("X-Forwarded-Proto")); len(schemes) > 0 {
		return strings.EqualFold(strings.TrimSpace(schemes[len(schemes)-1]), "https")
	}
	elements := listOf(r.Header.Values("Forwarded"))
	if len(elements) == 0 {
		return false
	}
	return slices.ContainsFunc(strings.Split(elements[len(elements)-1], ";"), func(pair string) bool {
		return strings.EqualFold(strings.TrimSpace(pair), "proto=https")
	})
}

// Secure reports whether the browser that sent the request spoke TLS: to us, or to a proxy that we believe.
func Secure(r *http.Request) bool { return sightOf(r).client.secure }

// crowd counts the requests that a client behind a proxy has open: what its connections would be if it came itself.
type crowd struct {
	mu   sync.Mutex
	open map[netip.Addr]int
}

// enter counts one request. It reports false where the client has most of them open already.
func (c *crowd) enter(a netip.Addr, most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[a] >= most {
		return false
	}
	c.open[a]++
	return true
}

func (c *crowd) leave(a netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open[a]--; c.open[a] <= 0 {
		delete(c.open, a)
	}
}
