package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"mainstay/internal/document"
	"mainstay/internal/fault"
)

// shown writes a transcript's segments as "start-end name: words" lines.
func shown(t document.Transcript) []string {
	var lines []string
	for _, s := range t.Segments {
		line := ""
		if s.StartMS != nil {
			line = fmt.Sprintf("%d-", *s.StartMS)
			if s.EndMS != nil {
				line += fmt.Sprint(*s.EndMS)
			}
			line += " "
		}
		if s.Speaker != nil {
			line += t.SpeakerName(*s.Speaker) + ": "
		}
		lines = append(lines, line+s.Text)
	}
	return lines
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, text string
		want       []string
	}{
		"each line with a name is a segment": {"", "Maria: The slab is in.\nTom: At 10:30: fine.\nMaria: Good.\n",
			[]string{"Maria: The slab is in.", "Tom: At 10:30: fine.", "Maria: Good."}},
		"names with points, brackets and digits": {"", "J. O'Neil (PM): Yes.\nPhD C: No.\nSpeaker 2: Maybe: later.\n",
			[]string{"J. O'Neil (PM): Yes.", "PhD C: No.", "Speaker 2: Maybe: later."}},
		"a turn goes on over lines": {"", "Maria: The slab\nis in.\nTom: Good.", []string{"Maria: The slab is in.", "Tom: Good."}},
		"times before names":        {"", "[00:01:02] Maria: The slab is in.\n[00:01:09] Tom: Good.", []string{"62000- Maria: The slab is in.", "69000- Tom: Good."}},
		"names and times on lines of their own": {"", "Maria Lopez  00:01:02\nThe slab is in.\nTom Baker  00:01:09\nGood.\n",
			[]string{"62000- Maria Lopez: The slab is in.", "69000- Tom Baker: Good."}},
		"prose has no speakers": {"", "We met on site. One thing: the fence.\n\nThe fence moves.\n\nNobody objected to it.",
			[]string{"We met on site. One thing: the fence.", "The fence moves.", "Nobody objected to it."}},
		"voices of WebVTT": {"a.vtt", "WEBVTT\n\nNOTE made by a machine\n\n1\n00:00:01.000 --> 00:00:02.500\n<v Maria Lopez>The slab &amp; the <i>wall</i></v>\n\n00:00:02.600 --> 00:00:03.000\n<v Maria Lopez>are in.</v>\n\n00:03.500 --> 00:04.000\n<v.loud Tom>Good.\n",
			[]string{"1000-3000 Maria Lopez: The slab & the wall are in.", "3500-4000 Tom: Good."}},
		"names as Zoom writes them": {"a.vtt", "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nMaria: Hello.\n\n2\n00:00:09.000 --> 00:00:10.000\nTom: Hi.\n",
			[]string{"1000-2000 Maria: Hello.", "9000-10000 Tom: Hi."}},
		"SRT with commas and carriage returns": {"", "1\r\n00:00:01,000 --> 00:00:02,000\r\nThe slab is in.\r\n\r\n2\r\n01:00:00,500 --> 01:00:01,000\r\nGood.\r\n",
			[]string{"1000-2000 The slab is in.", "3600500-3601000 Good."}},
		"a speech engine's JSON": {"a.json", `{"text":"x","language":"en","segments":[{"start":0,"end":1.5,"text":" Hello.","speaker":"A"},{"start":2,"end":3,"text":"Hi.","speaker":"B"}]}`,
			[]string{"0-1500 A: Hello.", "2000-3000 B: Hi."}},
		"a list of segments": {"", `[{"start":0.1,"end":1,"text":"Hello."}]`, []string{"100-1000 Hello."}},
		"our own format":     {"", `{"format":"mainstay.minutes/1","transcript":{"engine":{"name":"x"},"speakers":[{"id":"s9","name":"Ann"}],"turns":[],"segments":[{"id":"7","speaker":"s9","start_ms":5,"end_ms":9,"text":"Yes."}]}}`, []string{"5-9 Ann: Yes."}},
		"UTF-16 with a mark": {"", "\xff\xfeA\x00:\x00 \x00h\x00i\x00", []string{"A: hi"}},
		"Latin-1":            {"", "Zo\xeb: caf\xe9", []string{"Zoë: café"}},
		"a mark of UTF-8":    {"", "\ufeffAnn: hi", []string{"Ann: hi"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := document.Read(c.file, []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, shown(got)); diff != "" {
				t.Errorf("Read (-want +got):\n%s", diff)
			}
		})
	}
}

