package egress_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
)

func TestAddressesThatMayBeEntered(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		address string
		public  bool // may be entered
		own     bool // may be entered where the server is one's own
	}{
		{"https://api.example.com", true, true},
		{"https://api.example.com:8443/v1", true, true},
		{"https://93.184.216.34/", true, true},
		{"https://[2606:2800:220:1::1]/", true, true},
		{"http://api.example.com", false, false},
		{"https://api.example.com:22", false, false},
		{"https://api.example.com:25", false, false},
		{"https://user:pass@api.example.com", false, false},
		{"https://api.example.com/#there", false, false},
		{"gopher://api.example.com", false, false},
		{"file:///etc/passwd", false, false},
		{"https:api.example.com", false, false},
		{"", false, false},
		{"https://localhost", false, true},
		{"https://localhost.", false, true},
		{"https://models.localhost", false, true},
		{"https://models", false, true},
		{"https://models.internal", false, true},
		{"https://127.0.0.1", false, true},
		{"https://10.0.0.8", false, true},
		{"https://192.168.1.4:8000", false, true},
		{"https://[::1]", false, true},
		{"https://[fd00::8]", false, true},
		{"https://[::ffff:127.0.0.1]", false, true},
		{"https://[::ffff:7f00:1]", false, true},
		{"http://127.0.0.1:11434", false, true},
		{"http://localhost:11434/v1", false, true},
		{"http://10.0.0.8:11434", false, false},
		{"https://0", false, false},
		{"https://0.0.0.0", false, false},
		{"https://169.254.169.254", false, false},
		{"https://[fe80::1]", false, false},
		{"https://[fd00:ec2::254]", false, false},
		{"https://168.63.129.16", false, false},
		{"https://100.100.100.200", false, false},
		{"https://224.0.0.1", false, false},
		{"https://2130706433", false, false},
		{"https://0x7f.0.0.1", false, false},
		{"https://0177.0.0.1", false, false},
		{"https://127.1", false, false},
		{"https://0x7f000001", false, false},
		{"https://[64:ff9b::7f00:1]", false, false},
		{"https://[2002:7f00:1::]", false, false},
		{"https://198.51.100.7", false, false},
	} {
		u, err := url.Parse(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		if err := egress.Allowed(u, false); (err == nil) != tt.public {
			t.Errorf("Allowed(%q) = %v, want allowed %v", tt.address, err, tt.public)
		}
		if err := egress.Allowed(u, true); (err == nil) != tt.own {
			t.Errorf("Allowed(%q, own) = %v, want allowed %v", tt.address, err, tt.own)
		}
	}
}

// A name that leads into the private network is refused when it is dialled, whatever it led to before.
func TestNamesAreCheckedWhenDialled(t *testing.T) {
	t.Parallel()
	var asked bool
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = quiet()
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		leads string
		own   bool
	}{
		"to this machine":                          {"127.0.0.1", false},
		"to the cloud's credentials":               {"169.254.169.254", false},
		"to the cloud's credentials, as one's own": {"169.254.169.254", true},
		"to the office":                            {"10.1.2.3", false},
	} {
		d := newDesk(t, func(c *egress.Config) { c.Resolver = resolver(t, tt.leads) })
		c := call(t, "https://rebound.example.com:"+port)
		c.Own = tt.own
		_, err := d.Send(d.owner, c, two)
		if !fault.Is(err, fault.Denied) || !strings.Contains(fault.Sentence(err), "private network") || asked {
			t.Errorf("%s: Send: %v, want denied at dial", name, err)
		}
		if strings.Contains(err.Error(), "rebound") {
			t.Errorf("%s: the error quotes the address: %v", name, err)
		}
		if e := d.ledger(t)[0]; e.BytesOut != 0 || e.State != "failed" {
			t.Errorf("%s: the entry is %+v, want failed, nothing sent", name, e)
		}
	}
}

// resolver answers every question for an IPv4 address with one.
func resolver(t *testing.T, leads string) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buffer := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if m.Questions[0].Type == dnsmessage.TypeA {
				header := dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET, TTL: 1}
				m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: [4]byte(net.ParseIP(leads).To4())}}}
			}
			if packed, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
