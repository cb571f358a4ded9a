package remote

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"mainstay/internal/client"
)

const meetingsUsage = `say one of
  mainstay meetings list [WORDS]     the meetings that you may read, or those with the words in their title
  mainstay meetings upload FILE      send a recording and wait for its minutes
  mainstay meetings minutes ID       the minutes as Markdown; --json for everything
  mainstay meetings transcript ID    the transcript as text; --format vtt or srt for subtitles`

// wanted is what a command about meetings was told.
type wanted struct {
	json, private, once, nowait bool
	title, told, people, format string
	rest                        []string
}

// Meetings asks a running deployment about meetings, as the person who signed in here.
func Meetings(ctx context.Context, args []string, s Streams) error {
	verbs := map[string]func(context.Context, *client.Client, wanted, Streams) error{
		"list": listMeetings, "upload": uploadMeeting, "minutes": showMinutes, "transcript": showTranscript,
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		return usage(meetingsUsage)
	}
	want, server := wanted{}, ""
	set := flag.NewFlagSet("mainstay meetings "+args[0], flag.ContinueOnError)
	set.SetOutput(s.Err)
	set.StringVar(&server, "server", "", "address of the deployment")
	set.BoolVar(&want.json, "json", false, "print JSON")
	if args[0] == "upload" {
		set.StringVar(&want.title, "title", "", "title of the meeting; empty: the file's name")
		set.StringVar(&want.people, "attendees", "", "who was there, names with commas between")
		set.StringVar(&want.told, "told", "unknown", "were the participants told that it is recorded: yes, no or unknown")
		set.BoolVar(&want.private, "private", false, "for you alone, and whom you share it with")
		set.BoolVar(&want.once, "ephemeral", false, "destroy the recording once its transcript is safe")
		set.BoolVar(&want.nowait, "no-wait", false, "do not wait for the minutes")
	}
	if args[0] == "transcript" {
		set.StringVar(&want.format, "format", "txt", "txt, vtt or srt")
	}
	var err error
	if want.rest, err = interleaved(set, args[1:]); err != nil {
		return err
	}
	c, err := client.New(server, s.Environ, s.Now)
	if err != nil {
		return err
	}
	return verbs[args[0]](ctx, c, want, s)
}

// interleaved parses flags before and after the arguments.
func interleaved(set *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for len(args) > 0 {
		if err := set.Parse(args); err != nil {
			return nil, errors.Join(ErrUsage, err)
		}
		if args = set.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	return rest, nil
}

// mostListed is how many meetings a list shows.
const mostListed = 200

func listMeetings(ctx context.Context, c *client.Client, want wanted, s Streams) error {
	all := []client.Meeting{}
	err := c.Meetings(ctx, strings.Join(want.rest, " "), func(m client.Meeting) bool {
		all = append(all, m)
		return len(all) < mostListed
	})
	if err != nil {
		return err
	}
	if want.json {
		return printJSON(s, all)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(s.Err, "There are no such meetings.")
		return err
	}
	table := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for _, m := range all {
		at := m.CreatedAt
		if m.StartsAt != nil {
			at = *m.StartsAt
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.ID, at.Local().Format("2006-01-02 15:04"), m.Stage, m.Title)
	}
	return table.Flush()
}

func printJSON(s Streams, v any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// uploadMeeting sends a recording and, unless told otherwise, prints its minutes.
func uploadMeeting(ctx context.Context, c *client.Client, want wanted, s Streams) error {
	if len(want.rest) != 1 {
		return usage(meetingsUsage)
	}
	file, err := os.Open(want.rest[0])
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	name := filepath.Base(want.rest[0])
	details := client.Details{Title: want.title, Told: want.told, Private: want.private, Ephemeral: want.once}
	if details.Title == "" {
		details.Title = strings.TrimSuffix(name, filepath.Ext(name))
	}
	for _, person := range strings.Split(want.people, ",") {
		if person = strings.TrimSpace(person); person != "" {
			details.Attendees = append(details.Attendees, client.Person{Name: person})
		}
	}
	m, err := c.Upload(ctx, details, client.Recording{Name: name, Size: info.Size(), File: file}, func(safe int64) {
		fmt.Fprintf(s.Err, "stored safely: %d %%\n", safe*100/info.Size())
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "%s/meetings/%s\n", c.Server, m.ID)
	if want.nowait {
		_, err := fmt.Fprintln(s.Out, m.ID)
		return err
	}
	last := ""
	err = c.Await(ctx, m.ID, func(j client.Job) {
		said := fmt.Sprintf("%s: %s, %d %%", j.Kind, j.Phase, j.Percent/10*10)
		if j.State == "waiting" {
			said = fmt.Sprintf("%s: waits behind %d others. %s", j.Kind, j.Ahead, j.Reason)
		}
		if said != last {
			fmt.Fprintln(s.Err, strings.TrimSpace(said))
		}
		last = said
	})
	if err != nil {
		return err
	}
	want.rest = []string{m.ID}
	return showMinutes(ctx, c, want, s)
}

func showMinutes(ctx context.Context, c *client.Client, want wanted, s Streams) error {
	name := "minutes.md"
	if want.json {
		name = "meeting.json"
	}
	return showFile(ctx, c, want, name, s)
}

func showTranscript(ctx context.Context, c *client.Client, want wanted, s Streams) error {
	if want.json {
		return showFile(ctx, c, want, "meeting.json", s)
	}
	if want.format != "txt" && want.format != "vtt" && want.format != "srt" {
		return usage("the format is txt, vtt or srt")
	}
	return showFile(ctx, c, want, "transcript."+want.format, s)
}

func showFile(ctx context.Context, c *client.Client, want wanted, name string, s Streams) error {
	if len(want.rest) != 1 {
		return usage(meetingsUsage)
	}
	return c.File(ctx, want.rest[0], name, s.Out)
}
