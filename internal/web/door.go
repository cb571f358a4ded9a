package web

import (
	"io"
	"net/http"
	"time"

	"mainstay/internal/identity"
	"mainstay/internal/meeting"
	"mainstay/internal/tenant"
)

// What the packages of pages below this one use of the frame.

// Frame returns what surrounds a signed-in person's page. Current is the address of the navigation's line that it belongs to.
func (a *App) Frame(r *http.Request, title, current string) (Shell, error) {
	return a.shell(r, title, current)
}

// FrameOf is Frame with who the person is.
func (a *App) FrameOf(r *http.Request, title, current string) (Shell, identity.Me, error) {
	return a.frame(r, title, current)
}

// Plain returns what surrounds a page of somebody who is not in yet.
func Plain(r *http.Request, title string) Shell { return Shell{Title: title, Theme: themeOf(r)} }

// LetIn goes on to where the person wanted to be, over the second factor or the new password where one is due.
func (a *App) LetIn(w http.ResponseWriter, r *http.Request, entry identity.Entry) {
	a.letIn(w, r, entry)
}

// SetSession gives the browser its session, or takes it away where the token is empty.
func (a *App) SetSession(w http.ResponseWriter, r *http.Request, token tenant.Secret, ends time.Time) {
	a.setSession(w, r, token, ends)
}

// SetCookie gives the browser a secret for us alone, or takes it away where it is empty.
func (a *App) SetCookie(w http.ResponseWriter, r *http.Request, name string, secret tenant.Secret, ends time.Time) {
	a.setCookie(w, r, name, secret, ends)
}

// OwnCookie returns the name of a cookie that no other host can set.
func OwnCookie(r *http.Request, name string) string { return ownCookie(r, name) }

// Show writes a page whole, or returns why it could not.
func (a *App) Show(w http.ResponseWriter, v View) error { return a.show(w, v) }

// ShowAgain writes a page with a status of its own: a form whose values were not taken.
func (a *App) ShowAgain(w http.ResponseWriter, status int, v View) error {
	return a.showAgain(w, status, v)
}

// Fragment answers with a part of a page.
func (a *App) Fragment(w http.ResponseWriter, part string, view any) error {
	return a.fragment(w, part, view)
}

// Part writes a part of a page, for an answer that holds more than it.
func (a *App) Part(w io.Writer, part string, view any) error {
	return a.render.Part(w, part, view)
}

// EventOf renders a part of a page for a stream.
func (a *App) EventOf(part string, view any) (Event, error) { return a.part(part, view) }

// ZoneOf returns the time zone that the browser named, UTC where it named none.
func ZoneOf(r *http.Request) *time.Location { return zoneOf(r) }

// PathOf returns where a meeting's page is.
func PathOf(id meeting.ID) string { return pathOf(id) }

// StageChip returns the chip of a meeting's stage.
func StageChip(s meeting.Stage) StateChip { return ChipOf(chipState(s)) }

// PhaseName says what a step does just now.
func PhaseName(kind, phase string) string { return phaseName(kind, phase) }

// LeftOf says how long work still takes.
func LeftOf(d time.Duration) string { return leftOf(d) }

// PlaceOf says how many others wait before a piece of work.
func PlaceOf(ahead int) string { return placeOf(ahead) }

// Stream sends what next says: at once, and after news when it changed. It ends with the reader, their session, or the first
// error.
func (a *App) Stream(w http.ResponseWriter, r *http.Request, news <-chan struct{}, next func() (Event, error)) error {
	return a.stream(w, r, news, next)
}

// Enter gives the browser the session that was just begun, or the new token of the one that it has.
func (a *App) Enter(w http.ResponseWriter, r *http.Request, begun identity.Begun) {
	a.enter(w, r, begun)
}

// SignInAgain shows the sign-in once more, with what was wrong.
func (a *App) SignInAgain(w http.ResponseWriter, r *http.Request, status int, err error) error {
	return a.signInAgain(w, r, status, err)
}

// ChallengeOf returns the challenge of the browser's sign-in that waits for a second factor, empty where none does.
func ChallengeOf(r *http.Request) tenant.Secret {
	cookie, err := r.Cookie(challengeCookie(r))
	if err != nil {
		return ""
	}
	return tenant.Secret(cookie.Value)
}

// EndChallenge takes the challenge away from the browser.
func (a *App) EndChallenge(w http.ResponseWriter, r *http.Request) {
	a.setCookie(w, r, challengeCookie(r), "", time.Time{})
}

// ThemeOf returns the theme that the browser was told to keep.
func ThemeOf(r *http.Request) string { return themeOf(r) }
