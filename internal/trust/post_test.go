package trust_test

import (
	"context"
	"strings"
	"testing"

	"mainstay/internal/fault"
	"mainstay/internal/post"
	"mainstay/internal/trust"
	"mainstay/internal/worldtest"
)

// mailer stands in for one that does what it should not.
type mailer struct {
	trust.Mailer
	works  bool
	reach  error
	change func(*post.Preview)
}

func (m mailer) Works() bool                 { return m.works }
func (m mailer) Reach(context.Context) error { return m.reach }

func (m mailer) Preview(template string, letter any) (post.Preview, error) {
	mail, err := m.Mailer.Preview(template, letter)
	if m.change != nil {
		m.change(&mail)
	}
	return mail, err
}

func TestMailThatAnybodyReadsIsSeen(t *testing.T) {
	t.Parallel()
	red(t, "P127", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
		d.Post = mailer{d.Post, true, fault.New(fault.Busy, "The mail server's certificate does not verify."), nil}
	})
	for _, refuses := range []bool{false, true} {
		red(t, "P127", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
			d.Refuses = func(...string) bool { return refuses }
		})
	}
}

func TestMailsWithoutAWayToReportAreSeen(t *testing.T) {
	t.Parallel()
	for _, change := range []func(*post.Preview){
		func(m *post.Preview) { m.Text = strings.ReplaceAll(m.Text, "/not-me/", "/") },
		func(m *post.Preview) { m.HTML = strings.ReplaceAll(m.HTML, "/not-me/", "/") },
		func(m *post.Preview) { m.HTML += `<img alt="" width="1" height="1" src="https://count.example.com/1">` },
	} {
		red(t, "P133", func(_ *testing.T, _ *worldtest.World, d *trust.Deployment) {
			d.Post = mailer{d.Post, false, nil, change}
		})
	}
}
