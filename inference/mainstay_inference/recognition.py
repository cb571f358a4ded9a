"""Speech recognition with Whisper (Radford et al. 2022) on CTranslate2, 8-bit integers.

Stretches of at most 30 seconds are recognized in batches of four, one batch on each
worker: eight at a time on two cores. Each stretch gives one segment,
with the network's own confidence: average log probability, the probability that
there is no speech, and how well the text compresses (loops compress well). The
caller judges them; nothing is dropped here.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations

from .wave import Recording
from .workers import Errand

BATCH = 4
LONGEST = 30.0
_FRAMES_PER_SECOND = 100
_MAX_TOKENS = 448
_MAX_HINT_TOKENS = 100
_BEFORE = "\"'“¿([{-"
_AFTER = "\"'.。,，!！?？:：”)]}、"
_SENTENCE_ENDS = (".", "。", "!", "！", "?", "？")

Span = tuple[float, float]


@dataclass(frozen=True)
class Options:
    """What the caller may choose. A language is a code that the network knows."""

    language: str
    prompt: str = ""
    hotwords: tuple[str, ...] = ()
    temperature: float = 0.0
    beam_size: int = 1
    words: bool = False


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds of the recording and the mean of its tokens' probability."""

    word: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True)
class Segment:
    """What was recognized in one stretch."""

    start: float
    end: float
    text: str
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    temperature: float
    words: tuple[Word, ...]


class Recognition:
    """One Whisper network, for as many workers as may call it at once."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._whisper = WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=1,
            num_workers=workers,
            local_files_only=True,
        )
        self._tokenizers: dict[str, Tokenizer] = {}

    @property
    def languages(self) -> frozenset[str]:
        """The language codes that the network knows."""
        return frozenset(self._whisper.supported_languages)

    def detect(
        self, recording: Recording, spans: list[Span], errand: Errand
    ) -> list[dict[str, float]]:
        """Returns the probability of every language in each stretch."""
        if len(self.languages) == 1:
            return [dict.fromkeys(self.languages, 1.0) for _ in spans]

        def work(batch: list[Span]) -> list[dict[str, float]]:
            found = self._whisper.model.detect_language(self._encode(recording, batch))
            return [{token[2:-2]: float(p) for token, p in one} for one in found]

        return [one for batch in errand.map(work, _batches(spans)) for one in batch]

    def transcribe(
        self, recording: Recording, spans: list[Span], options: Options, errand: Errand
    ) -> list[Segment]:
        """Returns one segment a stretch, in the order of spans.

        Stretches of like length go into one batch, because a batch lasts as long as its
        longest text.
        """
        order = sorted(range(len(spans)), key=lambda i: spans[i][0] - spans[i][1])
        batches = _batches([spans[i] for i in order])
        found = errand.map(lambda batch: self._batch(recording, batch, options), batches)
        segments = [segment for batch in found for segment in batch]
        return [segment for _, segment in sorted(zip(order, segments, strict=True), key=_place)]

    def _batch(self, recording: Recording, spans: list[Span], options: Options) -> list[Segment]:
        tokenizer = self._tokenizer(options.language)
        encoded = self._encode(recording, spans)
        sampled = options.temperature > 0
        results = self._whisper.model.generate(
            encoded,
            [self._prompt(tokenizer, options)] * len(spans),
            beam_size=1 if sampled else options.beam_size,
            sampling_topk=0 if sampled else 1,
            sampling_temperature=options.temperature if sampled else 1.0,
            max_length=_MAX_TOKENS,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1]) or ()),
            return_scores=True,
            return_no_speech_prob=True,
        )
        tokens = [[t for t in r.sequences_ids[0] if t < tokenizer.eot] for r in results]
        words = self._words(tokenizer, encoded, spans, tokens) if options.words else None
        return [
            _segment(
                span, tokenizer.decode(ids).strip(), result, options, words[i] if words else ()
            )
            for i, (span, ids, result) in enumerate(zip(spans, tokens, results, strict=True))
        ]

    def _encode(self, recording: Recording, spans: list[Span]) -> Any:
        extract = self._whisper.feature_extractor
        features = [pad_or_trim(extract(recording.cut(*span))[..., :-1]) for span in spans]
        return self._whisper.encode(np.stack(features))

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            whisper = self._whisper
            self._tokenizers[language] = Tokenizer(
                whisper.hf_tokenizer, whisper.model.is_multilingual, "transcribe", language
            )
        return self._tokenizers[language]

    def _prompt(self, tokenizer: Tokenizer, options: Options) -> list[int]:
        """Hints first, cut so that they leave room for the text of the stretch."""
        hints: list[int] = []
        for text in (", ".join(options.hotwords), options.prompt):
            if text.strip():
                hints += tokenizer.encode(" " + text.strip())[-_MAX_HINT_TOKENS:]
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        return [tokenizer.sot_prev, *hints, *start] if hints else start

    def _words(
        self, tokenizer: Tokenizer, encoded: Any, spans: list[Span], tokens: list[list[int]]
    ) -> list[tuple[Word, ...]]:
        frames = [min(3000, round((end - start) * _FRAMES_PER_SECOND)) for start, end in spans]
        found = self._whisper.find_alignment(tokenizer, tokens, encoded, frames)
        return [_timed(words, span) for words, span in zip(found, spans, strict=True)]


def _batches(spans: list[Span]) -> list[list[Span]]:
    return [spans[i : i + BATCH] for i in range(0, len(spans), BATCH)]


def _place(numbered: tuple[int, Segment]) -> int:
    return numbered[0]


def _segment(
    span: Span, text: str, result: Any, options: Options, words: tuple[Word, ...]
) -> Segment:
    count = len(result.sequences_ids[0])
    raw = text.encode()
    return Segment(
        start=words[0].start if words else span[0],
        end=words[-1].end if words else span[1],
        text=text,
        avg_logprob=result.scores[0] * count / (count + 1),
        compression_ratio=len(raw) / len(zlib.compress(raw)) if raw else 0.0,
        no_speech_prob=result.no_speech_prob,
        temperature=options.temperature,
        words=words,
    )


def _timed(words: list[dict[str, Any]], span: Span) -> tuple[Word, ...]:
    """Joins punctuation to words and shortens words that swallowed a pause.

    The alignment gives silence to the word beside it. Only at the edges of a stretch and of
    a sentence is that corrected: there a word lasts at most twice the median.
    """
    lengths = [w["end"] - w["start"] for w in words if w["end"] > w["start"]]
    longest = 2 * min(0.7, float(np.median(lengths))) if lengths else 0.0
    merge_punctuations(words, _BEFORE, _AFTER)
    kept = [w for w in words if w["word"].strip()]
    timed: list[Word] = []
    for index, word in enumerate(kept):
        start, end = float(word["start"]), float(word["end"])
        opens = index == 0 or kept[index - 1]["word"].endswith(_SENTENCE_ENDS)
        closes = index + 1 == len(kept) or word["word"].endswith(_SENTENCE_ENDS)
        if end - start > longest and opens:
            start = end - longest
        elif end - start > longest and closes:
            end = start + longest
        start, end = (min(span[0] + t, span[1]) for t in (start, end))
        text = str(word["word"]).strip()
        timed.append(Word(text, start, end, float(word["probability"])))
    return tuple(timed)
