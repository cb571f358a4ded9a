package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// Rate is the sample rate of decoded sound, in samples a second.
const Rate = 16_000

// longest is how much of a recording is taken, in seconds.
const longest = 12 * 3600

// Decoder decodes recordings.
type Decoder struct{ sandbox *sandbox.Sandbox }

// NewDecoder returns a decoder that works in the sandbox.
func NewDecoder(s *sandbox.Sandbox) *Decoder { return &Decoder{s} }

// Sound is decoded audio: 16 kHz, 16 bits little-endian, one channel, read once. After its end Peaks and Milliseconds
// describe all of it.
type Sound struct {
	out    *bufio.Reader
	cmd    *exec.Cmd
	cancel context.CancelFunc
	fed    chan error

	samples int64
	loud    peaks
	once    sync.Once
	closed  error
}

// Decode returns the sound of a recording. It fails with fault.Invalid and a sentence for what holds none.
func (d *Decoder) Decode(ctx context.Context, source io.ReaderAt, size int64) (*Sound, error) {
	head := make([]byte, min(4096, size))
	if _, err := source.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading the beginning of a recording: %w", err)
	}
	if _, err := d.Sniff(head); err != nil {
		return nil, err
	}
	kind := formats()[sniff(head)]
	input := io.Reader(io.NewSectionReader(source, 0, size))
	if kind.demuxer == "mov" {
		reordered, err := indexFirst(source, size)
		if err != nil {
			return nil, err
		}
		input = reordered
	}
	s, err := d.start(ctx, kind, input)
	if err != nil {
		return nil, err
	}
	if _, err := s.out.Peek(2); err != nil {
		return nil, errors.Join(silentFile(kind), s.Close())
	}
	return s, nil
}

func silentFile(kind format) error {
	return fault.Wrap(fault.Invalid, "There is no sound in this recording that can be read. It may be empty, damaged or protected. Export it again, as WAV or MP3.",
		fmt.Errorf("decoding %s gave nothing", kind.media))
}

func (d *Decoder) start(ctx context.Context, kind format, input io.Reader) (*Sound, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd, err := d.sandbox.Command(ctx, sandbox.Spec{Program: "ffmpeg", Args: []string{
		"-v", "quiet", "-nostdin", "-protocol_whitelist", "pipe", "-max_streams", "64", "-probesize", "10M", "-analyzeduration", "20M",
		"-f", kind.demuxer, "-i", "pipe:0", "-t", strconv.Itoa(longest + 1), "-vn", "-sn", "-dn", "-map", "0:a:0", "-map_metadata", "-1",
		"-ac", "1", "-ar", strconv.Itoa(Rate), "-f", "s16le", "pipe:1"}, Limits: sandbox.Limits{Memory: 1 << 30, Processes: 1}})
	if err != nil {
		cancel()
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("preparing the decoder: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("preparing the decoder: %w", err)
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("starting the decoder: %w", err)
	}
	s := &Sound{out: bufio.NewReaderSize(out, 1<<16), cmd: cmd, cancel: cancel, fed: make(chan error, 1)}
	go func() {
		_, err := io.Copy(in, input)
		_ = in.Close()
		s.fed <- err
	}()
	return s, nil
}

// Channels returns how many channels are interleaved.
func (s *Sound) Channels() int { return 1 }

// Read implements io.Reader. It fails with fault.TooLarge where the recording is longer than twelve hours.
func (s *Sound) Read(p []byte) (int, error) {
	if len(p) > 1 {
		p = p[:len(p)-len(p)%2]
	}
	n, err := io.ReadFull(s.out, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
		n -= n % 2
	}
	s.loud.add(p[:n])
	s.samples += int64(n / 2)
	if s.samples > longest*Rate {
		return 0, fault.New(fault.TooLarge, "This recording is longer than 12 hours. Cut it.")
	}
	return n, err
}

// Milliseconds returns the length of what was read.
func (s *Sound) Milliseconds() int64 { return s.samples * 1000 / Rate }

// Peaks returns the loudness of what was read in at most 2,000 equal stretches, each 0 to 255.
func (s *Sound) Peaks() []byte { return s.loud.shrunk(2000) }

// Close ends the decoder. It fails where the recording itself could not be read.
func (s *Sound) Close() error {
	s.once.Do(func() {
		s.cancel()
		fed := <-s.fed
		_ = s.cmd.Wait() // a decoder that was stopped, or met a damaged end, has said all it can by its sound
		if fault.Is(fed, fault.Internal) && isOurs(fed) {
			s.closed = fmt.Errorf("reading a recording for the decoder: %w", fed)
		}
	})
	return s.closed
}

// isOurs tells a failure to read the recording from a decoder that stopped reading it.
func isOurs(err error) bool {
	var known *fault.Error
	return errors.As(err, &known)
}

// peaks holds the loudest sample of each tenth of a second.
type peaks struct {
	all  []byte
	most int
	n    int
}

const peakSamples = Rate / 10

func (p *peaks) add(b []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		v := int(int16(uint16(b[i]) | uint16(b[i+1])<<8))
		p.most = max(p.most, v, -v)
		if p.n++; p.n == peakSamples {
			p.all = append(p.all, byte(min(p.most>>7, 255)))
			p.most, p.n = 0, 0
		}
	}
}

func (p *peaks) shrunk(most int) []byte {
	all := p.all
	if p.n > 0 {
		all = append(all[:len(all):len(all)], byte(min(p.most>>7, 255)))
	}
	if len(all) <= most {
		return all
	}
	out := make([]byte, most)
	for i, v := range all {
		at := i * most / len(all)
		out[at] = max(out[at], v)
	}
	return out
}
