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
			[]string{"0-1500 Speaker 1: Hello.", "2000-3000 Speaker 2: Hi."}},
		"a voice's number in JSON": {"", `[{"start":0,"end":1,"text":"Hello.","speaker":7},{"start":1,"end":2,"text":"Hi.","speaker":"Ann"}]`,
			[]string{"0-1000 Speaker 1: Hello.", "1000-2000 Ann: Hi."}},
		"times that cannot be": {"a.json", `{"segments":[{"start":-1,"end":2,"text":"a"},{"start":3,"end":2,"text":"b"},{"end":2,"text":"c"}]}`,
			[]string{"a", "3000-3000 b", "c"}},
		"times in brackets behind names": {"", "Maria Lopez [00:01:02]: The slab is in.\nTom Baker (01:09) Good.\nMaria Lopez [1:00:00]: Fine.", []string{"62000- Maria Lopez: The slab is in.", "69000- Tom Baker: Good.", "3600000- Maria Lopez: Fine."}},
		"times alone, as Meet writes": {"", "Site meeting (2026-03-12) - Transcript\nAttendees\nMaria Lopez, Tom Baker\nTranscript\n00:00:00\n\nMaria Lopez: The slab is in.\nTom Baker: Good.\n00:05:00\n\nTom Baker: The wall, too.\n",
			[]string{"0- Maria Lopez: The slab is in.", "Tom Baker: Good.", "300000- Tom Baker: The wall, too."}},
		"a sentence before the first turn stays": {"", "We begin.\nAnn: Hello.\nBob: Hi.\nAnn: So.", []string{"We begin.", "Ann: Hello.", "Bob: Hi.", "Ann: So."}},
		"whisper's lines":                        {"", "[00:00.000 --> 00:02.500]  The slab is in.\n[00:02.500 --> 01:00:04.000]  Good.\n", []string{"0-2500 The slab is in.", "2500-3604000 Good."}},
		"older Teams":                            {"", "0:0:0.0 --> 0:0:2.430\nMaria Lopez\nThe slab is in.\n\n0:0:5.10 --> 0:0:6.900\nTom Baker\nGood.\n", []string{"0-2430 Maria Lopez: The slab is in.", "5100-6900 Tom Baker: Good."}},
		"cues with names of Teams":               {"", "WEBVTT\n\n3f9a0c1e-77aa-4f1f-9a3e-1c2d3e4f5a6b/12-0\n00:00:03.000 --> 00:00:05.000\n<v Lopez, Maria (External)>The slab\nis in.</v>\n", []string{"3000-5000 Lopez, Maria (External): The slab is in."}},
		"numbered cues without hours":            {"", "WEBVTT - from somewhere\n\n1\n01:02.500 --> 01:03.000 align:start position:0%\n- Good.\n", []string{"62500-63000 - Good."}},
		"UTF-16 without a mark":                  {"", "A\x00n\x00n\x00:\x00 \x00h\x00i\x00", []string{"Ann: hi"}},
		"UTF-16, big end first":                  {"", "\xfe\xff\x00A\x00:\x00 \x00h\x00i", []string{"A: hi"}},
		"Windows-1252":                           {"", "Zo\xeb: \x93caf\xe9\x94 \x80 5", []string{"Zoë: “café” € 5"}},
		"a list of segments":                     {"", `[{"start":0.1,"end":1,"text":"Hello."}]`, []string{"100-1000 Hello."}},
		"our own format":                         {"", `{"format":"mainstay.minutes/1","transcript":{"engine":{"name":"x"},"speakers":[{"id":"s9","name":"Ann"}],"turns":[],"segments":[{"id":"7","speaker":"s9","start_ms":5,"end_ms":9,"text":"Yes."}]}}`, []string{"5-9 Ann: Yes."}},
		"UTF-16 with a mark":                     {"", "\xff\xfeA\x00:\x00 \x00h\x00i\x00", []string{"A: hi"}},
		"Latin-1":                                {"", "Zo\xeb: caf\xe9", []string{"Zoë: café"}},
		"a mark of UTF-8":                        {"", "\ufeffAnn: hi", []string{"Ann: hi"}},
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

func TestReadDOCXAsTeamsWritesIt(t *testing.T) {
	t.Parallel()
	picture := `<w:r><mc:AlternateContent><mc:Choice><w:drawing/></mc:Choice><mc:Fallback><w:pict><w:t>ML</w:t></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
	said := func(name, at, words string) string {
		return `<w:p>` + picture + `<w:r><w:t>` + name + `</w:t></w:r><w:r><w:t xml:space="preserve">   ` + at + `</w:t></w:r><w:r><w:br/></w:r><w:r><w:t>` + words + `</w:t></w:r></w:p>`
	}
	got, err := document.Read("a.docx", docx(t, `<w:document xmlns:w="w" xmlns:mc="mc"><w:body>`+
		paragraph("Site meeting-20260312_100000-Meeting Recording")+paragraph("March 12, 2026, 10:00AM")+paragraph("35m 12s")+
		paragraph("Maria Lopez started transcription")+said("Maria Lopez", "0:03", "The slab is in.")+said("Tom Baker", "0:09", "Good.")+
		said("Maria Lopez", "1:02:03", "That is all.")+paragraph("Maria Lopez stopped transcription")+`</w:body></w:document>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"3000- Maria Lopez: The slab is in.", "9000- Tom Baker: Good.", "3723000- Maria Lopez: That is all."}
	if diff := cmp.Diff(want, shown(got)); diff != "" {
		t.Errorf("Read (-want +got):\n%s", diff)
	}
}

func TestWordsBesideSegmentsComeIntoThem(t *testing.T) {
	t.Parallel()
	got, err := document.Read("a.json", []byte(`{"task":"transcribe","language":"english","duration":3,"text":"The slab is in.",
		"words":[{"word":"The","start":0,"end":0.2},{"word":"slab","start":0.2,"end":0.9},{"word":"is","start":1.1,"end":1.2},{"word":"in","start":1.2,"end":1.5}],
		"segments":[{"id":0,"start":0,"end":1,"text":" The slab"},{"id":1,"start":1,"end":2,"text":" is in."}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range got.Segments {
		line := *s.Language + " " + s.Text + ":"
		for _, w := range s.Words {
			line += fmt.Sprintf(" %s@%d", w.Text, w.StartMS)
		}
		lines = append(lines, line)
	}
	if diff := cmp.Diff([]string{"en The slab: The@0 slab@200", "en is in.: is@1100 in@1200"}, lines); diff != "" {
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
		"a PDF":                       {[]byte("%PDF-1.7\n"), fault.Invalid},
		"an RTF document":             {[]byte(`{\rtf1 Ann: hi}`), fault.Invalid},
		"an old Word document":        {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), fault.Invalid},
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
	d.Typed, d.Translated = map[string]bool{"s1": true}, map[string]bool{"s1": true, "t1.1": true}
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
