package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServeAnswersSupervisors(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	port := strings.TrimPrefix(d.run.url, "http://localhost:")
	if first, _, _ := strings.Cut(d.run.out.String(), "\n"); first != "listening 127.0.0.1:"+port {
		t.Errorf("the first line is %q, want the address that was opened", first)
	}
	for path, want := range map[string]string{"/healthz": `{"status":"ok"}`, "/readyz": `{"status":"ready"}`, "/version": `{"version":"development"}`} {
		if got := strings.TrimSpace(string(d.get(t, path))); got != want {
			t.Errorf("%s = %s, want %s", path, got, want)
		}
	}
	check(t, syscall.Kill(d.databasePID(), syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(d.databasePID(), syscall.SIGCONT) }()
	if a, err := d.ask("GET", "/healthz", nil, nil); err != nil || a.StatusCode != http.StatusOK {
		t.Errorf("/healthz while the database stands still: %v, %d", err, statusOf(a))
	}
	for _, line := range strings.Split(strings.TrimSpace(d.run.log.String()), "\n") {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("the log holds %q, which is no JSON", line)
		}
	}
}

// run starts the program with arguments and returns what it says and its exit code.
func runProgram(t *testing.T, env []string, args ...string) (said string, code int) {
	t.Helper()
	program, err := builds[""]()
	check(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}, env...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("running the program: %v", err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestServeRefusesWhatCannotBeSafe(t *testing.T) {
	t.Parallel()
	data := "MAINSTAY_DATA=" + filepath.Join(t.TempDir(), "data")
	for name, c := range map[string]struct {
		env  []string
		args []string
		says string
		code int
	}{
		"every address in the clear":  {[]string{data, "MAINSTAY_LISTEN=0.0.0.0:0"}, nil, "needs TLS", 1},
		"no host in the clear":        {[]string{data, "MAINSTAY_LISTEN=:0"}, nil, "needs TLS", 1},
		"a certificate without a key": {[]string{data, "MAINSTAY_TLS_CERT=/nowhere"}, nil, "belong together", 1},
		"a certificate that is none":  {[]string{data, "MAINSTAY_TLS_CERT=/dev/null", "MAINSTAY_TLS_KEY=/dev/null"}, nil, "certificate", 1},
		"an unknown setting":          {[]string{data, "MAINSTAY_LISTENING=127.0.0.1:0"}, nil, "no setting", 1},
		"an unknown level":            {[]string{data, "MAINSTAY_LOG=loud"}, nil, "debug, info, warn", 1},
		"a store in the clear":        {[]string{data, "MAINSTAY_BLOBS=s3://minutes?region=x&endpoint=http://127.0.0.1:9000"}, nil, "https://", 1},
		"a store's key in its URL":    {[]string{data, "MAINSTAY_BLOBS=s3://key:secret@minutes?region=x"}, nil, "MAINSTAY_BLOBS_SECRET_FILE", 1},
		"half of a store's key":       {[]string{data, "MAINSTAY_BLOBS=s3://minutes?region=x", "MAINSTAY_BLOBS_KEY=k"}, nil, "belong together", 1},
		"a key without a store":       {[]string{data, "MAINSTAY_BLOBS_KEY=k", "MAINSTAY_BLOBS_SECRET=s"}, nil, "set blobs", 1},
		"everybody as a proxy":        {[]string{data, "MAINSTAY_PROXIES=0.0.0.0/0"}, nil, "never everybody", 1},
		"a proxy that is no address":  {[]string{data, "MAINSTAY_PROXIES=proxy.example.com"}, nil, "list of networks", 1},
		"TLS on a socket":             {[]string{data, "MAINSTAY_LISTEN=unix:/nowhere", "MAINSTAY_ACME_DOMAINS=a.example.com"}, nil, "proxy before it", 1},
		"a version that is too old":   {[]string{data, "MAINSTAY_TLS=1.1"}, nil, "1.3", 1},
		"an authority in the clear":   {[]string{data, "MAINSTAY_ACME_DOMAINS=a.example.com", "MAINSTAY_ACME_DIRECTORY=http://ca.example.com"}, nil, "https://", 1},
		"a redirect to nowhere":       {[]string{data, "MAINSTAY_REDIRECT=127.0.0.1:0"}, nil, "needs tls_cert", 1},
		"no limit at all":             {[]string{data, "MAINSTAY_LIMIT_FACTOR=0"}, nil, "above 0", 1},
		"half a firewall":             {[]string{data, "MAINSTAY_WAF=maybe"}, nil, "on or off", 1},
		"a log that is kept never":    {[]string{data, "MAINSTAY_ACCESS_LOG_DAYS=0"}, nil, "from 1", 1},
		"an argument":                 {[]string{data}, []string{"now"}, "no arguments", 2},
	} {
		said, code := runProgram(t, c.env, append([]string{"serve"}, c.args...)...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit code %d, %q, want %d with %q", name, code, said, c.code, c.says)
		}
	}
}

// certificate writes a self-signed one for localhost and returns its files and who trusts it.
func certificate(t *testing.T) (cert, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	about := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &private.PublicKey, private)
	check(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	check(t, os.WriteFile(cert, text, 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	return cert, key, roots
}

func TestServeSpeaksTLS(t *testing.T) {
	t.Parallel()
	cert, key, roots := certificate(t)
	d := newDeployment(t, "", "MAINSTAY_TLS_CERT="+cert, "MAINSTAY_TLS_KEY="+key)
	d.start(t)
	at := strings.Replace(d.run.url, "http://", "https://", 1)
	if !strings.Contains(d.run.out.String(), "Open "+at+"/setup/") {
		t.Errorf("the printed address is not https: %s", d.run.out)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest("POST", at+d.run.setup, strings.NewReader(owner().Encode()))
	check(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := client.Do(req)
	check(t, err)
	defer resp.Body.Close()
	cookie := resp.Cookies()
	open := func(c *http.Cookie) bool { return !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly }
	if resp.StatusCode != http.StatusSeeOther || len(cookie) == 0 || slices.ContainsFunc(cookie, open) || resp.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("over TLS: %d, %v, %v", resp.StatusCode, cookie, resp.Header)
	}
	old := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11}}}
	if _, err := old.Get(at + "/healthz"); err == nil {
		t.Error("the server speaks TLS 1.1")
	}
}

// TestServeStartsAgain measures a start with an existing folder, after a stop and after a kill, and the memory of the idle
// process after people signed in.
func TestServeStartsAgain(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	d.own(t, owner())
	best := time.Minute
	for _, end := range []func(){func() { d.stop(t) }, d.kill, func() { d.stop(t) }} {
		end()
		began := time.Now()
		d.start(t)
		d.get(t, "/readyz")
		best = min(best, time.Since(began))
		if d.run.setup != "" {
			t.Error("a deployment with an owner prints a setup address again")
		}
		d.get(t, "/")
	}
	if best > 1500*time.Millisecond {
		t.Errorf("the quickest of three starts took %s, want at most 1.5 s", best)
	}
	for range 3 {
		a, err := d.post("/sign-in", map[string][]string{"email": {"ada@example.com"}, "password": {"a long sentence of words"}})
		if err != nil || a.StatusCode != http.StatusSeeOther {
			t.Fatalf("signing in: %v, %d", err, statusOf(a))
		}
	}
	rss := 0
	d.until(t, "the hashes' memory is given back", func() bool {
		rss = residentMB(t, d.run.cmd.Process.Pid)
		return rss <= 120
	})
	t.Logf("start %s, idle memory %d MB, of the database's processes %d MB", best.Round(time.Millisecond), rss, residentMB(t, d.databasePID()))
}

func residentMB(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	check(t, err)
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			check(t, err)
			return kb / 1024
		}
	}
	t.Fatal("the kernel does not say how much memory a process takes")
	return 0
}

