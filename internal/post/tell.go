package post

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"mainstay/internal/egress"
	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// FactNoticed is about a notice: it is made, and is to be mailed.
const FactNoticed = "post.Noticed"

// Notify is the step that tells the members whom a kind is for of what happened. Who may not read what it is about is not told.
// The notices, the steps that mail them and the end of this step are one act.
func (s *Service) Notify(ctx context.Context, step queue.Step, kind Kind) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.MakeNotice, Object: step.ID}, func(ctx context.Context, tx *gate.Tx) error {
		who, err := gate.Recipients(ctx, tx)
		if err != nil {
			return err
		}
		told := 0
		for _, r := range who {
			if !kind.concerns(r) || kind == Review && r.Member == step.OnBehalfOf {
				continue
			}
			told++
			if err := s.make(ctx, tx, kind, r.Member, step.Input); err != nil {
				return err
			}
		}
		tx.Note("kind", kind)
		tx.Note("told", told)
		return s.Queue.Finish(ctx, tx, step)
	})
}

// concerns reports whether a member who may read a meeting is told of the kind: its maker of what became of it, and of minutes
// that wait whoever manages the meeting.
func (k Kind) concerns(r gate.Recipient) bool {
	switch k {
	case Ready, Failed:
		return r.Maker
	case Review:
		return r.Level == gate.Manager
	}
	return false
}

// make enters a notice as its member chose to be told, and queues its mail.
func (s *Service) make(ctx context.Context, tx *gate.Tx, kind Kind, member tenant.MemberID, object [16]byte) error {
	all, err := choices(ctx, tx, kind, member)
	if err != nil {
		return err
	}
	choice := all.of(member)
	mail := choice.Mail && s.Works()
	if !choice.App && !mail {
		return nil
	}
	n := notice{id: gate.NewID[NoticeID](tx), record: tx.Group(), member: member, kind: kind, object: object, shown: choice.App, mail: "none"}
	if mail {
		n.mail = "due"
	}
	made, err := insertNotice(ctx, tx, n)
	if err != nil || !made || !mail {
		return err
	}
	return s.Queue.Emit(ctx, tx, queue.Fact{Kind: FactNoticed, Input: n.id, Record: n.record})
}

// toldTemplate marks what waits in the outbox to be shown in the app. It is never renamed.
const toldTemplate = "told"

// told is what a row of the outbox says that is shown in the app and not mailed.
type told struct {
	Kind   Kind
	Object [16]byte
}

// Tell shows the person of an account, in the app of each of their workspaces, that something happened to the account: object is
// what it was (a session, a factor). It is told if and only if the act of the instance commits, with or without a mail server.
// The mail about it is a letter of [Service.Account], which cannot be switched off.
func (s *Service) Tell(ctx context.Context, tx *gate.InstanceTx, account tenant.AccountID, kind Kind, object [16]byte) error {
	if !kind.Security() {
		return fault.New(fault.Invalid, "This is not about an account.")
	}
	letter, err := json.Marshal(told{kind, object})
	if err != nil {
		return err
	}
	return insertLetter(ctx, tx, account, sealedLetter{V: 1, Template: toldTemplate, Letter: letter})
}

