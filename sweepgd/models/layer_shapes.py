"""The layers of a network with the shapes of their inputs and outputs, from the steps that a user writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from sweepgd.core.layout import Tensor
from sweepgd.kernels.layers import layer_table as table
from sweepgd.models import layer_contract
from sweepgd.models.layer_contract import Image
from sweepgd.models.layer_text import Step, step_of
from sweepgd.plugins import registry

ACTIVATIONS = {"relu": table.RELU, "tanh": table.TANH, "sigmoid": table.SIGMOID}
KINDS = {"dropout": table.DROPOUT, "batch norm": table.BATCH_NORM, "layer norm": table.LAYER_NORM}
# The layers that read images only.
ON_IMAGES = ("conv", "pool", "average", "global average", "residual")
# The layers whose kernels apply an activation to their output. After other layers, an activation is a layer of its own.
ACTIVATED = (table.CONVOLUTION, table.DENSE, table.BATCH_NORM, table.LAYER_NORM)


@dataclass(frozen=True)
class Layer:
    """One layer. Shapes are (height, width, channels), with height and width 1 for a flat row of values.

    The layer reads value number `source`, and a sum also value number `second`. Value 0 is the images, and value i is the
    output of layer i, counted from 1. `padding` is that at the top and at the left. `name` is for tables. A layer of a `plugin`
    has `numbers`, the values after its name, and `plugin_tensors`.
    """

    kind: int
    name: str
    inputs: Image
    outputs: Image
    source: int
    second: int = 0
    window: tuple[int, int] = (0, 0)
    stride: int = 1
    padding: tuple[int, int] = (0, 0)
    activation: int = table.IDENTITY
    dropped: float = 0.0
    plugin: layer_contract.Layer | None = None
    numbers: tuple[float, ...] = ()
    plugin_tensors: tuple[Tensor, ...] = ()

    @property
    def tensors(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the layer's tensors: weights and bias, or scale and shift."""
        channels = self.inputs[2]
        if self.kind == table.CONVOLUTION:
            return (*self.window, channels, self.outputs[2]), (self.outputs[2],)
        if self.kind == table.DENSE:
            return (prod(self.inputs), self.outputs[2]), (self.outputs[2],)
        if self.kind == table.PLUGIN:
            return tuple(tensor.shape for tensor in self.plugin_tensors)
        return ((channels,), (channels,)) if self.kind in (table.BATCH_NORM, table.LAYER_NORM) else ()

    @property
    def parameters(self) -> int:
        return sum(map(prod, self.tensors))

    @property
    def multiply_adds(self) -> int:
        """The number of multiplications with a weight for one image."""
        pixels = self.outputs[0] * self.outputs[1]
        return pixels * prod(self.tensors[0]) if self.kind in (table.CONVOLUTION, table.DENSE) else 0


def layers_of(texts: Sequence[str], inputs: int, image: Image | None, outputs: int) -> list[Layer]:
    """Return the layers that `texts` describe, followed by the dense layer of the outputs.

    `inputs` is the number of inputs, and `image` their shape if they are images. Raise UsageError, with the number of the
    layer, for a text that is not a layer, and for a layer that does not fit its input.
    """
    network = _Network(image or (1, 1, inputs), has_images=image is not None)
    for number, text in enumerate(texts, 1):
        network.add(step_of(number, text))
    network.connect(outputs, f"dense {outputs}")
    return network.layers


