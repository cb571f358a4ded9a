"""Local speaker turns: who of three speakers talks in each window, and how their voices sound.

Windows of 10 s every 5 s are segmented; speakers are numbered anew in each window.
In the core of a window (its central 5 s; the first core begins with the recording,
the last ends with it) the stretches where one speaker is alone are cut into pieces,
and each piece is embedded. Whose voice is whose across windows is for the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from . import features
from .wave import RATE, Recording
from .workers import Errand

WINDOW = 10.0
STEP = 5.0
SPEAKERS = 3
EMBEDDING = 192
_WINDOW_SAMPLES = int(WINDOW * RATE)
_MARGIN = (WINDOW - STEP) / 2
# A frame of the segmentation network: 270 samples; the first is centred on sample 495.
_FRAME = 270 / RATE
_OFFSET = (495 - 135) / RATE
# Which of the three speakers talk in each of the seven classes.
_POWERSET = np.array(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1], [0, 1, 1]], dtype=bool
)
_BRIDGE = 0.3
_SHORTEST = 0.4
_WHOLE = 2.0
_PIECE = 1.5
_HOP = 0.75
_BATCH = 8

Span = tuple[float, float]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Window:
    """One window with the runs of each local speaker, overlaps included, in seconds."""

    start: float
    end: float
    speakers: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True)
class Piece:
    """A stretch in which one local speaker of one window talks alone, and its embedding."""

    window: int
    speaker: int
    start: float
    end: float
    embedding: Floats


class Turns:
    """The segmentation and the embedding network."""

    def __init__(self, segmentation: Path, embedding: Path) -> None:
        self._segmentation = _session(segmentation)
        self._embedding = _session(embedding)
        self._features = features.FilterBank()

    def __call__(self, recording: Recording, errand: Errand) -> tuple[list[Window], list[Piece]]:
        """Returns the windows and the pieces of a recording."""
        starts = window_starts(recording.duration)
        batches = [starts[i : i + _BATCH] for i in range(0, len(starts), _BATCH)]
        found = errand.map(lambda batch: self._segment(recording, batch), batches)
        masks = [mask for batch in found for mask in batch]
        windows: list[Window] = []
        places: list[tuple[int, int, Span]] = []
        for number, (start, mask) in enumerate(zip(starts, masks, strict=True)):
            end = min(start + WINDOW, recording.duration)
            windows.append(Window(start, end, _speakers(mask, start, end)))
            core = (
                start if number == 0 else start + _MARGIN,
                end if number == len(starts) - 1 else start + _MARGIN + STEP,
            )
            places += [(number, who, span) for who, span in alone(mask, start, core)]
        vectors = self._embed(recording, [span for _, _, span in places], errand)
        return windows, [
            Piece(number, who, *span, vector)
            for (number, who, span), vector in zip(places, vectors, strict=True)
        ]

    def _segment(self, recording: Recording, starts: list[float]) -> Bools:
        """Returns (windows, frames, 3): who talks."""
        samples = np.zeros((len(starts), 1, _WINDOW_SAMPLES), np.float32)
        for row, start in zip(samples, starts, strict=True):
            part = recording.cut(start, start + WINDOW)
            row[0, : len(part)] = part
        scores = self._segmentation.run(None, {"samples": samples})[0]
        active: Bools = _POWERSET[np.argmax(scores, axis=2)]
        return active

    def _embed(self, recording: Recording, spans: list[Span], errand: Errand) -> list[Floats]:
        """Returns one vector a span; spans of equal length share a batch."""
        lengths = [features.frame_count(_samples(span)) for span in spans]
        batches = list(_batches(sorted(range(len(spans)), key=lambda i: lengths[i]), lengths))
        found = errand.map(
            lambda batch: self._embed_batch(recording, [spans[i] for i in batch]), batches
        )
        vectors: dict[int, Floats] = {}
        for batch, rows in zip(batches, found, strict=True):
            vectors.update(zip(batch, rows, strict=True))
        return [vectors[i] for i in range(len(spans))]

    def _embed_batch(self, recording: Recording, spans: list[Span]) -> Floats:
        rows = []
        for span in spans:
            start = round(span[0] * RATE)
            energies = self._features(recording.floats(start, start + _samples(span)))
            rows.append(energies - energies.mean(axis=0))
        vectors = self._embedding.run(None, {"features": np.stack(rows)})[0]
        return np.asarray(vectors, np.float32)


def window_starts(duration: float) -> list[float]:
    """Returns where windows begin: every 5 s until one reaches the end."""
    count = max(1, 1 + int(np.ceil((duration - WINDOW) / STEP - 1e-9)))
    return [STEP * i for i in range(count)]


def alone(active: Bools, start: float, core: Span) -> Iterator[tuple[int, Span]]:
    """Yields the pieces of one window in which a local speaker talks alone in the core.

    Pauses under 0.3 s are bridged, runs under 0.4 s dropped. A run of up to 2 s is one
    piece, a longer one gives pieces of 1.5 s every 0.75 s.
    """
    single = active & (active.sum(axis=1, keepdims=True) == 1)
    for who in range(active.shape[1]):
        runs: list[Span] = []
        for span in _runs(single[:, who]):
            begin, end = (min(max(t + start, core[0]), core[1]) for t in span)
            if end <= begin:
                continue
            if runs and begin - runs[-1][1] < _BRIDGE:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((begin, end))
        for run in runs:
            if run[1] - run[0] >= _SHORTEST:
                yield from ((who, piece) for piece in _pieces(run))


def _pieces(run: Span) -> list[Span]:
    start, end = run
    if end - start <= _WHOLE:
        return [run]
    count = 1 + int((end - start - _PIECE) / _HOP + 1e-6)
    return [(start + i * _HOP, start + i * _HOP + _PIECE) for i in range(count)]


def _speakers(active: Bools, start: float, end: float) -> tuple[tuple[Span, ...], ...]:
    return tuple(
        tuple((start + a, min(start + b, end)) for a, b in _runs(active[:, who]) if start + a < end)
        for who in range(SPEAKERS)
    )


def _runs(mask: Bools) -> list[Span]:
    """Returns the runs of a frame mask in seconds of the window, whose edges they may touch."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    times = [_OFFSET + int(e) * _FRAME for e in edges]
    if edges.size and edges[0] == 0:
        times[0] = 0.0
    if edges.size and edges[-1] == len(mask):
        times[-1] = WINDOW
    return list(zip(times[::2], times[1::2], strict=True))


def _samples(span: Span) -> int:
    return round((span[1] - span[0]) * RATE)


def _batches(order: list[int], lengths: list[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for index in order:
        if batch and (lengths[batch[0]] != lengths[index] or len(batch) == _BATCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False  # it never gives back: 300 MB for a tenth of the time
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
