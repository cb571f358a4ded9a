package audio_test

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mainstay/internal/gate"
	"mainstay/internal/identity/token"
	"mainstay/internal/speech"
	"mainstay/internal/worldtest"
)

// caller asks with a key.
type caller struct {
	handler http.Handler
	key     string
}

func newCaller(t *testing.T, w *worldtest.World, p *worldtest.Pages, who context.Context, scopes ...gate.Scope) caller {
	t.Helper()
	made, err := w.Tokens.Create(w.SignedIn(t, who), token.Request{Name: "Client", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	return caller{p.Server.Handler(), made.Key.Reveal()}
}

// ask sends the fields, the file last as clients do.
func (c caller) ask(t *testing.T, file []byte, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = form.WriteField(fields[i], fields[i+1])
	}
	if file != nil {
		part, _ := form.CreateFormFile("file", "speech.wav")
		_, _ = part.Write(file)
	}
	_ = form.Close()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/audio/transcriptions", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+c.key)
	w := httptest.NewRecorder()
	c.handler.ServeHTTP(w, r)
	return w
}

func TestEveryFormatOfAnAnswer(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	w.Hear("The crane comes on Monday.\nWho signs for it?")
	c := newCaller(t, w, w.Pages(t), ten.Member, gate.MeetingsWrite)
	before := rows(t, w)
	for format, want := range map[string]string{
		"":              `{"text":"The crane comes on Monday. Who signs for it?"}`,
		"json":          `{"text":"The crane comes on Monday. Who signs for it?"}`,
		"text":          "The crane comes on Monday. Who signs for it?",
		"srt":           "1\n00:00:00,000 --> 00:00:00,900\n",
		"vtt":           "WEBVTT\n",
		"verbose_json":  `"segments":[{"id":0,"seek":0,"start":0,"end":0.9,"text":"The crane comes on Monday."`,
		"diarized_json": `"type":"transcript.text.segment"`,
	} {
		fields := []string{"model", "whisper-1", "language", "en", "temperature", "0"}
		if format != "" {
			fields = append(fields, "response_format", format)
		}
		got := c.ask(t, worldtest.Tone(1), fields...)
		if got.Code != 200 || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %d %s", format, got.Code, got.Body)
		}
	}
	if after := rows(t, w); after != before {
		t.Errorf("hearing left %d rows of content", after-before)
	}
}

// rows counts what a meeting would leave.
func rows(t *testing.T, w *worldtest.World) (n int) {
	t.Helper()
	err := w.Admin.QueryRow(t.Context(), `
select (select count(*) from tenant.meeting) + (select count(*) from tenant.recording) + (select count(*) from tenant.transcript) + (select count(*) from tenant.part)`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatCannotBeHeardIsRefused(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	ten := w.Tenant(t, "Alder")
	w.Hear("Words.")
	p := w.Pages(t)
	c := newCaller(t, w, p, ten.Member, gate.MeetingsWrite)
	for name, x := range map[string]struct {
		file   []byte
		fields []string
		want   int
	}{
		"no file":               {nil, []string{"model", "whisper-1"}, 422},
		"a text":                {[]byte("These are words."), nil, 422},
		"an unknown model":      {worldtest.Tone(1), []string{"model", "whisper-9"}, 422},
		"an unknown format":     {worldtest.Tone(1), []string{"response_format", "xml"}, 422},
		"an unknown language":   {worldtest.Tone(1), []string{"language", "klingonese"}, 422},
		"words without verbose": {worldtest.Tone(1), []string{"timestamp_granularities[]", "word"}, 422},
		"a stream":              {worldtest.Tone(1), []string{"stream", "true"}, 422},
		"too much":              {make([]byte, speech.MaxListen+1), nil, 413},
	} {
		if got := c.ask(t, x.file, x.fields...); got.Code != x.want || !strings.Contains(got.Header().Get("Content-Type"), "problem+json") {
			t.Errorf("%s: %d %s, want %d", name, got.Code, got.Body, x.want)
		}
	}
	for name, who := range map[string]caller{
		"a viewer":                  newCaller(t, w, p, ten.Viewer, gate.MeetingsWrite),
		"a key that may read alone": newCaller(t, w, p, ten.Owner, gate.MeetingsRead),
	} {
		if got := who.ask(t, worldtest.Tone(1)); got.Code != 403 {
			t.Errorf("%s: %d, want 403", name, got.Code)
		}
	}
	if got := (caller{c.handler, "mst_x"}).ask(t, worldtest.Tone(1)); got.Code != 401 {
		t.Errorf("an unknown key: %d, want 401", got.Code)
	}
	if events := ten.Events(t); len(events) == 0 {
		t.Error("no event")
	}
}

func TestModelsAreListed(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	c := newCaller(t, w, w.Pages(t), w.Tenant(t, "Alder").Member, gate.MeetingsWrite)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/models", nil)
	r.Header.Set("Authorization", "Bearer "+c.key)
	out := httptest.NewRecorder()
	c.handler.ServeHTTP(out, r)
	var got struct{ Data []struct{ ID string } }
	if err := json.Unmarshal(out.Body.Bytes(), &got); err != nil || len(got.Data) != 3 || got.Data[0].ID != "whisper-1" {
		t.Errorf("models: %d %s, %v", out.Code, out.Body, err)
	}
}
