package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"mainstay/internal/capture/media"
	"mainstay/internal/fault"
)

// refused fails the test unless an error is one that a person is told by a sentence.
func refused(t *testing.T, err error, kinds ...fault.Kind) {
	t.Helper()
	for _, kind := range kinds {
		if fault.Is(err, kind) && strings.HasSuffix(fault.Sentence(err), ".") {
			return
		}
	}
	t.Errorf("%v, want a sentence and one of the kinds %v", err, kinds)
}

// TestPlaylistsReachNothing gives playlists that name a listener and a file. Bare ffmpeg, the control, reaches both.
func TestPlaylistsReachNothing(t *testing.T) {
	t.Parallel()
	d, folder := decoder(t), t.TempDir()
	canary := filepath.Join(folder, "canary.ts")
	if err := os.WriteFile(canary, encode(t, "a.ts", "-c:a", "aac"), 0o644); err != nil {
		t.Fatal(err)
	}
	url, reached := listener(t)
	hls := "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:2,\n%s\n#EXT-X-ENDLIST\n"
	concat := "ffconcat version 1.0\nfile %s\n"
	for name, list := range map[string]struct{ text, to string }{
		"HLS to a listener": {hls, url}, "HLS to a file": {hls, canary}, "concat to a listener": {concat, url}, "concat to a file": {concat, canary},
	} {
		text := fmt.Sprintf(list.text, list.to)
		path := filepath.Join(folder, strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		bare := []string{"-v", "quiet", "-nostdin", "-protocol_whitelist", "file,http,tcp", "-i", path, "-f", "s16le", "-"}
		if strings.HasPrefix(name, "concat") {
			bare = append([]string{"-f", "concat", "-safe", "0"}, bare...)
		}
		out, _ := exec.Command("ffmpeg", bare...).Output() // the listener answers nothing, which is a failure
		if (list.to == canary && len(out) < 100_000) || (list.to == url && len(reached) == 0) {
			t.Fatalf("%s: the control does not reach it: %d bytes, %d connections", name, len(out), len(reached))
		}
		for len(reached) > 0 {
			<-reached
		}
		for _, disguise := range []string{"", "RIFF....WAVE", "OggS", "ID3", "fLaC", "\x1a\x45\xdf\xa3", "\xff\xfb\x90\x64", "....ftypisom"} {
			ms, err := decode(t.Context(), d, []byte(disguise+text))
			if err == nil {
				t.Errorf("%s as %q: decoded to %d ms", name, disguise, ms)
				continue
			}
			refused(t, err, fault.Invalid)
		}
		if len(reached) > 0 {
			t.Errorf("%s: the listener was reached", name)
		}
	}
}

// listener notes connections to an address, which it then closes.
func listener(t *testing.T) (url string, reached chan struct{}) {
	t.Helper()
	reached = make(chan struct{}, 100)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			reached <- struct{}{}
			_ = conn.Close()
		}
	}()
	return "http://" + l.Addr().String() + "/x.ts", reached
}