// show makes the notices of what happened to an account, in an act of each workspace.
func (s *Service) show(ctx context.Context, account tenant.AccountID, doc sealedLetter) error {
	var what told
	if err := json.Unmarshal(doc.Letter, &what); err != nil {
		return err
	}
	var seats []seat
	err := s.Gate.Look(s.postman(ctx), gate.TakeLetter, func(ctx context.Context, tx *gate.InstanceTx) (err error) {
		seats, err = seatsOf(ctx, tx, account)
		return err
	})
	if err != nil {
		return err
	}
	for _, at := range seats {
		as := tenant.WithActor(ctx, tenant.Actor{Kind: tenant.Job, Job: gate.Notifier, Workspace: at.workspace, OnBehalfOf: at.member,
			Request: tenant.NewID[tenant.RequestID](s.Source)})
		err := s.Gate.Do(as, gate.Act{Verb: gate.TellAccount}, func(ctx context.Context, tx *gate.Tx) error {
			tx.Note("kind", what.Kind)
			return s.tell(ctx, tx, at.member, what)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) tell(ctx context.Context, tx *gate.Tx, member tenant.MemberID, what told) error {
	all, err := choices(ctx, tx, what.Kind, member)
	if err != nil || !all.of(member).App {
		return err
	}
	n := notice{id: gate.NewID[NoticeID](tx), record: gate.WorkspaceRecord(tx.Workspace()), member: member, kind: what.Kind, object: what.Object, shown: true, mail: "none"}
	if _, err := insertNotice(ctx, tx, n); err != nil {
		return err
	}
	return s.ring(ctx, tx)
}

// Mail is the step that mails a notice, if its member is still there, still wants it and may still read what it is about. It
// reads in one act, which enters content that leaves into the ledger, sends without one, and notes in another what came of it.
func (s *Service) Mail(ctx context.Context, step queue.Step) error {
	var n notice
	var e envelope
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.MailNotice, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) (err error) {
		if n, err = loadNotice(ctx, tx, NoticeID(step.Input)); err != nil {
			return err
		}
		if n.mail == "due" && s.Works() {
			wanted, err := s.compose(ctx, tx, n, &e)
			if err != nil || wanted {
				return err
			}
		}
		if n.mail == "due" {
			n.mail = "dropped"
		}
		tx.Note("state", n.mail)
		return s.noted(ctx, tx, n, step)
	})
	if err != nil || n.mail != "due" {
		return err
	}
	failure := s.carrier.send(ctx, e)
	v := verdictOf(failure)
	s.Log.Info("notice", "notice", n.id, "sent", v.sent, "status", v.status)
	if n.mail = v.state(); n.mail == "due" && !s.Source.Now().Before(n.createdAt.Add(patience)) {
		n.mail = "dead"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTime)
	defer cancel()
	err = s.Gate.Do(ctx, gate.Act{Verb: gate.MailNotice, Object: step.Input}, func(ctx context.Context, tx *gate.Tx) error {
		tx.Note("state", n.mail)
		tx.Note("status", v.status)
		if err := s.left(ctx, tx, e, v); err != nil || n.mail == "due" {
			return err
		}
		return s.noted(ctx, tx, n, step)
	})
	if err == nil && n.mail == "due" {
		err = fault.Wrap(fault.Busy, v.sentence, failure)
	}
	return err
}

// noteTime is how long a note of what was sent may take after the step was told to stop.
const noteTime = 10 * time.Second

func (v verdict) state() string {
	switch {
	case v.sent:
		return "sent"
	case v.finally:
		return "dead"
	}
	return "due"
}

// noted ends a notice's mail together with its step.
func (s *Service) noted(ctx context.Context, tx *gate.Tx, n notice, step queue.Step) error {
	if err := settleNotice(ctx, tx, n); err != nil {
		return err
	}
	return s.Queue.Finish(ctx, tx, step)
}

// compose writes a notice's mail, and reports whether it is to be sent at all.
func (s *Service) compose(ctx context.Context, tx *gate.Tx, n notice, e *envelope) (bool, error) {
	who, err := gate.Recipients(ctx, tx)
	if err != nil {
		return false, err
	}
	all, err := choices(ctx, tx, n.kind, n.member)
	if err != nil {
		return false, err
	}
	concerned := slices.ContainsFunc(who, func(r gate.Recipient) bool { return r.Member == n.member && n.kind.concerns(r) })
	if !concerned || !all.of(n.member).Mail {
		return false, nil
	}
	content, err := mailContent(ctx, tx)
	if err != nil {
		return false, err
	}
	subjects, err := s.Subjects(ctx, tx, []tenant.RecordID{n.record}, content == Summary && n.kind != Failed)
	if err != nil {
		return false, err
	}
	subject, ok := subjects[n.record]
	if !ok {
		return false, nil
	}
	letter := noticed{Kind: n.kind, Link: subject.Path}
	if content != Nothing {
		letter.Title, letter.Lines = subject.Title, subject.Lines
	}
	if err := s.address(ctx, tx, n, letter, e); err != nil || !s.Reaches(e.to) {
		return false, err
	}
	return true, s.entered(ctx, tx, letter, e)
}

// entered writes a mail that holds content into the ledger of what leaves.
func (s *Service) entered(ctx context.Context, tx *gate.Tx, letter noticed, e *envelope) error {
	if letter.Title == "" {
		return nil
	}
	m := egress.Mailed{Host: s.Server.Address, Fields: []string{"title"}, Size: e.size()}
	if len(letter.Lines) > 0 {
		m.Fields = append(m.Fields, "summary")
	}
	e.entry = gate.NewID[egress.ID](tx)
	return egress.EnterMail(ctx, tx, e.entry, m)
}

// left completes a mail's entry in the ledger, where it has one.
func (s *Service) left(ctx context.Context, tx *gate.Tx, e envelope, v verdict) error {
	if e.entry.IsZero() {
		return nil
	}
	return egress.EndMail(ctx, tx, e.entry, v.sent, v.status, e.size())
}

// address puts a notice's letter into its envelope.
func (s *Service) address(ctx context.Context, tx *gate.Tx, n notice, letter noticed, e *envelope) error {
	m, err := loadAddressee(ctx, tx, n.member)
	if err != nil {
		return err
	}
	letter.Name = m.workspace
	token, err := s.leaving(ctx, tx.Workspace(), n.member, n.kind)
	if err != nil {
		return err
	}
	letter.Leave = strings.TrimSuffix(s.Base, "/") + "/unsubscribe/" + token
	*e = envelope{id: n.id.String(), at: n.createdAt, to: m.email, leave: letter.Leave}
	e.written, err = s.letters.write("notice", &letter)
	return err
}
