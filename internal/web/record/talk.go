package record

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"mainstay/internal/document"
	"mainstay/internal/httpd"
	"mainstay/internal/speech"
	"mainstay/internal/web"
)

const (
	unsureBelow = 0.4    // confidence of a word that is marked as heard unclearly
	longSilence = 60_000 // milliseconds without speech that the transcript tells of
	colours     = 8
)

// spot is where a word stands in its segment's text, in bytes, and when it is said.
type spot struct {
	from, to     int
	start, end   int64
	heardClearly bool
}

// spotsOf finds a segment's words in its text. A word that does not stand there is left out.
func spotsOf(s document.Segment) []spot {
	var spots []spot
	at := 0
	for _, w := range s.Words {
		text := strings.TrimSpace(w.Text)
		i := strings.Index(s.Text[at:], text)
		if text == "" || i < 0 {
			continue
		}
		spots = append(spots, spot{at + i, at + i + len(text), w.StartMS, w.EndMS, w.Confidence == nil || *w.Confidence >= unsureBelow})
		at += i + len(text)
	}
	return spots
}

// piecesOf cuts a segment's text into what was heard clearly and what was not.
func piecesOf(s document.Segment) []Piece {
	if len(s.Words) == 0 {
		return []Piece{{Text: s.Text, Unsure: s.Confidence != nil && *s.Confidence < unsureBelow}}
	}
	var pieces []Piece
	add := func(text string, unsure bool) {
		if n := len(pieces); n > 0 && pieces[n-1].Unsure == unsure {
			pieces[n-1].Text += text
		} else if text != "" {
			pieces = append(pieces, Piece{Text: text, Unsure: unsure})
		}
	}
	at, before := 0, false
	for _, sp := range spotsOf(s) {
		add(s.Text[at:sp.from], before && !sp.heardClearly)
		add(s.Text[sp.from:sp.to], !sp.heardClearly)
		at, before = sp.to, !sp.heardClearly
	}
	add(s.Text[at:], false)
	return pieces
}

// momentOf returns when a quote of a segment begins, the segment's beginning where its words have no times.
func momentOf(s document.Segment, quote string) int64 {
	if s.StartMS == nil {
		return 0
	}
	at := strings.Index(s.Text, quote)
	for _, sp := range spotsOf(s) {
		if at >= 0 && sp.to > at {
			return sp.start
		}
	}
	return *s.StartMS
}

// turnsOf returns the turns of a transcript from one on, at most [TurnsAPage].
func turnsOf(t speech.Transcript, id string, from int) Turns {
	var out Turns
	all := allTurns(t)
	from = min(from, len(all))
	until := min(from+TurnsAPage, len(all))
	out.Turns = all[from:until]
	if until < len(all) {
		out.Rest = "/meetings/" + id + "/transcript?" + url.Values{"from": {strconv.Itoa(until)}, "of": {t.ID.String()}}.Encode()
	}
	for _, turn := range out.Turns {
		for _, s := range turn.Segments {
			for _, p := range s.Pieces {
				out.Unsure = out.Unsure || p.Unsure
			}
		}
	}
	return out
}

func allTurns(t speech.Transcript) []Turn {
	var turns []Turn
	last, ended := "", int64(0)
	for _, s := range t.Segments {
		who := ""
		if s.Speaker != nil {
			who = *s.Speaker
		}
		quiet := s.StartMS != nil && *s.StartMS-ended >= longSilence
		if quiet {
			turns = append(turns, Turn{Gap: web.Lasting(time.Duration(*s.StartMS-ended)*time.Millisecond) + " without speech"})
		}
		if quiet || len(turns) == 0 || who != last || who == "" && len(turns[len(turns)-1].Segments) >= 4 {
			turns = append(turns, turnOf(t, s, who))
		}
		turn := &turns[len(turns)-1]
		turn.Segments = append(turn.Segments, segmentOf(s))
		last = who
		if s.EndMS != nil {
			ended = max(ended, *s.EndMS)
		}
	}
	return turns
}

