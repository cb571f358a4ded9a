"""Reads the tensors of a PyTorch state dictionary without PyTorch.

A checkpoint is a zip file with one pickle, which names tensors, and one raw
storage for each of them. A pickle can run any code, so this reader knows the
names that rebuild tensors and no other: a name of another module becomes an
inert value if it belongs to the training program's own settings, and is refused
otherwise. Sizes are checked against the file before anything is allocated.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_MAX_FILE_BYTES = 512 << 20
_STORAGES: dict[str, str] = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "BoolStorage": "|b1",
}
# Settings of the training program that one checkpoint carries beside its tensors.
_INERT = {
    ("torch.torch_version", "TorchVersion"),
    ("pyannote.audio.core.task", "Specifications"),
    ("pyannote.audio.core.task", "Problem"),
    ("pyannote.audio.core.task", "Resolution"),
}


class Refused(Exception):
    """The file is not a state dictionary that this reader accepts."""


class _Inert:
    """Stands for a setting that nobody reads: it takes any state and does nothing."""

    def __new__(cls, *_: object) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


@dataclass(frozen=True)
class _StorageType:
    dtype: str


def read(path: Path) -> dict[str, Array]:
    """Returns every tensor of the checkpoint at path by its name.

    Tensors are found at the top or below the key "state_dict". Raises Refused
    for anything that is not a plain checkpoint.
    """
    if path.stat().st_size > _MAX_FILE_BYTES:
        raise Refused(f"{path.name} is larger than any known checkpoint")
    try:
        with zipfile.ZipFile(path) as archive:
            return _tensors(_Reader(archive).load())
    except Refused:
        raise
    except (
        zipfile.BadZipFile,
        pickle.UnpicklingError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        EOFError,
        IndexError,
        NotImplementedError,
    ) as error:
        raise Refused(f"{path.name} is not a state dictionary: {error}") from error


def _tensors(value: object) -> dict[str, Array]:
    if isinstance(value, dict) and isinstance(value.get("state_dict"), dict):
        value = value["state_dict"]
    if not isinstance(value, dict):
        raise Refused("the pickle holds no dictionary")
    found = {str(k): v for k, v in value.items() if isinstance(v, np.ndarray)}
    if not found:
        raise Refused("the dictionary holds no tensors")
    return found


class _Reader(pickle.Unpickler):
    """An unpickler whose whole world is tensors."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        names = [n for n in archive.namelist() if n.endswith("/data.pkl")]
        if len(names) != 1:
            raise Refused("expected one pickle in the archive")
        self._archive = archive
        self._folder = names[0][: -len("data.pkl")]
        self._storages: dict[str, Array] = {}
        super().__init__(io.BytesIO(self._member("data.pkl")))

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _STORAGES:
            return _StorageType(_STORAGES[name])
        known: dict[tuple[str, str], Callable[..., object]] = {
            ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
            ("collections", "OrderedDict"): OrderedDict,
        }
        if (module, name) in known:
            return known[module, name]
        if (module, name) in _INERT:
            return _Inert
        raise Refused(f"the pickle names {module}.{name}, which no state dictionary needs")

    def persistent_load(self, pid: Any) -> Array:
        kind, storage, key, _location, count = pid
        if kind != "storage" or not isinstance(storage, _StorageType):
            raise Refused("the pickle refers to something that is not a storage")
        if key not in self._storages:
            raw = np.frombuffer(self._member(f"data/{key}"), dtype=storage.dtype)
            if raw.size != count:
                raise Refused(f"storage {key} has {raw.size} values, want {count}")
            self._storages[key] = raw
        return self._storages[key]

    def _member(self, name: str) -> bytes:
        info = self._archive.getinfo(self._folder + name)
        if info.file_size > _MAX_FILE_BYTES:
            raise Refused(f"{name} is larger than any known checkpoint")
        return self._archive.read(info)


def _rebuild_tensor(
    storage: Array, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object
) -> Array:
    """Cuts a tensor out of its storage; only contiguous tensors are accepted."""
    if not isinstance(storage, np.ndarray):
        raise Refused("a tensor without a storage")
    count, expected = 1, []
    for length in reversed(size):
        expected.append(count)
        count *= length
    if any(n < 0 for n in size) or offset < 0 or offset + count > storage.size:
        raise Refused("a tensor reaches outside its storage")
    if any(n > 1 and s != e for n, s, e in zip(size, stride, reversed(expected), strict=True)):
        raise Refused("a tensor is not contiguous")
    return storage[offset : offset + count].reshape(size)
