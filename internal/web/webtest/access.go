package webtest

import "mainstay/internal/web"

// accessLog shows a line of each kind, or none.
func accessLog(filtered bool) web.AccessPage {
	p := web.AccessPage{Shell: shell("Access log", "/settings/access-log"), Filtered: filtered, Count: "4 requests",
		Who:    web.Select{ID: "who", Label: "Who", Options: []web.Option{{Name: "Everybody"}, {Value: "mem_1", Name: "Marta Lindqvist"}}},
		Answer: web.Select{ID: "answer", Label: "Answer", Options: []web.Option{{Name: "Any"}, {Value: "refused", Name: "Refused", Chosen: filtered}}},
		Next:   "/settings/access-log?before=req_1"}
	if filtered {
		return p
	}
	answered, refused, failed := web.StateChip{Class: "approved", Icon: "circle-check", Text: "200 Answered"}, web.StateChip{Class: "waiting", Icon: "ban", Text: "403 Refused"}, web.StateChip{Class: "dead", Icon: "triangle-alert", Text: "500 Failed"}
	for i, r := range []web.AccessRow{
		{Who: "Marta Lindqvist", Route: "GET /meetings/{id}", Address: "203.0.113.9", Took: "14 ms", State: answered},
		{Who: "Jonas Weil", How: "by API key", Route: "POST /api/v1/meetings/{id}/minutes/approve", Address: "2001:db8:1a2b:3c4d:5e6f:7a8b:9c0d:1e2f", Took: "9 ms", State: refused},
		{Who: "Marta Lindqvist", Route: "GET an address that does not exist", Address: "203.0.113.9", Took: "1 ms", State: refused},
		{Who: "Somebody", How: "by access token", Route: "GET /api/v1/meetings", Address: "203.0.113.10", Took: "1204 ms", State: failed},
	} {
		r.When = at(24, 9, 40-i)
		p.Rows = append(p.Rows, r)
	}
	return p
}
