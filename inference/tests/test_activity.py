from __future__ import annotations

import itertools

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from mainstay_inference import activity, wave

from . import audio

FRAMES_PER_SECOND = 31.25


def test_equals_the_network_run_in_one_piece() -> None:
    samples = audio.samples(activity.FRAME * (activity._BLOCK + 50) / 16000 + 0.01)
    recording = wave.Recording(samples)
    padded = np.pad(recording.floats(), (0, -len(samples) % activity.FRAME))
    want = get_vad_model()(padded).reshape(-1)
    got = activity.Activity(activity.asset())(recording)
    # Other implementations give the first frame the end of the recording as its context.
    np.testing.assert_allclose(got, want, atol=2e-3)


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513])
def test_gives_a_probability_for_every_frame_begun(count: int) -> None:
    recording = wave.Recording(np.zeros(count, np.int16))
    assert len(activity.Activity(activity.asset())(recording)) == -(-count // 512)


def speech(*spans: tuple[float, float], duration: float = 100.0) -> np.ndarray[
    tuple[int, ...], np.dtype[np.float32]
]:  # fmt: skip
    time = np.arange(int(duration * FRAMES_PER_SECOND)) / FRAMES_PER_SECOND
    said = np.zeros(len(time), bool)
    for start, end in spans:
        said |= (time >= start) & (time < end)
    return np.where(said, 0.9, 0.05).astype(np.float32)


@pytest.mark.parametrize(
    ("spans", "want"),
    [
        pytest.param([], [], id="silence gives nothing"),
        pytest.param([(10, 20)], [(9.6, 20.4)], id="speech is widened into the silence around it"),
        pytest.param([(0, 5)], [(0, 5.4)], id="a stretch begins with the recording"),
        pytest.param([(10, 20), (21, 30)], [(9.6, 30.4)], id="neighbours are joined"),
        pytest.param(
            [(10, 30), (30.5, 45)], [(9.6, 30.25), (30.25, 45.4)],
            id="what does not fit is cut in the pause",
        ),
        pytest.param([(90, 100)], [(89.6, 99.84)], id="a stretch ends with the recording"),
    ],
)  # fmt: skip
def test_cuts(spans: list[tuple[float, float]], want: list[tuple[float, float]]) -> None:
    got = activity.stretches(speech(*spans), 30.0)
    np.testing.assert_allclose(
        np.array(got).reshape(-1, 2), np.array(want).reshape(-1, 2), atol=0.2
    )


def test_speech_without_pauses_is_cut_within_the_bound_and_nothing_is_lost() -> None:
    got = activity.stretches(speech((5, 95)), 30.0)
    assert all(end - start <= 30.0 for start, end in got)
    assert got[0][0] < 5 and got[-1][1] > 95
    assert all(a[1] == b[0] for a, b in itertools.pairwise(got))
