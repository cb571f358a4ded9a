package e2e

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"mainstay/internal/post/posttest"
)

// TestDrillMailKilled kills the server after the mail server took a notice and before that was noted. Started again, it sends the
// same mail once more, under the same Message-ID, and notes it.
func TestDrillMailKilled(t *testing.T) {
	t.Parallel()
	smtp := posttest.New(t, posttest.StartTLS)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	check(t, os.WriteFile(ca, smtp.CA, 0o600))
	d := newDeployment(t, mortal, "MAINSTAY_SMTP="+smtp.Address, "MAINSTAY_SMTP_FROM=mainstay@example.com", "MAINSTAY_SMTP_CA="+ca)
	d.start(t)
	d.own(t, owner())
	token := string(csrf.FindSubmatch(d.get(t, "/meetings/new"))[1])
	if a, err := d.post("/account/notices", url.Values{"csrf": {token}, "ready": {"mail"}}); err != nil || a.StatusCode != http.StatusSeeOther {
		t.Fatalf("choosing mails: %v, status %d", err, statusOf(a))
	}
	for kills, at := range []string{"notice.mail:asked:2", "notice.mail:written:2"} {
		d.kill()
		d.start(t, "MAINSTAY_TEST_KILL="+at)
		d.pasteAndDie(t, "Ada: I will send the drawings to the engineer by Friday.")
		if !d.died(limit, nil) {
			t.Fatalf("%s: the server did not die\n%s", at, d.run.log)
		}
		if n := len(notices(smtp)); n != 2*kills+1 {
			t.Fatalf("%s: %d mails before the server died, want %d", at, n, 2*kills+1)
		}
		d.start(t)
		d.until(t, "the notice is mailed and noted", func() bool {
			var sent int
			check(t, d.admin(t).QueryRow(t.Context(), `select count(*) from tenant.notice where mail = 'sent' and mailed_at is not null`).Scan(&sent))
			return sent == kills+1
		})
		mails := notices(smtp)
		if len(mails) != 2*kills+2 {
			t.Fatalf("%s: %d mails, want the same one twice", at, len(mails))
		}
		before, after := mails[2*kills], mails[2*kills+1]
		if before.Header.Get("Message-Id") != after.Header.Get("Message-Id") || before.Header.Get("Date") != after.Header.Get("Date") || before.To != "ada@example.com" {
			t.Errorf("%s: %v and then %v, want the same mail", at, before.Header, after.Header)
		}
	}
}

// pasteAndDie makes a meeting of a transcript in a server that may die of it.
func (d *deployment) pasteAndDie(t *testing.T, text string) {
	t.Helper()
	token := string(csrf.FindSubmatch(d.get(t, "/meetings/new"))[1])
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, field := range [][2]string{{"csrf", token}, {"source", "paste"}, {"title", "Pasted"}, {"text", text}, {"told", "yes"}} {
		check(t, form.WriteField(field[0], field[1]))
	}
	check(t, form.Close())
	a, err := d.ask(http.MethodPost, "/meetings", http.Header{"Content-Type": {form.FormDataContentType()}}, &body)
	if err == nil && a.StatusCode >= 400 {
		t.Fatalf("pasting: status %d: %.300s", a.StatusCode, a.body)
	}
}

// notices are the mails that can be ended: those of meetings, and none about an account.
func notices(s *posttest.Server) []posttest.Mail {
	return slices.DeleteFunc(s.Mails(), func(m posttest.Mail) bool { return m.Header.Get("List-Unsubscribe") == "" })
}
