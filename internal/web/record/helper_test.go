package record_test

import (
	"regexp"
	"strings"

	"mainstay/internal/gate"
	"mainstay/internal/httpd"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

type routed = httpd.Route

var ids = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b|<meta name="csrf" content="[^"]*">`)

func tenantID(at string) (meeting.ID, error) {
	return tenant.ParseID[meeting.ID](strings.TrimPrefix(at, "/meetings/"))
}

// leastOf returns the least role that a route's verb wants.
func leastOf(policy string) gate.Role {
	for _, rule := range gate.Policy() {
		if policy == "verb "+string(rule.Verb) {
			return rule.Least
		}
	}
	return ""
}
