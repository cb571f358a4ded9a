package record_test

import (
	"net/url"
	"strconv"
	"testing"
	"time"

	"mainstay/internal/meeting"
)

// What is still open of an owner's meeting stands above the minutes of the next, until somebody says that it is settled.
func TestOpenItemsStandAboveTheNextMeeting(t *testing.T) {
	t.Parallel()
	o := open(t)
	held := func(title string, day int) string {
		start := time.Date(2026, 3, day, 9, 0, 0, 0, time.UTC)
		m, err := o.Meetings.Create(o.here.Owner, meeting.Details{Title: title, Template: "owner", StartsAt: &start, Zone: "UTC"}, "paste", false)
		if err == nil {
			_, err = o.Speech.Import(o.here.Owner, m.ID, "talk.txt", []byte("Ada: Somebody orders the steel beams.\nBen: Fine."))
		}
		if err == nil {
			err = o.Queue.Drain(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
		return "/meetings/" + m.ID.String()
	}
	held("Owner's meeting 1", 2)
	at := held("Owner's meeting 2", 9)
	want(t, o.member.Get(t, at), 200, "Carried forward", "Owner&#39;s meeting 1, 2026-03-02", "No longer open")
	want(t, o.viewer.Get(t, at), 200, "Carried forward")
	m := o.opened(t, at).Minutes
	form := url.Values{"minutes": {m.ID.String()}, "version": {strconv.Itoa(m.Version)}, "remove": {"yes"}}
	settle := at + "/lines/" + m.Carried[0].ID
	want(t, o.viewer.Post(t, settle, form), 403)
	want(t, o.member.Post(t, settle, form), 303)
	if n := len(o.opened(t, at).Minutes.Carried); n != 0 {
		t.Errorf("%d items are still carried, want none", n)
	}
	want(t, o.member.Post(t, settle, form), 404)
}
