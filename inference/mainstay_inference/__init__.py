"""Local neural networks behind HTTP: recognition, voice activity, speaker turns.

The program holds networks and nothing else. A request carries at most thirty
minutes of audio in memory and gets back what the networks saw in it: words with
times and confidences, voice probabilities, local speaker turns with embeddings.
Cutting, the choice of a language, checks against invented text, clustering and
words to speakers belong to the caller. Nothing is written to disk while serving.
"""

__version__ = "0.1.0"

# The recognition networks that a models folder may hold; the first is the default.
RECOGNITION = ("whisper-base", "whisper-tiny.en")
