package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// Rate is the sample rate of decoded sound, in samples a second.
const Rate = 16_000

const (
	longest   = 12 * 3600 // seconds of a recording that are taken
	probeTime = time.Minute
)

// Decoder decodes recordings.
type Decoder struct{ sandbox *sandbox.Sandbox }

// NewDecoder returns a decoder that works in the sandbox.
func NewDecoder(s *sandbox.Sandbox) *Decoder { return &Decoder{s} }

// Sound is decoded audio: 16 kHz, 16 bits little-endian, channels interleaved, read once. After its end Peaks and
// Milliseconds describe all of it.
type Sound struct {
	About
	out      *bufio.Reader
	cmd      *exec.Cmd
	cancel   context.CancelFunc
	fed      *feeding
	size     int64
	channels int

	samples int64 // of each channel
	loud    peaks
	once    sync.Once
	closed  error
}

// opened is a recording whose format is known and whose header was read.
type opened struct {
	About
	kind  format
	input func() io.Reader
	size  int64
}

// Look returns what a recording's header says. It fails as Decode does.
func (d *Decoder) Look(ctx context.Context, source io.ReaderAt, size int64) (About, error) {
	o, err := d.open(ctx, source, size)
	return o.About, err
}

// Decode returns the sound of a recording: with its channels, where each carries a speaker of its own, and mixed to one else.
// It fails with fault.Invalid or fault.TooLarge and a sentence for what cannot be taken.
func (d *Decoder) Decode(ctx context.Context, source io.ReaderAt, size int64) (*Sound, error) {
	o, err := d.open(ctx, source, size)
	if err != nil {
		return nil, err
	}
	channels := 1
	if o.Channels > 1 && o.Channels <= mostChannels {
		separate, err := d.separate(ctx, o)
		if err != nil {
			return nil, err
		}
		if separate {
			channels = o.Channels
		}
	}
	return d.start(ctx, o, channels)
}

func (d *Decoder) open(ctx context.Context, source io.ReaderAt, size int64) (opened, error) {
	head := make([]byte, min(4096, size))
	if _, err := source.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return opened{}, fmt.Errorf("reading the beginning of a recording: %w", err)
	}
	if _, err := d.Sniff(head); err != nil {
		return opened{}, err
	}
	o := opened{kind: formats()[sniff(head)], size: size, input: func() io.Reader { return io.NewSectionReader(source, 0, size) }}
	if o.kind.demuxer == "mov" {
		reordered, err := indexFirst(source, size)
		if err != nil {
			return o, err
		}
		o.input = reordered
	}
	var err error
	o.About, err = d.probe(ctx, o.kind, o.input(), size)
	return o, err
}

// separate hears the channels of a recording and decides whether they are speakers.
func (d *Decoder) separate(ctx context.Context, o opened) (bool, error) {
	s, err := d.start(ctx, o, o.Channels)
	if err != nil {
		return false, err
	}
	var heard Channels
	raw, sides := make([]byte, 2*Rate*o.Channels), make([][]int16, o.Channels)
	for !heard.Sure() {
		n, err := s.Read(raw)
		for c := range sides {
			sides[c] = sides[c][:0]
			for at := 2 * c; at+1 < n; at += 2 * o.Channels {
				sides[c] = append(sides[c], int16(uint16(raw[at])|uint16(raw[at+1])<<8))
			}
		}
		heard.Add(sides...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return false, errors.Join(err, s.Close())
		}
	}
	return heard.Separate(), s.Close()
}

// reading is how both programs are told to take a recording: from the pipe alone, as the one format that it was found to be.
func reading(kind format) []string {
	return []string{"-v", "quiet", "-protocol_whitelist", "pipe", "-max_streams", "64", "-probesize", "10M", "-analyzeduration", "20M", "-f", kind.demuxer}
}

func limits() sandbox.Limits { return sandbox.Limits{Memory: 1 << 30, Processes: 1} }

func (d *Decoder) start(ctx context.Context, o opened, channels int) (*Sound, error) {
	ctx, cancel := context.WithCancel(ctx)
	args := append([]string{"-nostdin"}, append(reading(o.kind), "-i", "pipe:0", "-t", strconv.Itoa(longest+1), "-vn", "-sn", "-dn", "-map", "0:a:0",
		"-map_metadata", "-1", "-ac", strconv.Itoa(channels), "-ar", strconv.Itoa(Rate), "-f", "s16le", "pipe:1")...)
	cmd, err := d.sandbox.Command(ctx, sandbox.Spec{Program: "ffmpeg", Args: args, Limits: limits()})
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, fmt.Errorf("preparing the decoder: %w", err)
	}
	s := &Sound{About: o.About, out: bufio.NewReaderSize(out, 1<<16), cmd: cmd, cancel: cancel, fed: newFeeding(o.input()), size: o.size, channels: channels,
		loud: peaks{channels: channels}}
	if err := feed(cmd, s.fed); err != nil {
		cancel()
		return nil, err
	}
	if _, err := s.out.Peek(2 * channels); err != nil {
		if err := s.Close(); err != nil {
			return nil, err
		}
		return nil, noSound(o.kind)
	}
	return s, nil
}

