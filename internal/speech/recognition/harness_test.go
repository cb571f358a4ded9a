package recognition_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mainstay/internal/inference"
	"mainstay/internal/speech/recognition"
)

// socketEngine asks the inference program that serves a socket.
func socketEngine(socket string) recognition.Engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return inference.Remote(inference.RemoteConfig{URL: "http://inference", Client: &http.Client{Transport: &http.Transport{DialContext: dial}}})
}

// counting counts the calls of an engine.
type counting struct {
	recognition.Engine
	calls map[string]int
}

func (c *counting) Transcribe(ctx context.Context, pcm []int16, h inference.Hints) (inference.Recognized, error) {
	c.calls["transcribe"]++
	r, err := c.Engine.Transcribe(ctx, pcm, h)
	if os.Getenv("MAINSTAY_TEST_SHOW") != "" {
		for _, s := range r.Segments {
			fmt.Printf("  %.1f-%.1f %q logprob %.2f nospeech %.3f compression %.2f\n", s.Start, s.End, s.Text, s.AvgLogprob, s.NoSpeechProb, s.CompressionRatio)
		}
	}
	return r, err
}

func (c *counting) Languages(ctx context.Context, pcm []int16, in []inference.Clip) ([]inference.LanguageWindow, error) {
	c.calls["languages"] += len(in)
	return c.Engine.Languages(ctx, pcm, in)
}

func (c *counting) Activity(ctx context.Context, pcm []int16) (inference.Activity, error) {
	c.calls["activity"]++
	return c.Engine.Activity(ctx, pcm)
}

func (c *counting) Turns(ctx context.Context, pcm []int16) (inference.Turns, error) {
	c.calls["turns"]++
	return c.Engine.Turns(ctx, pcm)
}

// TestHarness recognizes the WAV files (16 kHz, mono) that MAINSTAY_TEST_WAVS names, apart by blanks, with the inference
// program at the socket MAINSTAY_TEST_SOCKET, and writes NAME.txt, NAME.json and NAME.rttm to MAINSTAY_TEST_OUT.
func TestHarness(t *testing.T) {
	socket, out := os.Getenv("MAINSTAY_TEST_SOCKET"), os.Getenv("MAINSTAY_TEST_OUT")
	if socket == "" || out == "" {
		t.Skip("MAINSTAY_TEST_SOCKET or MAINSTAY_TEST_OUT is not set")
	}
	for _, path := range strings.Fields(os.Getenv("MAINSTAY_TEST_WAVS")) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		engine := &counting{Engine: socketEngine(socket), calls: map[string]int{}}
		began := time.Now()
		opt := recognition.Options{Language: os.Getenv("MAINSTAY_TEST_LANGUAGE"), Glossary: strings.Split(os.Getenv("MAINSTAY_TEST_GLOSSARY"), ",")}
		transcript, report, err := recognition.Recognize(context.Background(), engine, bytes.NewReader(data[44:]), opt)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		took := time.Since(began)
		name := filepath.Join(out, strings.TrimSuffix(filepath.Base(path), ".wav"))
		var text, turns strings.Builder
		for _, s := range transcript.Segments {
			fmt.Fprintln(&text, s.Text)
		}
		for _, s := range transcript.Turns {
			fmt.Fprintf(&turns, "SPEAKER x 1 %.3f %.3f <NA> <NA> %s <NA> <NA>\n", float64(s.StartMS)/1000, float64(s.EndMS-s.StartMS)/1000, s.Speaker)
		}
		pretty, _ := json.MarshalIndent(transcript, "", " ")
		for ext, content := range map[string]string{".txt": text.String(), ".rttm": turns.String(), ".json": string(pretty)} {
			if err := os.WriteFile(name+ext, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Printf("%s: %.1f s in %.2f s = %.4f, %+v, calls %v\n", filepath.Base(path), float64(report.AudioMS)/1000, took.Seconds(), took.Seconds()*1000/float64(report.AudioMS), report, engine.calls)
	}
}
