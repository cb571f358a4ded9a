// Package inference asks local neural networks what is in a piece of sound: words, languages, voice activity, speaker turns.
//
// The networks run in a Python program of ours, started in a sandbox when there is work and ended when idle ([Local]), on
// another machine of the operator's, or in any server that speaks the same requests, which are OpenAI's where OpenAI has
// them. Everything that is not a network (cutting, choosing, checking, clustering) is in the packages that call this one.
package inference

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"mainstay/internal/fault"
	"mainstay/internal/tenant"
)

// Rate is the sample rate of all sound here, in samples a second. MaxSeconds is how much one request may carry.
const (
	Rate       = 16_000
	MaxSeconds = 30 * 60
)

// Clip is a stretch of a request's sound, in seconds from its start.
type Clip struct{ Start, End float64 }

// Word is a recognized word. Times are seconds from the start of the request's sound.
type Word struct {
	Text        string  `json:"word"`
	Start       float64 `json:"start"`
	End         float64 `json:"end"`
	Probability float64 `json:"probability"`
	Segment     int     `json:"segment"`
}

// Segment is what the engine recognized in one go, with what it says of its own certainty.
type Segment struct {
	ID               int     `json:"id"`
	Start            float64 `json:"start"`
	End              float64 `json:"end"`
	Text             string  `json:"text"`
	AvgLogprob       float64 `json:"avg_logprob"`
	CompressionRatio float64 `json:"compression_ratio"`
	NoSpeechProb     float64 `json:"no_speech_prob"`
}

// Recognized is the answer to [Engine.Transcribe].
type Recognized struct {
	Language string    `json:"language"`
	Text     string    `json:"text"`
	Segments []Segment `json:"segments"`
	Words    []Word    `json:"words"`
}

// Hints is what is known before recognition.
type Hints struct {
	Language    string   // empty: the engine decides
	Hotwords    []string // words to expect
	Clips       []Clip   // where speech is; nil: everywhere
	Temperature float64  // 0: the likeliest words; more: another try at what went wrong
}

// LanguageWindow is how probable languages are in a window of sound.
type LanguageWindow struct {
	Start         float64            `json:"start"`
	End           float64            `json:"end"`
	Probabilities map[string]float64 `json:"probabilities"`
}

// Activity is the probability of speech in each frame of FrameMS milliseconds.
type Activity struct {
	FrameMS       int       `json:"frame_ms"`
	Probabilities []float32 `json:"probabilities"`
}

// TurnWindow is who of three local voices speaks when in a window: runs of seconds for each.
type TurnWindow struct {
	Start    float64        `json:"start"`
	End      float64        `json:"end"`
	Speakers [][][2]float64 `json:"speakers"`
}

// Piece is a stretch in which one local voice speaks alone, with the voice's embedding.
type Piece struct {
	Window    int
	Speaker   int
	Start     float64
	End       float64
	Embedding []float32
}

// Turns is the answer to [Engine.Turns].
type Turns struct {
	Windows []TurnWindow
	Pieces  []Piece
}

// Engine asks a server. It is safe for concurrent use.
type Engine struct {
	name   string
	base   string
	token  tenant.Secret
	client *http.Client
	ready  func(context.Context) error // makes sure that the server runs
}

// Remote returns an engine at a base URL such as https://speech.internal. The client decides what may be reached.
func Remote(base string, token tenant.Secret, client *http.Client) *Engine {
	return &Engine{name: "remote", base: strings.TrimRight(base, "/"), token: token, client: client, ready: func(context.Context) error { return nil }}
}

// Transcribe recognizes words in sound of at most [MaxSeconds].
func (e *Engine) Transcribe(ctx context.Context, pcm []int16, h Hints) (Recognized, error) {
	fields := map[string]string{"response_format": "verbose_json", "language": h.Language, "hotwords": strings.Join(h.Hotwords, ", "),
		"timestamp_granularities[]": "word"}
	if h.Temperature > 0 {
		fields["temperature"] = strconv.FormatFloat(h.Temperature, 'f', 2, 64)
	}
	if h.Clips != nil {
		fields["clips"] = clips(h.Clips)
	}
	var r Recognized
	err := e.post(ctx, "/v1/audio/transcriptions", pcm, fields, &r)
	return r, err
}

// Languages tells how probable languages are, in windows of thirty seconds or in the clips.
func (e *Engine) Languages(ctx context.Context, pcm []int16, in []Clip) ([]LanguageWindow, error) {
	var r struct {
		Windows []LanguageWindow `json:"windows"`
	}
	fields := map[string]string{}
	if in != nil {
		fields["clips"] = clips(in)
	}
	err := e.post(ctx, "/v1/audio/languages", pcm, fields, &r)
	return r.Windows, err
}

// Activity tells how probable speech is in each frame.
func (e *Engine) Activity(ctx context.Context, pcm []int16) (Activity, error) {
	var a Activity
	err := e.post(ctx, "/v1/audio/activity", pcm, nil, &a)
	if err == nil && a.FrameMS <= 0 {
		err = fault.New(fault.Busy, "The speech engine gave an answer that cannot be used.")
	}
	return a, err
}

