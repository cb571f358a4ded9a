package commitment

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"mainstay/internal/document"
)

func TestDump(t *testing.T) {
	path := os.Getenv("DUMP")
	if path == "" {
		t.Skip()
	}
	b, _ := os.ReadFile(path)
	var m struct {
		Attendees  []string
		Transcript []struct{ Speaker, Text string }
	}
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	var tr document.Transcript
	ids := map[string]string{}
	for i, x := range m.Transcript {
		if ids[x.Speaker] == "" {
			ids[x.Speaker] = fmt.Sprint("p", len(ids))
			tr.Speakers = append(tr.Speakers, document.Speaker{ID: ids[x.Speaker], Name: &x.Speaker})
		}
		id := ids[x.Speaker]
		tr.Segments = append(tr.Segments, document.Segment{ID: fmt.Sprint("g", i), Speaker: &id, Text: x.Text})
	}
	p := newPeople(document.Meeting{Attendees: m.Attendees}, tr)
	for i, tn := range turns(tr.Segments) {
		tn.read()
		p.name(tn)
		tn.parse()
		fmt.Printf("%d %s: %s\n", tn.parts[0].segment, *p.byID[tn.speaker].name, tn.clean.Text)
		for k := range tn.sentences {
			s := &tn.sentences[k]
			for j := s.from; j < s.to; j++ {
				if tn.vocative(s, j) {
					fmt.Println("      vocative", tn.at(j))
				}
			}
			for _, c := range s.clauses {
				fmt.Printf("      [%s] %s | link=%q subj=%d(%s) force=%b past=%v neg=%v pass=%v asks=%v order=%v verb=%q\n", tn.text(c.from, c.to), "", c.link, c.subject, tn.text(c.noun.from, c.noun.to), c.force, c.past, c.negated, c.passive, c.asks, c.order, c.verb)
			}
		}
		_ = i
	}
}