// TestServeStopsInTime: somebody listens to a stream, which must not hold the stop up.
func TestServeStopsInTime(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "")
	d.start(t)
	d.own(t, owner())
	req, err := http.NewRequest("GET", d.run.url+"/events/jobs", nil)
	check(t, err)
	client := &http.Client{Jar: d.cookies}
	resp, err := client.Do(req)
	check(t, err)
	defer resp.Body.Close()
	began := time.Now()
	d.stop(t)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %s, want at most 10 s", took)
	}
	if rest, err := io.ReadAll(resp.Body); err == nil && bytes.Contains(rest, []byte("event: done")) {
		t.Error("a stream said that work was done when the server stopped")
	}
}

// TestAStopHandsTheSampleBack stops the server while it listens to the sample, and starts it again: the work goes on, its
// minutes are printed, and there is one meeting.
func TestAStopHandsTheSampleBack(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "", speaking(t)...)
	d.args = []string{"--sample"}
	d.launch(t)
	d.until(t, "the server listens", func() bool { return strings.HasPrefix(d.run.out.String(), "listening ") })
	conn := d.admin(t)
	d.until(t, "the sample is being recognized", func() bool {
		var n int
		check(t, conn.QueryRow(t.Context(), `select count(*) from tenant.step where state = 'running' and phase <> ''`).Scan(&n))
		return n == 1
	})
	_ = conn.Close(t.Context())
	began := time.Now()
	d.stop(t)
	if took := time.Since(began); took > 16*time.Second {
		t.Errorf("the stop in the middle of work took %s", took)
	}
	d.start(t)
	if !strings.Contains(d.run.out.String(), "# Library site meeting") {
		t.Errorf("the second start printed no minutes: %.300s", d.run.out)
	}
	counts := map[string]int{}
	conn = d.admin(t)
	for _, table := range []string{"meeting", "transcript", "minutes"} {
		var n int
		check(t, conn.QueryRow(t.Context(), `select count(*) from tenant.`+table).Scan(&n))
		counts[table] = n
	}
	if counts["meeting"] != 1 || counts["transcript"] != 1 || counts["minutes"] != 1 {
		t.Errorf("after the stop there are %v, want one of each", counts)
	}
	d.stop(t)
	d.start(t)
	if out := d.run.out.String(); strings.Contains(out, "# Library") || d.run.setup == "" {
		t.Errorf("a third start prints %.300s, want the setup address alone", out)
	}
}

// TestTheSampleSaysWhatIsMissing: without a speech engine the address is printed all the same, and the next step with it.
func TestTheSampleSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	d := newDeployment(t, "", "MAINSTAY_PYTHON=/nowhere")
	d.args = []string{"--sample"}
	d.start(t)
	if !strings.Contains(d.run.out.String(), "The speech engine is not installed. Run make setup.") || d.run.setup == "" {
		t.Errorf("without an engine the program prints %s", d.run.out)
	}
	d.own(t, owner())
	d.until(t, "home says why the sample waits", func() bool { return strings.Contains(string(d.get(t, "/")), "The speech engine is not installed.") })
}
