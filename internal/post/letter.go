package post

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"reflect"
	"strings"
	"text/template"
	"time"

	"mainstay/internal/fault"
)

// The letters, by the names of their templates. A link may be a path of ours ("/reset/..."): it is completed when the letter is
// written. Times are shown in UTC.
type (
	// VerifyAddress ("verify-address") asks somebody to show that an address is theirs.
	VerifyAddress struct {
		Link  string
		Until time.Time // when the link is over: the letter is not sent any more
	}
	// ResetPassword ("reset-password") lets somebody choose a new password.
	ResetPassword struct {
		Link  string
		Until time.Time
	}
	// Invitation ("invitation") invites somebody into a workspace.
	Invitation struct {
		Link      string
		Until     time.Time
		By        string // who invites
		Workspace string
		Role      string
	}
	// NewSignIn ("new-sign-in") tells of a sign-in from a browser that was not seen before. NotMe ends that session.
	NewSignIn struct {
		At      time.Time
		Device  string // "Firefox on Linux"
		Address string
		NotMe   string
	}
	// FactorChanged ("factor-changed") tells that a way to sign in was added, changed or removed.
	FactorChanged struct {
		At      time.Time
		What    string // "A passkey was added."
		Device  string
		Address string
		NotMe   string
	}
	// PasswordChanged ("password-changed") tells that there is a new password.
	PasswordChanged struct {
		At      time.Time
		Device  string
		Address string
		NotMe   string
	}
	// AccountReported ("account-reported") tells an owner that a member says that somebody else was in their account.
	AccountReported struct {
		At        time.Time
		Name      string // the member's
		Workspace string
	}
	// SetupLink ("setup-link") lets the owner of a deployment in who has no other way.
	SetupLink struct {
		Link  string
		Until time.Time
	}
	// FactorsReset ("factors-reset") tells that an administrator removed all factors but the password.
	FactorsReset struct {
		At   time.Time
		Link string // where new ones are set up
	}
	// Test ("test") shows that mail arrives.
	Test struct {
		By        string
		Workspace string
	}
)

// noticed ("notice") is the letter of a notice.
type noticed struct {
	Kind  Kind
	Title string   // of the meeting; empty where the workspace wants no content in mails
	Lines []string // of its summary
	Link  string
	Leave string // where such mails are ended
	Name  string // of the workspace
}

// formOf returns an empty letter of a template, nil where there is no such template.
func formOf(name string) any {
	switch name {
	case "verify-address":
		return &VerifyAddress{}
	case "reset-password":
		return &ResetPassword{}
	case "invitation":
		return &Invitation{}
	case "new-sign-in":
		return &NewSignIn{}
	case "factor-changed":
		return &FactorChanged{}
	case "password-changed":
		return &PasswordChanged{}
	case "account-reported":
		return &AccountReported{}
	case "setup-link":
		return &SetupLink{}
	case "factors-reset":
		return &FactorsReset{}
	case "test":
		return &Test{}
	case "notice":
		return &noticed{}
	}
	return nil
}

// names are the templates.
var names = []string{"verify-address", "reset-password", "invitation", "new-sign-in", "factor-changed", "password-changed", "account-reported", "setup-link",
	"factors-reset", "test", "notice"}

//go:embed templates
var templateFiles embed.FS

// letters write mails.
type letters struct {
	base string
	text map[string]*template.Template
	html map[string]*htmltemplate.Template
}

func parseLetters(base string) (*letters, error) {
	l := &letters{base: strings.TrimSuffix(base, "/"), text: map[string]*template.Template{}, html: map[string]*htmltemplate.Template{}}
	funcs := map[string]any{"at": inWords, "link": l.link}
	var failures []error
	for _, name := range names {
		var err error
		l.text[name], err = template.New(name).Funcs(funcs).ParseFS(templateFiles, "templates/layout.txt", "templates/"+name+".txt")
		failures = append(failures, err)
		l.html[name], err = htmltemplate.New(name).Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html")
		failures = append(failures, err)
	}
	return l, errors.Join(failures...)
}

func inWords(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

var errLink = errors.New("a link leads elsewhere")

// link completes a path of ours. A link of another form is refused.
func (l *letters) link(to string) (string, error) {
	if strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//") {
		to = l.base + to
	}
	u, err := url.Parse(to)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", errLink
	}
	return u.String(), nil
}

