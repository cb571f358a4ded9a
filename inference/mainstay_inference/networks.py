"""The networks of one models folder: loaded at first use and kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .wave import Recording
from .workers import Errand, StillWanted, Workers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .activity import Activity
    from .recognition import Options, Recognition, Segment
    from .turns import Piece, Turns, Window

T = TypeVar("T")
Span = tuple[float, float]

SEGMENTATION = "voice/segmentation.onnx"
EMBEDDING = "voice/campplus.onnx"


class Missing(Exception):
    """A network is asked for whose files are not in the models folder."""


class Networks:
    """Answers requests with networks. Safe for many threads.

    wanted, which most methods take, says whether somebody still waits for the answer; when
    it says no, they raise workers.Abandoned.
    """

    def __init__(self, folder: Path, recognition: str, threads: int) -> None:
        self._folder = folder
        self._default = recognition
        self._workers = Workers(threads)
        self._loading = threading.Lock()
        self._loaded: dict[str, Any] = {}

    @property
    def recognition_name(self) -> str:
        """The recognition network that is used unless a request names another."""
        return self._default

    def available(self) -> dict[str, str | None]:
        """Returns what this folder can answer; None for what it lacks. Loads nothing."""
        here = {name: (self._folder / name).is_file() for name in (SEGMENTATION, EMBEDDING)}
        known = (self._folder / self._default / "model.bin").is_file()
        return {
            "recognition": self._default if known else None,
            "activity": "silero-vad",
            "segmentation": "pyannote-segmentation-3.0" if here[SEGMENTATION] else None,
            "embedding": "campplus" if here[EMBEDDING] else None,
        }

    def activity(self, recording: Recording, wanted: StillWanted) -> NDArray[np.float32]:
        """Returns the probability of speech in each frame of 32 ms."""
        network = self._activity()
        return self._errand(wanted).map(network, [recording])[0]

    def turns(self, recording: Recording, wanted: StillWanted) -> tuple[list[Window], list[Piece]]:
        """Returns local speaker turns and the embeddings of their pieces."""
        network = self._turns()
        return network(recording, self._errand(wanted))

    def speech(self, recording: Recording, longest: float, wanted: StillWanted) -> list[Span]:
        """Cuts the recording into stretches of speech for a caller who did not."""
        from .activity import stretches

        return stretches(self.activity(recording, wanted), longest)

    def languages(
        self, recording: Recording, spans: list[Span], name: str, wanted: StillWanted
    ) -> list[dict[str, float]]:
        """Returns the probability of every language in each stretch."""
        return self.recognition(name).detect(recording, spans, self._errand(wanted))

    def transcribe(
        self, recording: Recording, spans: list[Span], name: str, options: Options,
        wanted: StillWanted,
    ) -> list[Segment]:  # fmt: skip
        """Returns what was recognized in each stretch."""
        network = self.recognition(name)
        return network.transcribe(recording, spans, options, self._errand(wanted))

    def recognition(self, name: str) -> Recognition:
        """Returns the named recognition network, loading it if need be."""
        from .recognition import Recognition

        folder = self._folder / name
        return self._load(
            name, [folder / "model.bin"], lambda: Recognition(folder, self._workers.count)
        )

    def _activity(self) -> Activity:
        from . import activity

        path = activity.asset()
        return self._load("activity", [path], lambda: activity.Activity(path))

    def _turns(self) -> Turns:
        from .turns import Turns

        paths = [self._folder / SEGMENTATION, self._folder / EMBEDDING]
        return self._load("turns", paths, lambda: Turns(paths[0], paths[1]))

    def _load(self, key: str, files: list[Path], build: Callable[[], T]) -> T:
        with self._loading:
            if key not in self._loaded:
                for file in files:
                    if not file.is_file():
                        raise Missing(f"{file.parent.name}/{file.name} is not there")
                self._loaded[key] = build()
            loaded: T = self._loaded[key]
            return loaded

    def _errand(self, wanted: StillWanted) -> Errand:
        return self._workers.errand(wanted)
