"""The graphs built from weights do what the networks do."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from mainstay_inference import campplus, features, pyannet, statedict, wave
from mainstay_inference.statedict import Array

RANDOM = np.random.default_rng(11)


def weight(*shape: int) -> Array:
    scale = 1 / np.sqrt(np.prod(shape[1:])) if len(shape) > 1 else 1.0
    return (RANDOM.normal(0, scale, shape)).astype(np.float32)


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def segmentation_weights() -> dict[str, Array]:
    w: dict[str, Array] = {}
    bank = "sincnet.conv1d.0.filterbank."
    w[bank + "n_"] = (2 * np.pi * np.arange(-125, 0) / 16000).astype(np.float32)[None]
    w[bank + "window_"] = np.hamming(251)[:125].astype(np.float32)
    w[bank + "low_hz_"] = np.linspace(30, 7000, 40, dtype=np.float32)[:, None]
    w[bank + "band_hz_"] = np.full((40, 1), 90, np.float32)
    for name, size in (("wav_norm1d", 1), ("norm1d.0", 80), ("norm1d.1", 60), ("norm1d.2", 60)):
        w[f"sincnet.{name}.weight"], w[f"sincnet.{name}.bias"] = weight(size), weight(size)
    for index, inputs in ((1, 80), (2, 60)):
        w[f"sincnet.conv1d.{index}.weight"] = weight(60, inputs, 5)
        w[f"sincnet.conv1d.{index}.bias"] = weight(60)
    for layer in range(4):
        for end in (f"l{layer}", f"l{layer}_reverse"):
            w[f"lstm.weight_ih_{end}"] = weight(512, 256 if layer else 60)
            w[f"lstm.weight_hh_{end}"] = weight(512, 128)
            w[f"lstm.bias_ih_{end}"], w[f"lstm.bias_hh_{end}"] = weight(512), weight(512)
    for name, out, inputs in (
        ("linear.0", 128, 256),
        ("linear.1", 128, 128),
        ("classifier", 7, 128),
    ):
        w[f"{name}.weight"], w[f"{name}.bias"] = weight(out, inputs), weight(out)
    return w


def lstm_reference(x: Array, w: dict[str, Array], end: str) -> Array:
    """One direction of an LSTM, written from its equations; gates input, forget, cell, output."""

    def sigmoid(v: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-v)))

    hidden, cell, out = np.zeros(128), np.zeros(128), []
    for row in x[::-1] if end.endswith("reverse") else x:
        gates = w[f"lstm.weight_ih_{end}"] @ row + w[f"lstm.weight_hh_{end}"] @ hidden
        i, f, c, o = np.split(gates + w[f"lstm.bias_ih_{end}"] + w[f"lstm.bias_hh_{end}"], 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(c)
        hidden = sigmoid(o) * np.tanh(cell)
        out.append(hidden)
    return np.array(out[::-1] if end.endswith("reverse") else out)


def segmentation_reference(x: Array, w: dict[str, Array]) -> Array:
    def norm(v: Array, name: str) -> Array:
        v = (v - v.mean(1, keepdims=True)) / np.sqrt(v.var(1, keepdims=True) + 1e-5)
        scaled: Array = v * w[f"sincnet.{name}.weight"][:, None]
        return scaled + w[f"sincnet.{name}.bias"][:, None]

    def conv(v: Array, kernel: Array, stride: int) -> Array:
        windows = np.lib.stride_tricks.sliding_window_view(v, kernel.shape[2], axis=1)
        return np.asarray(np.einsum("itk,oik->ot", windows[:, ::stride], kernel, optimize=True))

    def leaky(v: Array) -> Array:
        return np.where(v > 0, v, 0.01 * v)

    def pooled(v: Array, name: str) -> Array:
        whole = v[:, : v.shape[1] // 3 * 3].reshape(v.shape[0], -1, 3).max(2)
        return leaky(norm(whole, name))

    value = norm(x[None].astype(np.float64), "wav_norm1d")
    value = pooled(np.abs(conv(value, pyannet.sinc_filters(w), 10)), "norm1d.0")
    for index in (1, 2):
        value = conv(value, w[f"sincnet.conv1d.{index}.weight"], 1)
        value = pooled(value + w[f"sincnet.conv1d.{index}.bias"][:, None], f"norm1d.{index}")
    value = value.T
    for layer in range(4):
        ends = (f"l{layer}", f"l{layer}_reverse")
        value = np.concatenate([lstm_reference(value, w, end) for end in ends], axis=1)
    for name in ("linear.0", "linear.1"):
        value = leaky(value @ w[f"{name}.weight"].T + w[f"{name}.bias"])
    value = value @ w["classifier.weight"].T + w["classifier.bias"]
    return np.asarray(value - np.log(np.exp(value).sum(1, keepdims=True)))


def test_segmentation_equals_its_equations(tmp_path: Path) -> None:
    w, path = segmentation_weights(), tmp_path / "s.onnx"
    pyannet.convert(w, path)
    x = weight(2, 1, 16000)
    got = session(path).run(None, {"samples": x})[0]
    for row, signal in zip(got, x[:, 0], strict=True):
        np.testing.assert_allclose(row, segmentation_reference(signal, w), atol=2e-4)


def test_sinc_filters_are_even_then_odd() -> None:
    filters = pyannet.sinc_filters(segmentation_weights())[:, 0]
    np.testing.assert_array_equal(filters[:40], filters[:40, ::-1])
    np.testing.assert_array_equal(filters[40:], -filters[40:, ::-1])


def norm_weights(w: dict[str, Array], name: str, size: int, affine: bool = True) -> None:
    w[f"{name}.running_mean"] = weight(size)
    w[f"{name}.running_var"] = np.abs(weight(size)) + np.float32(0.5)
    if affine:
        w[f"{name}.weight"], w[f"{name}.bias"] = weight(size), weight(size)


def embedding_weights() -> dict[str, Array]:
    w: dict[str, Array] = {"head.conv1.weight": weight(32, 1, 3, 3)}
    norm_weights(w, "head.bn1", 32)
    for name in ("layer1.0", "layer1.1", "layer2.0", "layer2.1"):
        for index in (1, 2):
            w[f"head.{name}.conv{index}.weight"] = weight(32, 32, 3, 3)
            norm_weights(w, f"head.{name}.bn{index}", 32)
        if name.endswith("0"):
            w[f"head.{name}.shortcut.0.weight"] = weight(32, 32, 1, 1)
            norm_weights(w, f"head.{name}.shortcut.1", 32)
    w["head.conv2.weight"] = weight(32, 32, 3, 3)
    norm_weights(w, "head.bn2", 32)
    w["xvector.tdnn.linear.weight"] = weight(128, 320, 5)
    norm_weights(w, "xvector.tdnn.nonlinear.batchnorm", 128)
    channels = 128
    for block, layers in ((1, 12), (2, 24), (3, 16)):
        for layer in range(1, layers + 1):
            name = f"xvector.block{block}.tdnnd{layer}"
            norm_weights(w, f"{name}.nonlinear1.batchnorm", channels)
            w[f"{name}.linear1.weight"] = weight(128, channels, 1)
            norm_weights(w, f"{name}.nonlinear2.batchnorm", 128)
            w[f"{name}.cam_layer.linear_local.weight"] = weight(32, 128, 3)
            w[f"{name}.cam_layer.linear1.weight"] = weight(64, 128, 1)
            w[f"{name}.cam_layer.linear1.bias"] = weight(64)
            w[f"{name}.cam_layer.linear2.weight"] = weight(32, 64, 1)
            w[f"{name}.cam_layer.linear2.bias"] = weight(32)
            channels += 32
        norm_weights(w, f"xvector.transit{block}.nonlinear.batchnorm", channels)
        w[f"xvector.transit{block}.linear.weight"] = weight(channels // 2, channels, 1)
        channels //= 2
    norm_weights(w, "xvector.out_nonlinear.batchnorm", channels)
    w["xvector.dense.linear.weight"] = weight(192, 2 * channels, 1)
    norm_weights(w, "xvector.dense.nonlinear.batchnorm", 192, affine=False)
    return w


class EmbeddingReference:
    """CAM++ in numpy, one piece at a time, with nothing folded."""

    def __init__(self, w: dict[str, Array]) -> None:
        self.w = w

    def norm(self, v: Array, name: str) -> Array:
        shape = (-1,) + (1,) * (v.ndim - 1)
        part = {p: self.w.get(f"{name}.{p}") for p in ("weight", "bias")}
        mean, var = self.w[f"{name}.running_mean"], self.w[f"{name}.running_var"]
        v = (v - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + 1e-5)
        if part["weight"] is None or part["bias"] is None:
            return v
        return np.asarray(v * part["weight"].reshape(shape) + part["bias"].reshape(shape))

    def conv(self, v: Array, name: str, pad: int = 0, stride: int = 1, dilation: int = 1) -> Array:
        kernel = self.w[f"{name}.weight"]
        v = np.pad(v, ((0, 0), (pad, pad)))
        length = (v.shape[1] - dilation * (kernel.shape[2] - 1) - 1) // stride + 1
        out = np.zeros((kernel.shape[0], length))
        for k in range(kernel.shape[2]):
            out += kernel[:, :, k] @ v[:, k * dilation :][:, : length * stride : stride]
        bias = self.w.get(f"{name}.bias")
        return out if bias is None else out + bias[:, None]

    def conv2d(self, v: Array, name: str, stride: int) -> Array:
        kernel = self.w[f"{name}.weight"]
        pad = kernel.shape[2] // 2
        v = np.pad(v, ((0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(v, kernel.shape[2:], axis=(1, 2))
        return np.asarray(np.einsum("ihwab,oiab->ohw", windows[:, ::stride], kernel, optimize=True))

    def residual(self, v: Array, name: str, stride: int) -> Array:
        inner = self.norm(self.conv2d(v, f"{name}.conv1", stride), f"{name}.bn1").clip(0)
        inner = self.norm(self.conv2d(inner, f"{name}.conv2", 1), f"{name}.bn2")
        if f"{name}.shortcut.0.weight" in self.w:
            v = self.norm(self.conv2d(v, f"{name}.shortcut.0", stride), f"{name}.shortcut.1")
        return np.asarray((inner + v).clip(0))

    def gated(self, v: Array, name: str, dilation: int) -> Array:
        v = self.norm(v, f"{name}.nonlinear1.batchnorm").clip(0)
        v = self.norm(self.conv(v, f"{name}.linear1"), f"{name}.nonlinear2.batchnorm").clip(0)
        context = np.empty_like(v)
        for start in range(0, v.shape[1], 100):
            part = v[:, start : start + 100]
            context[:, start : start + 100] = part.mean(1, keepdims=True)
        context += v.mean(1, keepdims=True)
        gate = self.conv(context, f"{name}.cam_layer.linear1").clip(0)
        gate = self.conv(gate, f"{name}.cam_layer.linear2")
        local = self.conv(v, f"{name}.cam_layer.linear_local", pad=dilation, dilation=dilation)
        return np.asarray(local / (1 + np.exp(-gate)))

    def __call__(self, frames: Array) -> Array:
        v = frames.T[None].astype(np.float64)
        v = self.norm(self.conv2d(v, "head.conv1", 1), "head.bn1").clip(0)
        for name, stride in (("1.0", 2), ("1.1", 1), ("2.0", 2), ("2.1", 1)):
            v = self.residual(v, f"head.layer{name}", stride)
        v = self.norm(self.conv2d(v, "head.conv2", 2), "head.bn2").clip(0)
        v = self.conv(v.reshape(-1, v.shape[2]), "xvector.tdnn.linear", pad=2, stride=2)
        v = self.norm(v, "xvector.tdnn.nonlinear.batchnorm").clip(0)
        for block, layers, dilation in ((1, 12, 1), (2, 24, 2), (3, 16, 2)):
            for layer in range(1, layers + 1):
                grown = self.gated(v, f"xvector.block{block}.tdnnd{layer}", dilation)
                v = np.concatenate([v, grown])
            v = self.norm(v, f"xvector.transit{block}.nonlinear.batchnorm").clip(0)
            v = self.conv(v, f"xvector.transit{block}.linear")
        v = self.norm(v, "xvector.out_nonlinear.batchnorm").clip(0)
        spread = v.std(1, ddof=1) if v.shape[1] > 1 else np.zeros(len(v))
        v = np.concatenate([v.mean(1), spread])[:, None]
        v = self.norm(self.conv(v, "xvector.dense.linear"), "xvector.dense.nonlinear.batchnorm")
        return np.asarray(v[:, 0])


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(1, id="one frame"),
        pytest.param(148, id="a piece within one segment"),
        pytest.param(400, id="a piece that fills its segments"),
        pytest.param(523, id="a piece whose last segment is short"),
    ],
)
def test_embedding_equals_its_equations(tmp_path: Path, frames: int) -> None:
    w, path = embedding_weights(), tmp_path / "c.onnx"
    campplus.convert(w, path)
    x = weight(2, frames, 80) * np.float32(8)
    got = session(path).run(None, {"features": x})[0]
    for row, piece in zip(got, x, strict=True):
        want = EmbeddingReference(w)(piece)
        np.testing.assert_allclose(row, want, atol=2e-3 * max(1.0, float(np.abs(want).max())))


def reference() -> tuple[Path, dict[str, Any], wave.Recording]:
    """The real weights, and what they must give by the evaluation data beside the checkout."""
    beside = Path(__file__).parents[3] / "shared"
    data = Path(os.environ.get("MAINSTAY_TEST_SHARED", beside)) / "data"
    models = os.environ.get("MAINSTAY_TEST_MODELS")
    if not models or not data.is_dir():
        pytest.skip("there are no models, or no evaluation data beside the checkout")
    expected = json.loads((data / "voice" / "reference.json").read_text())
    recording = wave.parse((data / "audio" / "jfk.wav").read_bytes())
    return Path(models) / "voice", expected, recording


def test_real_segmentation_gives_what_it_must(tmp_path: Path) -> None:
    folder, expected, recording = reference()
    pyannet.convert(statedict.read(folder / "segmentation.bin"), tmp_path / "s.onnx")
    samples = recording.floats(0, 160000)[None, None]
    got = session(tmp_path / "s.onnx").run(None, {"samples": samples})[0][0]
    want = expected["segmentation"]
    assert len(got) == want["frames"]
    for frame in (100, 300):
        np.testing.assert_allclose(got[frame], want[f"log_prob_frame_{frame}"], atol=1e-4)
    for kind, start, end in want["argmax_runs"]:
        assert set(got[start:end].argmax(axis=1)) == {kind}


def test_real_embedding_gives_what_it_must(tmp_path: Path) -> None:
    folder, expected, recording = reference()
    campplus.convert(statedict.read(folder / "campplus.pt"), tmp_path / "c.onnx")
    energies = features.FilterBank()(recording.floats())
    energies -= energies.mean(axis=0)
    got = session(tmp_path / "c.onnx").run(None, {"features": energies[None]})[0][0]
    np.testing.assert_allclose(got, expected["campplus"]["embedding"], atol=1e-4)
