from __future__ import annotations

import numpy as np
import pytest

from mainstay_inference import turns

FRAME = 270 / 16000


def mask(*spans: tuple[int, float, float]) -> turns.Bools:
    centres = 495 / 16000 + np.arange(589) * FRAME
    active = np.zeros((589, 3), bool)
    for who, start, end in spans:
        active[(centres >= start) & (centres < end), who] = True
    return active


@pytest.mark.parametrize(
    ("duration", "want"),
    [
        pytest.param(0.0, [0.0], id="nothing is one window"),
        pytest.param(10.0, [0.0], id="ten seconds are one window"),
        pytest.param(10.01, [0.0, 5.0], id="a little more is two"),
        pytest.param(15.0, [0.0, 5.0], id="the last may end with the recording"),
        pytest.param(31.0, [0.0, 5.0, 10.0, 15.0, 20.0, 25.0], id="the last is padded"),
    ],
)
def test_windows_begin_every_five_seconds(duration: float, want: list[float]) -> None:
    assert turns.window_starts(duration) == want


@pytest.mark.parametrize(
    ("spans", "want"),
    [
        pytest.param([], [], id="silence gives nothing"),
        pytest.param([(0, 3, 4.8)], [(0, 3, 4.8)], id="a run up to two seconds is whole"),
        pytest.param([(0, 3, 3.3)], [], id="a short run is dropped"),
        pytest.param([(0, 0, 2.4)], [], id="what lies before the core is another window's"),
        pytest.param([(2, 7, 10)], [(2, 7, 7.5)], id="a run ends with the core"),
        pytest.param([(1, 3, 3.7), (1, 3.9, 4.5)], [(1, 3, 4.5)], id="a short pause is bridged"),
        pytest.param(
            [(1, 3, 3.6), (1, 4.0, 4.6)], [(1, 3, 3.6), (1, 4.0, 4.6)], id="a pause is kept"
        ),
        pytest.param(
            [(0, 3, 5), (1, 4, 6)], [(0, 3, 4), (1, 5, 6)], id="where two talk is nobody's piece"
        ),
        pytest.param(
            [(0, 3, 6.1)], [(0, 3, 4.5), (0, 3.75, 5.25), (0, 4.5, 6.0)],
            id="a long run gives overlapping pieces",
        ),
    ],
)  # fmt: skip
def test_pieces(
    spans: list[tuple[int, float, float]], want: list[tuple[int, float, float]]
) -> None:
    got = [(who, *span) for who, span in turns.alone(mask(*spans), 100.0, (102.5, 107.5))]
    expected = [(who, 100 + start, 100 + end) for who, start, end in want]
    np.testing.assert_allclose(
        np.array(got).reshape(-1, 3), np.array(expected).reshape(-1, 3), atol=FRAME
    )


def test_a_run_over_a_whole_window_touches_its_edges() -> None:
    window = turns._speakers(mask((1, 0, 10)), 5.0, 15.0)
    assert window == ((), ((5.0, 15.0),), ())


def test_runs_are_clipped_to_the_recording() -> None:
    window = turns._speakers(mask((0, 2, 10), (1, 8, 9)), 5.0, 12.0)
    assert window[0][0][1] == 12.0
    assert window[1] == ()
