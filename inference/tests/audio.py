"""Sounds and forms that tests post."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import numpy as np

RATE = 16000


def samples(seconds: float, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    noise = np.random.default_rng(seed).normal(0, 800, round(seconds * RATE))
    return noise.astype(np.int16)


def wav(
    pcm: bytes, *, code: int = 1, channels: int = 1, rate: int = RATE, bits: int = 16,
    size: int | None = None, extra: bytes = b"",
) -> bytes:  # fmt: skip
    fmt = struct.pack("<HHIIHH", code, channels, rate, rate * channels * bits // 8, 2, bits) + extra
    head = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    data = b"data" + struct.pack("<I", len(pcm) if size is None else size) + pcm
    return b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data


def form(file: bytes | None, fields: Mapping[str, str]) -> tuple[str, bytes]:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode()
        for k, v in fields.items()
    ]
    if file is not None:
        head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        parts.append(head + b"Content-Type: audio/wav\r\n\r\n" + file + b"\r\n")
    return "multipart/form-data; boundary=edge", b"".join(parts) + b"--edge--\r\n"
