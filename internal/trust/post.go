package trust

import (
	"context"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/post"
)

// mailVerified tries settings by which mail would go over what anybody can read, and asks the mail server that is set.
func mailVerified(ctx context.Context, p *proof) (finding, error) {
	remote := []string{"MAINSTAY_SMTP=mail.example.com:25", "MAINSTAY_SMTP_FROM=mainstay@example.com", "MAINSTAY_URL=https://mainstay.example.com"}
	for _, weak := range []string{"none", "opportunistic", "off"} {
		if !p.Refuses(append([]string{"MAINSTAY_SMTP_TLS=" + weak}, remote...)...) {
			return fail("the program would start with a mail server elsewhere and smtp_tls %s", weak)
		}
	}
	if p.Refuses(append([]string{"MAINSTAY_SMTP_TLS=starttls"}, remote...)...) {
		return fail("the program would not start with a mail server and STARTTLS, so that its refusals say nothing")
	}
	if !p.Post.Works() {
		return pass("3 settings without verified TLS are refused; no mail server is set, and links are shown once instead")
	}
	if err := p.Post.Reach(ctx); err != nil {
		return fail("3 settings without verified TLS are refused; the mail server that is set: %s", fault.Sentence(err))
	}
	return pass("3 settings without verified TLS are refused; the mail server that is set lets us in, verified")
}

// suspicionReported reads the mails about an account's security: each has the link that says that it was somebody else, and
// nothing that tells anybody when it was read.
func suspicionReported(_ context.Context, p *proof) (finding, error) {
	link := "/not-me/" + p.name("link")
	at, letters := p.Source.Now(), 0
	for template, letter := range map[string]any{
		"new-sign-in":      post.NewSignIn{At: at, Device: p.name("device"), NotMe: link},
		"factor-changed":   post.FactorChanged{At: at, What: "A passkey was added.", NotMe: link},
		"password-changed": post.PasswordChanged{At: at, NotMe: link},
	} {
		mail, err := p.Post.Preview(template, letter)
		if err != nil {
			return finding{}, err
		}
		letters++
		if !strings.Contains(mail.Text, link) || strings.Count(mail.HTML, link) < 2 {
			return fail("the mail %s lacks the link that says that it was somebody else", template)
		}
		for _, remote := range []string{"<img", "<link", "<script", "url(", "@import", " src="} {
			if strings.Contains(strings.ToLower(mail.HTML), remote) {
				return fail("the mail %s loads something when it is read: %s", template, remote)
			}
		}
	}
	return pass("%d mails about an account's security, each with the link that says that it was somebody else; 0 load anything", letters)
}
