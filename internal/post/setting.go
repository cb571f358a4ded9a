package post

import (
	"context"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
)

// Content is how much of a meeting a workspace's mails may hold. What is in a mail has left the deployment.
type Content string

// The contents, from the least to the most.
const (
	Nothing Content = "nothing" // a link alone
	Titles  Content = "title"   // and the meeting's title
	Summary Content = "summary" // and the summary of its minutes
)

// Content returns how much the workspace's mails may hold.
func (s *Service) Content(ctx context.Context) (Content, error) {
	var content Content
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ReadMail}, func(ctx context.Context, tx *gate.Tx) (err error) {
		content, err = mailContent(ctx, tx)
		return err
	})
	return content, err
}

// SetContent sets how much the workspace's mails may hold, from the next one on.
func (s *Service) SetContent(ctx context.Context, content Content) error {
	if content != Nothing && content != Titles && content != Summary {
		return fault.New(fault.Invalid, "Choose how much a mail may hold.")
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChangeMail}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("content", content)
		return setContent(ctx, tx, content)
	})
}

// Trial is what came of a test mail.
type Trial struct {
	Sent     bool
	To       string // the actor's own address
	Sentence string // what the server said, and what to do
}

// Test sends a mail to the actor's own address, at once and past the outbox, and says what the server answered.
func (s *Service) Test(ctx context.Context) (Trial, error) {
	var e envelope
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.TestMail}, func(ctx context.Context, tx *gate.Tx) error {
		m, err := loadAddressee(ctx, tx, tx.Actor().Member)
		if err != nil {
			return err
		}
		e = envelope{id: gate.NewID[ID](tx).String(), at: tx.Now(), to: m.email}
		e.written, err = s.letters.write("test", &Test{By: m.name, Workspace: m.workspace})
		return err
	})
	if err != nil || !s.Works() {
		return Trial{To: e.to, Sentence: "No mail server is set. Set MAINSTAY_SMTP and MAINSTAY_SMTP_FROM, then start the server again."}, err
	}
	v := verdictOf(s.carrier.send(ctx, e))
	return Trial{Sent: v.sent, To: e.to, Sentence: v.sentence}, nil
}
