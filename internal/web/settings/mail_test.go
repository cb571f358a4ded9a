package settings_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"mainstay/internal/post"
	"mainstay/internal/worldtest"
)

func TestMailIsSetByOwnersAndTriedByAdmins(t *testing.T) {
	t.Parallel()
	w := worldtest.NewWithMail(t)
	ten := w.Tenant(t, "Cedar")
	p := w.Pages(t)
	owner, admin := p.Browser(t, ten.Owner), p.Browser(t, ten.Admin)
	if got := owner.Post(t, "/settings/mail", url.Values{"content": {"nothing"}}); got.Code != http.StatusSeeOther {
		t.Fatalf("saving: %d", got.Code)
	}
	if content, err := w.Post.Content(ten.Owner); err != nil || content != post.Nothing {
		t.Errorf("mails hold %s, %v", content, err)
	}
	if got := owner.Post(t, "/settings/mail", url.Values{"content": {"everything"}}); got.Code != http.StatusUnprocessableEntity || strings.Contains(got.Body.String(), "everything") {
		t.Errorf("a content that does not exist: %d", got.Code)
	}
	page := admin.Get(t, "/settings/mail").Body.String()
	if !strings.Contains(page, "An owner of the workspace can change this") || strings.Contains(page, `name="content"`) || !strings.Contains(page, w.Mail.Address) {
		t.Error("an admin's page offers what is an owner's, or does not name the server")
	}
	if got := admin.Post(t, "/settings/mail/test", nil); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "The mail server took it") || len(w.Mail.Mails()) != 1 {
		t.Errorf("a test: %d, %d mails", got.Code, len(w.Mail.Mails()))
	}
	w.Mail.Answer("mail", "550 5.7.1 not you")
	if got := admin.Post(t, "/settings/mail/test", nil); !strings.Contains(got.Body.String(), "refused it with status 550") {
		t.Error("the page does not say that the server refused")
	}
}

func TestWithoutAMailServerThePageSaysHow(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	b := w.Pages(t).Browser(t, w.Tenant(t, "Cedar").Owner)
	if page := b.Get(t, "/settings/mail").Body.String(); !strings.Contains(page, "MAINSTAY_SMTP") || strings.Contains(page, "/settings/mail/test") {
		t.Error("the page does not say how mail is set up, or offers a test")
	}
}
