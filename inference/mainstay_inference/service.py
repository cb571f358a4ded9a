"""The HTTP interface without a transport: a request in memory becomes an answer in memory.

Shapes are OpenAI's where OpenAI has them. Times are seconds from the start of the
posted audio.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import RECOGNITION, __version__, multipart, wave
from .multipart import Form
from .networks import Missing, Networks, Span
from .workers import StillWanted

if TYPE_CHECKING:
    from .recognition import Segment
    from .turns import Window

LONGEST_CLIP = 30.0
_MAX_CLIPS = 10_000
_MAX_BEAM = 10
_TOP_LANGUAGES = 5
_SLACK = 0.05


class Problem(Exception):
    """A request that is answered with an error; the message is meant for its sender."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Answer:
    """Status, media type and body of a response."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True)
class Request:
    """A parsed post."""

    form: Form
    recording: wave.Recording
    wanted: StillWanted


def answer_json(status: int, value: object) -> Answer:
    """Renders value as the body of an answer."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Answer(status, "application/json", body.encode())


def answer_problem(problem: Problem) -> Answer:
    """Renders a problem in OpenAI's shape."""
    kind = "invalid_request_error" if problem.status < 500 else "server_error"
    error = {"message": problem.message, "type": kind, "code": problem.code}
    return answer_json(problem.status, {"error": error})


class Service:
    """Answers requests with the networks of one folder."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._posts: dict[str, Callable[[Request], Answer]] = {
            "/v1/audio/transcriptions": self._transcriptions,
            "/v1/audio/languages": self._languages,
            "/v1/audio/activity": self._activity,
            "/v1/audio/turns": self._turns,
        }

    def health(self) -> Answer:
        """Says what the folder can answer, without loading anything."""
        models = self._networks.available()
        return answer_json(200, {"status": "ok", "version": __version__, "models": models})

    def takes(self, path: str) -> bool:
        """Reports whether path answers posts."""
        return path in self._posts

    def post(self, path: str, content_type: str, body: bytearray, wanted: StillWanted) -> Answer:
        """Answers a post to a path that takes them. Raises Problem, or Abandoned."""
        try:
            form = multipart.parse(content_type, body)
            if "file" not in form.files:
                raise Problem(400, "file_missing", "Send the audio as the part named file.")
            request = Request(form, wave.parse(form.files["file"]), wanted)
            return self._posts[path](request)
        except multipart.Malformed as error:
            raise Problem(400, "malformed_form", f"Send multipart/form-data: {error}.") from error
        except wave.Unsupported as error:
            raise Problem(
                415, "unsupported_audio", f"Send WAV, PCM 16 bit, 16 kHz, mono: {error}."
            ) from error
        except wave.TooLong as error:
            raise Problem(413, "audio_too_long", "Send at most 30 minutes at a time.") from error
        except Missing as error:
            raise Problem(503, "model_missing", f"Pull the models first: {error}.") from error

    def _activity(self, request: Request) -> Answer:
        found = self._networks.activity(request.recording, request.wanted)
        values = [round(float(p), 4) for p in found]
        return answer_json(200, {"frame_ms": 32, "probabilities": values})

    def _turns(self, request: Request) -> Answer:
        windows, pieces = self._networks.turns(request.recording, request.wanted)
        return answer_json(
            200,
            {
                "windows": [_window(w) for w in windows],
                "pieces": [
                    {
                        "window": p.window,
                        "speaker": p.speaker,
                        "start": round(p.start, 4),
                        "end": round(p.end, 4),
                        "embedding": base64.b64encode(p.embedding.astype("<f4").tobytes()).decode(),
                    }
                    for p in pieces
                ],
            },
        )

    def _languages(self, request: Request) -> Answer:
        spans = _clips(request) or _even(request.recording.duration)
        name = self._model(request.form)
        found = self._networks.languages(request.recording, spans, name, request.wanted)
        windows = [
            {"start": span[0], "end": span[1], "probabilities": _top(one)}
            for span, one in zip(spans, found, strict=True)
        ]
        return answer_json(200, {"windows": windows})

    def _transcriptions(self, request: Request) -> Answer:
        from .recognition import Options

        form, name = request.form, self._model(request.form)
        shape = _one_of(form, "response_format", ("json", "text", "verbose_json"), "json")
        options = Options(
            language=_language(form),
            prompt=form.first("prompt") or "",
            hotwords=_hotwords(form),
            temperature=_number(form, "temperature", 0.0, 0.0, 1.0),
            beam_size=int(_number(form, "beam_size", 1, 1, _MAX_BEAM)),
            words=_wants_words(form),
        )
        spans = _clips(request)
        if spans is None:
            spans = self._networks.speech(request.recording, LONGEST_CLIP, request.wanted)
        options = self._with_language(options, request, spans, name)
        segments = self._networks.transcribe(
            request.recording, spans, name, options, request.wanted
        )
        text = " ".join(s.text for s in segments if s.text)
        if shape == "text":
            return Answer(200, "text/plain; charset=utf-8", (text + "\n").encode())
        if shape == "json":
            return answer_json(200, {"text": text})
        found = _verbose(segments, options.words)
        head = {"task": "transcribe", "language": options.language}
        head |= {"duration": round(request.recording.duration, 3), "text": text}
        return answer_json(200, head | found)

    def _with_language(self, options: Any, request: Request, spans: list[Span], name: str) -> Any:
        """Checks the language, or finds it in the longest stretches."""
        from dataclasses import replace

        known = self._networks.recognition(name).languages
        if options.language:
            if options.language not in known:
                raise Problem(
                    400, "language_unknown", f"{name} does not know {options.language!r}."
                )
            return options
        if len(known) == 1:
            return replace(options, language=next(iter(known)))
        longest = sorted(spans, key=lambda s: s[0] - s[1])[:4]
        found = self._networks.languages(request.recording, longest, name, request.wanted)
        sums: dict[str, float] = {}
        for one in found:
            for code, probability in one.items():
                sums[code] = sums.get(code, 0.0) + probability
        return replace(options, language=max(sums, key=lambda c: sums[c]) if sums else "en")

    def _model(self, form: Form) -> str:
        """Returns the recognition network that the request names; OpenAI's name means ours."""
        name = form.first("model")
        if name in (None, "whisper-1", self._networks.recognition_name):
            return self._networks.recognition_name
        if name in RECOGNITION:
            return str(name)
        raise Problem(404, "model_not_found", f"Name one of {', '.join(RECOGNITION)}.")


