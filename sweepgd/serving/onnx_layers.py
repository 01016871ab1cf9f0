"""The layers of a model as nodes of an ONNX graph. In ONNX, images are (rows, channels, height, width)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import parameter_count, tensors_in

if TYPE_CHECKING:
    from sweepgd.serving.onnx_graph import Graph
    from sweepgd.serving.trained_model import Model

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}
EPSILON = 1e-5
"""The number that batch and layer normalization add to a variance."""

Array = npt.NDArray[Any]
Layer = Mapping[str, Any]


@dataclass(frozen=True)
class _Value:
    """The output of a layer. If `image` is not None, the value is an image of this height, width and number of channels in the
    order of ONNX. Otherwise it is a row of numbers.
    """

    name: str
    image: tuple[int, int, int] | None = None


def add_layers(graph: "Graph", model: "Model", operand: str) -> str:
    """Add the layers of a model that reads `operand`, (rows, inputs), and return the name of its outputs, (rows, outputs).

    Raises SweepgdError if the layers are unknown or do not fit the tensors of the model.
    """
    if not model.header.layers:
        raise SweepgdError(f"the model {model.header.name!r} does not describe its layers: export it as .npz")
    writer = _LayerWriter(graph, model, operand)
    for layer in model.header.layers:
        writer.add(layer)
    return writer.outputs()


class _LayerWriter:
    """The values of the layers so far, and the tensors and running statistics that the next layers have."""

    def __init__(self, graph: "Graph", model: "Model", operand: str) -> None:
        self._graph, self._model = graph, model
        self._values = [_Value(operand)]
        self._tensors = tensors_in(model.parameters, model.layout)
        self._statistics = model.parameters[parameter_count(model.layout) :]

    def outputs(self) -> str:
        if self._tensors or len(self._statistics):
            raise SweepgdError(f"the layers of model {self._model.header.name!r} do not use all its tensors: export it as .npz")
        return self._flat(self._values[-1])

    def add(self, layer: Layer) -> None:
        kind = layer.get("layer")
        if kind in ACTIVATIONS:
            last = self._values[-1]
            self._values[-1] = _Value(self._graph.add(ACTIVATIONS[kind], last.name), last.image)
            return
        writers: dict[str, Callable[..., _Value]] = {
            "dense": self._dense, "conv": self._conv, "pool": self._pool, "average": self._pool, "sum": self._sum,
            "batch norm": self._batch_norm, "layer norm": self._layer_norm, "dropout": self._unchanged,
            "activation": self._unchanged,
        }  # fmt: skip
        if kind not in writers or (kind != "dense" and "from" not in layer):
            raise SweepgdError(f"the layer {kind!r} cannot be written as ONNX: export the model as .npz")
        sources = [self._values[number] for number in layer.get("from", [-1])]
        self._values.append(writers[kind](layer, *sources))

    def _dense(self, layer: Layer, source: _Value) -> _Value:
        shape = (layer.get("inputs"), layer.get("outputs"))
        weights, bias = self._take(shape, shape[1:])
        product = self._graph.add("MatMul", self._flat(source), self._graph.constant(weights))
        return _Value(self._graph.add("Add", product, self._graph.constant(bias)))

    def _conv(self, layer: Layer, source: _Value) -> _Value:
        channels, filters = layer["input"][2], layer["output"][2]
        weights, bias = self._take((*layer["window"], channels, filters), (filters,))
        operands = self._image(source, layer), self._graph.constant(weights.transpose(3, 2, 0, 1)), self._graph.constant(bias)
        return _Value(self._graph.add("Conv", *operands, **_windows(layer)), tuple(layer["output"]))

    def _pool(self, layer: Layer, source: _Value) -> _Value:
        operator = "MaxPool" if layer["layer"] == "pool" else "AveragePool"
        counted: dict[str, Any] = {} if operator == "MaxPool" else {"count_include_pad": 0}
        name = self._graph.add(operator, self._image(source, layer), **_windows(layer), **counted)
        return _Value(name, tuple(layer["output"]))

    def _batch_norm(self, layer: Layer, source: _Value) -> _Value:
        channels = layer["input"][2]
        statistics, self._statistics = self._statistics[: 2 * channels], self._statistics[2 * channels :]
        arrays = (*self._take((channels,), (channels,)), statistics[:channels], statistics[channels:])
        value = self._as(source, layer)
        operands = (value.name, *map(self._graph.constant, arrays))
        return _Value(self._graph.add("BatchNormalization", *operands, epsilon=EPSILON), value.image)

    def _layer_norm(self, layer: Layer, source: _Value) -> _Value:
        channels, graph = layer["input"][2], self._graph
        scale, shift = self._take((channels,), (channels,))
        value = self._as(source, layer)
        shape, axes = ((1, channels, 1, 1), [1, 2, 3]) if value.image else ((1, channels), [1])
        centred = graph.add("Sub", value.name, graph.add("ReduceMean", value.name, axes=axes))
        variance = graph.add("ReduceMean", graph.add("Mul", centred, centred), axes=axes)
        epsilon = graph.constant(np.array(EPSILON, scale.dtype))
        normalized = graph.add("Div", centred, graph.add("Sqrt", graph.add("Add", variance, epsilon)))
        scaled = graph.add("Mul", normalized, graph.constant(scale.reshape(shape)))
        return _Value(graph.add("Add", scaled, graph.constant(shift.reshape(shape))), value.image)

    def _unchanged(self, layer: Layer, source: _Value) -> _Value:
        return source  # nothing is dropped in evaluation mode, and the next entry is the activation itself

    def _sum(self, layer: Layer, source: _Value, second: _Value) -> _Value:
        both = [self._image(value, layer) for value in (source, second)]
        return _Value(self._graph.add("Add", *both), tuple(layer["output"]))

    def _take(self, *shapes: tuple[Any, ...]) -> list[Array]:
        """Return the next tensors of the layout. Raises SweepgdError if these do not have the given shapes."""
        found, self._tensors = self._tensors[: len(shapes)], self._tensors[len(shapes) :]
        if [tensor.shape for tensor in found] != list(shapes):
            raise SweepgdError(f"the layers of model {self._model.header.name!r} do not fit its layout: export it as .npz")
        return found

    def _as(self, value: _Value, layer: Layer) -> _Value:
        """Return a value as an image, or as a row of numbers if the input of the layer has no height and width."""
        if tuple(layer["input"][:2]) == (1, 1):
            return _Value(self._flat(value))
        return _Value(self._image(value, layer), tuple(layer["input"]))

    def _image(self, value: _Value, layer: Layer) -> str:
        """Return the name of a value as an image with the shape of the layer's input."""
        if value.image is not None:
            return value.name
        shape = self._graph.constant(np.array([-1, *layer["input"]], np.int64))
        return self._graph.add("Transpose", self._graph.add("Reshape", value.name, shape), perm=[0, 3, 1, 2])

    def _flat(self, value: _Value) -> str:
        """Return the name of a value as a row of numbers, in the order height, width, channel."""
        if value.image is None:
            return value.name
        return self._graph.add("Flatten", self._graph.add("Transpose", value.name, perm=[0, 2, 3, 1]), axis=1)


def _windows(layer: Layer) -> dict[str, Any]:
    """Return the attributes of the windows of a layer."""
    stride, (top, left) = layer["stride"], layer["padding"]
    sizes = zip(layer["input"], layer["output"], layer["window"], (top, left), strict=False)
    after = [max(0, (count - 1) * stride + window - size - before) for size, count, window, before in sizes]
    return {"kernel_shape": list(layer["window"]), "strides": [stride, stride], "pads": [top, left, *after]}
