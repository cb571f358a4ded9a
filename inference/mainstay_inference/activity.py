"""Voice activity: the probability of speech in every 32 ms (Silero), and a plain cutter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .wave import RATE, Recording

FRAME = 512
FRAME_MS = 32
_CONTEXT = 64
_STATE = (1, 1, 128)
_BLOCK = 2000

_THRESHOLD = 0.5
_RELEASE = 0.35
_PAUSE_SECONDS = 0.16
_PAD_SECONDS = 0.4


def asset() -> Path:
    """Returns where the network lies: it comes with faster-whisper."""
    from faster_whisper.utils import get_assets_path

    return next(Path(get_assets_path()).glob("silero_vad*.onnx"))


class Activity:
    """Silero's network. It keeps no state between recordings."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, recording: Recording) -> NDArray[np.float32]:
        """Returns one probability a frame; the last frame is padded with silence."""
        state = [np.zeros(_STATE, np.float32), np.zeros(_STATE, np.float32)]
        step, found = FRAME * _BLOCK, []
        for start in range(0, len(recording), step):
            before = recording.floats(start - _CONTEXT, start) if start else np.zeros(_CONTEXT)
            samples = np.concatenate([before, recording.floats(start, start + step)])
            frames = _frames(samples.astype(np.float32))
            out, *state = self._session.run(None, {"input": frames, "h": state[0], "c": state[1]})
            found.append(np.asarray(out, np.float32).reshape(-1))
        return np.concatenate(found) if found else np.zeros(0, np.float32)


def _frames(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cuts samples, which begin with the context of the first frame, into rows with context."""
    missing = -(len(samples) - _CONTEXT) % FRAME
    padded = np.pad(samples, (0, missing))
    rows = np.lib.stride_tricks.sliding_window_view(padded, _CONTEXT + FRAME)[::FRAME]
    return np.ascontiguousarray(rows)


def stretches(probabilities: NDArray[np.float32], longest: float) -> list[tuple[float, float]]:
    """Cuts speech into stretches of at most longest seconds, for callers who do not cut.

    Speech begins above 0.5 and ends after 0.16 s below 0.35; neighbours are joined while
    they fit. Speech without any pause is cut where it is least probable.
    """
    joined: list[tuple[float, float]] = []
    for start, end in _speech(probabilities, longest - 2 * _PAD_SECONDS):
        if joined and end - joined[-1][0] <= longest - 2 * _PAD_SECONDS:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return _padded(joined, len(probabilities) * FRAME / RATE)


def _speech(probabilities: NDArray[np.float32], longest: float) -> list[tuple[float, float]]:
    pause, found = round(_PAUSE_SECONDS * RATE / FRAME), []
    start, last = -1, -1
    for index, probability in enumerate(probabilities.tolist()):
        if probability >= (_THRESHOLD if start < 0 else _RELEASE):
            start, last = (index if start < 0 else start), index
        elif start >= 0 and index - last >= pause:
            found.append((start, last + 1))
            start = -1
    if start >= 0:
        found.append((start, last + 1))
    most = int(longest * RATE / FRAME)
    parts = [part for run in found for part in _split(probabilities, run, most)]
    return [(a * FRAME / RATE, b * FRAME / RATE) for a, b in parts]


def _split(
    probabilities: NDArray[np.float32], run: tuple[int, int], most: int
) -> list[tuple[int, int]]:
    start, end = run
    parts = []
    while end - start > most:
        middle = start + most // 2
        cut = middle + int(np.argmin(probabilities[middle : start + most])) + 1
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def _padded(spans: list[tuple[float, float]], duration: float) -> list[tuple[float, float]]:
    """Widens every stretch into the silence around it, never into its neighbour."""
    result = []
    for index, (start, end) in enumerate(spans):
        before = spans[index - 1][1] if index else 0.0
        after = spans[index + 1][0] if index + 1 < len(spans) else duration
        room = min(_PAD_SECONDS, (start - before) / 2 if index else start)
        left = min(_PAD_SECONDS, (after - end) / 2 if index + 1 < len(spans) else after - end)
        result.append((start - room, end + left))
    return result
