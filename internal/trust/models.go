package trust

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"mainstay/internal/egress"
	"mainstay/internal/llm"
	"mainstay/internal/meeting"
	"mainstay/internal/minutes"
	"mainstay/internal/tenant"
	"mainstay/internal/trust/loopback"
)

// asked turns a model on in our workspace, has minutes drafted, and turns it off.
func (p *proof) asked(ctx context.Context, address string) (minutes.Opened, []egress.Entry, error) {
	as := p.ours.as(ctx)
	before, err := p.Egress.Ledger(as)
	if err != nil {
		return minutes.Opened{}, nil, err
	}
	if err := p.choose(as, address, true); err != nil {
		return minutes.Opened{}, nil, err
	}
	d := meeting.Details{Title: "For a model " + p.name("title"), Language: "en", ModelAllowed: true,
		Attendees: []meeting.Person{{Name: p.name("attendee"), Email: p.word + "mail@example.com"}}}
	o, err := p.drafted(ctx, &p.ours, d, p.talk())
	if err != nil {
		return o, nil, err
	}
	if err := p.choose(as, address, false); err != nil {
		return o, nil, err
	}
	ledger, err := p.Egress.Ledger(as)
	if err != nil || len(ledger) < len(before) {
		return o, nil, fmt.Errorf("reading the ledger: %w", err)
	}
	return o, ledger[:len(ledger)-len(before)], nil
}

func (p *proof) choose(as context.Context, address string, on bool) error {
	set, err := p.Models.Setting(as)
	if err != nil {
		return err
	}
	none := 0
	return p.Models.Change(as, llm.Setting{Enabled: on, Provider: "openai", URL: address, Model: "stand-in", Key: tenant.Secret(p.name("key")), Own: true,
		Region: "here", Terms: "https://localhost.invalid/terms", Training: "no", RetentionDays: &none, MonthlyTokens: 10_000_000, Version: set.Version})
}

// allowed says why no stand-in can be asked, where the operator named the hosts that may be.
func (p *proof) allowed() (finding, bool) {
	if n := len(p.Egress.Hosts); n > 0 {
		f, _ := notApplicable("the operator allows %d named hosts, and a stand-in on this machine is none of them", n)
		return f, false
	}
	return finding{}, true
}

// modelCalledDirectly has a stand-in asked, and compares what it got with what the ledger says.
func modelCalledDirectly(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	model := &loopback.Model{}
	address, closing, err := loopback.Serve(model, nil)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	_, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	got := model.Got()
	if len(got) == 0 {
		return fail("the model was not asked")
	}
	for _, r := range got {
		var sent map[string]any
		if err := json.Unmarshal(r.Body, &sent); err != nil || r.Method != http.MethodPost || !strings.HasSuffix(r.Path, "/chat/completions") ||
			r.Key != "Bearer "+p.name("key") || sent["model"] != "stand-in" || sent["messages"] == nil {
			return fail("a call is not the provider's own: %s %s of %d bytes", r.Method, r.Path, len(r.Body))
		}
	}
	host := strings.TrimPrefix(address, "http://")
	for _, e := range ledger {
		if e.Host != host && e.Host != strings.Split(host, ":")[0] {
			return fail("the ledger names another host than the model's: %s", e.Host)
		}
	}
	if len(ledger) != len(got) {
		return fail("%d calls arrived and the ledger has %d", len(got), len(ledger))
	}
	return pass("%d calls, straight to the model's own address, each in the ledger", len(got))
}

// modelVerified has a stand-in asked whose certificate nobody vouches for.
func modelVerified(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	certificate, err := loopback.Unknown()
	if err != nil {
		return finding{}, err
	}
	model := &loopback.Model{}
	address, closing, err := loopback.Serve(model, certificate)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	o, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	if n := len(model.Got()); n > 0 {
		return fail("%d calls reached a server whose certificate nobody vouches for", n)
	}
	if len(ledger) == 0 || o.Minutes.DraftedBy.Kind != "rules" || o.Minutes.DraftedBy.Note == nil {
		return fail("nothing was tried: %d entries in the ledger", len(ledger))
	}
	if p.choose(p.ours.as(ctx), strings.Replace(address, "https://", "http://", 1), true) == nil && !strings.Contains(address, "127.0.0.1") {
		return fail("a model by plain HTTP on another machine can be chosen")
	}
	return pass("0 of %d calls reached a server with an unknown certificate; the draft says why the model was not used", len(ledger))
}

// kinds are the kinds of content that a meeting has, as the ledger names them, with the ending of the word that stands in each.
func kinds() map[string]string {
	return map[string]string{"segments.text": "text", "segments.speaker": "speaker", "attendees": "attendee", "meeting.title": "title",
		"file.name": "file", "attendees.email": "mail", "workspace.name": "workspace"}
}

// modelGetsWhatIsSaid compares what a stand-in got with the fields that the ledger names.
func modelGetsWhatIsSaid(ctx context.Context, p *proof) (finding, error) {
	if f, ok := p.allowed(); !ok {
		return f, nil
	}
	model := &loopback.Model{}
	address, closing, err := loopback.Serve(model, nil)
	if err != nil {
		return finding{}, err
	}
	defer closing()
	_, ledger, err := p.asked(ctx, address)
	if err != nil {
		return finding{}, err
	}
	return compared(model.Got(), ledger, p.word)
}

func compared(got []loopback.Received, ledger []egress.Entry, word string) (finding, error) {
	if len(got) == 0 || len(got) != len(ledger) {
		return fail("%d calls arrived and the ledger has %d", len(got), len(ledger))
	}
	sent, said := map[string]bool{}, map[string]bool{}
	for i, r := range got {
		for kind, ending := range kinds() {
			if strings.Contains(strings.ToLower(string(r.Body)), word+ending) {
				sent[kind] = true
			}
		}
		for _, field := range ledger[i].Fields {
			said[field] = true
		}
	}
	for kind := range kinds() {
		if sent[kind] != said[kind] {
			return fail("%s: sent %v, and the ledger says %v", kind, sent[kind], said[kind])
		}
	}
	published := map[string]bool{}
	for _, s := range minutes.Sends() {
		published[s.Field] = true
	}
	for field := range said {
		if !published[field] {
			return fail("the ledger names %s, which the page of what is sent does not", field)
		}
	}
	return pass("%d kinds of content in %d calls, as the ledger names them; %d kinds did not leave", len(said), len(got), len(kinds())-len(said))
}
