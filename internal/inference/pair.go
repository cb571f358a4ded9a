package inference

import "context"

// Pair takes words from one engine and what that one lacks from our own program, if that is installed here: a server that
// only recognizes words then has speakers, languages and voice activity all the same.
type Pair struct {
	Words  *Engine
	Voices *Local
}

// Health asks the engine that recognizes words what it has. What our own program adds here is added to it.
func (p Pair) Health(ctx context.Context) (Health, error) {
	h, err := p.Words.Health(ctx)
	if err == nil && h.Embedding == "" && p.Voices.Missing() == nil {
		h.Segmentation, h.Embedding = "segmentation", "campplus"
	}
	return h, err
}

// Transcribe recognizes words in sound of at most [MaxSeconds].
func (p Pair) Transcribe(ctx context.Context, pcm []int16, h Hints) (Recognized, error) {
	return p.Words.Transcribe(ctx, pcm, h)
}

// Languages tells how probable languages are, in windows of thirty seconds or in the clips.
func (p Pair) Languages(ctx context.Context, pcm []int16, in []Clip) ([]LanguageWindow, error) {
	r, err := p.Words.Languages(ctx, pcm, in)
	if p.turnsToVoices(err) {
		return p.Voices.Languages(ctx, pcm, in)
	}
	return r, err
}

// Activity tells how probable speech is in each frame.
func (p Pair) Activity(ctx context.Context, pcm []int16) (Activity, error) {
	r, err := p.Words.activity(ctx, pcm)
	switch {
	case p.turnsToVoices(err):
		return p.Voices.Activity(ctx, pcm)
	case Lacks(err):
		return loudness(pcm), nil
	}
	return r, err
}

// Turns tells which local voices speak when.
func (p Pair) Turns(ctx context.Context, pcm []int16) (Turns, error) {
	r, err := p.Words.Turns(ctx, pcm)
	if p.turnsToVoices(err) {
		return p.Voices.Turns(ctx, pcm)
	}
	return r, err
}

func (p Pair) turnsToVoices(err error) bool { return Lacks(err) && p.Voices.Missing() == nil }