class _Network:
    """The layers so far. The next layer reads value number `_value`, of the shape `_shape`."""

    def __init__(self, shape: Image, *, has_images: bool) -> None:
        self.layers: list[Layer] = []
        self._value, self._shape = 0, shape
        self._is_image = self._has_images = has_images
        self._before = ""

    def add(self, step: Step) -> None:
        """Append the layers of a step."""
        if step.name in ON_IMAGES:
            self._check_image(step)
        if step.plugin is not None:
            self._add_plugin(step, step.plugin)
        elif step.name in ACTIVATIONS:
            self._activate(step)
        elif step.name == "conv":
            self._convolve(step, step.count, step.window, step.stride or 1, same=step.same)
        elif step.name in ("pool", "average"):
            self._pool(step)
        elif step.name == "global average":
            height, width, channels = self._shape
            self._append(table.AVERAGE_POOL, step.name, (1, 1, channels), window=(height, width))
        elif step.name == "dense":
            self.connect(step.count, step.text)
        elif step.name == "flatten":
            self._flatten()
        elif step.name == "residual":
            self._add_block(step)
        else:
            self._append(KINDS[step.name], step.text, self._shape, dropped=step.share)
        self._before = step.text

    def connect(self, units: int, name: str) -> None:
        """Append a dense layer."""
        self._flatten()
        self._append(table.DENSE, name, (1, 1, units))

    def _append(self, kind: int, name: str, outputs: Image, **columns: Any) -> None:
        self.layers.append(Layer(kind, name, self._shape, outputs, self._value, **columns))
        self._value, self._shape = len(self.layers), outputs

    def _flatten(self) -> None:
        self._shape, self._is_image = (1, 1, prod(self._shape)), False

    def _activate(self, step: Step) -> None:
        if not self.layers:
            raise step.fault("an activation follows another layer, but it is the first one: leave it out")
        last, activation = self.layers[-1], ACTIVATIONS[step.name]
        if last.activation != table.IDENTITY:
            raise step.fault(f"{self._before!r} before it has an activation already: leave this one out")
        if last.kind in ACTIVATED:
            self.layers[-1] = replace(last, activation=activation, name=f"{last.name}, {step.name}")
        else:
            self._append(table.ACTIVATE, f"activation, {step.name}", self._shape, activation=activation)

    def _convolve(self, step: Step, filters: int, window: tuple[int, int], stride: int, *, same: bool) -> None:
        sides, padding = self._windows(step, window, stride, same=same)
        name = f"conv {filters} {window[0]}x{window[1]}" + (f" stride {stride}" if stride > 1 else "") + " same" * same
        self._append(table.CONVOLUTION, name, (*sides, filters), window=window, stride=stride, padding=padding)

    def _pool(self, step: Step) -> None:
        if not step.stride and step.window[0] != step.window[1]:
            raise step.fault(f"a window that is not square needs a stride: write {step.text + ' stride 2'!r}, for example")
        stride = step.stride or step.window[0]
        sides, padding = self._windows(step, step.window, stride, same=step.same)
        kind = table.MAX_POOL if step.name == "pool" else table.AVERAGE_POOL
        self._append(kind, step.text, (*sides, self._shape[2]), window=step.window, stride=stride, padding=padding)

    def _windows(
        self, step: Step, window: tuple[int, int], stride: int, *, same: bool
    ) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the numbers of windows along both sides, and the padding at the top and at the left.

        With `same`, there are as many windows as strides in a side, rounded up, and an odd number of padded pixels has one more
        at the bottom or at the right, as in TensorFlow.
        """
        height, width = self._shape[:2]
        if same:
            sides = -(-height // stride), -(-width // stride)
            missing = [(count - 1) * stride + side for count, side in zip(sides, window, strict=True)]
            return sides, (max(0, missing[0] - height) // 2, max(0, missing[1] - width) // 2)
        if window[0] > height or window[1] > width:
            raise step.fault(
                f"the window is larger than its {height} × {width} input: give a smaller window or the word same, or leave out "
                "layers before it"
            )
        return ((height - window[0]) // stride + 1, (width - window[1]) // stride + 1), (0, 0)

    def _add_block(self, step: Step) -> None:
        """Append the basic block of He et al. 2016, figure 5 left, with the projection of their equation 2 if shapes differ."""
        value, shape, stride = self._value, self._shape, step.stride or 1
        self._convolve(step, step.count, (3, 3), stride, same=True)
        self._append(table.BATCH_NORM, "batch norm, relu", self._shape, activation=table.RELU)
        self._convolve(step, step.count, (3, 3), 1, same=True)
        self._append(table.BATCH_NORM, "batch norm", self._shape)
        block, outputs = self._value, self._shape
        if shape != outputs:
            self._value, self._shape = value, shape
            self._convolve(step, step.count, (1, 1), stride, same=True)
            self._append(table.BATCH_NORM, "batch norm", self._shape)
            value = self._value
        self._value = block
        self._append(table.SUM, "sum, relu", outputs, second=value, activation=table.RELU)

    def _add_plugin(self, step: Step, plugin: layer_contract.Layer) -> None:
        with registry.plugin_errors("layers", plugin.name):
            outputs, tensors = layer_contract.shapes_of(plugin, self._shape, step.numbers)
        columns = {"plugin": plugin, "numbers": step.numbers, "plugin_tensors": tensors}
        self._append(table.PLUGIN, step.text, outputs, **columns)

    def _check_image(self, step: Step) -> None:
        if self._is_image:
            return
        values = prod(self._shape)
        if self._has_images:
            raise step.fault(f"its input is a flat row of {values} values: put it before the first flatten or dense")
        raise step.fault(
            f"it needs images, but the data are rows of {values} numbers: choose a data set of images, such as digits or "
            "fashion_mnist, or write dense layers only"
        )
