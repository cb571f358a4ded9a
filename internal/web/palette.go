package web

import (
	"net/http"
	"strings"

	"mainstay/internal/meeting"
)

// hit is a meeting that the palette offers.
type hit struct {
	Title string `json:"title"`
	When  string `json:"when"`
	Href  string `json:"href"`
}

// The palette's limits.
const (
	paletteHits  = 8
	longestQuery = 200
)

// palette answers the palette with the meetings whose title has the words, or the newest where there are none.
func (a *App) palette(w http.ResponseWriter, r *http.Request) error {
	words := strings.TrimSpace(r.URL.Query().Get("q"))
	hits := []hit{}
	if len(words) <= longestQuery {
		page, err := a.Meetings.List(r.Context(), meeting.Filter{Title: words, Limit: paletteHits})
		if err != nil {
			return err
		}
		zone := zoneOf(r)
		for _, m := range page.Meetings {
			when := m.CreatedAt
			if m.StartsAt != nil {
				when = *m.StartsAt
			}
			hits = append(hits, hit{m.Title, when.In(zone).Format("2 January 2006"), pathOf(m.ID)})
		}
	}
	return JSON(w, map[string]any{"meetings": hits})
}
