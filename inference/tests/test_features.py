from __future__ import annotations

import numpy as np
import pytest

from mainstay_inference import features

BANK = features.FilterBank()


@pytest.mark.parametrize(
    ("samples", "frames"),
    [
        pytest.param(0, 0, id="nothing gives nothing"),
        pytest.param(399, 0, id="less than a frame gives nothing"),
        pytest.param(400, 1, id="a whole frame gives one"),
        pytest.param(559, 1, id="a frame that reaches past the end is left out"),
        pytest.param(24000, 148, id="a piece of 1.5 s"),
    ],
)
def test_counts_whole_frames(samples: int, frames: int) -> None:
    assert features.frame_count(samples) == frames
    assert BANK(np.zeros(samples, np.float32)).shape == (frames, 80)


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 4000.0])
def test_a_tone_is_loudest_in_its_own_bin(hertz: float) -> None:
    time = np.arange(16000) / 16000
    energies = BANK((0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32))
    low, high = (1127 * np.log(1 + f / 700) for f in (20, 8000))
    expected = (1127 * np.log(1 + hertz / 700) - low) / (high - low) * 81 - 1
    assert abs(energies.mean(axis=0).argmax() - expected) <= 1


def test_silence_stays_finite() -> None:
    assert np.isfinite(BANK(np.zeros(16000, np.float32))).all()


def test_long_recordings_are_computed_like_short_ones() -> None:
    samples = np.random.default_rng(3).normal(0, 0.1, 160 * 5000).astype(np.float32)
    start = 4090
    part = BANK(samples[start * 160 : (start + 20) * 160])
    np.testing.assert_allclose(BANK(samples)[start : start + len(part)], part, atol=1e-4)
