"""Rebuilds the speaker segmentation network (PyanNet, segmentation 3.0) as an ONNX graph.

Samples of 16 kHz go through 40 pairs of learnt band-pass filters (SincNet,
Ravanelli and Bengio 2018), two convolutions, four bidirectional LSTM layers and
two linear layers. A frame of 270 samples gets the log probabilities of seven
classes: silence, three local speakers, and their three pairs (powerset,
Plaquet and Bredin 2023).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .graph import Graph
from .statedict import Array

RATE = 16000
CLASSES = 7
_HIDDEN = 128
_LSTM_LAYERS = 4
_SINC_STRIDE = 10
_MIN_HZ = 50.0
_SLOPE = 0.01


def convert(weights: dict[str, Array], path: Path) -> None:
    """Writes the graph: samples (batch, 1, n) to log probabilities (batch, frames, 7)."""
    g = Graph("segmentation-3.0")
    value = _instance_norm(g, "samples", weights, "sincnet.wav_norm1d")
    value = _front(g, value, weights)
    value = g.apply("Transpose", value, perm=[2, 0, 1])
    for layer in range(_LSTM_LAYERS):
        value = _lstm(g, value, weights, layer)
    value = g.apply("Transpose", value, perm=[1, 0, 2])
    for name in ("linear.0", "linear.1"):
        value = g.apply("LeakyRelu", _linear(g, value, weights, name), alpha=_SLOPE)
    value = g.apply("LogSoftmax", _linear(g, value, weights, "classifier"), axis=-1)
    g.save(path, ("samples", ["batch", 1, "length"]), (value, ["batch", "frames", CLASSES]))


def _front(g: Graph, value: str, w: dict[str, Array]) -> str:
    filters = g.constant(sinc_filters(w))
    value = g.apply("Abs", g.apply("Conv", value, filters, strides=[_SINC_STRIDE]))
    value = _pool_and_norm(g, value, w, 0)
    for index in (1, 2):
        kernel = g.constant(w[f"sincnet.conv1d.{index}.weight"])
        bias = g.constant(w[f"sincnet.conv1d.{index}.bias"])
        value = _pool_and_norm(g, g.apply("Conv", value, kernel, bias), w, index)
    return value


def _pool_and_norm(g: Graph, value: str, w: dict[str, Array], index: int) -> str:
    value = g.apply("MaxPool", value, kernel_shape=[3], strides=[3])
    value = _instance_norm(g, value, w, f"sincnet.norm1d.{index}")
    return g.apply("LeakyRelu", value, alpha=_SLOPE)


def _instance_norm(g: Graph, value: str, w: dict[str, Array], name: str) -> str:
    scale, bias = g.constant(w[f"{name}.weight"]), g.constant(w[f"{name}.bias"])
    return g.apply("InstanceNormalization", value, scale, bias, epsilon=1e-5)


def sinc_filters(w: dict[str, Array]) -> Array:
    """Returns the 80 filters of 251 samples: 40 even ones, then 40 odd ones.

    The left half is computed, the right half mirrors it; an odd filter changes
    sign at its centre. All in 32-bit floats, as the network was trained.
    """
    prefix = "sincnet.conv1d.0.filterbank."
    time, window = w[prefix + "n_"].reshape(1, -1), w[prefix + "window_"].reshape(1, -1)
    low = np.float32(_MIN_HZ) + np.abs(w[prefix + "low_hz_"].reshape(-1, 1))
    high = low + np.float32(_MIN_HZ) + np.abs(w[prefix + "band_hz_"].reshape(-1, 1))
    high = np.clip(high, np.float32(_MIN_HZ), np.float32(RATE / 2))
    width = 2 * (high - low)
    scale = window / (time / 2)
    even = (np.sin(high @ time) - np.sin(low @ time)) * scale
    odd = (np.cos(low @ time) - np.cos(high @ time)) * scale
    rows = [
        np.concatenate([even, width, even[:, ::-1]], axis=1) / width,
        np.concatenate([odd, np.zeros_like(width), -odd[:, ::-1]], axis=1) / width,
    ]
    return np.concatenate(rows)[:, None, :].astype(np.float32)


def _lstm(g: Graph, value: str, w: dict[str, Array], layer: int) -> str:
    """Adds one bidirectional layer: (frames, batch, in) to (frames, batch, 256)."""
    ends = [f"l{layer}", f"l{layer}_reverse"]
    inputs = np.stack([_gates(w[f"lstm.weight_ih_{e}"]) for e in ends])
    state = np.stack([_gates(w[f"lstm.weight_hh_{e}"]) for e in ends])
    bias = np.stack(
        [
            np.concatenate([_gates(w[f"lstm.bias_ih_{e}"]), _gates(w[f"lstm.bias_hh_{e}"])])
            for e in ends
        ]
    )
    value = g.apply(
        "LSTM", value, g.constant(inputs), g.constant(state), g.constant(bias),
        direction="bidirectional", hidden_size=_HIDDEN,
    )  # fmt: skip
    value = g.apply("Transpose", value, perm=[0, 2, 1, 3])
    return g.apply("Reshape", value, g.ints(0, 0, 2 * _HIDDEN))


def _gates(value: Array) -> Array:
    """Reorders the gates from input, forget, cell, output to ONNX's input, output, forget, cell."""
    i, f, c, o = np.split(value, 4)
    return np.concatenate([i, o, f, c])


def _linear(g: Graph, value: str, w: dict[str, Array], name: str) -> str:
    product = g.apply("MatMul", value, g.constant(w[f"{name}.weight"].T))
    return g.apply("Add", product, g.constant(w[f"{name}.bias"]))
