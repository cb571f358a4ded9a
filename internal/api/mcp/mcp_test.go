package mcp_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"mainstay/internal/gate"
	"mainstay/internal/identity/token"
	"mainstay/internal/worldtest"
)

// bearer is a client that brings a key.
type bearer struct{ key string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.key)
	return http.DefaultTransport.RoundTrip(r)
}

// connect speaks the protocol as the official client does.
func connect(t *testing.T, w *worldtest.World, address string, who context.Context, scopes ...gate.Scope) (*mcp.ClientSession, error) {
	t.Helper()
	made, err := w.Tokens.Create(w.SignedIn(t, who), token.Request{Name: "Assistant", Scopes: scopes})
	if err != nil {
		t.Fatal(err)
	}
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: address + "/mcp", HTTPClient: &http.Client{Transport: bearer{made.Key.Reveal()}}, MaxRetries: -1}, nil)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func call(t *testing.T, s *mcp.ClientSession, tool string, arguments map[string]any) (text string, failed bool) {
	t.Helper()
	res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	body, err := json.Marshal(res)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), res.IsError
}

func TestAnAssistantReadsWhatItsPersonMayRead(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a, b := w.Tenant(t, "Alder"), w.Tenant(t, "Birch")
	ours, private, theirs := a.Case(t, false), a.Case(t, true), b.Case(t, false)
	server := httptest.NewServer(w.Pages(t).Server.Handler())
	t.Cleanup(server.Close)
	s, err := connect(t, w, server.URL, a.Viewer, gate.MeetingsRead)
	if err != nil {
		t.Fatal(err)
	}
	tools, err := s.ListTools(t.Context(), nil)
	if err != nil || len(tools.Tools) != 3 {
		t.Fatalf("ListTools() = %v, %v", tools, err)
	}
	for _, tool := range tools.Tools {
		if tool.Annotations == nil || !tool.Annotations.ReadOnlyHint {
			t.Errorf("%s may change something", tool.Name)
		}
	}
	list, failed := call(t, s, "list_meetings", nil)
	if failed || !strings.Contains(list, ours.Meeting.String()) || strings.Contains(list, private.Meeting.String()) || strings.Contains(list, "Birch") {
		t.Errorf("list_meetings = %s", list)
	}
	minutes, failed := call(t, s, "read_minutes", map[string]any{"meeting": ours.Meeting.String()})
	if failed || !strings.Contains(minutes, "Alder will send the drawings") || !strings.Contains(minutes, `\"segment\":\"`) {
		t.Errorf("read_minutes = %s", minutes)
	}
	transcript, failed := call(t, s, "read_transcript", map[string]any{"meeting": ours.Meeting.String(), "from": 1})
	if failed || strings.Contains(transcript, "drawings") || !strings.Contains(transcript, "The budget of Alder") {
		t.Errorf("read_transcript = %s", transcript)
	}
	for name, id := range map[string]string{"another workspace's": theirs.Meeting.String(), "a colleague's private one": private.Meeting.String(), "none": "mtg_x"} {
		for _, tool := range []string{"read_minutes", "read_transcript"} {
			got, failed := call(t, s, tool, map[string]any{"meeting": id})
			if !failed || strings.Contains(got, "Alder") || strings.Contains(got, "Birch") || !strings.Contains(got, "There is nothing at this address") {
				t.Errorf("%s of %s: %s", tool, name, got)
			}
		}
	}
	if events := a.Events(t); len(events) < 3 {
		t.Errorf("the calls left %d events", len(events))
	}
}

func TestWithoutTheScopeThereIsNoTool(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t)
	a := w.Tenant(t, "Alder")
	a.Case(t, false)
	server := httptest.NewServer(w.Pages(t).Server.Handler())
	t.Cleanup(server.Close)
	if s, err := connect(t, w, server.URL, a.Owner, gate.MembersRead); err == nil {
		t.Errorf("without the scope there is a connection: %v", s.ID())
	}
	for _, key := range []string{"", "mst_x"} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil || res.StatusCode != 401 && res.StatusCode != 403 {
			t.Errorf("with %q: %v, %v", key, res.StatusCode, err)
		}
		_ = res.Body.Close()
	}
}