def _window(window: Window) -> dict[str, Any]:
    return {
        "start": window.start,
        "end": round(window.end, 4),
        "speakers": [[[round(a, 4), round(b, 4)] for a, b in runs] for runs in window.speakers],
    }


def _verbose(segments: list[Segment], with_words: bool) -> dict[str, Any]:
    listed: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    for number, segment in enumerate(segments):
        listed.append(
            {
                "id": number,
                "start": round(segment.start, 3),
                "end": round(segment.end, 3),
                "text": segment.text,
                "avg_logprob": round(segment.avg_logprob, 4),
                "compression_ratio": round(segment.compression_ratio, 3),
                "no_speech_prob": round(segment.no_speech_prob, 6),
                "temperature": segment.temperature,
            }
        )
        words += [
            {
                "word": w.word,
                "start": round(w.start, 3),
                "end": round(w.end, 3),
                "probability": round(w.probability, 4),
                "segment": number,
            }
            for w in segment.words
        ]
    return {"segments": listed, "words": words} if with_words else {"segments": listed}


def _top(probabilities: dict[str, float]) -> dict[str, float]:
    best = sorted(probabilities.items(), key=lambda item: -item[1])[:_TOP_LANGUAGES]
    return {code: round(p, 5) for code, p in best}


def _even(duration: float) -> list[Span]:
    count = max(1, math.ceil(duration / LONGEST_CLIP))
    return [(i * LONGEST_CLIP, min((i + 1) * LONGEST_CLIP, duration)) for i in range(count)]


def _clips(request: Request) -> list[Span] | None:
    """Returns the stretches that the caller cut; None when the field is absent."""
    text = request.form.first("clips")
    if text is None:
        return None
    wrong = Problem(400, "clips_invalid", "Send clips as JSON: [[start, end], ...] in seconds.")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise wrong from None
    if not isinstance(value, list) or len(value) > _MAX_CLIPS:
        raise wrong
    return [_clip(one, request.recording.duration, wrong) for one in value]


def _clip(value: object, duration: float, wrong: Problem) -> Span:
    if not isinstance(value, list) or len(value) != 2:
        raise wrong
    if not all(type(v) in (int, float) and math.isfinite(v) for v in value):
        raise wrong
    start, end = float(value[0]), float(value[1])
    if not 0 <= start < end <= duration + _SLACK:
        raise Problem(400, "clips_invalid", "A clip must lie within the audio and not be empty.")
    if end - start > LONGEST_CLIP + _SLACK:
        raise Problem(400, "clips_invalid", "A clip must last at most 30 seconds.")
    return start, min(end, duration)


def _language(form: Form) -> str:
    return (form.first("language") or "").replace("_", "-").split("-")[0].lower()


def _hotwords(form: Form) -> tuple[str, ...]:
    parts = (word.strip() for word in (form.first("hotwords") or "").split(","))
    return tuple(word for word in parts if word)


def _wants_words(form: Form) -> bool:
    values = form.fields.get("timestamp_granularities[]", [])
    values = values + form.fields.get("timestamp_granularities", [])
    for value in values:
        if value.strip() not in ("segment", "word"):
            raise Problem(
                400, "granularity_unknown", "Ask for timestamps of segment, word or both."
            )
    return "word" in (value.strip() for value in values)


def _one_of(form: Form, name: str, choices: tuple[str, ...], otherwise: str) -> str:
    value = form.first(name) or otherwise
    if value not in choices:
        raise Problem(400, f"{name}_unknown", f"{name} must be one of {', '.join(choices)}.")
    return value


def _number(form: Form, name: str, otherwise: float, least: float, most: float) -> float:
    text = form.first(name)
    try:
        value = otherwise if text is None else float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise Problem(400, f"{name}_invalid", f"{name} must lie between {least:g} and {most:g}.")
    return value
