"""The transport: HTTP/1.1 on a unix socket, or TLS with a bearer token for another machine.

Bodies are read into memory, within a bound. The program ends when nothing was asked
of it for a while, when its parent closes its standard input, or on SIGTERM.
"""

from __future__ import annotations

import hmac
import json
import os
import select
import socket
import socketserver
import ssl
import stat
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from . import __version__, wave
from .service import Answer, Problem, Service, answer_problem
from .workers import Abandoned

MAX_BODY = wave.MAX_BYTES + (1 << 20)
_BLOCK = 1 << 16
_DRAIN = 256 << 20
_SOCKET_TIMEOUT = 60.0
_MAX_AT_ONCE = 4
_WAIT_SECONDS = 120.0


class Idle:
    """Counts requests in flight and knows for how long there were none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self._since = time.monotonic()

    def __enter__(self) -> None:
        with self._lock:
            self._in_flight += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._in_flight -= 1
            self._since = time.monotonic()

    def seconds(self) -> float:
        """Returns how long nothing has been asked; 0 while a request is in flight."""
        with self._lock:
            return 0.0 if self._in_flight else time.monotonic() - self._since


@dataclass(frozen=True)
class Remote:
    """What serving another machine needs. The token is never logged."""

    host: str
    port: int
    certificate: Path
    key: Path
    token: bytes


class _Threads(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    context: ssl.SSLContext | None = None

    def __init__(self, address: Any, handler: type[BaseHTTPRequestHandler]) -> None:
        self.stopping = threading.Event()
        super().__init__(address, handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        # The handshake is done here, in the connection's own thread, so that a silent
        # client cannot keep others out.
        if self.context is not None:
            request.settimeout(_SOCKET_TIMEOUT)
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError, ssl.SSLError)):
            _log(event="connection failed", kind=type(error).__name__)


class _UnixThreads(_Threads):
    address_family = socket.AF_UNIX


def serve_socket(service: Service, path: Path, idle_seconds: float) -> None:
    """Serves on a unix socket that only its owner may open, until it is time to end."""
    if len(os.fsencode(path)) > 107:
        raise OSError(f"the socket's path {path} is longer than 107 bytes")
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    before = os.umask(0o177)
    try:
        server = _UnixThreads(str(path), _handler(service, Idle(), None))
    finally:
        os.umask(before)
    try:
        _run(server, idle_seconds)
    finally:
        path.unlink(missing_ok=True)


def serve_remote(service: Service, remote: Remote, idle_seconds: float) -> None:
    """Serves another machine over TLS 1.2 or newer, with a bearer token on every request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(remote.certificate, remote.key)
    server = _Threads((remote.host, remote.port), _handler(service, Idle(), remote.token))
    server.context = context
    _run(server, idle_seconds)


def _run(server: _Threads, idle_seconds: float) -> None:
    idle: Idle = server.RequestHandlerClass.idle  # type: ignore[attr-defined]
    threading.Thread(target=_watch_idle, args=(server, idle, idle_seconds), daemon=True).start()
    if _parent_holds_stdin():
        threading.Thread(target=_watch_stdin, args=(server,), daemon=True).start()
    _log(event="serving", address=str(server.server_address))
    with server:
        server.serve_forever(poll_interval=0.5)
    _log(event="ended")


def _watch_idle(server: _Threads, idle: Idle, seconds: float) -> None:
    while seconds > 0 and not server.stopping.wait(min(1.0, seconds / 4)):
        if idle.seconds() >= seconds:
            _stop(server, "idle")
            return


def _parent_holds_stdin() -> bool:
    """Reports whether standard input is a pipe or socket, whose end means the parent's end."""
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch_stdin(server: _Threads) -> None:
    while os.read(0, _BLOCK):
        pass
    _stop(server, "standard input closed")


def _stop(server: _Threads, reason: str) -> None:
    _log(event="ending", reason=reason)
    server.stopping.set()
    server.shutdown()


