from __future__ import annotations

import numpy as np
import pytest

from mainstay_inference import wave

from . import audio

PCM = audio.samples(0.1).tobytes()
EXTENSIBLE = b"\x16\x00\x10\x00\x04\x00\x00\x00" + bytes.fromhex("0100000000001000800000aa00389b71")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(audio.wav(PCM), id="a plain file"),
        pytest.param(audio.wav(PCM, size=0xFFFFFFFF), id="a length left open by a stream"),
        pytest.param(audio.wav(PCM, code=0xFFFE, extra=EXTENSIBLE), id="the extensible format"),
        pytest.param(audio.wav(PCM + b"\x01", size=len(PCM) + 1), id="half a sample at the end"),
    ],
)
def test_reads(data: bytes) -> None:
    recording = wave.parse(data)
    assert recording.duration == pytest.approx(0.1)
    np.testing.assert_array_equal(recording.floats() * 32768, np.frombuffer(PCM, "<i2"))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"OggS" + bytes(60), id="another container"),
        pytest.param(audio.wav(PCM, rate=44100), id="another rate"),
        pytest.param(audio.wav(PCM, channels=2), id="two channels"),
        pytest.param(audio.wav(PCM, bits=8), id="8 bits"),
        pytest.param(audio.wav(PCM, code=3), id="floats"),
        pytest.param(audio.wav(PCM)[:36], id="no samples"),
        pytest.param(audio.wav(PCM)[:30], id="a format cut short"),
        pytest.param(b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", id="samples without a format"),
    ],
)
def test_refuses(data: bytes) -> None:
    with pytest.raises(wave.Unsupported):
        wave.parse(data)


def test_thirty_minutes_are_read_and_more_is_too_long() -> None:
    assert wave.parse(audio.wav(bytes(wave.MAX_BYTES))).duration == 1800
    with pytest.raises(wave.TooLong):
        wave.parse(audio.wav(bytes(wave.MAX_BYTES + 2)))


def test_any_cut_or_damage_is_read_or_refused() -> None:
    random, good = np.random.default_rng(2), audio.wav(PCM)
    for _ in range(500):
        damaged = bytearray(good[: random.integers(len(good))])
        if damaged:
            damaged[random.integers(min(60, len(damaged)))] = random.integers(256)
        try:
            wave.parse(bytes(damaged))
        except wave.Unsupported:
            continue


def test_a_stretch_is_clipped_to_the_recording() -> None:
    recording = wave.Recording(np.arange(16000, dtype=np.int16))
    assert len(recording.cut(0.5, 2.0)) == 8000
    assert len(recording.cut(-1.0, 0.25)) == 4000
