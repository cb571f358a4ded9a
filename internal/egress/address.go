package egress

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"mainstay/internal/fault"
)

// Allowed reports whether an address may be configured at all: https with a host name or a public IP address, or, for the
// operator's own server, also private addresses and plain HTTP on this machine. What a name resolves to is checked again when
// it is dialled.
func Allowed(u *url.URL, own bool) error {
	if u == nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return fault.New(fault.Invalid, "Enter an address such as https://api.example.com, without user or fragment.")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if u.Scheme != "https" && !(u.Scheme == "http" && own && here(host)) {
		return fault.New(fault.Invalid, "The address must begin with https://.")
	}
	if !usualPort(u.Port(), own) {
		return fault.New(fault.Invalid, "This port is not one of a model's server. Use 443, or one from 1024 on.")
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err == nil && (public(ip) || own && private(ip)):
		return nil
	case err == nil && own:
		return fault.New(fault.Invalid, "Nothing can be sent to this address. Enter the server's own.")
	case err == nil, !own && inside(host):
		return fault.New(fault.Invalid, "This address is in a private network. If the server is yours, mark it as your own.")
	case numeric(host):
		return fault.New(fault.Invalid, "Write an IP address as four numbers with dots, or use a name.")
	}
	return nil
}

func usualPort(port string, own bool) bool {
	if port == "" || port == "443" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && (n >= 1024 || own && n == 80)
}

// here reports whether a host is this machine by its name or address.
func here(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// inside reports whether a name is one that only private networks resolve (RFC 6761, 6762, 8375).
func inside(host string) bool {
	if !strings.Contains(host, ".") {
		return true
	}
	for _, zone := range []string{".localhost", ".local", ".internal", ".intranet", ".lan", ".home", ".corp", ".home.arpa", ".localdomain"} {
		if strings.HasSuffix(host, zone) {
			return true
		}
	}
	return false
}

// numeric reports whether a resolver may read a name as an IPv4 address in one of its old forms: 2130706433, 0x7f.1, 017700000001.
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	_, err := strconv.ParseUint(last, 0, 64)
	return err == nil || last != "" && strings.Trim(last, "0123456789") == ""
}

// reserved are the stretches of global unicast space that the internet does not route to a stranger, and the addresses at
// which clouds hand out credentials (IANA special-purpose registries).
var (
	reserved = prefixes("0.0.0.0/8 100.64.0.0/10 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4",
		"::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fec0::/10")
	metadata = prefixes("168.63.129.16/32 100.100.100.200/32 fd00:ec2::254/128 169.254.0.0/16 fe80::/10")
)

func prefixes(lists ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, p := range strings.Fields(strings.Join(lists, " ")) {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}

func within(ip netip.Addr, all []netip.Prefix) bool {
	for _, p := range all {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// public reports whether an address is one that the internet routes.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsValid() && ip.Zone() == "" && ip.IsGlobalUnicast() && !ip.IsPrivate() && !within(ip, reserved) && !within(ip, metadata)
}

// private reports whether an address is one of the operator's own network.
func private(ip netip.Addr) bool {
	ip = ip.Unmap()
	shared := netip.MustParsePrefix("100.64.0.0/10")
	return ip.IsValid() && (ip.IsPrivate() || ip.IsLoopback() || shared.Contains(ip)) && !within(ip, metadata)
}
