package record

import (
	"mime"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"mainstay/internal/fault"
	"mainstay/internal/meeting"
	"mainstay/internal/web"
)

// Details are what is asked of a meeting when it begins, and can be changed later.
type Details struct {
	Title, Date web.Field
	Zone        web.Select
	Attendees   string // one name a line
	Project     web.Field
	Glossary    string // one word a line
	Language    web.Select
	Writing     web.Select // of the minutes; asked where a language model is on, since rules do not translate
	Written     string     // its value
	Speakers    web.Select
	Template    web.Select
	Models      bool // a language model is on, so that it can be refused for this meeting
	NoModel     bool
	Told        []web.Option
	How         web.Field
	Keep        []web.Option // empty where there is no recording, or where it is already gone
	Ephemeral   bool         // what was chosen, where it cannot be changed any more
}

// asked is what a form of details is made for.
type asked struct {
	words    meeting.Words
	models   bool // a language model is on
	keep     bool // there is, or will be, a recording
	fileName bool // an empty title takes the file's name
}

// detailsForm returns the questions about a meeting with the answers that were given.
func detailsForm(v url.Values, q asked) Details {
	d := Details{
		Title:     web.Field{ID: "title", Label: "Title", Value: v.Get("title"), Max: 200},
		Date:      web.Field{ID: "starts", Label: "When it began", Type: "datetime-local", Value: v.Get("starts")},
		Zone:      web.Select{ID: "zone", Label: "In the zone", Options: zoneOptions(v.Get("zone"))},
		Attendees: v.Get("attendees"), Glossary: v.Get("glossary"),
		Project:  web.Field{ID: "project", Label: "Project", Value: v.Get("project"), Max: 120, Among: q.words.Projects},
		Language: web.Select{ID: "language", Label: "Spoken language", Options: languageOptions(v.Get("language"))},
		Writing:  web.Select{ID: "writing", Label: "Language of the minutes", Options: writingOptions(v.Get("writing"))},
		Written:  v.Get("writing"),
		Speakers: web.Select{ID: "speakers", Label: "How many people speak", Options: speakerOptions(v.Get("speakers"))},
		Template: web.Select{ID: "template", Label: "Kind of meeting", Options: web.Choose(v.Get("template"),
			web.Option{Value: "general", Name: "General"}, web.Option{Value: "owner", Name: "Project owner's meeting"}, web.Option{Value: "standup", Name: "Stand-up"},
			web.Option{Value: "interview", Name: "Interview"}, web.Option{Value: "board", Name: "Board"})},
		Models: q.models, NoModel: v.Get("no_model") == "yes",
		Told: web.Choose(v.Get("told"), web.Option{Value: "yes", Name: "Yes"}, web.Option{Value: "no", Name: "No"}, web.Option{Value: "unknown", Name: "I do not know"}),
		How:  web.Field{ID: "how", Label: "How were they told?", Value: v.Get("how"), Hint: "For example: said at the start, written in the invitation.", Max: 200},
	}
	d.Ephemeral = v.Get("retention") == "ephemeral"
	if q.fileName {
		d.Title.Hint = "Empty takes the name of the file."
	}
	if q.keep {
		kept := v.Get("retention")
		if kept != "ephemeral" {
			kept = "kept"
		}
		d.Keep = web.Choose(kept, web.Option{Value: "kept", Name: "Keep it", Hint: "Every line of the minutes plays its second."},
			web.Option{Value: "ephemeral", Name: "Destroy it when the transcript is written", Hint: "Its key is destroyed. Lines then show their quote, without sound."})
	}
	return d
}

