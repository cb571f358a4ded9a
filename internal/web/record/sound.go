package record

import (
	"net/http"

	"mainstay/internal/capture"
	"mainstay/internal/fault"
	"mainstay/internal/web"
)

// recordingOf returns the recording of the meeting that an address names.
func (a *Pages) recordingOf(r *http.Request) (capture.Recording, error) {
	id, err := meetingOf(r)
	if err != nil {
		return capture.Recording{}, err
	}
	rec, err := a.Capture.Of(r.Context(), id)
	if err == nil && !playable(rec) {
		err = fault.New(fault.Missing, "There is no recording.")
	}
	return rec, err
}

// playable reports whether a recording's bytes are still there.
func playable(rec capture.Recording) bool { return rec.State == "stored" || rec.State == "decoded" }

// audio plays a recording from its sealed parts. It answers ranges, so that a player can jump.
func (a *Pages) audio(w http.ResponseWriter, r *http.Request) error {
	rec, err := a.recordingOf(r)
	if err != nil {
		return err
	}
	playback, err := a.Capture.Play(r.Context(), rec.ID)
	if err != nil {
		return err
	}
	defer playback.Close()
	w.Header().Set("Content-Type", playback.Format)
	http.ServeContent(w, r, "", playback.CreatedAt, playback)
	return nil
}

// peaks answers with the loudness over the recording, for the waveform.
func (a *Pages) peaks(w http.ResponseWriter, r *http.Request) error {
	rec, err := a.recordingOf(r)
	if err != nil {
		return err
	}
	peaks := make([]int, len(rec.Peaks))
	for i, p := range rec.Peaks {
		peaks[i] = int(p)
	}
	return web.JSON(w, map[string][]int{"peaks": peaks})
}
