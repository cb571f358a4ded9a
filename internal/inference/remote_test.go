package inference_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mainstay/internal/fault"
	"mainstay/internal/inference"
	"mainstay/internal/inference/inferencetest"
)

func talk(pcm []int16) []inferencetest.Said {
	return []inferencetest.Said{{Start: 1, End: 3, Text: "We agreed, at last."}, {Start: 4, End: 6, Speaker: 1, Text: "Good."}}
}

// TestAServerOfAnotherMakeGivesWordsAlone covers whisper.cpp, hosted services and the like.
func TestAServerOfAnotherMakeGivesWordsAlone(t *testing.T) {
	t.Parallel()
	server := inferencetest.New(t, inferencetest.Script{Foreign: true, Language: "english", Hears: talk})
	e := server.Engine()
	pcm := make([]int16, 8*inference.Rate)
	for i := inference.Rate; i < 3*inference.Rate; i++ {
		pcm[i] = int16(i % 2 * 5000)
	}
	got, err := e.Transcribe(t.Context(), pcm, inference.Hints{Language: "en", Clips: []inference.Clip{{Start: 1, End: 3}}})
	if err != nil || got.Language != "en" {
		t.Fatalf("Transcribe = %+v, %v", got, err)
	}
	texts := []string{}
	for _, w := range got.Words {
		texts = append(texts, w.Text)
	}
	if diff := cmp.Diff([]string{"We", " agreed,", " at", " last.", "Good."}, texts); diff != "" {
		t.Errorf("words with their punctuation (-want +got):\n%s", diff)
	}
	if _, err := e.Turns(t.Context(), pcm); !inference.Lacks(err) || !fault.Is(err, fault.Busy) {
		t.Errorf("Turns = %v, want one that the server lacks", err)
	}
	if _, err := e.Languages(t.Context(), pcm, nil); !inference.Lacks(err) {
		t.Errorf("Languages = %v, want one that the server lacks", err)
	}
	a, err := e.Activity(t.Context(), pcm)
	if err != nil || a.Probabilities[10] > 0.3 || a.Probabilities[len(a.Probabilities)/4] < 0.7 {
		t.Errorf("Activity by loudness = %v, %v", a, err)
	}
	for _, path := range []string{"/v1/audio/turns", "/v1/audio/languages", "/v1/audio/activity"} {
		if server.Posts(path) != 0 {
			t.Errorf("sound was sent to %s, which the server lacks", path)
		}
	}
}

func TestFailuresOfAServerHaveAKind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		path   string
		want   fault.Kind
		broke  bool
	}{
		"a crash is tried again":             {0, "/v1/audio/turns", fault.Internal, true},
		"a failure is tried again":           {500, "/v1/audio/turns", fault.Internal, false},
		"a busy server is waited for":        {503, "/v1/audio/turns", fault.Busy, false},
		"a limit of requests is waited on":   {429, "/v1/audio/turns", fault.Busy, false},
		"a wrong token is told":              {401, "/v1/audio/turns", fault.Busy, false},
		"too much sound is too large":        {413, "/v1/audio/turns", fault.TooLarge, false},
		"a refused request is invalid":       {400, "/v1/audio/turns", fault.Invalid, false},
		"a server that starts is waited on":  {502, "/healthz", fault.Busy, false},
		"a server that is away is waited on": {0, "/healthz", fault.Busy, false},
	} {
		e := inferencetest.New(t, inferencetest.Script{Fails: func(path string) (int, bool) { return test.status, path == test.path }}).Engine()
		_, err := e.Turns(t.Context(), make([]int16, inference.Rate))
		if !fault.Is(err, test.want) || inference.Broke(err) != test.broke {
			t.Errorf("%s: Turns = %v, want kind %v, broke off %v", name, err, test.want, test.broke)
		}
	}
}

func TestATokenIsSentAndNeverShown(t *testing.T) {
	t.Parallel()
	server := inferencetest.New(t, inferencetest.Script{Token: "right-token-of-16"})
	if _, err := server.Engine().Activity(t.Context(), nil); err != nil {
		t.Errorf("Activity with the token = %v", err)
	}
	_, err := inference.Remote(inference.RemoteConfig{URL: server.URL, Token: "wrong-token", Client: &http.Client{}}).Activity(t.Context(), nil)
	if !fault.Is(err, fault.Busy) || strings.Contains(err.Error(), "wrong-token") {
		t.Errorf("Activity with a wrong token = %v, want fault.Busy without the token", err)
	}
}

func TestACallerWhoLeavesGetsHisOwnError(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e := inferencetest.New(t, inferencetest.Script{Fails: func(path string) (int, bool) {
		if path != "/healthz" {
			cancel()
			return 0, true
		}
		return 0, false
	}}).Engine()
	if _, err := e.Turns(ctx, make([]int16, 10)); !errors.Is(err, context.Canceled) || inference.Broke(err) {
		t.Errorf("Turns = %v, want context.Canceled", err)
	}
}

