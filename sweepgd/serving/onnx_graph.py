"""ONNX files: the graph of a model with its scaling, for other programs."""

import json
from collections.abc import Callable, Sequence
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError, installing
from sweepgd.serving.model_header import ModelHeader
from sweepgd.serving.onnx_layers import add_layers

if TYPE_CHECKING:
    from sweepgd.serving.trained_model import Model

# Old enough for every runtime of today, and it has all operators below.
OPSET = 17
METADATA = ("inputs", "targets", "classes", "columns", "levels", "imputed", "indicators", "provenance")


def onnx_bytes(model: "Model") -> bytes:
    """Return an ONNX file.

    Its input `inputs`, (rows, inputs) in float64, holds the model's inputs before they are scaled. NaN is a missing value: it
    is filled in as in the training, and sets the input that marks a missing value of its column. For a classification, its
    outputs are `class`, (rows,), the numbers of the predicted classes, and `probabilities`, (rows, classes). For a regression,
    its output is `prediction`, (rows, targets). Its metadata hold, as JSON, the names of inputs, targets and classes, and the
    columns with the encoding that makes inputs of them. Raises UsageError without the package onnx, SweepgdError for a model
    with layers that ONNX does not have.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError:
        raise UsageError(
            f"an .onnx file needs the package onnx: {installing('onnx')}, or give a name that ends in .npz"
        ) from None
    header = model.header
    graph = Graph(helper.make_node, numpy_helper.from_array)
    found = add_layers(graph, model, graph.scaled(graph.filled("inputs", header), model, header.dtype))
    real = TensorProto.FLOAT if header.dtype == "float32" else TensorProto.DOUBLE
    if header.task == "classification":
        _classified(graph, found, model.architecture.outputs, header.dtype)
        outputs = [
            helper.make_tensor_value_info("class", TensorProto.INT64, ["rows"]),
            helper.make_tensor_value_info("probabilities", real, ["rows", len(header.classes)]),
        ]
    else:
        _unscaled(graph, found, model)
        outputs = [helper.make_tensor_value_info("prediction", TensorProto.DOUBLE, ["rows", len(header.targets)])]
    inputs = [helper.make_tensor_value_info("inputs", TensorProto.DOUBLE, ["rows", len(header.inputs)])]
    made = helper.make_model(
        helper.make_graph(graph.nodes, "sweepgd", inputs, outputs, graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="sweepgd",
        ir_version=8,  # that of OPSET; by default it is the newest, which older runtimes refuse
    )
    described = header.model_dump(mode="json", include=set(METADATA))
    helper.set_model_props(made, {name: json.dumps(described[name]) for name in METADATA})
    checker.check_model(made)
    return bytes(made.SerializeToString())


class Graph:
    """The nodes and constants of a graph so far. Each method returns the name of its result."""

    def __init__(self, node: Callable[..., Any], constant: Callable[..., Any]) -> None:
        self._node, self._constant = node, constant
        self.nodes, self.constants = list[Any](), list[Any]()

    def add(self, operator: str, *operands: str, result: str = "", **attributes: Any) -> str:
        result = result or f"{operator}_{len(self.nodes)}".lower()
        self.nodes.append(self._node(operator, list(operands), [result], **attributes))
        return result

    def constant(self, value: npt.NDArray[Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(self._constant(np.ascontiguousarray(value), name))
        return name

    def cast(self, operand: str, dtype: str) -> str:
        """Cast `operand` to the model's dtype. The numbers in the code are TensorProto.FLOAT and TensorProto.DOUBLE."""
        return self.add("Cast", operand, to={"float32": 1, "float64": 11}[dtype])

    def filled(self, operand: str, header: ModelHeader) -> str:
        """Fill in missing values, and mark them in the inputs of `header.indicators`, which are the last ones."""
        if not header.imputed:
            return operand
        first, fills = dict[str, int](), list[float]()
        for name in header.columns:
            first[name], fill = len(fills), header.imputed.get(name, nan)
            levels = header.levels.get(name)
            fills += [float(fill)] if levels is None else [float(level == fill) for level in levels]
        marks = range(len(fills), len(header.inputs))
        gaps = self.add("IsNaN", operand)
        filled = self.add("Where", gaps, self.constant(np.array([*fills, *(0.0 for _ in marks)])), operand)
        if not header.indicators:
            return filled
        marked = [first[name.removesuffix(" missing")] for name in header.indicators]
        found = self.cast(self._columns(gaps, marked), "float64")
        given = self.add("Max", self._columns(filled, marks), found)
        return self.add("Concat", self._columns(filled, range(len(fills))), given, axis=1)

    def _columns(self, operand: str, numbers: Sequence[int]) -> str:
        return self.add("Gather", operand, self.constant(np.array(numbers, np.int64)), axis=1)

    def scaled(self, operand: str, model: "Model", dtype: str) -> str:
        """Scale `operand` in float64, as the training did, because a mean may be much larger than the scale."""
        if model.scaling is not None:
            mean, scale = map(self.constant, model.scaling)
            operand = self.add("Div", self.add("Sub", operand, mean), scale)
        return self.cast(operand, dtype)


def _classified(graph: Graph, logits: str, outputs: int, dtype: str) -> None:
    """Add the probabilities and the class. A single logit belongs to the second of two classes."""
    if outputs == 1:
        first = graph.add("Sub", graph.constant(np.zeros(1, dtype)), logits)
        both = graph.add("Concat", graph.add("Sigmoid", first), graph.add("Sigmoid", logits), axis=1)
        graph.add("Identity", both, result="probabilities")
    else:
        graph.add("Softmax", logits, result="probabilities", axis=1)
    graph.add("ArgMax", "probabilities", result="class", axis=1, keepdims=0)


def _unscaled(graph: Graph, outputs: str, model: "Model") -> None:
    """Add the targets in their own units."""
    operand = graph.cast(outputs, "float64")
    if model.target_scaling is not None:
        mean, scale = map(graph.constant, model.target_scaling)
        operand = graph.add("Add", graph.add("Mul", operand, scale), mean)
    graph.add("Identity", operand, result="prediction")
