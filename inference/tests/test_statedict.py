"""A state dictionary gives its tensors; a pickle that wants anything else is refused."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mainstay_inference import statedict


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(map(integer, values)) + b"t"


def name(module: str, attribute: str) -> bytes:
    return b"c" + f"{module}\n{attribute}\n".encode()


def tensor(
    key: str, count: int, size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0
) -> bytes:
    storage = text("storage") + name("torch", "FloatStorage") + text(key) + text("cpu")
    arguments = b"((" + storage + integer(count) + b"tQ" + integer(offset)
    arguments += numbers(*size) + numbers(*stride) + b"\x89" + name("collections", "OrderedDict")
    return name("torch._utils", "_rebuild_tensor_v2") + arguments + b")Rt" + b"R"


def dictionary(**entries: bytes) -> bytes:
    return b"}(" + b"".join(text(k) + v for k, v in entries.items()) + b"u"


def checkpoint(path: Path, pickled: bytes, **storages: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + pickled + b".")
        for key, raw in storages.items():
            archive.writestr(f"archive/data/{key}", raw)
    return path


SIX = np.arange(6, dtype="<f4")


def test_gives_tensors_by_name(tmp_path: Path) -> None:
    pickled = dictionary(weight=tensor("s", 6, (2, 3), (3, 1)), bias=tensor("s", 6, (2,), (1,), 4))
    found = statedict.read(checkpoint(tmp_path / "a.pt", pickled, s=SIX.tobytes()))
    np.testing.assert_array_equal(found["weight"], SIX.reshape(2, 3))
    np.testing.assert_array_equal(found["bias"], [4, 5])


def test_finds_tensors_below_state_dict_and_ignores_settings(tmp_path: Path) -> None:
    setting = name("pyannote.audio.core.task", "Resolution") + integer(2) + b"\x85R"
    inner = dictionary(weight=tensor("s", 6, (6,), (1,)))
    pickled = dictionary(setting=setting, state_dict=inner)
    found = statedict.read(checkpoint(tmp_path / "a.pt", pickled, s=SIX.tobytes()))
    assert list(found) == ["weight"]


@pytest.mark.parametrize(
    "pickled",
    [
        pytest.param(name("os", "system") + text("exit 7") + b"\x85R", id="a shell command"),
        pytest.param(name("builtins", "eval") + text("1") + b"\x85R", id="an expression"),
        pytest.param(name("builtins", "getattr"), id="a way to other names"),
        pytest.param(name("torch", "load") + text("x") + b"\x85R", id="another name of torch"),
        pytest.param(
            name("mainstay_inference.statedict", "zipfile.os.system"), id="a path through us"
        ),
        pytest.param(name("numpy", "ndarray"), id="a raw array"),
        pytest.param(b"}", id="no tensors"),
        pytest.param(integer(1), id="no dictionary"),
        pytest.param(b"\xff", id="no pickle"),
        pytest.param(b"", id="an empty pickle"),
        pytest.param(dictionary(a=tensor("s", 6, (7,), (1,))), id="a tensor beyond its storage"),
        pytest.param(dictionary(a=tensor("s", 6, (2,), (1,), -1)), id="a negative offset"),
        pytest.param(dictionary(a=tensor("s", 6, (-1,), (1,))), id="a negative size"),
        pytest.param(dictionary(a=tensor("s", 6, (3, 2), (1, 3))), id="a transposed tensor"),
        pytest.param(dictionary(a=tensor("s", 6, (2**30, 2**30), (2**30, 1))), id="a vast tensor"),
        pytest.param(dictionary(a=tensor("s", 9, (2,), (1,))), id="a storage cut short"),
        pytest.param(dictionary(a=tensor("t", 6, (2,), (1,))), id="a storage that is absent"),
        pytest.param(text("s") + b"Q", id="a reference that is no storage"),
    ],
)
def test_refuses(tmp_path: Path, pickled: bytes) -> None:
    with pytest.raises(statedict.Refused):
        statedict.read(checkpoint(tmp_path / "a.pt", pickled, s=SIX.tobytes()))


class _Attack:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_runs_no_code_of_any_protocol(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "made"
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"a": _Attack(mark)}, protocol))
    with pytest.raises(statedict.Refused):
        statedict.read(path)
    assert not mark.exists()


def test_refuses_what_is_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(statedict.Refused):
        statedict.read(path)


def test_damaged_files_are_refused_or_read_but_never_fail_otherwise(tmp_path: Path) -> None:
    pickled = dictionary(weight=tensor("s", 6, (2, 3), (3, 1)))
    good = checkpoint(tmp_path / "good.pt", pickled, s=SIX.tobytes()).read_bytes()
    inside = b"\x80\x02" + pickled + b"."
    random = np.random.default_rng(5)
    path = tmp_path / "bad.pt"
    for _ in range(300):
        damaged = bytearray(inside)
        damaged[random.integers(len(damaged))] = random.integers(256)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("archive/data.pkl", bytes(damaged))
            archive.writestr("archive/data/s", SIX.tobytes())
        cut = good[: random.integers(len(good))]
        for raw in (buffer.getvalue(), cut):
            path.write_bytes(raw)
            try:
                statedict.read(path)
            except statedict.Refused:
                continue