// written is a mail's subject and its two bodies.
type written struct{ subject, text, html string }

// write fills a template in. What people are called is one line of it, whatever they typed.
func (l *letters) write(name string, letter any) (written, error) {
	text, ok := l.text[name]
	if !ok {
		return written{}, fmt.Errorf("there is no letter %q", name)
	}
	tidy(reflect.ValueOf(letter).Elem())
	var subject, body bytes.Buffer
	page := struct {
		Subject string
		Base    string
		Letter  any
	}{Base: l.base, Letter: letter}
	if err := text.ExecuteTemplate(&subject, "subject", page); err != nil {
		return written{}, fmt.Errorf("writing the subject of %s: %w", name, err)
	}
	page.Subject = line(subject.String(), longestSubject)
	if err := text.ExecuteTemplate(&body, "layout", page); err != nil {
		return written{}, fmt.Errorf("writing %s as text: %w", name, err)
	}
	w := written{subject: page.Subject, text: strings.TrimSpace(body.String()) + "\n"}
	body.Reset()
	if err := l.html[name].ExecuteTemplate(&body, "layout", page); err != nil {
		return written{}, fmt.Errorf("writing %s as HTML: %w", name, err)
	}
	w.html = body.String()
	return w, nil
}

// The lengths of what people typed, in characters.
const (
	longestSubject = 160
	longestLine    = 400
)

// tidy makes one line of each text of a letter.
func tidy(letter reflect.Value) {
	for i := range letter.NumField() {
		switch f := letter.Field(i); {
		case f.Kind() == reflect.String:
			f.SetString(line(f.String(), longestLine))
		case f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.String:
			for j := range f.Len() {
				f.Index(j).SetString(line(f.Index(j).String(), longestLine))
			}
		}
	}
}

// line returns text without line ends and other control characters, cut to length.
func line(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unsafe(string(r)) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	all := []rune(strings.Join(strings.Fields(text), " "))
	if len(all) > most {
		return strings.TrimSpace(string(all[:most-1])) + "…"
	}
	return string(all)
}

// Preview is a letter as its reader gets it.
type Preview struct{ Subject, Text, HTML string }

// Preview returns a letter without sending it.
func (s *Service) Preview(template string, letter any) (Preview, error) {
	doc, err := s.sealable("somebody@example.com", template, letter)
	if err != nil {
		return Preview{}, err
	}
	w, err := s.open(doc)
	return Preview{w.subject, w.text, w.html}, err
}

// sealedLetter is what a row of the outbox keeps sealed, version 1.
type sealedLetter struct {
	V        int             `json:"v"`
	To       string          `json:"to"`
	Template string          `json:"template"`
	Letter   json.RawMessage `json:"letter"`
}

// sealable checks that a letter is its template's and that it can be written, so that what cannot be sent fails where it is queued.
func (s *Service) sealable(to, name string, letter any) (sealedLetter, error) {
	doc := sealedLetter{V: 1, To: to, Template: name}
	form := formOf(name)
	if form == nil || name == "notice" || reflect.TypeOf(letter) != reflect.TypeOf(form).Elem() {
		return doc, fmt.Errorf("%T is no letter of the template %q", letter, name)
	}
	var err error
	if doc.Letter, err = json.Marshal(letter); err != nil {
		return doc, fmt.Errorf("writing a letter down: %w", err)
	}
	if _, err := s.open(doc); err != nil {
		return doc, err
	}
	_, err = addressOf(to)
	return doc, err
}

// open fills in the template of a letter that was sealed.
func (s *Service) open(doc sealedLetter) (written, error) {
	form := formOf(doc.Template)
	if form == nil {
		return written{}, fault.New(fault.Invalid, "This letter is of a kind that is not known any more.")
	}
	if err := json.Unmarshal(doc.Letter, form); err != nil {
		return written{}, fmt.Errorf("reading a letter: %w", err)
	}
	return s.letters.write(doc.Template, form)
}

// over reports whether the link of a letter is over at a time.
func (doc sealedLetter) over(now time.Time) bool {
	var dated struct{ Until time.Time }
	return json.Unmarshal(doc.Letter, &dated) == nil && !dated.Until.IsZero() && !now.Before(dated.Until)
}