// Turns tells which local voices speak when, with embeddings of the stretches in which one speaks alone.
func (e *Engine) Turns(ctx context.Context, pcm []int16) (Turns, error) {
	var r struct {
		Windows []TurnWindow `json:"windows"`
		Pieces  []struct {
			Window    int     `json:"window"`
			Speaker   int     `json:"speaker"`
			Start     float64 `json:"start"`
			End       float64 `json:"end"`
			Embedding string  `json:"embedding"`
		} `json:"pieces"`
	}
	if err := e.post(ctx, "/v1/audio/turns", pcm, nil, &r); err != nil {
		return Turns{}, err
	}
	t := Turns{Windows: r.Windows}
	for _, p := range r.Pieces {
		embedding, err := floats(p.Embedding)
		if err != nil || p.Window < 0 || p.Window >= len(r.Windows) {
			return Turns{}, fault.Wrap(fault.Busy, "The speech engine gave an answer that cannot be used.", errors.New("a broken embedding"))
		}
		t.Pieces = append(t.Pieces, Piece{p.Window, p.Speaker, p.Start, p.End, embedding})
	}
	return t, nil
}

func floats(text string) ([]float32, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b)%4 != 0 {
		return nil, errors.New("not base64 of floats")
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out, nil
}

func clips(all []Clip) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, c := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "[%s,%s]", strconv.FormatFloat(c.Start, 'f', 3, 64), strconv.FormatFloat(c.End, 'f', 3, 64))
	}
	b.WriteByte(']')
	return b.String()
}

// maxAnswer bounds an answer: half an hour of embeddings is about ten megabytes.
const maxAnswer = 64 << 20

// post sends sound with fields and reads the answer into out.
func (e *Engine) post(ctx context.Context, path string, pcm []int16, fields map[string]string, out any) error {
	if len(pcm) > MaxSeconds*Rate {
		return errors.New("inference: more than half an hour of sound in one request")
	}
	if err := e.ready(ctx); err != nil {
		return err
	}
	body, kind, err := form(pcm, fields)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("asking the speech engine: %w", err)
	}
	req.Header.Set("Content-Type", kind)
	if e.token != "" {
		req.Header.Set("Authorization", "Bearer "+e.token.Reveal())
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return gone(ctx, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return gone(ctx, err)
	}
	return e.read(path, resp.StatusCode, b, out)
}

func (e *Engine) read(path string, status int, b []byte, out any) error {
	if status != http.StatusOK || len(b) > maxAnswer {
		return refusal(path, status)
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fault.Wrap(fault.Busy, "The speech engine gave an answer that cannot be used.", errors.New("not the JSON that was asked for"))
	}
	return nil
}

// Lacks reports whether an error says that a server does not have what was asked of it.
func Lacks(err error) bool { return errors.Is(err, errLacks) }

var errLacks = errors.New("the engine does not offer this")

func refusal(path string, status int) error {
	cause := fmt.Errorf("%s answered with status %d", path, status)
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return fault.Wrap(fault.Busy, "The speech engine cannot do this. Choose another engine.", errors.Join(errLacks, cause))
	case http.StatusUnauthorized, http.StatusForbidden:
		return fault.Wrap(fault.Busy, "The speech engine refused the token. Check it in the configuration.", cause)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return fault.Wrap(fault.Busy, "The speech engine is busy or its model is missing. Run mainstay models pull, or try again later.", cause)
	}
	return fmt.Errorf("asking the speech engine: %w", cause)
}

// gone is a server that broke off: the work is tried again.
func gone(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the speech engine broke off: %w", err)
}

func form(pcm []int16, fields map[string]string) ([]byte, string, error) {
	var b bytes.Buffer
	b.Grow(2*len(pcm) + 4096)
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		if value == "" {
			continue
		}
		if err := w.WriteField(name, value); err != nil {
			return nil, "", err
		}
	}
	file, err := w.CreateFormFile("file", "sound.wav")
	if err != nil {
		return nil, "", err
	}
	if err := writeWAV(file, pcm); err != nil {
		return nil, "", err
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}

// writeWAV writes samples as a WAV file of 16 bits, 16 kHz, mono.
func writeWAV(w io.Writer, pcm []int16) error {
	size := uint32(2 * len(pcm))
	header := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, 36+size)...)
	header = append(header, "WAVEfmt "...)
	for _, v := range []any{uint32(16), uint16(1), uint16(1), uint32(Rate), uint32(2 * Rate), uint16(2), uint16(16)} {
		var err error
		if header, err = binary.Append(header, binary.LittleEndian, v); err != nil {
			return err
		}
	}
	header = append(append(header, "data"...), binary.LittleEndian.AppendUint32(nil, size)...)
	if _, err := w.Write(header); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, pcm)
}