func box(kind string, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// replaced returns a copy of a file with the first of one put for the other, which is as long.
func replaced(t *testing.T, file []byte, old, fresh string) []byte {
	t.Helper()
	if !bytes.Contains(file, []byte(old)) || len(old) != len(fresh) {
		t.Fatalf("there is no %q to replace", old)
	}
	return bytes.Replace(file, []byte(old), []byte(fresh), 1)
}

// counting returns a copy of a file in which the table of a kind claims to have a million entries.
func counting(t *testing.T, file []byte, table string, at int) []byte {
	t.Helper()
	out := bytes.Clone(file)
	i := bytes.Index(out, []byte(table))
	if i < 0 {
		t.Fatalf("there is no %s", table)
	}
	binary.BigEndian.PutUint32(out[i+at:], 1_000_000)
	return out
}

func noise(n int) []byte {
	random, b := rand.New(rand.NewPCG(7, 7)), make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// TestBrokenMediaAreRefused gives what holds no sound that can be read.
func TestBrokenMediaAreRefused(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	wav, m4a, mkv := encode(t, "a.wav"), encode(t, "a.m4a"), encode(t, "a.mkv", "-c:a", "libopus")
	stbl := func(body ...byte) []byte {
		return join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov", box("trak", box("mdia", box("minf", box("stbl", body...)...)...)...)...))
	}
	deep := box("stco")
	for range 20 {
		deep = box("trak", deep...)
	}
	for name, file := range map[string][]byte{
		"nothing":                          {},
		"one byte":                         {0xff},
		"text":                             []byte("hello"),
		"a web page":                       []byte("<!doctype html><title>Sign in</title>"),
		"a picture":                        []byte("\x89PNG\r\n\x1a\n"),
		"an archive":                       []byte("PK\x03\x04"),
		"a header alone":                   wav[:44],
		"half a header":                    wav[:20],
		"a header of another format":       join([]byte("OggS"), wav[4:]),
		"a WAV without its magic":          replaced(t, wav, "WAVE", "WAVX"),
		"an index that is missing":         m4a[:len(m4a)/2],
		"an index that was overwritten":    replaced(t, m4a, "moov", "mooz"),
		"an index without tracks":          replaced(t, m4a, "trak", "trax"),
		"a track without a description":    replaced(t, m4a, "stsd", "stsx"),
		"an atom of no length":             join(box("ftyp", 'i', 's', 'o', 'm'), []byte{0, 0, 0, 0}),
		"an index of no length":            join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov")),
		"a table of no length":             stbl(box("stco")...),
		"boxes of impossible size":         append(box("ftyp", 'M', '4', 'A', ' '), 0, 0, 0, 3, 'm', 'o', 'o', 'v'),
		"a box larger than any file":       append(box("ftyp", 'M', '4', 'A', ' '), 0, 0, 0, 1, 'm', 'o', 'o', 'v', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"ten thousand boxes":               append(box("ftyp"), bytes.Repeat(box("free"), 10_001)...),
		"boxes within boxes within boxes":  join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov", deep...)),
		"a compressed index":               join(box("ftyp", 'i', 's', 'o', 'm'), box("mdat", 1), box("moov", box("cmov")...)),
		"a table beyond its box":           stbl(box("stco", 0, 0, 0, 0, 255, 255, 255, 255)...),
		"a picture without sound":          encodeMute(t),
		"a Matroska header alone":          mkv[:60],
		"noise behind Ogg's magic":         append([]byte("OggS"), noise(100_000)...),
		"noise behind Matroska's magic":    append([]byte("\x1a\x45\xdf\xa3"), noise(100_000)...),
		"noise behind FLAC's magic":        append([]byte("fLaC"), noise(100_000)...),
		"noise behind an MP4's first box":  append(box("ftyp", 'i', 's', 'o', 'm'), noise(100_000)...),
		"zeros behind WAV's magic":         append([]byte("RIFF\xff\xff\xff\xffWAVE"), make([]byte, 100_000)...),
		"a WAV of no known coding":         join(wav[:20], []byte{0xfe, 0x7f}, wav[22:]),
		"a WAV without channels":           join(wav[:22], []byte{0, 0}, wav[24:]),
		"a WAV without a rate":             join(wav[:24], []byte{0, 0, 0, 0}, wav[28:]),
		"a WAV that begins with its end":   join(wav[:36], wav[len(wav)-8:]),
		"a length that is none":            join([]byte("fLaC\x80\xff\xff\xff"), noise(1000)),
		"an Ogg page that never ends":      join([]byte("OggS\x00\x02"), bytes.Repeat([]byte{0xff}, 100_000)),
		"Matroska elements without an end": append([]byte("\x1a\x45\xdf\xa3"), bytes.Repeat([]byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 10_000)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ms, err := decode(t.Context(), d, file)
			if err == nil {
				t.Fatalf("decoded to %d ms", ms)
			}
			refused(t, err, fault.Invalid)
		})
	}
}

// TestDamagedMediaAreDecodedAsFarAsTheyGo damages what can be read: it is decoded or refused with a sentence, never a crash
// of ours, and never longer than it was.
func TestDamagedMediaAreDecodedAsFarAsTheyGo(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	files := map[string][]byte{
		"wav": encode(t, "a.wav"), "mp3": encode(t, "a.mp3"), "flac": encode(t, "a.flac"), "opus": encode(t, "a.opus", "-c:a", "libopus"),
		"m4a": encode(t, "a.m4a"), "fragmented": encode(t, "a.mp4", "-movflags", "frag_keyframe+empty_moov"), "webm": encode(t, "a.webm", "-c:a", "libopus"),
	}
	damages := map[string]func([]byte, *rand.Rand) []byte{
		"cut in half":     func(b []byte, _ *rand.Rand) []byte { return b[:len(b)/2] },
		"cut at its end":  func(b []byte, _ *rand.Rand) []byte { return b[:len(b)-7] },
		"some bytes else": func(b []byte, r *rand.Rand) []byte { return scattered(b, r, 200) },
		"one bit else":    func(b []byte, r *rand.Rand) []byte { b[len(b)/3] ^= 1 << r.IntN(8); return b },
		"a hole of zeros": func(b []byte, _ *rand.Rand) []byte { clear(b[len(b)/3 : len(b)/2]); return b },
		"its header else": func(b []byte, r *rand.Rand) []byte { return append(scattered(b[:512:512], r, 20), b[512:]...) },
	}
	for format, file := range files {
		for name, damage := range damages {
			t.Run(format+" with "+name, func(t *testing.T) {
				t.Parallel()
				ms, err := decode(t.Context(), d, damage(bytes.Clone(file), rand.New(rand.NewPCG(1, uint64(len(name))))))
				if err != nil {
					refused(t, err, fault.Invalid, fault.TooLarge)
				}
				if ms > 60_000 && format != "wav" { // a WAV's rate may be damaged
					t.Errorf("two seconds became %d ms", ms)
				}
			})
		}
	}
}

func scattered(b []byte, r *rand.Rand, n int) []byte {
	for range n {
		b[r.IntN(len(b))] = byte(r.Uint32())
	}
	return b
}

// TestHeadersThatClaimMillions gives headers that count a million frames or entries where there is two seconds of sound.
func TestHeadersThatClaimMillions(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	wav, mp3, flac, m4a := encode(t, "a.wav"), encode(t, "a.mp3", "-q:a", "4"), encode(t, "a.flac"), encode(t, "a.m4a")
	first := encode(t, "a.m4a", "-movflags", "faststart")
	long := bytes.Clone(flac) // STREAMINFO's last 36 bits before the digest count the samples
	copy(long[21:26], []byte{long[21]&0xf0 | 0x0f, 0xff, 0xff, 0xff, 0xff})
	xing := bytes.Clone(mp3)
	at := max(bytes.Index(xing, []byte("Xing")), bytes.Index(xing, []byte("Info")))
	if at < 0 {
		t.Fatal("there is no Xing header")
	}
	binary.BigEndian.PutUint32(xing[at+8:], 1_000_000)
	for name, file := range map[string][]byte{
		"a million entries of sizes":              counting(t, m4a, "stsz", 12),
		"a million entries of times":              counting(t, m4a, "stts", 8),
		"a million chunks":                        counting(t, m4a, "stco", 8),
		"a million descriptions":                  counting(t, m4a, "stsd", 8),
		"a million runs":                          counting(t, m4a, "stsc", 8),
		"a million entries of sizes, index first": counting(t, first, "stsz", 12),
		"a million chunks, index first":           counting(t, first, "stco", 8),
		"a million frames of MP3":                 xing,
		"all samples that FLAC can count":         long,
		"a million bytes a frame":                 join(wav[:32], []byte{0x40, 0x42}, wav[34:]),
		"sixty thousand channels":                 join(wav[:22], []byte{0x60, 0xea}, wav[24:]),
		"four billion samples a second":           join(wav[:24], []byte{0xff, 0xff, 0xff, 0xff}, wav[28:]),
		"four gigabytes of WAV":                   join(wav[:4], []byte{0xff, 0xff, 0xff, 0xff}, wav[8:40], []byte{0xff, 0xff, 0xff, 0xff}, wav[44:]),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ms, err := decode(t.Context(), d, file)
			if err != nil {
				refused(t, err, fault.Invalid, fault.TooLarge)
			} else if ms > 10_000 {
				t.Errorf("two seconds became %d ms", ms)
			}
		})
	}
}

