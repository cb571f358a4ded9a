from __future__ import annotations

import numpy as np
import pytest

from mainstay_inference import multipart

from . import audio

KIND = "multipart/form-data; boundary=edge"


def part(head: str, value: bytes = b"x") -> bytes:
    return f"--edge\r\n{head}\r\n\r\n".encode() + value + b"\r\n"


NAMED = 'Content-Disposition: form-data; name="a"'


def test_gives_fields_and_files() -> None:
    kind, body = audio.form(b"\r\n--edg\x00\xff", {"language": "en", "prompt": "żółw\r\nand more"})
    form = multipart.parse(kind, body)
    assert form.first("language") == "en"
    assert form.first("prompt") == "żółw\r\nand more"
    assert bytes(form.files["file"]) == b"\r\n--edg\x00\xff"


def test_a_field_may_come_twice_and_an_absent_one_is_none() -> None:
    form = multipart.parse(KIND, part(NAMED, b"1") + part(NAMED, b"2") + b"--edge--")
    assert form.fields["a"] == ["1", "2"]
    assert form.first("b") is None


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param("application/json", b"{}", id="another media type"),
        pytest.param("multipart/form-data", b"", id="no boundary"),
        pytest.param('multipart/form-data; boundary="\x00"', b"", id="a boundary with a zero"),
        pytest.param(KIND, b"", id="an empty body"),
        pytest.param(KIND, b"--other--", id="another boundary"),
        pytest.param(KIND, b"--edge\r\n", id="a body that ends inside a part"),
        pytest.param(KIND, part("X: y") + b"--edge--", id="a part without a name"),
        pytest.param(KIND, b"--edge\r\n" + NAMED.encode() + b"\r\n--edge--", id="no empty line"),
        pytest.param(KIND, part(NAMED, b"\xff") + b"--edge--", id="a field that is not text"),
        pytest.param(KIND, part(NAMED, bytes(1 << 19)) + b"--edge--", id="a field that is vast"),
        pytest.param(KIND, part(NAMED) * 65 + b"--edge--", id="too many parts"),
        pytest.param(
            KIND, part(NAMED + '; filename="f"') * 2 + b"--edge--", id="the same file twice"
        ),
        pytest.param(
            KIND, part("X: " + "y" * 9000 + "\r\n" + NAMED) + b"--edge--", id="a vast header"
        ),
    ],
)
def test_refuses(kind: str, body: bytes) -> None:
    with pytest.raises(multipart.Malformed):
        multipart.parse(kind, body)


def test_any_damage_is_read_or_refused() -> None:
    random = np.random.default_rng(4)
    kind, good = audio.form(b"RIFF", {"language": "en", "clips": "[[0,1]]"})
    for _ in range(2000):
        damaged = bytearray(good)
        for _ in range(random.integers(1, 4)):
            damaged[random.integers(len(damaged))] = random.integers(256)
        try:
            multipart.parse(kind, bytes(damaged[: random.integers(1, len(damaged) + 1)]))
        except multipart.Malformed:
            continue