func turnOf(t speech.Transcript, first document.Segment, who string) Turn {
	turn := Turn{Speaker: "Unknown speaker", First: "s-" + first.ID}
	if who != "" {
		turn.Speaker, turn.Colour = t.SpeakerName(who), colourOf(t, who)
	}
	if first.StartMS != nil {
		turn.Clock, turn.AtMS = web.Clock(*first.StartMS), *first.StartMS
	}
	return turn
}

func segmentOf(s document.Segment) Segment {
	out := Segment{ID: "s-" + s.ID, Pieces: piecesOf(s)}
	if s.StartMS != nil && s.EndMS != nil {
		out.Timed, out.StartMS, out.EndMS = true, *s.StartMS, *s.EndMS
	}
	return out
}

// colourOf gives each speaker one of the colours, by their place in the meeting.
func colourOf(t speech.Transcript, id string) int {
	for i, s := range t.Speakers {
		if s.ID == id {
			return i%colours + 1
		}
	}
	return 0
}

// speakersOf returns who speaks, with their share of the talk.
func speakersOf(t speech.Transcript) []Speaker {
	talked, first, total := map[string]int64{}, map[string]int64{}, int64(0)
	for _, s := range t.Segments {
		if s.Speaker == nil {
			continue
		}
		n := int64(len(strings.Fields(s.Text)))
		if s.StartMS != nil && s.EndMS != nil {
			n = *s.EndMS - *s.StartMS
			if _, ok := first[*s.Speaker]; !ok && n >= 1000 {
				first[*s.Speaker] = max(*s.StartMS, 1)
			}
		}
		talked[*s.Speaker] += n
		total += n
	}
	var out []Speaker
	for _, s := range t.Speakers {
		sp := Speaker{ID: s.ID, Label: t.SpeakerName(s.ID), Known: s.Name != nil, Colour: colourOf(t, s.ID), FirstAt: first[s.ID]}
		if s.Name != nil {
			sp.Name = *s.Name
		}
		if total > 0 {
			sp.Share = fmt.Sprintf("%d %%", (100*talked[s.ID]+total/2)/total)
		}
		out = append(out, sp)
	}
	return out
}

// moreTurns is the next part of a transcript that is too long for one page.
func (a *Pages) moreTurns(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	o, err := a.Minutes.Look(r.Context(), id)
	if err != nil {
		return err
	}
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || from < 0 {
		return httpd.Refuse(http.StatusBadRequest, "There is no such part of the transcript.")
	}
	if o.Transcript == nil || o.Transcript.ID.String() != r.URL.Query().Get("of") {
		return httpd.Refuse(http.StatusConflict, "There is a newer transcript. Load the page again.")
	}
	return a.Fragment(w, "turns", turnsOf(*o.Transcript, id.String(), from))
}

// words answers when each word is said: for each segment the characters of a word, as a browser counts them, and its time.
func (a *Pages) words(w http.ResponseWriter, r *http.Request) error {
	id, err := meetingOf(r)
	if err != nil {
		return err
	}
	o, err := a.Minutes.Look(r.Context(), id)
	if err != nil {
		return err
	}
	out := map[string][][4]int64{}
	if o.Transcript != nil {
		for _, s := range o.Transcript.Segments {
			if spots := spotsOf(s); len(spots) > 0 {
				out["s-"+s.ID] = counted(s.Text, spots)
			}
		}
	}
	return web.JSON(w, out)
}

// counted gives the places of words in UTF-16 units.
func counted(text string, spots []spot) [][4]int64 {
	out := make([][4]int64, len(spots))
	at, units := 0, int64(0)
	upTo := func(to int) int64 {
		units += int64(len(utf16.Encode([]rune(text[at:to]))))
		at = to
		return units
	}
	for i, sp := range spots {
		out[i] = [4]int64{upTo(sp.from), upTo(sp.to), sp.start, sp.end}
	}
	return out
}