// TestProtectedSoundIsRefused encrypts by Common Encryption, with the index first and last, and as shops sell music.
func TestProtectedSoundIsRefused(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	keys := []string{"-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8"}
	for name, file := range map[string][]byte{
		"encrypted":              encode(t, "a.mp4", keys...),
		"encrypted, index first": encode(t, "a.mp4", append(keys, "-movflags", "faststart")...),
		"sold":                   replaced(t, encode(t, "a.m4a"), "mp4a", "drms"),
	} {
		_, err := decode(t.Context(), d, file)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(fault.Sentence(err), "protected") {
			t.Errorf("%s: %v, want a sentence that says so", name, err)
		}
	}
}

// hours is a WAV file of silence that is in no memory.
type hours struct {
	head []byte
	size int64
}

// silence has 8,000 samples a second of one byte. What its header says may differ from what there is.
func silence(seconds, said int64) hours {
	le := binary.LittleEndian
	h := le.AppendUint32([]byte("RIFF"), uint32(36+said*8000))
	h = le.AppendUint32(append(h, "WAVEfmt "...), 16)
	h = le.AppendUint16(le.AppendUint16(h, 1), 1)
	h = le.AppendUint32(le.AppendUint32(h, 8000), 8000)
	h = le.AppendUint16(le.AppendUint16(h, 1), 8)
	h = le.AppendUint32(append(h, "data"...), uint32(said*8000))
	return hours{h, int64(len(h)) + seconds*8000}
}

