package httpd

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Redirect answers plain HTTP with 308 to the same address by HTTPS at the port, for the hosts alone where some are named. A
// program's request is refused and not redirected: what it carries has crossed the network in the clear already, and whoever
// wrote it should learn that.
func Redirect(port string, hosts ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(headerTime))
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(headerTime))
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Connection", "close")
		host, ok := hostOf(r.Host)
		switch {
		case !ok || !strings.HasPrefix(r.URL.RequestURI(), "/") || len(hosts) > 0 && !slices.Contains(hosts, strings.Trim(host, "[]")):
			say(w, http.StatusMisdirectedRequest, "There is nothing at this address.")
		case len(r.URL.RequestURI()) > longestURL:
			say(w, http.StatusRequestURITooLong, "This address is too long.")
		case r.Header.Get("Authorization") != "" || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/v1/"):
			say(w, http.StatusForbidden, "This address answers by https:// only. Change the address, and replace a key that was sent here.")
		default:
			if port != "443" {
				host += ":" + port
			}
			h.Set("Location", "https://"+host+r.URL.RequestURI())
			say(w, http.StatusPermanentRedirect, "This address is at https:// now.")
		}
	})
}

func say(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, sentence+"\n")
}

// hostOf returns the name or address of a Host header without its port, and whether it is one.
func hostOf(header string) (string, bool) {
	host := header
	if name, _, err := net.SplitHostPort(header); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if ip := net.ParseIP(host); ip != nil {
		if ip.To4() == nil {
			host = "[" + host + "]"
		}
		return host, true
	}
	ok := host != "" && len(host) <= 253 && !strings.ContainsFunc(host, func(r rune) bool {
		return r != '-' && r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
	return host, ok
}