// answersOf returns a meeting's details as its form holds them.
func answersOf(d meeting.Details) url.Values {
	v := url.Values{"title": {d.Title}, "project": {d.Project}, "zone": {d.Zone}, "language": {d.Language}, "writing": {d.Writing}, "template": {d.Template}, "told": {d.Told.State},
		"how": {d.Told.How}, "glossary": {strings.Join(d.Glossary, "\n")}, "attendees": {linesOf(d.Attendees)}}
	if zone, err := time.LoadLocation(d.Zone); err == nil && d.StartsAt != nil {
		v.Set("starts", d.StartsAt.In(zone).Format(startsForm))
	}
	if d.People > 0 {
		v.Set("speakers", strconv.Itoa(d.People))
	}
	if !d.ModelAllowed {
		v.Set("no_model", "yes")
	}
	if d.Ephemeral {
		v.Set("retention", "ephemeral")
	}
	return v
}

func linesOf(people []meeting.Person) string {
	lines := make([]string, len(people))
	for i, p := range people {
		lines[i] = p.Name
		if p.Email != "" {
			lines[i] = strings.TrimSpace(p.Name + " <" + p.Email + ">")
		}
	}
	return strings.Join(lines, "\n")
}

// unixLines returns answers with the line ends that we store.
func unixLines(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		for _, text := range values {
			out.Add(name, strings.ReplaceAll(text, "\r\n", "\n"))
		}
	}
	return out
}

// startsForm is how a browser writes the time of a datetime-local field; some add seconds.
const startsForm = "2006-01-02T15:04"

// detailsOf reads the answers of a form. Where it names no zone, the browser's is meant. It fails with fault.Invalid and a
// sentence about the first answer that cannot be read.
func detailsOf(v url.Values, zone *time.Location) (meeting.Details, error) {
	d := meeting.Details{Title: v.Get("title"), Project: v.Get("project"), Zone: orElse(v.Get("zone"), zone.String()), Language: v.Get("language"), Writing: v.Get("writing"), Template: v.Get("template"),
		Told: meeting.Told{State: v.Get("told")}, Ephemeral: v.Get("retention") == "ephemeral", ModelAllowed: v.Get("no_model") != "yes"}
	if d.Told.State == "yes" {
		d.Told.How = strings.TrimSpace(v.Get("how"))
	}
	for _, line := range strings.Split(v.Get("attendees"), "\n") {
		d.Attendees = append(d.Attendees, personOf(line))
	}
	for _, line := range strings.Split(v.Get("glossary"), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			d.Glossary = append(d.Glossary, line)
		}
	}
	for _, text := range v {
		if slices.ContainsFunc(text, func(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }) {
			return d, fault.New(fault.Invalid, "A field holds bytes that are no text.")
		}
	}
	if n := v.Get("speakers"); n != "" {
		count, err := strconv.Atoi(n)
		if err != nil {
			return d, fault.Wrap(fault.Invalid, "The number of speakers is between 1 and 50, or left open.", err)
		}
		d.People = count
	}
	starts, err := startOf(v.Get("starts"), d.Zone)
	d.StartsAt = starts
	return d, err
}

func startOf(text, zoneName string) (*time.Time, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // an empty date is not known, which is no fault
	}
	zone, err := time.LoadLocation(zoneName)
	if err != nil || zoneName == "Local" {
		return nil, fault.New(fault.Invalid, "This time zone is unknown. Choose one from the list.")
	}
	for _, form := range []string{startsForm, startsForm + ":05"} {
		at, err := time.ParseInLocation(form, text, zone)
		if err == nil && at.Year() >= 1900 && at.Year() < 2200 {
			at = at.UTC()
			return &at, nil
		}
	}
	return nil, fault.New(fault.Invalid, "Enter the date and time as 2026-03-31 14:30.")
}

// personOf reads "Name", "Name <address>" or an address alone.
func personOf(line string) meeting.Person {
	line = strings.TrimSpace(line)
	if !strings.Contains(line, "@") {
		return meeting.Person{Name: line}
	}
	if at, err := mail.ParseAddress(line); err == nil {
		return meeting.Person{Name: at.Name, Email: at.Address}
	}
	return meeting.Person{Name: line}
}

