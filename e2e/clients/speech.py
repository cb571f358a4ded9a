"""OpenAI's own package against our speech API, as its documentation uses it. Prints what it got as JSON.

Usage: OPENAI_API_KEY=... speech.py BASE_URL FILE
"""

import json
import sys

from openai import OpenAI

client = OpenAI(base_url=sys.argv[1], max_retries=0)
with open(sys.argv[2], "rb") as sound:
    verbose = client.audio.transcriptions.create(
        model="whisper-1", file=sound, language="en", response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
with open(sys.argv[2], "rb") as sound:
    plain = client.audio.transcriptions.create(model="whisper-1", file=sound, response_format="text")
json.dump(
    {
        "text": verbose.text,
        "language": verbose.language,
        "duration": verbose.duration,
        "words": [[w.word, w.start, w.end] for w in verbose.words or []],
        "segments": len(verbose.segments or []),
        "plain": plain,
        "models": [m.id for m in client.models.list()],
    },
    sys.stdout,
)