def _handler(service: Service, idle: Idle, token: bytes | None) -> type[BaseHTTPRequestHandler]:
    slots = threading.BoundedSemaphore(_MAX_AT_ONCE)
    attributes = {"service": service, "idle": idle, "token": token, "slots": slots}
    return type("Handler", (_Handler,), attributes)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = f"mainstay-inference/{__version__}"
    sys_version = ""
    timeout = _SOCKET_TIMEOUT
    service: Service
    idle: Idle
    token: bytes | None
    slots: threading.BoundedSemaphore

    def do_GET(self) -> None:
        with self.idle:
            self._answer(self._get)

    def do_POST(self) -> None:
        with self.idle:
            self._answer(self._post)

    def log_message(self, *_: object) -> None:
        """Silent: _answer logs one line a request, without content."""

    def _answer(self, work: Any) -> None:
        began = time.monotonic()
        try:
            answer: Answer = work()
        except Problem as problem:
            answer = answer_problem(problem)
        except Abandoned:
            self.close_connection = True
            _log(event="abandoned", path=self._path(), seconds=_since(began))
            return
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:
            _log(event="failed", path=self._path(), kind=type(error).__name__)
            answer = answer_problem(
                Problem(500, "internal", "The network failed; try again, then look at the log.")
            )
        self._send(answer)
        _log(event="request", path=self._path(), status=answer.status, seconds=_since(began))

    def _get(self) -> Answer:
        self._authorize()
        if self.path != "/healthz":
            raise self._unknown()
        return self.service.health()

    def _post(self) -> Answer:
        # What is not read from the body must not be taken for the next request.
        self.close_connection = True
        self._authorize()
        if not self.service.takes(self.path):
            raise self._unknown()
        if not self.slots.acquire(timeout=_WAIT_SECONDS):
            raise Problem(503, "busy", "Too many requests at once; try again in a minute.")
        try:
            body = self._body()
            self.close_connection = self.headers.get("Connection", "").lower() == "close"
            kind = self.headers.get("Content-Type", "")
            return self.service.post(self.path, kind, body, self._still_wanted)
        finally:
            self.slots.release()

    def _authorize(self) -> None:
        if self.token is None:
            return
        given = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, b"Bearer " + self.token):
            self.close_connection = True
            raise Problem(401, "unauthorized", "Send the token as Authorization: Bearer.")

    def _unknown(self) -> Problem:
        return Problem(404, "not_found", "There is nothing at this address.")

    def _path(self) -> str:
        return self.path if self.path == "/healthz" or self.service.takes(self.path) else "other"

    def _still_wanted(self) -> bool:
        """Reports whether the caller still holds the connection."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable or isinstance(self.connection, ssl.SSLSocket):
            return True
        try:
            return bool(self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return True
        except OSError:
            return False

    def _body(self) -> bytearray:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunked()
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit():
            raise Problem(411, "length_required", "Send Content-Length, or chunks.")
        if int(length) > MAX_BODY:
            self._drain(int(length))
            raise self._too_large()
        body = bytearray()
        while len(body) < int(length):
            self._append(body, min(_BLOCK * 16, int(length) - len(body)))
        return body

    def _chunked(self) -> bytearray:
        body = bytearray()
        while True:
            line = self.rfile.readline(_BLOCK).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                raise Problem(400, "malformed_body", "A chunk has no length.") from None
            if size < 0 or len(body) + size > MAX_BODY:
                raise self._too_large()
            end = len(body) + size
            while len(body) < end:
                self._append(body, min(_BLOCK * 16, end - len(body)))
            # The line behind the chunk; behind the last one, trailers up to an empty line.
            while self.rfile.readline(_BLOCK).strip():
                pass
            if size == 0:
                return body

    def _append(self, body: bytearray, count: int) -> None:
        block = self.rfile.read(count)
        if not block:
            raise ConnectionAbortedError("the body ended early")
        body += block

    def _drain(self, length: int) -> None:
        """Reads what the caller is still sending, so that it sees the answer."""
        left = min(length, _DRAIN)
        while left > 0 and (block := self.rfile.read(min(_BLOCK, left))):
            left -= len(block)

    def _too_large(self) -> Problem:
        return Problem(413, "audio_too_long", "Send at most 30 minutes at a time.")

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _log(**facts: object) -> None:
    """Writes one line of JSON: kinds, sizes and times, never content."""
    print(json.dumps(facts), file=sys.stderr, flush=True)
