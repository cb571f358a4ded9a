package media_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
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
		"fragmented.mp4": {"-movflags", "frag_keyframe+empty_moov"}, "stereo.wav": {"-ac", "2"}, "telephone.wav": {"-ar", "8000"},
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

func TestBrokenMediaGetASentence(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	wav, m4a, mp3 := encode(t, "a.wav"), encode(t, "a.m4a"), encode(t, "a.mp3")
	box := func(kind string, body ...byte) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
		return append(append(b, kind...), body...)
	}
	mute := encodeMute(t)
	for name, file := range map[string][]byte{
		"nothing":                     {},
		"text":                        []byte("hello"),
		"a picture":                   []byte("\x89PNG\r\n\x1a\n"),
		"a header alone":              wav[:44],
		"an index that is missing":    m4a[:len(m4a)/2],
		"boxes of impossible size":    append(box("ftyp", 'M', '4', 'A', ' '), 0, 0, 0, 3, 'm', 'o', 'o', 'v'),
		"ten thousand boxes":          append(box("ftyp"), bytes.Repeat(box("free"), 10_001)...),
		"a compressed index":          join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov", box("cmov")...)),
		"a table beyond its box":      join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov", box("trak", box("mdia", box("minf", box("stbl", box("stco", 0, 0, 0, 0, 255, 255, 255, 255)...)...)...)...)...)),
		"a picture without sound":     mute,
		"noise behind a known header": append([]byte("OggS"), noise(100_000)...),
		"noise behind another":        append([]byte("\x1a\x45\xdf\xa3"), noise(100_000)...),
		"noise behind a third":        append([]byte("fLaC"), noise(100_000)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if ms, err := decode(t.Context(), d, file); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("decoded to %d ms, %v; want fault.Invalid", ms, err)
			}
		})
	}
	for i := range 20 { // damaged in the middle: decoded as far as it goes, or refused, never a crash of ours
		t.Run("damaged", func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(1, uint64(i)))
			file := bytes.Clone([][]byte{wav, m4a, mp3}[i%3])
			for range 200 {
				file[random.IntN(len(file))] = byte(random.Uint32())
			}
			if _, err := decode(t.Context(), d, file); err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%v, want fault.Invalid or nothing", err)
			}
		})
	}
}

func encodeMute(t testing.TB) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mute.mp4")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=1", "-c:v", "mpeg4", path).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func noise(n int) []byte {
	random, b := rand.New(rand.NewPCG(7, 7)), make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// TestPlaylistsReachNothing gives playlists that name a listener and a file. Bare ffmpeg, the control, reaches both.
func TestPlaylistsReachNothing(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	canary := filepath.Join(t.TempDir(), "canary.wav")
	if err := os.WriteFile(canary, encode(t, "a.wav"), 0o644); err != nil {
		t.Fatal(err)
	}
	reached := make(chan struct{}, 100)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			reached <- struct{}{}
			_ = conn.Close()
		}
	}()
	url := "http://" + listener.Addr().String() + "/x.ts"
	for name, text := range map[string]string{
		"HLS to a listener":    "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n" + url + "\n#EXT-X-ENDLIST\n",
		"concat to a file":     "ffconcat version 1.0\nfile '" + canary + "'\n",
		"concat to a listener": "ffconcat version 1.0\nfile '" + url + "'\n",
	} {
		path := filepath.Join(t.TempDir(), "list")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command("ffmpeg", "-v", "error", "-safe", "0", "-protocol_whitelist", "file,http,tcp", "-allowed_extensions", "ALL", "-i", path, "-f", "s16le", "-").Output()
		bare := len(out) > 0 || len(reached) > 0
		for len(reached) > 0 {
			<-reached
		}
		if !bare {
			t.Logf("%s: the control did not reach it", name)
		}
		for _, disguise := range []string{"", "RIFF....WAVE", "OggS", "ID3", "....ftypisom"} {
			if ms, err := decode(t.Context(), d, []byte(disguise+text)); err == nil {
				t.Errorf("%s as %q: decoded to %d ms", name, disguise, ms)
			}
			if len(reached) > 0 {
				t.Errorf("%s as %q: the listener was reached", name, disguise)
			}
		}
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
