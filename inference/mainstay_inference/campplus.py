"""Rebuilds the speaker embedding network CAM++ (Wang et al. 2023) as an ONNX graph.

Filter-bank features go through a small two-dimensional residual front, a time
delay layer and three dense blocks whose layers are gated by context averaged
over the whole piece and over segments of 100 frames; mean and deviation over
time are projected to 192 numbers. The last batch norm has neither weights nor a
ReLU behind it: with one, voices are told apart worse.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .graph import Graph
from .statedict import Array

BINS = 80
SIZE = 192
_SEGMENT = 100
_EPSILON = 1e-5
_BLOCKS = ((12, 1), (24, 2), (16, 2))


def convert(weights: dict[str, Array], path: Path) -> None:
    """Writes the graph: features (batch, frames, 80) to embeddings (batch, 192)."""
    g = Graph("campplus")
    net = _Builder(g, weights)
    value = net.front(g.apply("Transpose", "features", perm=[0, 2, 1]))
    value = net.conv_norm(
        value, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", pads=[2, 2], strides=[2]
    )
    value = g.apply("Relu", value)
    net.number_segments(value)
    for index, (layers, dilation) in enumerate(_BLOCKS, 1):
        for layer in range(1, layers + 1):
            grown = net.dense_layer(value, f"xvector.block{index}.tdnnd{layer}", dilation)
            value = g.apply("Concat", value, grown, axis=1)
        value = net.norm_relu(value, f"xvector.transit{index}.nonlinear.batchnorm")
        value = net.conv(value, f"xvector.transit{index}.linear")
    value = net.norm_relu(value, "xvector.out_nonlinear.batchnorm")
    value = net.statistics(value)
    value = net.conv_norm(value, "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
    value = g.apply("Squeeze", value, g.ints(2))
    g.save(path, ("features", ["batch", "frames", BINS]), (value, ["batch", SIZE]))


class _Builder:
    """The layers of CAM++ over one graph and one set of weights."""

    def __init__(self, g: Graph, weights: dict[str, Array]) -> None:
        self._g = g
        self._w = weights
        self._segments = ""

    def number_segments(self, value: str) -> None:
        """Computes the segment of every frame of value, once for all dense layers."""
        g = self._g
        frames = g.apply("Gather", g.apply("Shape", value), g.scalar(2), axis=0)
        positions = g.apply("Range", g.scalar(0), frames, g.scalar(1))
        self._segments = g.apply("Div", positions, g.scalar(_SEGMENT))

    def front(self, value: str) -> str:
        """Adds the residual front: (batch, 80, frames) to (batch, 320, frames)."""
        g = self._g
        value = g.apply("Unsqueeze", value, g.ints(1))
        value = self._conv2d(value, "head.conv1", "head.bn1", 1)
        value = g.apply("Relu", value)
        for block, stride in (("1.0", 2), ("1.1", 1), ("2.0", 2), ("2.1", 1)):
            value = self._residual(value, f"head.layer{block}", stride)
        value = g.apply("Relu", self._conv2d(value, "head.conv2", "head.bn2", 2))
        return g.apply("Reshape", value, g.ints(0, 32 * BINS // 8, -1))

    def _residual(self, value: str, name: str, stride: int) -> str:
        g = self._g
        inner = g.apply("Relu", self._conv2d(value, f"{name}.conv1", f"{name}.bn1", stride))
        inner = self._conv2d(inner, f"{name}.conv2", f"{name}.bn2", 1)
        if f"{name}.shortcut.0.weight" in self._w:
            value = self.conv_norm(
                value, f"{name}.shortcut.0", f"{name}.shortcut.1", strides=[stride, 1]
            )
        return g.apply("Relu", g.apply("Add", inner, value))

    def _conv2d(self, value: str, name: str, norm: str, stride: int) -> str:
        return self.conv_norm(value, name, norm, pads=[1, 1, 1, 1], strides=[stride, 1])

    def dense_layer(self, value: str, name: str, dilation: int) -> str:
        """Adds one layer of a dense block and returns its 32 new channels."""
        g = self._g
        value = self.norm_relu(value, f"{name}.nonlinear1.batchnorm")
        value = self.conv_norm(value, f"{name}.linear1", f"{name}.nonlinear2.batchnorm")
        value = g.apply("Relu", value)
        local = self.conv(
            value, f"{name}.cam_layer.linear_local", pads=[dilation] * 2, dilations=[dilation]
        )
        # The context is the same for all frames of a segment, so the gate is computed once
        # for each segment and spread over its frames afterwards.
        mean = g.apply("ReduceMean", value, axes=[2], keepdims=1)
        context = g.apply("Add", mean, self._segment_means(value))
        gate = g.apply("Relu", self.conv(context, f"{name}.cam_layer.linear1"))
        gate = g.apply("Sigmoid", self.conv(gate, f"{name}.cam_layer.linear2"))
        return g.apply("Mul", local, self._spread(gate))

    def _segment_means(self, value: str) -> str:
        """Returns the mean of every segment: (batch, n, segments); the last may be short."""
        return self._g.apply(
            "AveragePool",
            value,
            kernel_shape=[_SEGMENT],
            strides=[_SEGMENT],
            ceil_mode=1,
            count_include_pad=0,
        )

    def _spread(self, value: str) -> str:
        """Gives every frame the value of its segment."""
        return self._g.apply("Gather", value, self._segments, axis=2)

    def statistics(self, value: str) -> str:
        """Adds mean and deviation over time: (batch, n, frames) to (batch, 2n, 1)."""
        g = self._g
        mean = g.apply("ReduceMean", value, axes=[2], keepdims=1)
        apart = g.apply("Sub", value, mean)
        squares = g.apply("ReduceSum", g.apply("Mul", apart, apart), g.ints(2), keepdims=1)
        frames = g.apply("Gather", g.apply("Shape", value), g.scalar(2), axis=0)
        divisor = g.apply("Max", g.apply("Sub", frames, g.scalar(1)), g.scalar(1))
        divisor = g.apply("Cast", divisor, to=1)
        deviation = g.apply("Sqrt", g.apply("Div", squares, divisor))
        return g.apply("Concat", mean, deviation, axis=1)

    def norm_relu(self, value: str, name: str) -> str:
        """Adds a batch norm and a ReLU in front of a convolution (this order cannot be folded)."""
        g, w = self._g, self._w
        parts = [w[f"{name}.{p}"] for p in ("weight", "bias", "running_mean", "running_var")]
        value = g.apply("BatchNormalization", value, *map(g.constant, parts), epsilon=_EPSILON)
        return g.apply("Relu", value)

    def conv(self, value: str, name: str, **attributes: list[int]) -> str:
        """Adds a convolution with its own bias, if it has one."""
        inputs = [self._g.constant(self._w[f"{name}.weight"])]
        if f"{name}.bias" in self._w:
            inputs.append(self._g.constant(self._w[f"{name}.bias"]))
        return self._g.apply("Conv", value, *inputs, **attributes)

    def conv_norm(self, value: str, name: str, norm: str, **attributes: list[int]) -> str:
        """Adds a convolution without bias with the batch norm behind it folded in."""
        w = self._w
        kernel = w[f"{name}.weight"].astype(np.float64)
        scale = 1 / np.sqrt(w[f"{norm}.running_var"].astype(np.float64) + _EPSILON)
        scale = scale * w.get(f"{norm}.weight", np.float64(1))
        bias = w.get(f"{norm}.bias", np.float64(0)) - w[f"{norm}.running_mean"] * scale
        kernel = kernel * scale.reshape(-1, *[1] * (kernel.ndim - 1))
        constants = [self._g.constant(a.astype(np.float32)) for a in (kernel, bias)]
        return self._g.apply("Conv", value, *constants, **attributes)
