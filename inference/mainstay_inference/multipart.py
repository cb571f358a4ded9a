"""Parses multipart/form-data (RFC 7578) in memory, within bounds; nothing is spooled to disk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message

MAX_PARTS = 64
MAX_FIELD_BYTES = 256 << 10
_MAX_HEADER_BYTES = 8 << 10
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")


class Malformed(Exception):
    """The body is not multipart/form-data, or exceeds a bound."""


@dataclass
class Form:
    """The parts of one body. A file keeps pointing into the body; it is not copied."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, memoryview] = field(default_factory=dict)

    def first(self, name: str) -> str | None:
        """Returns the first value of a field, or None when it is absent or blank."""
        value = self.fields.get(name, [""])[0].strip()
        return value or None


def parse(content_type: str, body: bytes | bytearray) -> Form:
    """Returns the parts of body. Raises Malformed with a sentence for the caller."""
    delimiter = b"--" + _boundary(content_type)
    view, form = memoryview(body), Form()
    at = body.find(delimiter)
    if at < 0 or (at > 0 and body[at - 2 : at] != b"\r\n"):
        raise Malformed("the body does not begin with its boundary")
    for _ in range(MAX_PARTS + 1):
        at += len(delimiter)
        if body[at : at + 2] == b"--":
            return form
        end = body.find(b"\r\n" + delimiter, at)
        if body[at : at + 2] != b"\r\n" or end < 0:
            raise Malformed("the body ends inside a part")
        _add_part(form, body, view, at + 2, end)
        at = end + 2
    raise Malformed(f"the body has more than {MAX_PARTS} parts")


def _boundary(content_type: str) -> bytes:
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise Malformed("the body must be multipart/form-data")
    if not _BOUNDARY.fullmatch(boundary):
        raise Malformed("the boundary has characters that are not allowed")
    return boundary.encode("ascii")


def _add_part(form: Form, body: bytes | bytearray, view: memoryview, start: int, end: int) -> None:
    head = body.find(b"\r\n\r\n", start, min(end, start + _MAX_HEADER_BYTES))
    if head < 0:
        raise Malformed("a part has no header, or one that is too long")
    name, is_file = _disposition(bytes(body[start:head]))
    if is_file:
        if name in form.files:
            raise Malformed(f"the file {name!r} comes twice")
        form.files[name] = view[head + 4 : end]
        return
    if end - head - 4 > MAX_FIELD_BYTES:
        raise Malformed(f"the field {name!r} is longer than {MAX_FIELD_BYTES} bytes")
    try:
        text = bytes(body[head + 4 : end]).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f"the field {name!r} is not UTF-8") from None
    form.fields.setdefault(name, []).append(text)


def _disposition(header: bytes) -> tuple[str, bool]:
    for line in header.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() != "content-disposition":
            continue
        message = Message()
        message["Content-Disposition"] = value.strip()
        name = message.get_param("name", header="content-disposition")
        if isinstance(name, str) and name:
            return name, message.get_filename() is not None
    raise Malformed("a part has no name")
