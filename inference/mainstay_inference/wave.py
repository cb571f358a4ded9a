"""Reads the one form of audio that the program takes: WAV, PCM 16 bit, 16 kHz, mono."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

RATE = 16000
MAX_SECONDS = 30 * 60
MAX_BYTES = MAX_SECONDS * RATE * 2

Floats = NDArray[np.float32]

_PCM = 1
_EXTENSIBLE = 0xFFFE
_PCM_SUBFORMAT = bytes.fromhex("0100000000001000800000aa00389b71")


class Unsupported(Exception):
    """The bytes are not WAV, PCM 16 bit, 16 kHz, mono."""


class TooLong(Exception):
    """The recording is longer than thirty minutes."""


class Recording:
    """Samples as they came; floats are made only for the stretch that is asked for."""

    def __init__(self, samples: NDArray[np.int16]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return len(self._samples) / RATE

    def floats(self, start: int = 0, end: int | None = None) -> Floats:
        """Returns the samples from start to end, clipped to the recording, in [-1, 1]."""
        part = self._samples[max(0, start) : end]
        return part.astype(np.float32) / np.float32(32768)

    def cut(self, start: float, end: float) -> Floats:
        """Returns the stretch between two times in seconds."""
        return self.floats(round(start * RATE), round(end * RATE))


def parse(data: bytes | memoryview) -> Recording:
    """Returns the recording in data. A length that a streaming writer left open is allowed.

    Raises Unsupported for another format and TooLong beyond thirty minutes.
    """
    view = memoryview(data)
    if len(view) < 12 or bytes(view[:4]) != b"RIFF" or bytes(view[8:12]) != b"WAVE":
        raise Unsupported("the file is not WAV")
    position, described = 12, False
    while position + 8 <= len(view):
        kind, size = bytes(view[position : position + 4]), _uint32(view, position + 4)
        content = view[position + 8 : position + 8 + size]
        if kind == b"fmt ":
            _check_format(bytes(content))
            described = True
        if kind == b"data":
            if not described:
                raise Unsupported("the samples come before their format")
            return _recording(content)
        position += 8 + size + size % 2
    raise Unsupported("the file holds no samples")


def _uint32(view: memoryview, position: int) -> int:
    return int.from_bytes(view[position : position + 4], "little")


def _check_format(chunk: bytes) -> None:
    if len(chunk) < 16:
        raise Unsupported("the format is cut short")
    code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if code == _EXTENSIBLE and chunk[24:40] == _PCM_SUBFORMAT:
        code = _PCM
    if (code, channels, rate, bits) != (_PCM, 1, RATE, 16):
        raise Unsupported(
            f"want PCM 16 bit, 16000 Hz, 1 channel; got format {code}, "
            f"{bits} bit, {rate} Hz, {channels} channels"
        )


def _recording(content: memoryview) -> Recording:
    if len(content) > MAX_BYTES:
        raise TooLong("the recording is longer than 30 minutes")
    whole = len(content) - len(content) % 2
    return Recording(np.frombuffer(content[:whole], dtype="<i2"))
