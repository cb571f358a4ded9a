"""What callers see over the socket. The networks are fakes; the transport is real."""

from __future__ import annotations

import base64
import http.client
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mainstay_inference import server, service, wave
from mainstay_inference.networks import Missing, Networks, Span
from mainstay_inference.recognition import Options, Segment, Word
from mainstay_inference.turns import Piece, Window
from mainstay_inference.workers import Abandoned, StillWanted, Workers

from . import audio

SECOND = audio.wav(audio.samples(1.0).tobytes())


class _Known:
    def __init__(self, languages: frozenset[str]) -> None:
        self.languages = languages


class FakeNetworks(Networks):
    """Answers at once, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"), "whisper-base", 1)
        self.asked: list[tuple[list[Span], str, Options]] = []
        self.missing = False
        self.known = frozenset({"en", "de", "pl"})

    def activity(self, recording: wave.Recording, wanted: StillWanted) -> NDArray[np.float32]:
        if self.missing:
            raise Missing("voice/x.onnx is not there")
        return np.full(len(recording) // 512, 0.25, np.float32)

    def turns(
        self, recording: wave.Recording, wanted: StillWanted
    ) -> tuple[list[Window], list[Piece]]:
        window = Window(0.0, recording.duration, (((0.1, 0.9),), (), ()))
        return [window], [Piece(0, 0, 0.1, 0.9, np.arange(192, dtype=np.float32))]

    def speech(self, recording: wave.Recording, longest: float, wanted: StillWanted) -> list[Span]:
        return [(0.2, 0.8)]

    def languages(
        self, recording: wave.Recording, spans: list[Span], name: str, wanted: StillWanted
    ) -> list[dict[str, float]]:
        return [{"pl": 0.7, "en": 0.2, "de": 0.04, "a": 0.03, "b": 0.02, "c": 0.01} for _ in spans]

    def recognition(self, name: str) -> Any:
        return _Known(self.known if name == "whisper-base" else frozenset({"en"}))

    def transcribe(
        self, recording: wave.Recording, spans: list[Span], name: str, options: Options,
        wanted: StillWanted,
    ) -> list[Segment]:  # fmt: skip
        self.asked.append((spans, name, options))
        words = (Word("Dzień", 0.2, 0.4, 0.9), Word("dobry.", 0.4, 0.7, 0.8))
        return [
            Segment(a, b, "Dzień dobry.", -0.2, 0.8, 0.01, options.temperature, words)
            for a, b in spans
        ]


class Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("local", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


class Caller:
    def __init__(self, path: Path, networks: FakeNetworks) -> None:
        self.path, self.networks = path, networks
        self.connection = Connection(path)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        names = {key.replace("_", "-"): value for key, value in headers.items()}
        self.connection.request(method, path, body, names)
        response = self.connection.getresponse()
        return response.status, response.read()

    def post(self, path: str, file: bytes | None = SECOND, /, **fields: str) -> tuple[int, Any]:
        named = {key.replace("__", "[]"): value for key, value in fields.items()}
        kind, body = audio.form(file, named)
        status, answer = self.send("POST", path, body, Content_Type=kind)
        return status, json.loads(answer) if answer[:1] in b"{[" else answer.decode()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: the address of a unix socket has room for 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="inf"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def caller(folder: Path) -> Iterator[Caller]:
    networks = FakeNetworks()
    handler = server._handler(service.Service(networks), server.Idle(), None)
    with server._UnixThreads(str(folder / "s"), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Caller(folder / "s", networks)
        finally:
            serving.shutdown()
            thread.join()


def test_health_says_what_is_there(caller: Caller) -> None:
    status, body = caller.send("GET", "/healthz")
    assert status == 200
    answer = json.loads(body)
    assert answer["status"] == "ok"
    assert answer["models"]["activity"] == "silero-vad"
    assert answer["models"]["recognition"] is None


def test_verbose_answers_carry_segments_and_words(caller: Caller) -> None:
    status, answer = caller.post(
        "/v1/audio/transcriptions", language="pl-PL", response_format="verbose_json",
        timestamp_granularities__="word", clips="[[0, 0.5], [0.5, 1.0]]",
    )  # fmt: skip
    assert status == 200
    assert (answer["language"], answer["duration"]) == ("pl", 1.0)
    assert answer["text"] == "Dzień dobry. Dzień dobry."
    assert [s["id"] for s in answer["segments"]] == [0, 1]
    assert answer["segments"][0] == {
        "id": 0, "start": 0.0, "end": 0.5, "text": "Dzień dobry.", "avg_logprob": -0.2,
        "compression_ratio": 0.8, "no_speech_prob": 0.01, "temperature": 0.0,
    }  # fmt: skip
    assert [w["segment"] for w in answer["words"]] == [0, 0, 1, 1]
    assert caller.networks.asked[0][0] == [(0.0, 0.5), (0.5, 1.0)]


def test_without_clips_or_language_it_cuts_and_detects(caller: Caller) -> None:
    status, answer = caller.post("/v1/audio/transcriptions", hotwords="Kowalska, , Mainstay")
    assert (status, answer) == (200, {"text": "Dzień dobry."})
    spans, name, options = caller.networks.asked[0]
    assert (spans, name, options.language) == ([(0.2, 0.8)], "whisper-base", "pl")
    assert options.hotwords == ("Kowalska", "Mainstay")
    assert not options.words


def test_no_clips_means_no_text(caller: Caller) -> None:
    status, answer = caller.post("/v1/audio/transcriptions", clips="[]", language="en")
    assert (status, answer) == (200, {"text": ""})


def test_text_is_plain(caller: Caller) -> None:
    assert caller.post("/v1/audio/transcriptions", response_format="text", language="en") == (
        200,
        "Dzień dobry.\n",
    )


def test_languages_give_the_five_likeliest(caller: Caller) -> None:
    status, answer = caller.post("/v1/audio/languages")
    assert status == 200
    window = answer["windows"][0]
    assert (window["start"], window["end"]) == (0.0, 1.0)
    assert list(window["probabilities"]) == ["pl", "en", "de", "a", "b"]


def test_activity_gives_probabilities(caller: Caller) -> None:
    want = {"frame_ms": 32, "probabilities": [0.25] * 31}
    assert caller.post("/v1/audio/activity") == (200, want)


def test_turns_give_embeddings_as_little_endian_floats(caller: Caller) -> None:
    status, answer = caller.post("/v1/audio/turns")
    assert status == 200
    assert answer["windows"] == [{"start": 0.0, "end": 1.0, "speakers": [[[0.1, 0.9]], [], []]}]
    piece = answer["pieces"][0]
    vector = np.frombuffer(base64.b64decode(piece.pop("embedding")), "<f4")
    np.testing.assert_array_equal(vector, np.arange(192))
    assert piece == {"window": 0, "speaker": 0, "start": 0.1, "end": 0.9}


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        pytest.param({"clips": "x"}, 400, "clips_invalid", id="clips that are no JSON"),
        pytest.param({"clips": "[" * 99999}, 400, "clips_invalid", id="clips nested deep"),
        pytest.param({"clips": "[[0]]"}, 400, "clips_invalid", id="half a clip"),
        pytest.param({"clips": "[[0,true]]"}, 400, "clips_invalid", id="a clip of another type"),
        pytest.param({"clips": "[[0,NaN]]"}, 400, "clips_invalid", id="a clip without an end"),
        pytest.param({"clips": "[[0.5,0.5]]"}, 400, "clips_invalid", id="an empty clip"),
        pytest.param({"clips": "[[0,2]]"}, 400, "clips_invalid", id="a clip beyond the audio"),
        pytest.param({"language": "xx"}, 400, "language_unknown", id="an unknown language"),
        pytest.param(
            {"language": "de", "model": "whisper-tiny.en"}, 400, "language_unknown",
            id="a language that this model lacks",
        ),
        pytest.param({"model": "../x"}, 404, "model_not_found", id="another model"),
        pytest.param({"response_format": "srt"}, 400, "response_format_unknown", id="a format"),
        pytest.param({"temperature": "2"}, 400, "temperature_invalid", id="too hot"),
        pytest.param({"beam_size": "nan"}, 400, "beam_size_invalid", id="no number"),
        pytest.param(
            {"timestamp_granularities__": "letter"}, 400, "granularity_unknown", id="letters"
        ),
    ],
)  # fmt: skip
def test_refuses_fields(caller: Caller, fields: dict[str, str], status: int, code: str) -> None:
    got, answer = caller.post("/v1/audio/transcriptions", SECOND, **fields)
    assert (got, answer["error"]["code"]) == (status, code)
    assert answer["error"]["type"] == "invalid_request_error"
    assert answer["error"]["message"].endswith(".")


def test_other_audio_is_415_and_no_audio_400(caller: Caller) -> None:
    assert caller.post("/v1/audio/activity", b"OggS")[0] == 415
    assert caller.post("/v1/audio/activity", None)[0] == 400


def test_a_missing_network_is_503(caller: Caller) -> None:
    caller.networks.missing = True
    status, answer = caller.post("/v1/audio/activity")
    assert (status, answer["error"]["code"]) == (503, "model_missing")


def test_more_than_thirty_minutes_are_413(caller: Caller) -> None:
    status, _ = caller.post("/v1/audio/activity", audio.wav(bytes(wave.MAX_BYTES + 2)))
    assert status == 413
    status, _ = caller.post("/v1/audio/activity", bytes(server.MAX_BODY + 1))
    assert status == 413


def test_a_body_in_chunks_is_read_and_bounded(caller: Caller) -> None:
    kind, body = audio.form(SECOND, {})
    pieces = (body[i : i + 1000] for i in range(0, len(body), 1000))
    assert caller.send("POST", "/v1/audio/activity", pieces, Content_Type=kind)[0] == 200
    caller.connection.putrequest("POST", "/v1/audio/activity")
    caller.connection.putheader("Transfer-Encoding", "chunked")
    caller.connection.endheaders(b"%x\r\n" % (server.MAX_BODY + 1))
    assert caller.connection.getresponse().status == 413


def test_one_connection_serves_many_requests(caller: Caller) -> None:
    for _ in range(3):
        assert caller.post("/v1/audio/activity")[0] == 200
    assert caller.send("GET", "/healthz")[0] == 200
    assert caller.send("GET", "/v1/audio/activity")[0] == 404


def test_only_the_right_token_is_let_in() -> None:
    networks = FakeNetworks()
    handler = server._handler(service.Service(networks), server.Idle(), b"sesame-sesame-sesame")
    with server._Threads(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        try:
            for given, want in (
                (None, 401),
                ("Bearer wrong", 401),
                ("Bearer sesame-sesame-sesame", 200),
            ):
                connection = http.client.HTTPConnection(
                    "127.0.0.1", serving.server_address[1], timeout=30
                )
                headers = {"Authorization": given} if given else {}
                connection.request("GET", "/healthz", headers=headers)
                assert connection.getresponse().status == want
                connection.close()
        finally:
            serving.shutdown()
            thread.join()


def test_work_stops_when_nobody_waits() -> None:
    errand = Workers(1).errand(lambda: False)
    with pytest.raises(Abandoned):
        errand.map(str, [1, 2])


def test_work_keeps_its_order() -> None:
    assert Workers(3).errand(lambda: True).map(str, range(50)) == [str(i) for i in range(50)]


def program(folder: Path, *more: str, **pipes: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mainstay_inference", "serve", "--models", str(folder)]
    where = Path(__file__).parent.parent
    return subprocess.Popen(
        [*command, "--socket", str(folder / "s"), *more], cwd=where, stderr=subprocess.PIPE, **pipes
    )


def ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stderr is not None
    assert json.loads(process.stderr.readline())["event"] == "serving"


def test_ends_when_its_parent_closes_standard_input(folder: Path) -> None:
    process = program(folder, stdin=subprocess.PIPE)
    ready(process)
    assert oct((folder / "s").stat().st_mode & 0o777) == "0o600"
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
    assert not (folder / "s").exists()


def test_ends_when_idle(folder: Path) -> None:
    process = program(folder, "--idle-seconds", "0.2", stdin=subprocess.DEVNULL)
    assert process.wait(20) == 0


def test_ends_when_asked_to(folder: Path) -> None:
    process = program(folder, stdin=subprocess.DEVNULL)
    ready(process)
    process.terminate()
    assert process.wait(20) == 0
    assert not (folder / "s").exists()


def test_another_machine_needs_tls_and_a_token(folder: Path) -> None:
    command = [sys.executable, "-m", "mainstay_inference", "serve", "--models", str(folder)]
    done = subprocess.run(
        [*command, "--listen", "127.0.0.1:0"], cwd=Path(__file__).parent.parent,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert b"--listen needs" in done.stderr