func docx(t *testing.T, xml string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(xml)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func paragraph(text string) string { return "<w:p><w:r><w:t>" + text + "</w:t></w:r></w:p>" }

func TestReadDOCX(t *testing.T) {
	t.Parallel()
	got, err := document.Read("a.docx", docx(t, `<w:document xmlns:w="w"><w:body>`+
		`<w:p><w:r><w:t>Maria Lopez</w:t></w:r><w:r><w:t xml:space="preserve">   0:03</w:t></w:r><w:r><w:br/><w:t>The slab is in.</w:t></w:r></w:p>`+
		`<w:p><w:r><w:t>Tom Baker   0:09</w:t><w:br/><w:t>Good.</w:t></w:r></w:p></w:body></w:document>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"3000- Maria Lopez: The slab is in.", "9000- Tom Baker: Good."}
	if diff := cmp.Diff(want, shown(got)); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

func TestReadRefusesWithASentence(t *testing.T) {
	t.Parallel()
	bomb := docx(t, `<w:document xmlns:w="w">`+strings.Repeat(paragraph(strings.Repeat("a", 1<<16)), 900)+`</w:document>`)
	for name, c := range map[string]struct {
		text []byte
		kind fault.Kind
	}{
		"nothing":                     {[]byte(" \n "), fault.Invalid},
		"a program":                   {[]byte("\x7fELF\x00\x00"), fault.Invalid},
		"broken JSON":                 {[]byte(`{"segments":[{]}`), fault.Invalid},
		"JSON without words":          {[]byte(`{"segments":[]}`), fault.Invalid},
		"times that are none":         {[]byte("WEBVTT\n\nnow --> then\nHello."), fault.Invalid},
		"an end before its beginning": {[]byte("WEBVTT\n\n00:02.000 --> 00:01.000\nHello."), fault.Invalid},
		"too many bytes":              {bytes.Repeat([]byte("a: b\n"), 5<<20), fault.TooLarge},
		"too many turns":              {bytes.Repeat([]byte("a: b\n"), 100_001), fault.TooLarge},
		"a DOCX that is none":         {[]byte("PK\x03\x04 and so on"), fault.Invalid},
		"a DOCX with entities":        {docx(t, `<!DOCTYPE x [<!ENTITY a "b">]><w:document xmlns:w="w">&a;</w:document>`), fault.Invalid},
		"a DOCX that grows":           {bomb, fault.TooLarge},
		"a DOCX nested too deeply":    {docx(t, strings.Repeat("<a>", 300)), fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := document.Read("", c.text); !fault.Is(err, c.kind) {
				t.Errorf("Read = %v, want %v", err, c.kind)
			}
		})
	}
}

func text(s string) *string { return &s }
func number(n int64) *int64 { return &n }

func sample() document.Document {
	line := func(id, s string) document.Line {
		return document.Line{ID: id, Text: s, Evidence: []document.Evidence{{Segment: "1", Quote: "slab"}}}
	}
	return document.Document{Format: document.Format,
		Meeting: document.Meeting{Title: "Site <b>meeting</b>", Date: text("2026-03-12"), Zone: text("UTC"), DurationMS: number(62_000), Attendees: []string{"Maria", "Tom"}},
		Transcript: document.Transcript{Engine: document.Engine{Name: "import"}, Speakers: []document.Speaker{{ID: "s1", Name: text("Maria")}, {ID: "s2"}},
			Turns: []document.Turn{}, Segments: []document.Segment{{ID: "1", Speaker: text("s1"), StartMS: number(1500), EndMS: number(61_000), Text: "The slab & <wall>"},
				{ID: "2", Speaker: text("s2"), Text: "No times."}}},
		Minutes: document.Minutes{Template: "general", Language: text("en"), DraftedBy: document.DraftedBy{Kind: "rules"}, Summary: []document.Line{line("s1", "The slab is in. [x](javascript:alert(1))")},
			Topics: []document.Topic{}, Decisions: []document.Line{}, Questions: []document.Line{},
			Actions: []document.Action{{Line: line("a1", "Order beams"), Owner: &document.Owner{Speaker: text("s2")}, Due: &document.Due{Date: text("2026-03-20"), AsSaid: "Friday"}}}}}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	want := `# Site &lt;b&gt;meeting&lt;/b&gt;

**Date:** Thursday, 12 March 2026  
**Attendees:** Maria, Tom  
**Length:** 1:02

## Summary

- The slab is in. \[x\](javascript:alert(1)) ` + "`[0:01]`" + `

## Actions

- [ ] **Speaker 2:** Order beams _Due Friday, 20 March 2026._ ` + "`[0:01]`" + `

---

_Drafted by rules of language, without a model._ ` + "`[1:23]`" + ` is the time in the recording at which it was said.
`
	if diff := cmp.Diff(want, sample().Markdown()); diff != "" {
		t.Errorf("Markdown (-want +got):\n%s", diff)
	}
}

func TestMarkdownSaysWhoWroteALine(t *testing.T) {
	t.Parallel()
	d := sample()
	d.Meeting.Language, d.Minutes.Language = text("de"), text("en-GB")
	d.Typed = map[string]bool{"s1": true}
	d.Minutes.DraftedBy = document.DraftedBy{Kind: "model", Provider: text("anthropic"), Model: text("m1"), Note: text("Half of it was dropped.")}
	d.Minutes.Topics = []document.Topic{{Title: "Slab", Segments: document.Span{First: "1", Last: "1"}, Lines: []document.Line{{ID: "t1.1", Text: "It is in.", Evidence: []document.Evidence{{Segment: "1", Quote: "in"}}}}}}
	got := d.Markdown()
	for _, want := range []string{"**Translated from:** de", "alert(1)) _(edited)_ `[0:01]`", "### Slab `[0:01–1:01]`", "- It is in. _(translated)_ `[0:01]`",
		"_Drafted by a model (anthropic, m1) and checked against what was said. Half of it was dropped._"} {
		if !strings.Contains(got, want) {
			t.Errorf("Markdown lacks %q:\n%s", want, got)
		}
	}
}

// TestMarkdownIsPlain: nothing that somebody says becomes markup, a list, HTML or a link.
func TestMarkdownIsPlain(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{
		"<img src=x onerror=alert(1)>":      "&lt;img src=x onerror=alert(1)&gt;",
		"[a](https://example.org)":          `\[a\](https:` + "\u200b" + `//example.org)`,
		"www.example.org and a@example.org": "www\u200b.example.org and a@\u200bexample.org",
		"*b* _c_ `d` ~~e~~ | f":             `\*b\* \_c\_ ` + "\\`d\\`" + ` \~\~e\~\~ \| f`,
		"- not a list":                      `\- not a list`,
		"1. not a list":                     `1\. not a list`,
		"a\n# b":                            `a \# b`,
		"&amp; stays":                       "&amp;amp; stays",
	} {
		d := sample()
		d.Minutes.Summary[0].Text = said
		if got := d.Markdown(); !strings.Contains(got, "\n- "+want+" `[0:01]`\n") {
			t.Errorf("Markdown of %q lacks %q:\n%s", said, want, got)
		}
	}
}

func TestTranscriptsSurviveARoundTrip(t *testing.T) {
	t.Parallel()
	original := sample().Transcript
	for name, rendered := range map[string]string{"a.vtt": original.VTT(), "a.srt": original.SRT()} {
		again, err := document.Read(name, []byte(rendered))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(shown(original)[:1], shown(again)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	again, err := document.Read("", []byte(original.Text()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(again.Segments), 2; got != want {
		t.Errorf("as text it has %d segments, want %d", got, want)
	}
}

func TestJSONFitsThePublishedSchema(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "minutes.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := sample().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(b, &value); err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join("..", "..", "docs", "minutes.schema.json")); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("a.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi</v>"))
	f.Add("", []byte("1\n00:00:01,000 --> 00:00:02,000\nHi"))
	f.Add("", []byte("Ann: hi\nBob: ho"))
	f.Add("a.json", []byte(`{"segments":[{"text":"a","start":1,"end":2}]}`))
	f.Add("a.docx", []byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		got, err := document.Read(name, b)
		if err != nil {
			return
		}
		for i, s := range got.Segments {
			if strings.TrimSpace(s.Text) == "" || s.ID != fmt.Sprint(i+1) {
				t.Errorf("segment %d is %+v", i, s)
			}
		}
	})
}
