package document_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"mainstay/internal/document"
)

// sane fails unless a transcript keeps what every reader of one relies on, and its renderings can be read again.
func sane(t *testing.T, got document.Transcript) {
	t.Helper()
	speakers := map[string]bool{}
	for _, s := range got.Speakers {
		if speakers[s.ID] || s.Name != nil && strings.TrimSpace(*s.Name) == "" {
			t.Errorf("speaker %+v", s)
		}
		speakers[s.ID] = true
	}
	for i, s := range got.Segments {
		if strings.TrimSpace(s.Text) == "" || s.ID != fmt.Sprint(i+1) || s.Speaker != nil && !speakers[*s.Speaker] {
			t.Errorf("segment %d is %+v", i, s)
		}
		if s.StartMS != nil && *s.StartMS < 0 || s.EndMS != nil && (s.StartMS == nil || *s.EndMS < *s.StartMS) {
			t.Errorf("segment %d has the times %v to %v", i, s.StartMS, s.EndMS)
		}
	}
	for name, text := range map[string]string{"a.vtt": got.VTT(), "a.srt": got.SRT()} {
		if !strings.Contains(text, "-->") {
			continue
		}
		// What looks like markup or a bare name is read as such and not as words.
		if _, err := document.Read(name, []byte(text)); err != nil && !strings.Contains(err.Error(), "Nobody says") {
			t.Errorf("%s cannot be read again: %v:\n%s", name, err, text)
		}
	}
}

func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := document.Read(name, b); err == nil {
			sane(t, got)
		}
	})
}

func FuzzVTT(f *testing.F) {
	fuzz(f, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi</v>", "WEBVTT\n\nNOTE x\n\n1\n00:00:01.000 --> 00:00:02.000 align:start\nAnn: Hi\nBob: Ho",
		"WEBVTT\n\n99999999:00.000 --> 99999999:00.000\n<v >&lt;</v>")
}

func FuzzSRT(f *testing.F) {
	fuzz(f, "a.srt", "1\n00:00:01,000 --> 00:00:02,000\nAnn: Hi\n\n2\n00:00:03,000 --> 00:00:04,000\n<i>Ho</i>")
}

func FuzzText(f *testing.F) {
	fuzz(f, "a.txt", "Ann: hi\nBob: ho", "[00:01:02] Ann: hi\n[00:01:03] Bob: ho", "Ann  0:03\nhi\nBob  0:09\nho", "Ann [0:01]: hi\nBob (0:02) ho", "00:00:00\nAnn: hi\nBob: ho\n00:05:00\nAnn: so",
		"0:0:0.0 --> 0:0:2.4\nAnn\nhi", "[00:00.000 --> 00:02.000] hi", "\xff\xfeA\x00:\x00 \x00h\x00", "Zo\xeb: \x93hi\x94", "We met.\n\nThe fence moves.")
}

func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `{"segments":[{"text":"a","start":1,"end":2,"speaker":"A"}],"words":[{"word":"a","start":1,"end":2}],"language":"english"}`, `[{"text":"a","start":1,"speaker":3}]`,
		`{"format":"mainstay.minutes/1","transcript":{"engine":{"name":"x"},"speakers":[{"id":"s9","name":"Ann"}],"turns":[],"segments":[{"id":"7","speaker":"s9","start_ms":5,"end_ms":9,"text":"Yes."}]}}`)
}

// FuzzDOCX gives the reader well-formed archives, so that what is tried is the document in them.
func FuzzDOCX(f *testing.F) {
	f.Add([]byte(`<w:document xmlns:w="w"><w:body><w:p><w:r><w:t>Ann   0:03</w:t><w:br/><w:t>Hi.</w:t></w:r></w:p></w:body></w:document>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><w:document>&a;</w:document>`))
	f.Fuzz(func(t *testing.T, xml []byte) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.Create("word/document.xml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(xml); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := document.Read("a.docx", b.Bytes()); err == nil {
			sane(t, got)
		}
	})
}

// FuzzRead lets the bytes decide what they are.
func FuzzRead(f *testing.F) {
	fuzz(f, "", "WEBVTT\n\n00:01.000 --> 00:02.000\nHi", "1\n00:00:01,000 --> 00:00:02,000\nHi", "Ann: hi\nBob: ho", `{"text":"a"}`, "PK\x03\x04", "%PDF-", `{\rtf1}`)
}
