//go:build bench

package bench

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/argon2"

	"mainstay/internal/identity"
)

// signIns measures how many people a second sign in through the pages of a running server, against bare hashes of the same cost
// by as many at once. The listener's limits are raised by their own setting; those of sign-in stay, as the passwords are right.
func signIns(t *testing.T) []figure {
	folder, err := os.MkdirTemp("", "mainstay-bench-")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chmod(folder, 0o711))
	t.Setenv("MAINSTAY_LIMIT_FACTOR", "1000000")
	stop, pid, address := running(t, folder)
	defer stop()
	base := "http://" + address
	own(t, base, folder)
	var figures []figure
	for _, clients := range []int{1, 4} { // four hashes are in work at once, more wait
		through, bare := &counted{do: people(t, base, clients)}, &counted{do: bareHash()}
		rates := map[string][]float64{}
		for range 7 {
			for name, c := range map[string]*counted{"through": through, "bare": bare} {
				began := processor(t, pid, folder)
				rates[name] = append(rates[name], rate(t, clients, c.once))
				c.spent += processor(t, pid, folder) - began
			}
		}
		ours, theirs := median(rates["through"]), median(rates["bare"])
		figures = append(figures, figure{what: fmt.Sprintf("sign-ins through the pages / bare hashes, %d at once", clients), got: ours / theirs, least: true, bar: 0.9,
			beside: fmt.Sprintf("%.1f and %.1f a second; %.0f and %.0f ms of processor each", ours, theirs, through.each(), bare.each())})
	}
	return figures
}

// counted is what is done, how often, and what it took of the processors: of the server, its PostgreSQL and ourselves, in seconds.
type counted struct {
	do    func(context.Context) error
	n     atomic.Int64
	spent float64
}

func (c *counted) once(ctx context.Context) error {
	c.n.Add(1)
	return c.do(ctx)
}

func (c *counted) each() float64 { return 1000 * c.spent / float64(c.n.Load()) }

// processor returns how many seconds of processor the server, its PostgreSQL and this process have had.
func processor(t *testing.T, server int, folder string) float64 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "postgres", "data", "postmaster.pid"))
	must(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(line)
	must(t, err)
	var ticks float64
	for _, pid := range append(children(t, postmaster), postmaster, server, os.Getpid()) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // a session of PostgreSQL ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		for _, at := range []int{11, 12} { // utime and stime of proc(5)
			n, err := strconv.ParseFloat(fields[at], 64)
			must(t, err)
			ticks += n
		}
	}
	return ticks / 100
}

// bareHash returns the hash alone, of the cost of a stored password, as the library does it for anybody. It is measured before parts
// that run Mainstay in this process: what is done there for hashes (package password) would quicken these, too.
func bareHash() func(context.Context) error {
	cost := identity.DefaultCost()
	return func(context.Context) error {
		argon2.IDKey([]byte(benchPassword), []byte("sixteen bytes ok"), cost.Passes, cost.Memory, cost.Threads, 32)
		return nil
	}
}

const benchPassword = "nine measured words are enough here"

// own makes the first account of the server. The server's own first link, made once it is ready, may void the one that was asked for.
func own(t *testing.T, base, folder string) {
	t.Helper()
	form := url.Values{"name": {"Owner"}, "email": {"owner@example.com"}, "password": {benchPassword}, "workspace": {"Bench"}}
	for range 5 {
		status, err := post(&http.Client{CheckRedirect: here}, base+setupLink(t, folder), form)
		must(t, err)
		switch status {
		case http.StatusSeeOther:
			return
		case http.StatusGone:
		default:
			t.Fatalf("the first run answers %d", status)
		}
	}
	t.Fatal("every link of the first run is void")
}

// people returns a sign-in by one of so many browsers, which the server comes to know.
func people(t *testing.T, base string, clients int) func(context.Context) error {
	t.Helper()
	browsers := make(chan *http.Client, clients)
	for range clients {
		jar, err := cookiejar.New(nil)
		must(t, err)
		browsers <- &http.Client{Jar: jar, CheckRedirect: here}
	}
	sign := func(context.Context) error {
		b := <-browsers
		defer func() { browsers <- b }()
		status, err := post(b, base+"/sign-in", url.Values{"email": {"owner@example.com"}, "password": {benchPassword}})
		if err == nil && status != http.StatusSeeOther {
			err = fmt.Errorf("signing in answers %d", status)
		}
		return err
	}
	var warm sync.WaitGroup
	for range clients {
		warm.Go(func() {
			if err := sign(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	warm.Wait()
	return sign
}

// setupLink asks the running server for the address of its first run, as an operator does.
func setupLink(t *testing.T, folder string) string {
	t.Helper()
	exe, err := filepath.Abs(program)
	must(t, err)
	cmd := exec.Command(exe, "admin", "setup-link")
	cmd.Env = append(os.Environ(), "MAINSTAY_DATA="+folder)
	out, err := cmd.Output()
	must(t, err)
	at, err := url.Parse(strings.TrimSpace(string(out)))
	must(t, err)
	return at.Path
}

func here(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func post(c *http.Client, at string, form url.Values) (int, error) {
	r, err := http.NewRequest(http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
