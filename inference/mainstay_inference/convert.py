"""Turns the downloaded state dictionaries into ONNX graphs, and checks a models folder."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from .wave import RATE, Recording

VOICE = "voice"
_ENDINGS = (".bin", ".pt")


class Failed(Exception):
    """A folder that cannot be used; the message names the file and what is wrong with it."""


def convert(folder: Path) -> list[Path]:
    """Writes the two graphs of folder/voice and returns their paths."""
    from . import campplus, pyannet, statedict

    written = []
    for name, build in (("segmentation", pyannet.convert), ("campplus", campplus.convert)):
        source = _source(folder / VOICE, name)
        target = folder / VOICE / f"{name}.onnx"
        try:
            build(statedict.read(source), target)
        except statedict.Refused as error:
            raise Failed(str(error)) from error
        except (KeyError, ValueError) as error:
            raise Failed(f"{source.name} holds another network: {error}") from error
        written.append(target)
    return written


def _source(folder: Path, name: str) -> Path:
    for ending in _ENDINGS:
        if (folder / (name + ending)).is_file():
            return folder / (name + ending)
    raise Failed(f"{folder / name}{{{','.join(_ENDINGS)}}} is missing: pull the models first")


def check(folder: Path, recognition: str, threads: int) -> list[str]:
    """Runs every network once on a made sound; returns a line for each that answers.

    Raises Failed when one is missing or answers nonsense. That recognition is good is for
    evaluations to say: this finds files that are absent, cut short or swapped.
    """
    from .networks import Missing, Networks
    from .recognition import Options

    networks, sound, lines = Networks(folder, recognition, threads), _sound(12.0), []
    try:
        probabilities = networks.activity(sound, _always)
        _expect(len(probabilities) == math.ceil(len(sound) / 512), "activity: wrong length")
        lines.append(f"activity: {len(probabilities)} frames")
        windows, _ = networks.turns(sound, _always)
        _expect(len(windows) == 2, "turns: wrong number of windows")
        lines.append(f"turns: {len(windows)} windows")
        options = Options(language="en", words=True)
        segments = networks.transcribe(sound, [(0.0, 5.0)], recognition, options, _always)
        _expect(len(segments) == 1, f"{recognition}: wrong number of segments")
        lines.append(f"{recognition}: {len(segments)} segment")
    except Missing as error:
        raise Failed(f"{error}: pull and convert the models first") from error
    except RuntimeError as error:
        raise Failed(f"a network cannot be loaded: {error}") from error
    return lines


def _expect(holds: bool, message: str) -> None:
    if not holds:
        raise Failed(message)


def _always() -> bool:
    return True


def _sound(seconds: float) -> Recording:
    """A hum with a slow swell, the same every time."""
    time = np.arange(round(seconds * RATE)) / RATE
    hum = np.sin(2 * np.pi * 140 * time) + 0.5 * np.sin(2 * np.pi * 420 * time)
    return Recording((hum * (1 + np.sin(2 * np.pi * 3 * time)) * 4000).astype(np.int16))
