// Package inference asks local neural networks what is in a piece of sound: words, languages, voice activity, speaker turns.
//
// The networks run in a Python program of ours, started in a sandbox when there is work and ended when idle ([Local]), on
// another machine of the operator's, or in any server with OpenAI's transcription request ([Remote]). What a server lacks is
// found by asking it, never by sending it sound: speaker turns and languages are then missing ([Lacks]), voice activity is
// guessed from loudness. Everything that is not a network (cutting, choosing, checking, clustering) is in the packages that
// call this one.
//
// An engine that cannot be used now fails with fault.Busy and the next step; one that broke off while it worked ([Broke])
// fails with fault.Internal, so that its caller tries again a few times.
package inference

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"mainstay/internal/tenant"
)

// Rate is the sample rate of all sound here, in samples a second. MaxSeconds is how much one request may carry.
const (
	Rate       = 16_000
	MaxSeconds = 30 * 60
)

// Clip is a stretch of a request's sound, in seconds from its start.
type Clip struct{ Start, End float64 }

// Word is a recognized word. Times are seconds from the start of the request's sound. Text has the space before it and the
// punctuation around it: the words of a segment, joined, are the segment's text. Probability
// is negative where the engine gives none.
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

// Recognized is the answer to [Engine.Transcribe]: segments numbered from 0 in order of their start, words in order of segment
// and start. A segment has no words where the engine gave no times for them. Language is an ISO 639 code.
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

// Health is what a server says of itself. A model that it lacks is empty.
type Health struct {
	Version      string
	Recognition  string
	Activity     string
	Segmentation string
	Embedding    string
	Ours         bool // it has the requests that OpenAI has not
}

// RemoteConfig names a server.
type RemoteConfig struct {
	URL    string        // such as https://speech.internal, with or without /v1
	Token  tenant.Secret // empty: none is sent
	Model  string        // what the server calls its recognizer; empty: whisper-1, which most servers take
	Client *http.Client  // decides what may be reached
}

// Engine asks a server. It is safe for concurrent use.
type Engine struct {
	base   string
	token  tenant.Secret
	model  string
	client *http.Client
	ready  func(context.Context) error // makes sure that the server runs
	left   func() bool                 // reports whether the server ended on purpose, so that asking again starts it

	mu     sync.Mutex
	health *Health // nil until it was asked
}

// Remote returns an engine on another machine, or another program on this one. Nothing is asked yet.
func Remote(cfg RemoteConfig) *Engine {
	if cfg.Model == "" {
		cfg.Model = "whisper-1"
	}
	base := strings.TrimSuffix(strings.TrimRight(cfg.URL, "/"), "/v1")
	return &Engine{base: base, token: cfg.Token, model: cfg.Model, client: cfg.Client,
		ready: func(context.Context) error { return nil }, left: func() bool { return false }}
}

// Named returns the same server with another of its recognition models.
func (e *Engine) Named(model string) *Engine {
	return &Engine{base: e.base, token: e.token, model: model, client: e.client, ready: e.ready, left: e.left}
}

// Health asks the server what it can do. It fails with fault.Busy where nothing answers.
func (e *Engine) Health(ctx context.Context) (Health, error) {
	if err := e.ready(ctx); err != nil {
		return Health{}, err
	}
	return e.ask(ctx)
}

// Transcribe recognizes words in sound of at most [MaxSeconds].
func (e *Engine) Transcribe(ctx context.Context, pcm []int16, h Hints) (Recognized, error) {
	if h.Clips != nil && len(h.Clips) == 0 {
		return Recognized{Language: h.Language}, nil
	}
	health, err := e.known(ctx)
	if err != nil {
		return Recognized{}, err
	}
	fields := []field{{"model", e.model}, {"response_format", "verbose_json"}, {"language", h.Language}, {"temperature", strconv.FormatFloat(h.Temperature, 'f', 2, 64)},
		{"timestamp_granularities[]", "segment"}, {"timestamp_granularities[]", "word"}}
	words := strings.Join(h.Hotwords, ", ")
	if health.Ours {
		fields = append(fields, field{"hotwords", words}, field{"clips", clips(h.Clips)})
	} else {
		fields = append(fields, field{"prompt", words})
	}
	var r transcription
	if err := e.post(ctx, transcriptions, pcm, fields, &r); err != nil {
		return Recognized{}, err
	}
	return r.recognized(float64(len(pcm)) / Rate), nil
}

// Languages tells how probable languages are, in windows of thirty seconds or in the clips.
func (e *Engine) Languages(ctx context.Context, pcm []int16, in []Clip) ([]LanguageWindow, error) {
	if err := e.offers(ctx, func(h Health) string { return h.Recognition }); err != nil {
		return nil, err
	}
	var r struct {
		Windows []LanguageWindow `json:"windows"`
	}
	err := e.post(ctx, "/v1/audio/languages", pcm, []field{{"model", e.model}, {"clips", clips(in)}}, &r)
	return r.Windows, err
}

// Activity tells how probable speech is in each frame: as a network says, or, where the server has none, as loudness does.
func (e *Engine) Activity(ctx context.Context, pcm []int16) (Activity, error) {
	a, err := e.activity(ctx, pcm)
	if Lacks(err) {
		return loudness(pcm), nil
	}
	return a, err
}

func (e *Engine) activity(ctx context.Context, pcm []int16) (Activity, error) {
	if err := e.offers(ctx, func(h Health) string { return h.Activity }); err != nil {
		return Activity{}, err
	}
	var a Activity
	if err := e.post(ctx, "/v1/audio/activity", pcm, nil, &a); err != nil {
		return Activity{}, err
	}
	return a, a.check()
}

// Turns tells which local voices speak when, with embeddings of the stretches in which one speaks alone.
func (e *Engine) Turns(ctx context.Context, pcm []int16) (Turns, error) {
	if err := e.offers(ctx, func(h Health) string { return both(h.Segmentation, h.Embedding) }); err != nil {
		return Turns{}, err
	}
	var r turns
	if err := e.post(ctx, "/v1/audio/turns", pcm, nil, &r); err != nil {
		return Turns{}, err
	}
	return r.checked()
}

func both(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	return a
}
