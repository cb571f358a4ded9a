package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mainstay/internal/capture/media"
	"mainstay/internal/sandbox"
)

func decoder(t testing.TB) *media.Decoder {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return media.NewDecoder(s)
}

// encode makes two seconds of a tone with ffmpeg, with the arguments that choose the encoding.
func encode(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=2:sample_rate=44100"}, args...)
	if out, err := exec.Command("ffmpeg", append(all, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode returns how many milliseconds a file has.
func decode(ctx context.Context, d *media.Decoder, file []byte) (int64, error) {
	s, err := d.Decode(ctx, bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, s)
	return s.Milliseconds(), errors.Join(err, s.Close())
}

func TestWhatPhonesAndRecordersWriteIsDecoded(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	video := []string{"-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=2", "-map", "1:v", "-map", "0:a", "-c:v", "mpeg4"}
	for name, args := range map[string][]string{
		"a.wav": nil, "a.mp3": nil, "a.flac": nil, "a.ogg": {"-c:a", "libvorbis"}, "a.opus": {"-c:a", "libopus"}, "a.webm": {"-c:a", "libopus"},
		"a.mkv": nil, "index at the end.m4a": nil, "index first.m4a": {"-movflags", "faststart"}, "sound in the second track.mov": video,
		"fragmented.mp4": {"-movflags", "frag_keyframe+empty_moov"}, "stereo.wav": {"-ac", "2"}, "telephone.wav": {"-ar", "8000", "-c:a", "pcm_mulaw"},
		"a.aac": nil, "big.w64.wav": {"-f", "wav", "-rf64", "always"}, "surround.flac": {"-ac", "6"}, "index first.mov": append(video, "-movflags", "faststart"),
		"sound in the second track.mkv": video, "a picture before sound.m4a": append(video, "-t", "2"), "twenty-four bits.wav": {"-c:a", "pcm_s24le"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ms, err := decode(t.Context(), d, encode(t, strings.ReplaceAll(name, " ", "-"), args...))
			if err != nil || ms < 1900 || ms > 2200 {
				t.Errorf("decoded to %d ms, %v; want about 2000", ms, err)
			}
		})
	}
}

// TestAnIndexMovesWithWideOffsets makes of a phone's file, index at the end, one as large files are: a 64-bit length of the
// sound, whose header takes the place of the empty box before it.
func TestAnIndexMovesWithWideOffsets(t *testing.T) {
	t.Parallel()
	file := encode(t, "a.m4a")
	at := bytes.Index(file, []byte("mdat")) - 4
	if string(file[at-4:at]) != "free" {
		t.Fatal("there is no empty box before the sound")
	}
	size := uint64(binary.BigEndian.Uint32(file[at:])) + 8
	binary.BigEndian.PutUint32(file[at-8:], 1)
	copy(file[at-4:], "mdat")
	binary.BigEndian.PutUint64(file[at:], size)
	if ms, err := decode(t.Context(), decoder(t), file); err != nil || ms < 1900 || ms > 2200 {
		t.Errorf("decoded to %d ms, %v; want about 2000", ms, err)
	}
}

func TestHeadersSayWhenAndHowLong(t *testing.T) {
	t.Parallel()
	d, at := decoder(t), time.Date(2026, 3, 12, 14, 30, 0, 0, time.UTC)
	stamp := []string{"-ac", "2", "-metadata", "creation_time=2026-03-12T14:30:00Z"}
	for name, c := range map[string]struct {
		args    []string
		seconds float64
		created *time.Time
	}{
		"a.m4a": {stamp, 2, &at}, "b.mov": {stamp, 2, &at}, "c.mkv": {stamp, 2, &at},
		"d.wav": {[]string{"-ac", "2"}, 2, nil}, "e.flac": {[]string{"-ac", "2"}, 2, nil}, "f.ogg": {[]string{"-ac", "2", "-c:a", "libvorbis"}, 0, nil},
	} {
		file := encode(t, name, c.args...)
		about, err := d.Look(t.Context(), bytes.NewReader(file), int64(len(file)))
		if err != nil || about.Channels != 2 || about.Seconds < c.seconds-0.1 || about.Seconds > c.seconds+0.2 {
			t.Errorf("%s: %+v, %v", name, about, err)
		}
		if (about.Created == nil) != (c.created == nil) || about.Created != nil && !about.Created.Equal(*c.created) {
			t.Errorf("%s: made at %v, want %v", name, about.Created, c.created)
		}
	}
}

// half gives the first half of a file and holds the rest back.
type half struct {
	file          []byte
	reached, rest chan struct{}
	once          sync.Once
}

func (h *half) ReadAt(p []byte, at int64) (int, error) {
	if left := int64(len(h.file)/2) - at; left > 0 {
		return copy(p[:min(int64(len(p)), left)], h.file[at:]), nil
	}
	h.once.Do(func() { close(h.reached) })
	<-h.rest
	return bytes.NewReader(h.file).ReadAt(p, at)
}

// TestWithoutALengthTheBytesTell reads nearly half of a stream whose header says nothing, when half of its bytes were given. How
// far the decoder reads ahead of what it gave plays no part.
func TestWithoutALengthTheBytesTell(t *testing.T) {
	t.Parallel()
	file := sound(t, "a.ogg", "-f", "lavfi", "-i", "anoisesrc=d=600:r=16000:a=0.1", "-c:a", "libvorbis")
	h := &half{file: file, reached: make(chan struct{}), rest: make(chan struct{})}
	s, err := decoder(t).Decode(t.Context(), h, int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	t.Cleanup(func() { close(h.rest) })
	if _, err := io.CopyN(io.Discard, s, 290*media.Rate*2); err != nil {
		t.Fatal(err)
	}
	<-h.reached
	if got := s.Expected(); got < 575 || got > 585 {
		t.Errorf("after 290 of 600 s and half of the bytes the length is told as %.0f s", got)
	}
}

func TestPeaksShowTheLoudness(t *testing.T) {
	t.Parallel()
	file := encode(t, "a.wav", "-af", "volume='if(lt(t,1),0,0.9)':eval=frame")
	s, err := decoder(t).Decode(t.Context(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s); err != nil {
		t.Fatal(err)
	}
	peaks := s.Peaks()
	if len(peaks) != 20 || peaks[3] > 2 || peaks[15] < 10 {
		t.Errorf("Peaks() = %v, want quiet, then loud", peaks)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add(encode(f, "a.m4a"))
	d := decoder(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // the index alone is looked at: no decoder starts
		_, _ = d.Decode(ctx, bytes.NewReader(b), int64(len(b)))
	})
}
