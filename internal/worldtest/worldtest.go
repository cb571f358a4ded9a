// Package worldtest gives tests a whole deployment in one process: every product service, the order of work between them and
// the pages, over a real database, a real vault and the real sandbox. Only what would listen and what would draft are stand-ins.
// Nothing of it is part of the program.
package worldtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/accesslog"
	"mainstay/internal/api/idempotency"
	"mainstay/internal/capture"
	"mainstay/internal/capture/media"
	"mainstay/internal/document"
	"mainstay/internal/egress"
	"mainstay/internal/gate/gatetest"
	"mainstay/internal/health"
	"mainstay/internal/identity"
	"mainstay/internal/identity/account"
	"mainstay/internal/identity/oidc"
	"mainstay/internal/identity/roster"
	"mainstay/internal/identity/token"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/pipeline"
	"mainstay/internal/post"
	"mainstay/internal/post/posttest"
	"mainstay/internal/progress"
	"mainstay/internal/queue"
	"mainstay/internal/sandbox"
	"mainstay/internal/speech"
	"mainstay/internal/webhook"
)

// World is a deployment.
type World struct {
	*gatetest.World
	Queue     *queue.Queue
	Identity  *identity.Service
	Accounts  *account.Service
	Roster    *roster.Service
	Providers *oidc.Service
	Tokens    *token.Service
	Hooks     *webhook.Service
	Meetings  *meeting.Service
	Capture   *capture.Service
	Speech    *speech.Service
	Minutes   *minutes.Service
	Progress  *progress.Service
	Models    *llm.Service
	Egress    *egress.Service
	Health    *health.Service
	Post      *post.Service
	Mail      *posttest.Server // takes what Post sends; nil: no mail is sent
	Once      *idempotency.Service
	Access    *accesslog.Service

	Drafter minutes.Drafter // drafts from now on; nil: a stand-in that quotes every segment

	mu    sync.Mutex
	heard string
}

// New returns a deployment without workspaces, which sends no mail. Passwords are hashed cheaply; everything else is as in the
// program.
func New(t testing.TB) *World {
	t.Helper()
	return build(t, &World{World: gatetest.New(t)}, post.Server{})
}

// NewWithMail is New with a mail server.
func NewWithMail(t testing.TB) *World {
	t.Helper()
	w := &World{World: gatetest.New(t), Mail: posttest.New(t, posttest.StartTLS)}
	return build(t, w, post.Server{Address: w.Mail.Address, From: "Mainstay <mainstay@example.com>", Roots: w.Mail.Roots})
}

func build(t testing.TB, w *World, server post.Server) *World {
	t.Helper()
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		box = sandbox.Without(err)
	}
	order := &pipeline.Pipeline{Gate: w.Gate}
	w.Queue, err = queue.New(queue.Config{Gate: w.Gate, Source: w.Source, Node: "test", Log: slog.New(slog.DiscardHandler),
		Kinds: order.Kinds(), Subscribers: pipeline.Subscribers(), Dead: order.Dead, Steered: order.Steered})
	check(t, err)
	w.Post, err = post.New(post.Config{Gate: w.Gate, Queue: w.Queue, Subjects: pipeline.Subjects, Source: w.Source, Server: server, Base: "https://mainstay.example.com", Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	w.Identity, err = identity.New(identity.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, Region: "test", Post: w.Post,
		Hash: identity.HashCost{Memory: 64, Passes: 1, Threads: 1}, Address: "http://localhost"})
	check(t, err)
	w.Roster, err = roster.New(roster.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, Identity: w.Identity, Post: w.Post, Founders: roster.Owners, Factors: w.Identity.Factors.Strengths})
	check(t, err)
	w.Accounts, err = account.New(account.Config{Gate: w.Gate, Vault: w.Vault, Identity: w.Identity, Source: w.Source, Log: slog.New(slog.DiscardHandler)})
	check(t, err)
	w.Tokens, err = token.New(token.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source, People: w.Identity})
	check(t, err)
	w.Meetings, err = meeting.New(meeting.Config{Gate: w.Gate, Queue: w.Queue, Source: w.Source})
	check(t, err)
	w.Egress, err = egress.New(egress.Config{Gate: w.Gate, Source: w.Source})
	check(t, err)
	w.Providers, err = oidc.New(oidc.Config{Gate: w.Gate, Vault: w.Vault, Egress: w.Egress, Identity: w.Identity, Source: w.Source, Base: "http://localhost",
		GoogleIssuer: "http://127.0.0.1:1031", Resolver: texts{}})
	check(t, err)
	w.Models, err = llm.New(llm.Config{Gate: w.Gate, Egress: w.Egress})
	check(t, err)
	w.Minutes, err = minutes.New(minutes.Config{Gate: w.Gate, Queue: w.Queue, Source: w.Source, Drafter: drafting{w}})
	check(t, err)
	w.Progress, err = progress.New(progress.Config{Gate: w.Gate, Queue: w.Queue, Source: w.Source})
	check(t, err)
	w.Capture, err = capture.New(capture.Config{Gate: w.Gate, Queue: w.Queue, Vault: w.Vault, Source: w.Source, Media: media.NewDecoder(box)})
	check(t, err)
	w.Speech, err = speech.New(speech.Config{Gate: w.Gate, Queue: w.Queue, Source: w.Source, Capture: w.Capture, Recognizer: listening{w}})
	check(t, err)
	w.Health, err = health.New(health.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.DiscardHandler), Checks: []health.Check{health.Mail(nil)},
		Parts: health.Parts{Version: "test", Began: w.Source.Now(), Pools: w.Gate.Pools, Private: true, Data: filepath.Dir(w.Folder), Names: []string{"voice"}, Work: w.Queue.Depth, Mail: w.Post.Counts}})
	check(t, err)
	w.Once, err = idempotency.New(idempotency.Config{Gate: w.Gate, Vault: w.Vault, Source: w.Source})
	check(t, err)
	w.Access, err = accesslog.New(accesslog.Config{Gate: w.Gate, Source: w.Source, Log: slog.New(slog.DiscardHandler), Keep: 30 * 24 * time.Hour})
	check(t, err)
	w.Hooks, err = webhook.New(webhook.Config{Gate: w.Gate, Queue: w.Queue, Egress: w.Egress, Source: w.Source, Meetings: pipeline.Meetings})
	check(t, err)
	order.Hooks = w.Hooks
	order.Queue, order.Capture, order.Speech, order.Minutes, order.Post = w.Queue, w.Capture, w.Speech, w.Minutes, w.Post
	return w
}

