package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"mainstay/internal/document"
	"mainstay/internal/fault"
	"mainstay/internal/identity"
	"mainstay/internal/meeting"
	"mainstay/internal/queue"
	"mainstay/internal/tenant"
)

// asked is what the command line of `mainstay minutes` says.
type asked struct {
	file      string
	json      bool
	attendees string
	date      string
	zone      string
	title     string
	template  string
	language  string
	speakers  int
}

// minutesOf prints the minutes of one file through the same pipeline as the server's, over a folder whose keys are in memory
// only: what a kill leaves is unreadable, and the next run removes it.
func minutesOf(ctx context.Context, args []string, s streams) error {
	var a asked
	cfg, rest, err := flags("minutes FILE", args, s, func(set *flag.FlagSet) {
		set.BoolVar(&a.json, "json", false, "print docs/minutes.schema.json instead of Markdown")
		set.StringVar(&a.attendees, "attendees", "", "names, separated by commas")
		set.StringVar(&a.date, "date", "", "the meeting's date, such as 2026-03-12")
		set.StringVar(&a.zone, "zone", "UTC", "its time zone, such as Europe/London")
		set.StringVar(&a.title, "title", "", "its title; the file's name if empty")
		set.StringVar(&a.template, "template", "general", strings.Join(meeting.Templates(), ", "))
		set.StringVar(&a.language, "language", "", "the language spoken, such as en; found if empty")
		set.IntVar(&a.speakers, "speakers", 0, "how many speak; found if 0")
	})
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("name one file: mainstay minutes meeting.m4a")
	}
	a.file = rest[0]
	details, err := a.details()
	if err != nil {
		return err
	}
	removeLeft()
	if cfg.Data, err = os.MkdirTemp("", fmt.Sprintf("mainstay-minutes-%d-", os.Getpid())); err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	defer os.RemoveAll(cfg.Data)
	if err := os.Chmod(cfg.Data, 0o711); err != nil {
		return fmt.Errorf("opening the temporary folder to the database: %w", err)
	}
	p, err := newProgram(ctx, cfg, slog.New(slog.DiscardHandler), true)
	if err != nil {
		return err
	}
	defer p.Close()
	p.told = progressTo(s.err)
	doc, err := p.once(ctx, a.file, details)
	if err != nil {
		return err
	}
	return printed(s, doc, a.json)
}

func printed(s streams, doc document.Document, asJSON bool) error {
	if len(doc.Transcript.Segments) == 0 {
		fmt.Fprintln(s.err, "Nobody speaks in this recording, so there is nothing to write minutes of.")
	}
	if !asJSON {
		_, err := io.WriteString(s.out, doc.Markdown())
		return err
	}
	b, err := doc.JSON()
	if err != nil {
		return err
	}
	_, err = s.out.Write(append(b, '\n'))
	return err
}

func (a asked) details() (meeting.Details, error) {
	d := meeting.Details{Title: a.title, Zone: a.zone, Language: a.language, Template: a.template, People: a.speakers, ModelAllowed: false}
	if d.Title == "" {
		d.Title = strings.TrimSuffix(filepath.Base(a.file), filepath.Ext(a.file))
	}
	for _, name := range strings.Split(a.attendees, ",") {
		d.Attendees = append(d.Attendees, meeting.Person{Name: name})
	}
	if a.date == "" {
		return d, nil
	}
	zone, err := time.LoadLocation(a.zone)
	if err != nil {
		return d, usageError("there is no time zone %q", a.zone)
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.ParseInLocation(layout, a.date, zone); err == nil {
			d.StartsAt = &at
			return d, nil
		}
	}
	return d, usageError("a date looks like 2026-03-12")
}

// removeLeft removes folders of runs that were killed.
func removeLeft() {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "mainstay-minutes-*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		parts := strings.Split(filepath.Base(dir), "-")
		pid, err := strconv.Atoi(parts[2])
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

// once makes a workspace for one meeting, runs its work here and returns its minutes.
func (p *Program) once(ctx context.Context, file string, details meeting.Details) (document.Document, error) {
	ctx, err := p.solo(ctx)
	if err != nil {
		return document.Document{}, err
	}
	m, err := p.take(ctx, file, details)
	if err != nil {
		return document.Document{}, err
	}
	if err := p.Queue.Drain(context.WithoutCancel(ctx)); err != nil {
		return document.Document{}, err
	}
	opened, err := p.Minutes.Open(ctx, m.ID)
	if err != nil {
		return document.Document{}, err
	}
	if opened.Minutes == nil {
		return document.Document{}, p.whyNot(ctx, m)
	}
	return opened.Document()
}

// solo makes a workspace whose owner is whoever runs the command.
func (p *Program) solo(ctx context.Context) (context.Context, error) {
	token, err := p.Identity.IssueSetup(ctx)
	if err != nil {
		return ctx, err
	}
	begun, err := p.Identity.FirstRun(ctx, identity.Setup{Token: token.Reveal(), Name: "Owner", Email: "owner@localhost.invalid",
		Password: token.Reveal(), Workspace: "This machine"})
	if err != nil {
		return ctx, err
	}
	return tenant.WithActor(ctx, begun.Actor), nil
}

// take makes the meeting and takes the file in, as a transcript where it is one and as a recording else.
func (p *Program) take(ctx context.Context, path string, details meeting.Details) (meeting.Meeting, error) {
	file, err := os.Open(path)
	if err != nil {
		return meeting.Meeting{}, fmt.Errorf("opening the file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return meeting.Meeting{}, fmt.Errorf("looking at the file: %w", err)
	}
	if info.IsDir() {
		return meeting.Meeting{}, usageError("%s is a folder; name a recording or a transcript", path)
	}
	m, err := p.Meetings.Create(ctx, details, "upload", false)
	if err != nil {
		return m, err
	}
	if !isTranscript(file, path) {
		_, err = p.Capture.Put(ctx, m.ID, filepath.Base(path), info.Size(), file)
		return m, err
	}
	text, err := io.ReadAll(io.LimitReader(file, 32<<20))
	if err != nil {
		return m, fmt.Errorf("reading the file: %w", err)
	}
	_, err = p.Speech.Import(ctx, m.ID, filepath.Base(path), text)
	return m, err
}

// isTranscript looks at a file's ending and, where that says nothing, at its first bytes.
func isTranscript(file *os.File, path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".txt", ".vtt", ".srt", ".json", ".docx", ".md":
		return true
	case ".wav", ".mp3", ".m4a", ".mp4", ".ogg", ".opus", ".webm", ".flac", ".mov", ".mkv":
		return false
	}
	head := make([]byte, 512)
	n, _ := file.ReadAt(head, 0)
	return n > 0 && utf8.Valid(head[:n-n%4]) && !strings.ContainsRune(string(head[:n]), 0)
}

// whyNot tells why a meeting has no minutes: the sentence of the step that did not succeed.
func (p *Program) whyNot(ctx context.Context, m meeting.Meeting) error {
	steps, err := p.Progress.Of(ctx, m.ID)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if step.Reason != "" {
			return fault.New(fault.Busy, step.Reason)
		}
	}
	return fault.New(fault.Internal, "The minutes were not finished.")
}

// progressTo prints a phase when it begins, and how much of all is done by then.
func progressTo(w io.Writer) func(queue.Step, string, float64) {
	last := ""
	return func(_ queue.Step, phase string, done float64) {
		switch {
		case phase == last:
			return
		case done > 0:
			fmt.Fprintf(w, "%s... %.0f %%\n", phase, 100*done)
		default:
			fmt.Fprintf(w, "%s...\n", phase)
		}
		last = phase
	}
}
