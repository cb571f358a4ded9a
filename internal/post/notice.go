package post

import (
	"context"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

type noticeNoun struct{}

func (noticeNoun) Prefix() string { return "ntc" }

// NoticeID names a notice.
type NoticeID = tenant.ID[noticeNoun]

// Subject is what a notice is about.
type Subject struct {
	Title string
	Path  string   // of its page
	Lines []string // of its summary, where they were asked for
}

// Subjects finds what records are about inside an act of whoever reads. What the actor may not read is left out.
type Subjects func(ctx context.Context, tx *gate.Tx, records []tenant.RecordID, lines bool) (map[tenant.RecordID]Subject, error)

// Notice is something that a member is told of.
type Notice struct {
	ID        NoticeID
	Kind      Kind
	Subject   Subject // zero where the kind is about one's own account
	CreatedAt time.Time
	ReadAt    *time.Time
	record    tenant.RecordID
}

// List returns the actor's own notices in the app about what they may still read, the newest first, at most 100, as one act.
func (s *Service) List(ctx context.Context) ([]Notice, error) {
	var found []Notice
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ListNotices}, func(ctx context.Context, tx *gate.Tx) (err error) {
		found, err = s.list(ctx, tx)
		tx.Note("count", len(found))
		return err
	})
	return found, err
}

// Look is List for a page that is open already: it is no act of its own.
func (s *Service) Look(ctx context.Context) ([]Notice, error) {
	var found []Notice
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListNotices}, func(ctx context.Context, tx *gate.Tx) (err error) {
		found, err = s.list(ctx, tx)
		return err
	})
	return found, err
}

func (s *Service) list(ctx context.Context, tx *gate.Tx) ([]Notice, error) {
	found, err := ownNotices(ctx, tx)
	if err != nil {
		return nil, err
	}
	var records []tenant.RecordID
	for _, n := range found {
		if !n.Kind.Security() {
			records = append(records, n.record)
		}
	}
	subjects, err := s.Subjects(ctx, tx, records, false)
	var kept []Notice
	for _, n := range found {
		subject, ok := subjects[n.record]
		if ok || n.Kind.Security() {
			n.Subject = subject
			kept = append(kept, n)
		}
	}
	return kept, err
}

// Unread counts the actor's notices that they did not read. It is part of each page.
func (s *Service) Unread(ctx context.Context) (int, error) {
	var n int
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListNotices}, func(ctx context.Context, tx *gate.Tx) (err error) {
		n, err = unread(ctx, tx)
		return err
	})
	return n, err
}

// Watch returns a channel that gets a value when the actor may have new notices, and a function that ends it.
func (s *Service) Watch(ctx context.Context) (<-chan struct{}, func(), error) {
	var record tenant.RecordID
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ListNotices}, func(_ context.Context, tx *gate.Tx) error {
		record = gate.WorkspaceRecord(tx.Workspace())
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	news, end := s.Queue.Watch(record)
	return news, end, nil
}

// Read marks one of the actor's own notices as read and returns it. It fails with fault.Missing for what is not theirs, and for
// a notice about what they may not read any more.
func (s *Service) Read(ctx context.Context, id NoticeID) (Notice, error) {
	n := Notice{ID: id}
	err := s.Gate.Do(ctx, gate.Act{Verb: gate.ReadNotice, Object: id}, func(ctx context.Context, tx *gate.Tx) error {
		row, err := loadNotice(ctx, tx, id)
		if err != nil {
			return err
		}
		n.Kind, n.CreatedAt, n.record = row.kind, row.createdAt, row.record
		if err := markRead(ctx, tx, id); err != nil {
			return err
		}
		if !n.Kind.Security() {
			subjects, err := s.Subjects(ctx, tx, []tenant.RecordID{n.record}, false)
			if err != nil {
				return err
			}
			n.Subject = subjects[n.record]
		}
		return s.ring(ctx, tx)
	})
	return n, err
}

// ReadAll marks all of the actor's own notices as read.
func (s *Service) ReadAll(ctx context.Context) error {
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ReadNotices}, func(ctx context.Context, tx *gate.Tx) error {
		n, err := markAllRead(ctx, tx)
		if err != nil {
			return err
		}
		tx.Note("count", n)
		return s.ring(ctx, tx)
	})
}

// ring has the bells of the workspace's open pages count again.
func (s *Service) ring(ctx context.Context, tx *gate.Tx) error {
	return s.Queue.Emit(ctx, tx, queue.Fact{Kind: "post.Rung", Record: gate.WorkspaceRecord(tx.Workspace())})
}

// Choice is how a member is told of a kind.
type Choice struct {
	Kind Kind
	App  bool
	Mail bool // always, of one's own account's security
}

// usual is how members are told who chose nothing.
func usual(kind Kind) Choice {
	return Choice{Kind: kind, App: true, Mail: kind == Review || kind.Security()}
}

// Choices returns what the actor chose, or what holds without a choice, for each kind in the order of [Kinds].
func (s *Service) Choices(ctx context.Context) ([]Choice, error) {
	var all []Choice
	err := s.Gate.View(ctx, gate.Act{Verb: gate.ChooseNotices}, func(ctx context.Context, tx *gate.Tx) error {
		for _, kind := range Kinds() {
			chosen, err := choices(ctx, tx, kind, tx.Actor().Member)
			if err != nil {
				return err
			}
			all = append(all, chosen.of(tx.Actor().Member))
		}
		return nil
	})
	return all, err
}

// Choose stores how the actor wants to be told. It fails with fault.Invalid for a kind that does not exist and for mails about
// the security of one's own account, which cannot be switched off.
func (s *Service) Choose(ctx context.Context, all ...Choice) error {
	for _, c := range all {
		if c.Kind.Subject() == "" {
			return fault.New(fault.Invalid, "There is no such kind of notice. Load the page again.")
		}
		if c.Kind.Security() && !c.Mail {
			return fault.New(fault.Invalid, "Mails about the security of your account cannot be switched off.")
		}
	}
	return s.Gate.Do(ctx, gate.Act{Verb: gate.ChooseNotices}, func(ctx context.Context, tx *gate.Tx) error {
		for _, c := range all {
			tx.Note(string(c.Kind), map[string]bool{"app": c.App, "mail": c.Mail})
			if err := choose(ctx, tx, tx.Actor().Member, c); err != nil {
				return err
			}
		}
		return nil
	})
}

// chosen is what members chose of one kind.
type chosen struct {
	kind     Kind
	byMember map[tenant.MemberID]Choice
}

func (c chosen) of(member tenant.MemberID) Choice {
	if choice, ok := c.byMember[member]; ok {
		return choice
	}
	return usual(c.kind)
}
