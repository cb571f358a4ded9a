"""Filter-bank features as Kaldi computes them, for the speaker embedding network.

80 mel bins from 20 Hz to 8 kHz, frames of 25 ms every 10 ms, no dither, Povey
window, pre-emphasis 0.97, samples in the 16-bit range. Frames that would reach
past the end are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 80
HOP = 160
WIDTH = 400
FRAMES_PER_SECOND = 100
_FFT = 512
_RATE = 16000
_LOW_HZ = 20.0
_BLOCK = 4096

Floats = NDArray[np.float32]


def frame_count(samples: int) -> int:
    """Returns how many whole frames lie in that many samples."""
    return 0 if samples < WIDTH else 1 + (samples - WIDTH) // HOP


class FilterBank:
    """The window and the mel triangles, computed once."""

    def __init__(self) -> None:
        position = np.arange(WIDTH) / (WIDTH - 1)
        self._window = ((0.5 - 0.5 * np.cos(2 * np.pi * position)) ** 0.85).astype(np.float32)
        self._triangles = _mel_triangles()

    def __call__(self, samples: Floats) -> Floats:
        """Returns log energies (frames, 80) of samples in [-1, 1]; no mean is subtracted."""
        count = frame_count(len(samples))
        result = np.empty((count, BINS), dtype=np.float32)
        if count == 0:
            return result
        frames = np.lib.stride_tricks.sliding_window_view(samples, WIDTH)[::HOP]
        for start in range(0, count, _BLOCK):
            result[start : start + _BLOCK] = self._energies(frames[start : start + _BLOCK])
        return result

    def _energies(self, frames: Floats) -> Floats:
        scaled = frames * np.float32(32768)
        scaled -= scaled.mean(axis=1, keepdims=True)
        before = np.concatenate([scaled[:, :1], scaled[:, :-1]], axis=1)
        shaped = (scaled - np.float32(0.97) * before) * self._window
        spectrum = np.fft.rfft(shaped, _FFT)[:, : _FFT // 2]
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        energies = np.maximum(power @ self._triangles, np.finfo(np.float32).eps)
        return np.log(energies)  # type: ignore[no-any-return]


def _mel(hertz: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


def _mel_triangles() -> Floats:
    """Returns (256, 80): the weight of every FFT bin in every mel bin."""
    edges = _mel(np.array([_LOW_HZ, _RATE / 2]))
    points = np.linspace(edges[0], edges[1], BINS + 2)
    left, centre, right = points[:-2], points[1:-1], points[2:]
    bins = _mel(np.arange(_FFT // 2) * (_RATE / _FFT))[:, None]
    rising = (bins - left) / (centre - left)
    falling = (right - bins) / (right - centre)
    weights: Floats = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return weights
