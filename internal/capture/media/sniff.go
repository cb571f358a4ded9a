// Package media looks into recordings. It tells what a file is by its bytes, and decodes it to 16 kHz samples with ffmpeg in
// a sandbox: no network, no file, one pinned format, bounded memory. The file itself never lies in the clear on a disk: its
// bytes go in by a pipe, and the index that most phones write at a recording's end is moved to the front on the way.
package media

import (
	"bytes"

	"mainstay/internal/fault"
)

// format is a kind of recording that is taken, and ffmpeg's name for how it is read.
type format struct {
	media   string
	demuxer string
}

func formats() map[string]format {
	return map[string]format{
		"wav": {"audio/wav", "wav"}, "mp3": {"audio/mpeg", "mp3"}, "mp4": {"audio/mp4", "mov"}, "mov": {"video/quicktime", "mov"},
		"ogg": {"audio/ogg", "ogg"}, "webm": {"video/webm", "matroska"}, "mkv": {"video/x-matroska", "matroska"}, "flac": {"audio/flac", "flac"},
		"aac": {"audio/aac", "aac"},
	}
}

// sniff names the format of a file by its first bytes, "" where it is none that is taken.
func sniff(head []byte) string {
	at := func(i int, magic string) bool {
		return len(head) >= i+len(magic) && string(head[i:i+len(magic)]) == magic
	}
	switch {
	case (at(0, "RIFF") || at(0, "RF64")) && at(8, "WAVE"):
		return "wav"
	case at(4, "ftypqt"), at(4, "moov"), at(4, "mdat"), at(4, "wide"), at(4, "free"):
		return "mov"
	case at(4, "ftyp"):
		return "mp4"
	case at(0, "OggS"):
		return "ogg"
	case at(0, "fLaC"):
		return "flac"
	case at(0, "\x1a\x45\xdf\xa3"):
		if bytes.Contains(head, []byte("webm")) {
			return "webm"
		}
		return "mkv"
	case at(0, "ID3"), len(head) > 2 && head[0] == 0xff && head[1]&0xe0 == 0xe0 && head[1]&0x06 != 0:
		return "mp3"
	case len(head) > 2 && head[0] == 0xff && head[1]&0xf6 == 0xf0:
		return "aac"
	}
	return ""
}

// Sniff returns the media type of a file by its first bytes. It fails with fault.Invalid for what is no recording.
func (d *Decoder) Sniff(head []byte) (string, error) {
	name := sniff(head)
	if name == "" {
		return "", fault.New(fault.Invalid, "This is no recording that can be read. Choose a WAV, MP3, M4A, MP4, MOV, OGG, Opus, WebM, MKV or FLAC file.")
	}
	return formats()[name].media, nil
}