// Services returns every product service by its package's name.
func (w *World) Services() map[string]any {
	return map[string]any{
		"identity":    w.Identity,
		"account":     w.Accounts,
		"enrolment":   w.Identity.Factors,
		"meeting":     w.Meetings,
		"capture":     w.Capture,
		"speech":      w.Speech,
		"minutes":     w.Minutes,
		"progress":    w.Progress,
		"llm":         w.Models,
		"egress":      w.Egress,
		"health":      w.Health,
		"post":        w.Post,
		"oidc":        w.Providers,
		"idempotency": w.Once,
		"accesslog":   w.Access,
		"webhook":     w.Hooks,
		"token":       w.Tokens,
		"roster":      w.Roster,
	}
}

// texts is a domain name system in which nobody published anything.
type texts struct{}

// LookupTXT implements oidc.Resolver.
func (texts) LookupTXT(context.Context, string) ([]string, error) { return nil, nil }

// Hear sets what recordings say from now on, a sentence a line, two voices taking turns.
func (w *World) Hear(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = text
}

// listening stands in for the speech engine: it reads the sound to its end and gives what the world was told to hear.
type listening struct{ world *World }

// Engines implements speech.Recognizer.
func (listening) Engines() []string { return []string{"stand-in", "other"} }

// Recognize implements speech.Recognizer.
func (l listening) Recognize(_ context.Context, sound capture.Sound, _ speech.Hints, progress func(string, float64)) (document.Transcript, error) {
	if _, err := io.Copy(io.Discard, sound); err != nil {
		return document.Transcript{}, err
	}
	progress("listening", 1)
	l.world.mu.Lock()
	defer l.world.mu.Unlock()
	t := document.Transcript{Engine: document.Engine{Name: "stand-in"}, Speakers: []document.Speaker{{ID: "a"}, {ID: "b"}}}
	for i, line := range strings.Split(strings.TrimSpace(l.world.heard), "\n") {
		start, end, speaker := int64(i)*1000, int64(i)*1000+900, t.Speakers[i%2].ID
		t.Segments = append(t.Segments, document.Segment{ID: strconv.Itoa(i + 1), Speaker: &speaker, StartMS: &start, EndMS: &end, Text: line})
		t.Turns = append(t.Turns, document.Turn{Speaker: speaker, StartMS: start, EndMS: end})
	}
	return t, nil
}

// drafting asks whoever drafts now.
type drafting struct{ world *World }

// Draft implements minutes.Drafter.
func (d drafting) Draft(ctx context.Context, b minutes.Brief) (minutes.Proposal, error) {
	if d.world.Drafter != nil {
		return d.world.Drafter.Draft(ctx, b)
	}
	return quoting{}.Draft(ctx, b)
}

// quoting stands in for the drafter: every segment becomes a line of the summary, and the first one an action, too.
type quoting struct{}

// Draft implements minutes.Drafter.
func (quoting) Draft(_ context.Context, b minutes.Brief) (minutes.Proposal, error) {
	m := document.Minutes{Template: b.Template, Language: b.Meeting.Language, DraftedBy: document.DraftedBy{Kind: "rules"}}
	for i, seg := range b.Transcript.Segments {
		line := document.Line{ID: "s" + strconv.Itoa(i+1), Text: seg.Text, Evidence: []document.Evidence{{Segment: seg.ID, Quote: seg.Text}}}
		m.Summary = append(m.Summary, line)
		if i == 0 {
			line.ID = "a1"
			m.Actions = append(m.Actions, document.Action{Line: line, Owner: &document.Owner{Speaker: seg.Speaker}})
		}
	}
	return minutes.Proposal{Minutes: m}, nil
}

// Tone returns a second of sound as a WAV file. Each seed gives other bytes.
func Tone(seed int) []byte {
	const samples = media.Rate
	var b bytes.Buffer
	b.WriteString("RIFF")
	header := []any{uint32(36 + 2*samples), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1), uint32(media.Rate), uint32(2 * media.Rate),
		uint16(2), uint16(16), []byte("data"), uint32(2 * samples)}
	for _, field := range header {
		_ = binary.Write(&b, binary.LittleEndian, field)
	}
	for i := range samples {
		_ = binary.Write(&b, binary.LittleEndian, int16((i*(seed+17))%2000-1000))
	}
	return b.Bytes()
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