// answering is a server that answers posts with a text.
type answering string

func (a answering) RoundTrip(req *http.Request) (*http.Response, error) {
	body, status := string(a), http.StatusOK
	if req.Method == http.MethodGet {
		body, status = "", http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: req}, nil
}

func recognized(t testing.TB, answer string) (inference.Recognized, error) {
	t.Helper()
	e := inference.Remote(inference.RemoteConfig{URL: "http://engine", Client: &http.Client{Transport: answering(answer)}})
	return e.Transcribe(t.Context(), make([]int16, 10*inference.Rate), inference.Hints{})
}

func TestAnswersOfSeveralMakesAreBroughtToOneForm(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		want   []string
	}{
		"words inside segments, in pieces": {`{"segments":[{"id":7,"start":0,"end":2,"text":" I don't know.","words":[{"word":" I","start":0,"end":1},
			{"word":" don","start":1,"end":1.5},{"word":"'t","start":1.5,"end":1.6},{"word":" know","start":1.6,"end":2},{"word":".","start":2,"end":2}]}]}`, []string{"I", " don't", " know."}},
		"no segments":             {`{"text":"Hello world","words":[{"word":"Hello","start":0,"end":1},{"word":"world","start":1,"end":2}]}`, []string{"Hello", " world"}},
		"no words":                {`{"text":"Hello world"}`, nil},
		"words of another text":   {`{"text":"Hello world","words":[{"word":"Goodbye","start":0,"end":1}]}`, nil},
		"a word too few":          {`{"text":"Hello world","words":[{"word":"Hello","start":0,"end":1}]}`, nil},
		"a quotation":             {`{"text":"He said, \"Go on.\"","words":[{"word":"He","start":0,"end":1},{"word":"said","start":1,"end":2},{"word":"go","start":2,"end":3},{"word":"on","start":2,"end":3}]}`, []string{"He", " said,", ` "Go`, ` on."`}},
		"a script without spaces": {`{"text":"今日は。","words":[{"word":"今日","start":0,"end":1},{"word":"は","start":1,"end":2}]}`, []string{"今日", "は。"}},
		"words by time":           {`{"segments":[{"id":0,"start":0,"end":2,"text":"One."},{"id":1,"start":2,"end":4,"text":"Two."}],"words":[{"word":"One","start":0,"end":1},{"word":"Two","start":2.5,"end":3}]}`, []string{"One.", "Two."}},
		"nothing":                 {`{}`, nil},
		"times outside the sound": {`{"segments":[{"id":0,"start":-5,"end":99,"text":"One"}],"words":[{"word":"One","start":-4,"end":99}]}`, []string{"One"}},
	} {
		got, err := recognized(t, test.answer)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var texts []string
		for _, w := range got.Words {
			texts = append(texts, w.Text)
		}
		if diff := cmp.Diff(test.want, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := recognized(t, "<html>"); !fault.Is(err, fault.Internal) {
		t.Errorf("an answer that is no JSON = %v, want fault.Internal", err)
	}
}

// FuzzAnswer holds the promise of Recognized for whatever a server answers.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"language":"english","segments":[{"id":0,"start":0,"end":2,"text":" I don't know."}],"words":[{"word":"I","start":0,"end":1,"segment":0}]}`)
	f.Add(`{"text":"今日は。","words":[{"word":"今日","start":0,"end":1},{"word":"","start":1,"end":2}]}`)
	f.Add(`{"segments":[{"id":3,"text":"\u0130\u00df"},{"id":3}],"words":[{"word":"i\u0307SS","segment":3},{"word":" ","segment":-1}]}`)
	f.Fuzz(func(t *testing.T, answer string) {
		got, err := recognized(t, answer)
		if err != nil {
			return
		}
		joined, seen := make([]string, len(got.Segments)), make([]bool, len(got.Segments))
		for _, w := range got.Words {
			if w.Segment < 0 || w.Segment >= len(got.Segments) || w.Start < 0 || w.End < w.Start || w.End > 10 || w.Probability < -1 || w.Probability > 1 {
				t.Fatalf("word %+v", w)
			}
			joined[w.Segment] += w.Text
			seen[w.Segment] = true
		}
		for i, s := range got.Segments {
			if s.ID != i || s.Start < 0 || s.End < s.Start || s.End > 10 || seen[i] && joined[i] != s.Text {
				t.Fatalf("segment %+v with words %q", s, joined[i])
			}
		}
	})
}

func TestAFileIsTheSoundByteForByte(t *testing.T) {
	t.Parallel()
	got := inference.WAV([]int16{1, -2, 300})
	want := "RIFF\x2a\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x80\x3e\x00\x00\x00\x7d\x00\x00\x02\x00\x10\x00data\x06\x00\x00\x00\x01\x00\xfe\xff\x2c\x01"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("WAV (-want +got):\n%s", diff)
	}
}