// feed starts a program and gives it the recording, until that ends or the program has enough.
func feed(cmd *exec.Cmd, input *feeding) error {
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("preparing a decoder: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a decoder: %w", err)
	}
	go func() {
		defer close(input.done)
		_, _ = io.Copy(in, input) // that a program has enough is no failure; that the recording cannot be read is in input
		_ = in.Close()
	}()
	return nil
}

// feeding is a recording on its way to a program.
type feeding struct {
	from io.Reader
	n    atomic.Int64 // bytes that were read
	done chan struct{}
	err  error // why the recording could not be read, once done
}

func newFeeding(from io.Reader) *feeding { return &feeding{from: from, done: make(chan struct{})} }

func (f *feeding) Read(p []byte) (int, error) {
	n, err := f.from.Read(p)
	f.n.Add(int64(n))
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = fmt.Errorf("reading a recording for the decoder: %w", err)
	}
	return n, err
}

// Channels returns how many channels are interleaved: one, or as many as there are speakers.
func (s *Sound) Channels() int { return s.channels }

// Expected returns how many seconds the recording lasts: as its header says, or else as the part of its bytes that was
// decoded tells; 0 where nothing tells yet.
func (s *Sound) Expected() float64 {
	if s.Seconds > 0 {
		return s.Seconds
	}
	fed := s.fed.n.Load()
	if fed == 0 {
		return 0
	}
	return float64(s.samples) / Rate * float64(s.size) / float64(fed)
}

// Read implements io.Reader. It fails with fault.TooLarge where the recording is longer than twelve hours, and with
// fault.Invalid where the decoder broke off: what it had decoded until then is not all of the recording.
func (s *Sound) Read(p []byte) (int, error) {
	width := 2 * s.channels
	if len(p) >= width {
		p = p[:len(p)-len(p)%width]
	}
	n, err := io.ReadFull(s.out, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
		n -= n % width
	}
	s.loud.add(p[:n])
	s.samples += int64(n / width)
	if s.samples > longest*Rate {
		return 0, tooLong()
	}
	if errors.Is(err, io.EOF) {
		if broken := s.end(); broken != nil {
			return 0, broken
		}
	}
	return n, err
}

// end waits for a decoder that has said all.
func (s *Sound) end() error {
	s.once.Do(func() {
		<-s.fed.done
		err := s.cmd.Wait()
		s.cancel()
		if s.closed = s.fed.err; s.closed == nil && killed(err) {
			s.closed = fault.Wrap(fault.Invalid, "The decoder broke off in the middle of this recording, which is damaged. Export it again, as WAV or MP3.", err)
		}
	})
	return s.closed
}

// killed tells a program that a signal ended from one that gave up on damaged input. Bubblewrap gives a signal's number as a
// status above 128, where newer ffmpegs have statuses of their own.
func killed(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	signals := []syscall.Signal{syscall.SIGILL, syscall.SIGTRAP, syscall.SIGABRT, syscall.SIGBUS, syscall.SIGFPE, syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGSYS}
	return exit.ExitCode() < 0 || slices.Contains(signals, syscall.Signal(exit.ExitCode()-128))
}

// Milliseconds returns the length of what was read.
func (s *Sound) Milliseconds() int64 { return s.samples * 1000 / Rate }

// Peaks returns the loudness of what was read in at most 2,000 equal stretches, each 0 to 255.
func (s *Sound) Peaks() []byte { return s.loud.shrunk(2000) }

// Close ends the decoder. It fails where the recording itself could not be read.
func (s *Sound) Close() error {
	s.once.Do(func() {
		s.cancel()
		<-s.fed.done
		_ = s.cmd.Wait() // it was stopped
		s.closed = s.fed.err
	})
	return s.closed
}

// peaks holds the loudest sample of each tenth of a second.
type peaks struct {
	channels int
	all      []byte
	most     int
	n        int
}

const peakSamples = Rate / 10

func (p *peaks) add(b []byte) {
	for i := 0; i+1 < len(b); i += 2 {
		v := int(int16(uint16(b[i]) | uint16(b[i+1])<<8))
		p.most = max(p.most, v, -v)
		if p.n++; p.n == peakSamples*p.channels {
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
