"""A small writer of ONNX graphs: one call for one operator, names made up on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class Graph:
    """A graph under construction. Values are named by strings, as ONNX names them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[Any]) -> str:
        """Adds a weight or an index and returns its name."""
        name = f"w{len(self._constants)}"
        array = np.ascontiguousarray(value)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def ints(self, *values: int) -> str:
        """Adds a vector of 64-bit integers, as shapes and axes need it."""
        return self.constant(np.array(values, dtype=np.int64))

    def scalar(self, value: int) -> str:
        """Adds one 64-bit integer without an axis."""
        return self.constant(np.array(value, dtype=np.int64))

    def apply(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operator and returns the name of its first output."""
        name = f"v{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def save(
        self, path: Path, source: tuple[str, list[Any]], result: tuple[str, list[Any]]
    ) -> None:
        """Checks the graph and writes it to path, replacing what was there at once.

        source and result are the names and shapes of the only input and output;
        a string in a shape is a free axis.
        """
        output = helper.make_node("Identity", [result[0]], ["output"])
        graph = helper.make_graph(
            [*self._nodes, output],
            self._name,
            [helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1])],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, result[1])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        model.producer_name = "mainstay"
        onnx.checker.check_model(model)
        beside = path.with_suffix(".new")
        beside.write_bytes(model.SerializeToString(deterministic=True))
        beside.replace(path)
