package inference

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
)

// field is one field of a form. An empty value is left out.
type field struct{ name, value string }

// soundRequest is a form with fields and the sound as a WAV file. The file is written while it is sent: a request takes no
// memory beside the samples.
func soundRequest(ctx context.Context, url string, pcm []int16, fields []field) (*http.Request, error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, f := range fields {
		if f.value == "" {
			continue
		}
		if err := form.WriteField(f.name, f.value); err != nil {
			return nil, err
		}
	}
	if _, err := form.CreateFormFile("file", "sound.wav"); err != nil {
		return nil, err
	}
	b.Write(wavHeader(len(pcm)))
	head := bytes.Clone(b.Bytes())
	b.Reset()
	if err := form.Close(); err != nil {
		return nil, err
	}
	tail := b.Bytes()
	body := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(bytes.NewReader(head), &samples{rest: pcm}, bytes.NewReader(tail))), nil
	}
	first, _ := body()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, first)
	if err != nil {
		return nil, err
	}
	req.GetBody = body
	req.ContentLength = int64(len(head) + 2*len(pcm) + len(tail))
	req.Header.Set("Content-Type", form.FormDataContentType())
	// Asking twice does no harm: with this a connection that the server had closed meanwhile is not an error. It is not sent.
	req.Header["Idempotency-Key"] = nil
	return req, nil
}

// WAV returns sound as a WAV file: PCM, 16 bits, 16 kHz, mono.
func WAV(pcm []int16) []byte {
	b, _ := io.ReadAll(io.MultiReader(bytes.NewReader(wavHeader(len(pcm))), &samples{rest: pcm}))
	return b
}

func wavHeader(samples int) []byte {
	size := uint32(2 * samples)
	le := binary.LittleEndian
	h := le.AppendUint32([]byte("RIFF"), 36+size)
	h = le.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = le.AppendUint16(le.AppendUint16(h, 1), 1) // PCM, one channel
	h = le.AppendUint32(le.AppendUint32(h, Rate), 2*Rate)
	h = le.AppendUint16(le.AppendUint16(h, 2), 16)
	return le.AppendUint32(append(h, "data"...), size)
}

// samples reads as little-endian bytes.
type samples struct {
	rest []int16
	odd  []byte // what of a sample did not fit
}

func (s *samples) Read(p []byte) (int, error) {
	n := copy(p, s.odd)
	s.odd = s.odd[n:]
	for ; n+1 < len(p) && len(s.rest) > 0; n += 2 {
		binary.LittleEndian.PutUint16(p[n:], uint16(s.rest[0]))
		s.rest = s.rest[1:]
	}
	if n == 0 && len(s.rest) > 0 && len(p) == 1 {
		s.odd = binary.LittleEndian.AppendUint16(nil, uint16(s.rest[0]))
		s.rest = s.rest[1:]
		return s.Read(p)
	}
	if n == 0 && len(s.rest) == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// clips writes stretches as JSON; nil, which is everywhere, as nothing.
func clips(all []Clip) string {
	if all == nil {
		return ""
	}
	var b strings.Builder
	for i, c := range all {
		b.WriteString([]string{"[[", ",["}[min(i, 1)])
		b.WriteString(strconv.FormatFloat(c.Start, 'f', 3, 64))
		b.WriteByte(',')
		b.WriteString(strconv.FormatFloat(c.End, 'f', 3, 64))
		b.WriteByte(']')
	}
	if len(all) == 0 {
		b.WriteByte('[')
	}
	b.WriteByte(']')
	return b.String()
}
