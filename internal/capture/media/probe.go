package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"mainstay/internal/fault"
	"mainstay/internal/sandbox"
)

// About is what a recording's header says of it. Headers of streams say little, and any header may be wrong.
type About struct {
	Channels int        // of the first track of sound
	Seconds  float64    // how long it lasts, 0 where the header does not say
	Created  *time.Time // when it began, by the recorder's clock
}

// maxAbout bounds what the prober may say.
const maxAbout = 64 << 10

// probe asks ffprobe, in the sandbox, for the header of a recording.
func (d *Decoder) probe(ctx context.Context, kind format, input io.Reader, size int64) (About, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	args := append(reading(kind), "-select_streams", "a:0",
		"-show_entries", "stream=channels,bit_rate:format=duration:format_tags=creation_time,com.apple.quicktime.creationdate", "-of", "json")
	cmd, err := d.sandbox.Command(ctx, sandbox.Spec{Program: "ffprobe", Args: append(args, "-i", "pipe:0"), Limits: limits()})
	if err != nil {
		return About{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return About{}, fmt.Errorf("preparing the prober: %w", err)
	}
	fed := newFeeding(input)
	if err := feed(cmd, fed); err != nil {
		return About{}, err
	}
	said, err := io.ReadAll(io.LimitReader(out, maxAbout))
	cancel()
	<-fed.done
	_ = cmd.Wait() // what it found is what it said
	if err := errors.Join(err, fed.err); err != nil {
		return About{}, fmt.Errorf("looking into a recording: %w", err)
	}
	return about(said, kind, size)
}

// about reads the prober's answer. It fails with fault.Invalid where there is no sound.
func about(said []byte, kind format, size int64) (About, error) {
	var found struct {
		Streams []struct {
			Channels int    `json:"channels"`
			BitRate  string `json:"bit_rate"`
		} `json:"streams"`
		Format struct {
			Duration string `json:"duration"`
			Tags     struct {
				Created string `json:"creation_time"`
				Apple   string `json:"com.apple.quicktime.creationdate"`
			} `json:"tags"`
		} `json:"format"`
	}
	if json.Unmarshal(said, &found) != nil || len(found.Streams) == 0 || found.Streams[0].Channels < 1 {
		return About{}, noSound(kind)
	}
	a := About{Channels: found.Streams[0].Channels, Created: created(found.Format.Tags.Apple, found.Format.Tags.Created)}
	a.Seconds = number(found.Format.Duration)
	if rate := number(found.Streams[0].BitRate); kind.demuxer == "wav" && rate > 0 {
		a.Seconds = float64(size) * 8 / rate // recorders that crashed leave any length in the header
	}
	if a.Seconds > longest {
		return a, tooLong()
	}
	return a, nil
}

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) {
		return 0
	}
	return n
}

// created reads the first date that a recorder wrote. Clocks that were never set write the first second of their era.
func created(dates ...string) *time.Time {
	for _, date := range dates {
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700"} {
			if at, err := time.Parse(layout, date); err == nil && at.Year() >= 1990 {
				return &at
			}
		}
	}
	return nil
}

func noSound(kind format) error {
	return fault.Wrap(fault.Invalid, "There is no sound in this recording that can be read. It may be empty or damaged. Export it again, as WAV or MP3.",
		fmt.Errorf("decoding %s gave nothing", kind.media))
}

func tooLong() error {
	return fault.New(fault.TooLarge, "This recording is longer than 12 hours. Cut it.")
}
