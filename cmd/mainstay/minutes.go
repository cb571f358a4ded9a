package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
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
	a, cfg, err := asks(args, s)
	if err != nil {
		return err
	}
	details, err := a.details()
	if err != nil {
		return err
	}
	if err := usable(a.file); err != nil {
		return err
	}
	folder, err := newScratch()
	if err != nil {
		return err
	}
	defer folder.remove()
	cfg.Data = folder.path
	opened, err := draftOnce(ctx, cfg, s, a.file, details)
	switch {
	case ctx.Err() != nil:
		return fault.New(fault.Busy, "Interrupted. Nothing was kept; run it again for the minutes.")
	case err != nil:
		return err
	}
	return printed(s, opened, a.json)
}

func draftOnce(ctx context.Context, cfg Config, s streams, file string, details meeting.Details) (minutes.Opened, error) {
	p, err := newProgram(ctx, cfg, slog.New(slog.DiscardHandler), true)
	if err != nil {
		return minutes.Opened{}, err
	}
	defer p.Close()
	told := newTeller(s.err)
	defer told.done()
	p.told = told.tell
	return p.once(ctx, file, details)
}

// asks reads the command line. Options may stand before and after the file.
func asks(args []string, s streams) (asked, Config, error) {
	var a asked
	options := func(set *flag.FlagSet) {
		set.BoolVar(&a.json, "json", a.json, "print the JSON of docs/minutes.schema.json instead of Markdown")
		set.StringVar(&a.attendees, "attendees", a.attendees, "who was there: names, separated by commas")
		set.StringVar(&a.date, "date", a.date, "the meeting's date, such as 2026-03-12 or 2026-03-12T10:00 (from the file's name if empty)")
		set.StringVar(&a.zone, "zone", a.zone, "its time zone, such as Europe/London (UTC if empty)")
		set.StringVar(&a.title, "title", a.title, "its title (the file's name if empty)")
		set.StringVar(&a.template, "template", a.template, "the kind of meeting: "+strings.Join(meeting.Templates(), ", "))
		set.StringVar(&a.language, "language", a.language, "the language spoken, such as en (found if empty)")
		set.IntVar(&a.speakers, "speakers", a.speakers, "how many speak (found if 0)")
	}
	cfg, rest, err := flags("minutes FILE", args, s, options)
	for err == nil && len(rest) > 1 && strings.HasPrefix(rest[1], "-") {
		a.file = rest[0]
		if cfg, rest, err = flags("minutes FILE", rest[1:], s, options); err == nil {
			rest = append([]string{a.file}, rest...)
		}
	}
	if err != nil {
		return a, cfg, err
	}
	if len(rest) != 1 {
		return a, cfg, usageError("name one file: mainstay minutes meeting.m4a")
	}
	a.file = rest[0]
	return a, cfg, nil
}

// details turns the command line into what an organizer would say of the meeting. What makes no sense is a misuse.
func (a asked) details() (meeting.Details, error) {
	d := meeting.Details{Title: a.title, Zone: a.zone, Language: a.language, Template: a.template, People: a.speakers, ModelAllowed: true}
	for _, name := range strings.Split(a.attendees, ",") {
		d.Attendees = append(d.Attendees, person(name))
	}
	zone, err := time.LoadLocation(a.zone)
	if err != nil || a.zone == "Local" {
		return d, usageError("there is no time zone %q; one looks like Europe/London", a.zone)
	}
	switch {
	case a.template != "" && !slices.Contains(meeting.Templates(), a.template):
		return d, usageError("there is no template %q; choose one of %s", a.template, strings.Join(meeting.Templates(), ", "))
	case a.language != "" && !languageTag.MatchString(a.language):
		return d, usageError("there is no language %q; one looks like en or pt-BR", a.language)
	case a.speakers < 0 || a.speakers > 50:
		return d, usageError("the number of speakers is between 1 and 50, or 0 to find it")
	}
	guessed, at := capture.Guess(filepath.Base(a.file), nil, zone)
	if d.Title == "" {
		d.Title = cmp.Or(guessed, strings.TrimSuffix(filepath.Base(a.file), filepath.Ext(a.file)))
	}
	if a.date == "" {
		d.StartsAt = at
		return d, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04", time.RFC3339} {
		if at, err := time.ParseInLocation(layout, a.date, zone); err == nil {
			d.StartsAt = &at
			return d, nil
		}
	}
	return d, usageError("there is no date %q; one looks like 2026-03-12 or 2026-03-12T10:00", a.date)
}

var languageTag = regexp.MustCompile(`^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$`)

// person reads "Maria Lopez" and "Maria Lopez <maria@example.org>".
func person(text string) meeting.Person {
	name, address, found := strings.Cut(text, "<")
	if !found {
		return meeting.Person{Name: text}
	}
	return meeting.Person{Name: name, Email: strings.TrimRight(strings.TrimSpace(address), ">")}
}

// printed writes the minutes to the output, and beside it what a reader must know of them.
func printed(s streams, opened minutes.Opened, asJSON bool) error {
	doc, err := opened.Document()
	if err != nil {
		return err
	}
	if len(doc.Transcript.Segments) == 0 {
		fmt.Fprintln(s.err, "Nobody speaks in this recording, so there is nothing to write minutes of.")
	}
	for _, who := range doc.Transcript.Speakers {
		if by, ok := opened.Transcript.Introduced[who.ID]; ok {
			fmt.Fprintf(s.err, "A voice is named %s because it says %q at %s.\n", *who.Name, by.Quote, doc.Transcript.Place(by.Segment))
		}
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

// usable says why a file cannot be taken in, before any work is begun.
func usable(path string) error {
	refused := func(format string) error { return fault.New(fault.Invalid, fmt.Sprintf(format, path)) }
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return refused("There is no file %q. Check its name and its folder.")
	case errors.Is(err, os.ErrPermission):
		return refused("The file %q cannot be reached. Check the rights of its folder.")
	case err != nil:
		return fmt.Errorf("looking at the file: %w", err)
	case info.IsDir():
		return refused("%q is a folder. Name a recording or a transcript in it.")
	case !info.Mode().IsRegular():
		return refused("%q is no ordinary file. Save the recording or the transcript to one.")
	case info.Size() == 0:
		return refused("The file %q is empty. Choose another, or export it again.")
	}
	file, err := os.Open(path)
	if err != nil {
		return refused("The file %q cannot be read. Check its rights.")
	}
	return file.Close()
}
