// Package post is the mail that leaves: it is written from templates in text and HTML, queued sealed in the act that it tells
// of, and sent by SMTP over verified TLS, again and again until the server took it or three days are over.
//
// There are two sorts. A letter is about an account (a link to reset a password, a new sign-in): [Service.Account] queues it in
// the schema control, inside an act of the instance. A notice is about what a member of a workspace may read (minutes that wait
// for approval): a step of the queue makes it in the workspace, where it holds ids and no content, and another mails it. What a
// notice is about is read when it is shown or sent, as far as its reader may still read it.
//
// Every mail is sent at least once. A crash between the server's answer and our note of it sends the mail again under the same
// Message-ID, by which mail programs know that they have it.
package post

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/gate"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// Config is what the service stands on.
type Config struct {
	Gate     *gate.Gate
	Queue    *queue.Queue
	Source   tenant.Source
	Subjects Subjects
	Server   Server       // zero: no mail is sent
	Base     string       // where people find the deployment, "https://name": what links in mails begin with
	Log      *slog.Logger // ids, counts and status codes
}

// Service writes and sends mail.
type Service struct {
	Config
	letters *letters
	carrier *carrier // nil where no mail is sent
}

// New returns the service. It fails where the server's settings cannot work.
func New(cfg Config) (*Service, error) {
	if cfg.Gate == nil || cfg.Queue == nil || cfg.Subjects == nil || cfg.Source.Now == nil || cfg.Log == nil {
		return nil, errors.New("post: Gate, Queue, Subjects, Source and Log are required")
	}
	s := &Service{Config: cfg}
	var err error
	if s.letters, err = parseLetters(cfg.Base); err != nil {
		return nil, err
	}
	if cfg.Server.Address == "" {
		return s, nil
	}
	if base, err := url.Parse(cfg.Base); err != nil || base.Host == "" {
		return nil, errors.New("post: mail needs the address at which people find the deployment")
	}
	if s.carrier, err = newCarrier(cfg.Server); err != nil {
		return nil, fmt.Errorf("post: %w", err)
	}
	return s, nil
}

// Works reports whether mail is sent. Where it is not, links are shown once to who made them, to be handed over.
func (s *Service) Works() bool { return s.carrier != nil }

// Reaches reports whether mail to an address is sent. None is to one in .invalid, which is nobody's (RFC 6761, section 6.4): the
// program's own checks have such addresses, and a letter to them would come back to whoever runs the deployment.
func (s *Service) Reaches(address string) bool {
	return s.Works() && !strings.HasSuffix(strings.ToLower(strings.TrimSpace(address)), ".invalid")
}

// Reach asks the server whether it lets us in, without sending anything. It fails with fault.Busy and a sentence for who runs
// the deployment.
func (s *Service) Reach(ctx context.Context) error {
	if !s.Works() {
		return fault.New(fault.Busy, "No mail server is set. Set MAINSTAY_SMTP and MAINSTAY_SMTP_FROM.")
	}
	err := s.carrier.reach(ctx)
	return fault.Wrap(fault.Busy, verdictOf(err).sentence, err)
}

// pace is how often a node looks for letters that are due, in real time.
const pace = 2 * time.Second

// Run sends letters as they become due, until ctx ends. Any number of nodes may run.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		if err := s.Drain(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("sending mail", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// postman returns ctx for the narrow actor that sends letters.
func (s *Service) postman(ctx context.Context) context.Context {
	return tenant.WithActor(ctx, tenant.Actor{Kind: tenant.System, Job: gate.Postman, Request: tenant.NewID[tenant.RequestID](s.Source)})
}