func (h hours) ReadAt(p []byte, at int64) (int, error) {
	n := int(min(int64(len(p)), h.size-at))
	for i := range max(n, 0) {
		p[i] = 128
	}
	if at < int64(len(h.head)) {
		copy(p[:n], h.head[at:])
	}
	if n < len(p) {
		return max(n, 0), io.EOF
	}
	return n, nil
}

func TestTooLongIsRefused(t *testing.T) {
	t.Parallel()
	d := decoder(t)
	day := silence(13*3600, 13*3600)
	if _, err := d.Decode(t.Context(), day, day.size); !fault.Is(err, fault.TooLarge) {
		t.Errorf("thirteen hours by the header: %v, want fault.TooLarge before anything is decoded", err)
	}
	quiet := sound(t, "a.flac", "-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "43260", "-c:a", "flac", "-compression_level", "0", "-frame_size", "32768")
	clear(quiet[22:26]) // as recorders write that do not know the length
	quiet[21] &= 0xf0
	s := open(t, quiet)
	if _, err := io.Copy(io.Discard, s); !fault.Is(err, fault.TooLarge) {
		t.Errorf("twelve hours and a minute without a length: %v after %d ms, want fault.TooLarge", err, s.Milliseconds())
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	short := silence(60, 100*3600)
	if s, err := d.Decode(t.Context(), short, short.size); err != nil || int(s.Expected()) != 60 || s.Close() != nil {
		t.Errorf("a minute whose header says a hundred hours: %v", err)
	}
}

// TestMemoryIsBounded decodes four hours: what this process holds does not grow with them.
func TestMemoryIsBounded(t *testing.T) {
	long := silence(4*3600, 4*3600)
	s, err := decoder(t).Decode(t.Context(), long, long.size)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if _, err := io.Copy(io.Discard, s); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 8<<20 {
		t.Errorf("%d MB were kept", grown>>20)
	}
	if ms := s.Milliseconds(); ms != 4*3600*1000 {
		t.Errorf("%d ms", ms)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

var errStore = errors.New("the store is gone")

// failing is a recording whose store fails behind a place.
type failing struct {
	io.ReaderAt
	from int64
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if at+int64(len(p)) > f.from {
		return 0, errStore
	}
	return f.ReaderAt.ReadAt(p, at)
}

// TestAStoreThatFailsIsNoEndOfARecording reads a recording whose second half cannot be read now.
func TestAStoreThatFailsIsNoEndOfARecording(t *testing.T) {
	t.Parallel()
	d, long := decoder(t), silence(3600, 3600)
	s, err := d.Decode(t.Context(), failing{long, long.size / 2}, long.size)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, s)
	if !errors.Is(err, errStore) || !errors.Is(s.Close(), errStore) {
		t.Errorf("reading ended with %v, closing with %v; want the store's error", err, s.Close())
	}
	if _, err := d.Decode(t.Context(), failing{long, 10}, long.size); !errors.Is(err, errStore) {
		t.Errorf("Decode = %v, want the store's error", err)
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

// TestChannelsAreKeptWhereTheyAreSpeakers gives a call with a voice on each side, and the same voice on both.
func TestChannelsAreKeptWhereTheyAreSpeakers(t *testing.T) {
	t.Parallel()
	turns := "aevalsrc='0.3*sin(2*PI*220*t)*lt(mod(t,8),4)|0.3*sin(2*PI*330*t)*gte(mod(t,8),4):s=44100:d=40'"
	for name, c := range map[string]struct {
		source string
		want   int
	}{
		"a call":           {turns, 2},
		"a mix":            {"sine=frequency=220:duration=40", 1},
		"three side tones": {"aevalsrc='0.3*sin(2*PI*220*t)*lt(mod(t,9),3)|0.3*sin(2*PI*330*t)*between(mod(t,9),3,6)|0.3*sin(2*PI*440*t)*gt(mod(t,9),6):s=16000:d=40'", 3},
	} {
		args := []string{"-filter_complex", c.source, "-c:a", "flac"}
		if c.want == 1 {
			args = append(args, "-ac", "2")
		}
		s := open(t, sound(t, "a.flac", args...))
		n, err := io.Copy(io.Discard, s)
		if err != nil || s.Channels() != c.want || s.Milliseconds() != 40_000 || n != int64(40*media.Rate*2*c.want) || len(s.Peaks()) != 400 {
			t.Errorf("%s: %d channels, %d ms, %d bytes, %d peaks, %v; want %d channels", name, s.Channels(), s.Milliseconds(), n, len(s.Peaks()), err, c.want)
		}
	}
}

// sound makes a file with ffmpeg from a source of its own.
func sound(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if out, err := exec.Command("ffmpeg", append(append([]string{"-v", "error"}, args...), path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, file []byte) *media.Sound {
	t.Helper()
	s, err := decoder(t).Decode(t.Context(), bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