// zones are offered to who has no script to offer them all.
var zones = strings.Fields(`UTC Africa/Cairo Africa/Johannesburg Africa/Lagos Africa/Nairobi America/Anchorage America/Argentina/Buenos_Aires
America/Bogota America/Chicago America/Denver America/Halifax America/Lima America/Los_Angeles America/Mexico_City America/New_York
America/Phoenix America/Santiago America/Sao_Paulo America/St_Johns America/Toronto America/Vancouver Asia/Bangkok Asia/Dhaka Asia/Dubai
Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi Asia/Kathmandu Asia/Kolkata Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai
Asia/Singapore Asia/Taipei Asia/Tashkent Asia/Tehran Asia/Tokyo Atlantic/Azores Atlantic/Reykjavik Australia/Adelaide Australia/Brisbane
Australia/Perth Australia/Sydney Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Budapest
Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Luxembourg Europe/Madrid
Europe/Moscow Europe/Oslo Europe/Paris Europe/Prague Europe/Rome Europe/Sofia Europe/Stockholm Europe/Vienna Europe/Warsaw Europe/Zurich
Pacific/Auckland Pacific/Honolulu`)

func zoneOptions(chosen string) []web.Option {
	all := zones
	if chosen == "" {
		chosen = "UTC"
	}
	if !slices.Contains(all, chosen) {
		all = append([]string{chosen}, all...)
	}
	options := make([]web.Option, len(all))
	for i, z := range all {
		options[i] = web.Option{Value: z, Name: strings.ReplaceAll(strings.ReplaceAll(z, "/", ", "), "_", " ")}
	}
	return web.Choose(chosen, options...)
}

// spoken are the languages that are offered by name; a recording's own is found among more.
var spoken = strings.Fields("en ar bg ca cs cy da de el es et fa fi fr ga he hi hr hu id is it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sr sv ta th tr uk ur vi zh")

func languageOptions(chosen string) []web.Option {
	options := []web.Option{{Name: "Found from the recording"}}
	all := spoken
	if chosen != "" && !slices.Contains(all, chosen) {
		all = append([]string{chosen}, all...)
	}
	for _, code := range all {
		options = append(options, web.Option{Value: code, Name: languageName(code)})
	}
	slices.SortStableFunc(options[2:], func(a, b web.Option) int { return strings.Compare(a.Name, b.Name) })
	return web.Choose(chosen, options...)
}

func writingOptions(chosen string) []web.Option {
	options := languageOptions(chosen)
	options[0].Name = "As spoken"
	return options
}

// languageName returns a language's name in English, and the code where it has none.
func languageName(code string) string {
	tag, err := language.Parse(code)
	if err != nil {
		return code
	}
	if name := display.English.Languages().Name(tag); name != "" {
		return name
	}
	return code
}

func speakerOptions(chosen string) []web.Option {
	options := []web.Option{{Name: "Not known"}}
	for n := 1; n <= 12; n++ {
		options = append(options, web.Option{Value: strconv.Itoa(n), Name: strconv.Itoa(n)})
	}
	if chosen != "" && !slices.ContainsFunc(options, func(o web.Option) bool { return o.Value == chosen }) {
		options = append(options, web.Option{Value: chosen, Name: chosen})
	}
	return web.Choose(chosen, options...)
}

// attach names the file that an answer is saved as, with nothing in the name that a file system or a header reads otherwise.
func attach(w http.ResponseWriter, name, ending string) {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|%`, r) || r == 0x7f || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return ' '
		}
		return r
	}, name)
	letters := []rune(strings.Trim(strings.Join(strings.Fields(name), " "), ". "))
	name = string(letters[:min(len(letters), 80)])
	if name == "" {
		name = "meeting"
	}
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name + ending}))
}

// DetailsPage changes the details of a meeting that exists.
type DetailsPage struct {
	web.Shell
	ID      string
	Heading string
	Version int
	Problem string
	Erase   bool // the reader may erase it
	Details Details
}

func (DetailsPage) Page() string { return "details" }
