"""Networks as lists of layers: the table that kernels read, the layout of the parameters, initial values and buffers."""

from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import BIAS, SCALE, WEIGHT, Layout, Tensor, layout_of, parameter_count
from sweepgd.kernels.layers import layer_table as table
from sweepgd.kernels.layers import layered_hessian, layered_moments, plugin_layer
from sweepgd.kernels.layers import layered_network as kernels
from sweepgd.kernels.layers.derivative_offsets import place_derivatives
from sweepgd.models import layer_contract
from sweepgd.models.contract import Architecture, Curvature, Shape
from sweepgd.models.initial import draw
from sweepgd.models.layer_shapes import ACTIVATIONS, Layer, layers_of
from sweepgd.models.task_loss import LOSSES, loss_for, outputs_for
from sweepgd.plugins import registry

# The values and derivatives of the images that are processed at a time take at most this many bytes in float32, so that they
# stay in the processor's cache between the forward and the backward pass. The number of images is a power of 2, because the
# matrix products of 4 or 8 rows at a time are the fastest. For simple_cnn, chunks of 8 images take 4 % less time than chunks of
# 3, and 14 % less than a batch of 128 at once.
CHUNK_BYTES = 3 << 20
NAMES = {
    table.CONVOLUTION: "conv",
    table.DENSE: "dense",
    table.MAX_POOL: "pool",
    table.AVERAGE_POOL: "average",
    table.BATCH_NORM: "batch norm",
    table.LAYER_NORM: "layer norm",
    table.DROPOUT: "dropout",
    table.SUM: "sum",
    table.ACTIVATE: "activation",
}


def network_of(where: str, layers: Sequence[str], shape: Shape, loss: str = "auto", **initial: Any) -> Architecture:
    """Return the network of these layers with a dense layer for the outputs. `initial` are the settings of the initial weights.

    Raise UsageError, which begins with `where`, if the layers do not fit each other or the data.
    """
    chosen = loss_for(shape, loss)
    outputs = outputs_for(shape, chosen)
    try:
        found = layers_of(layers, shape.inputs, shape.image, outputs)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None
    layout = layout_of([tensor for layer in found for tensor in _tensors(layer)])
    normed = [layer for layer in found if layer.kind == table.BATCH_NORM]
    normalizing = 2 * shape.inputs if shape.bytes else 0
    settings = _settings(found, shape, LOSSES[chosen], normalizing)
    return Architecture(
        layout=layout,
        gradient=kernels.gradient,
        evaluate=kernels.evaluate,
        evaluate_with_gradient=kernels.evaluate_with_gradient,
        predict=kernels.predict,
        initial=partial(draw, layout=layout, **initial),
        settings=settings,
        workspace=partial(kernels.workspace, settings),
        chunk=kernels.EVALUATED,
        buffers=normalizing + sum(2 * layer.inputs[2] for layer in normed),
        normalizing=normalizing,
        initial_buffers=_statistics(normed),
        outputs=outputs,
        curvature=_curvature(found, settings, layout),
        layers=tuple(row for layer in found for row in _described(layer)),
        differs_in_training=bool(normed) or any(map(_differs_in_training, found)),
    )


def _curvature(layers: Sequence[Layer], settings: npt.NDArray[np.float64], layout: Layout) -> Curvature | None:
    """Return the second-order kernels, or None if a layer of a plugin has no second derivatives."""
    if any(layer.plugin is not None for layer in layers):
        return None
    return Curvature(
        product=layered_hessian.product,
        kept=partial(layered_hessian.kept, settings),
        workspace=partial(_second_workspace, settings, parameter_count(layout)),
        second_moments=layered_moments.second_moments,
        chunk=layered_hessian.ROWS,
    )


def _second_workspace(settings: npt.NDArray[np.float64], parameters: int, batch: int) -> int:
    """Return the length of scratch memory that suffices for both second-order kernels."""
    return max(layered_hessian.workspace(settings, batch), layered_moments.workspace(settings, parameters))


def _differs_in_training(layer: Layer) -> bool:
    return layer.kind == table.DROPOUT or (layer.plugin is not None and layer.plugin.differs_in_training)


def _tensors(layer: Layer) -> list[Tensor]:
    """Return the tensors of a layer. The fan-in and fan-out of a convolution count the weights of a whole window."""
    if layer.plugin is not None:
        return list(layer.plugin_tensors)
    shapes, window = layer.tensors, prod(layer.window) if layer.kind == table.CONVOLUTION else 1
    if not shapes:
        return []
    fan_in = prod(shapes[0][:-1])
    fan_out = window * layer.outputs[2]
    kind = SCALE if layer.kind in (table.BATCH_NORM, table.LAYER_NORM) else WEIGHT
    return [Tensor(shapes[0], kind, fan_in, fan_out), Tensor(shapes[1], BIAS, fan_in, fan_out)]


def _chunk(memory: float) -> int:
    """Return the number of images to process at a time, whose values and derivatives are `memory` numbers each."""
    images = max(1, int(CHUNK_BYTES // (4 * memory)))
    return 1 << (images.bit_length() - 1)


def _settings(layers: Sequence[Layer], shape: Shape, loss: int, normalizing: int) -> npt.NDArray[np.float64]:
    """Return the table of `sweepgd.kernels.layers.layer_table`."""
    offsets = np.cumsum([0, shape.inputs, *(prod(layer.outputs) for layer in layers)])
    settings = np.zeros(table.HEADER + table.COLUMNS * len(layers))
    header, rows = settings[: table.HEADER], settings[table.HEADER :].reshape(-1, table.COLUMNS)
    header[[table.LOSS, table.LAYERS, table.VALUES]] = loss, len(layers), offsets[-1]
    header[table.NORMALIZED] = bool(normalizing)
    header[table.LARGEST] = max((_padded(layer) for layer in layers if layer.kind == table.CONVOLUTION), default=0)
    header[[table.CROP, table.FLIP, table.CUTOUT]] = shape.augment
    tensor, buffer = 0, normalizing
    for number, (row, layer) in enumerate(zip(rows, layers, strict=True), 1):
        row[: table.KERNEL_HEIGHT] = layer.kind, *layer.inputs, *layer.outputs
        row[[table.KERNEL_HEIGHT, table.KERNEL_WIDTH]] = layer.window
        row[[table.STRIDE, table.ACTIVATION, table.DROPPED]] = layer.stride, layer.activation, layer.dropped
        row[[table.PAD_TOP, table.PAD_LEFT]] = layer.padding
        row[[table.TENSOR, table.BUFFER]] = tensor, buffer
        row[[table.INPUT, table.SECOND_INPUT, table.OUTPUT]] = offsets[[layer.source, layer.second, number]]
        if layer.plugin is not None:
            row[[table.PARAMETERS, table.COUNT]] = layer.parameters, len(layer.numbers)
            row[table.FORWARD : table.COUNT] = _functions(layer.plugin)
            row[table.NUMBERS : table.NUMBERS + len(layer.numbers)] = layer.numbers
        tensor += len(layer.tensors)
        buffer += 2 * layer.inputs[2] if layer.kind == table.BATCH_NORM else 0
    place_derivatives(settings)
    whole_batch = any(layer.kind == table.BATCH_NORM for layer in layers)
    header[table.CHUNK] = 0 if whole_batch else _chunk(header[table.MEMORY])
    return settings


def _functions(plugin: layer_contract.Layer) -> list[float]:
    """Return the numbers of a plugin's functions, which are compiled if necessary, in the order of the table's columns."""
    with registry.plugin_errors("layers", plugin.name):
        return [
            plugin_layer.number_of(kind, function, dtype)
            for kind, function in (("forward", plugin.forward), ("backward", plugin.backward))
            for dtype in ("float32", "float64")
        ]


def _padded(layer: Layer) -> int:
    """Return the size of the padded image that a convolution reads."""
    sides = [
        max(size, (count - 1) * layer.stride + window)
        for size, count, window in zip(layer.inputs, layer.outputs, layer.window, strict=False)
    ]
    return prod(sides) * layer.inputs[2]


def _statistics(normed: Sequence[Layer]) -> npt.NDArray[np.float64]:
    """Return the running means 0 and variances 1 of each batch normalization."""
    parts = [np.repeat([0.0, 1.0], layer.inputs[2]) for layer in normed]
    return np.concatenate(parts) if parts else np.zeros(0)


def _described(layer: Layer) -> list[Mapping[str, Any]]:
    """Return the layer and its activation for `Architecture.layers`."""
    row: dict[str, Any] = {
        "layer": layer.plugin.name if layer.plugin else NAMES[layer.kind],
        "name": layer.name,
        "from": [layer.source],
    }
    if layer.kind == table.DENSE:
        row |= {"inputs": prod(layer.inputs), "outputs": layer.outputs[2]}
    else:
        row |= {"input": list(layer.inputs), "output": list(layer.outputs)}
    if layer.kind == table.SUM:
        row["from"] = [layer.source, layer.second]
    if layer.window != (0, 0):
        row |= {"window": list(layer.window), "stride": layer.stride, "padding": list(layer.padding)}
    if layer.plugin is not None:
        row["numbers"] = list(layer.numbers)
    if layer.dropped:
        row["share"] = layer.dropped
    activations = [{"layer": name} for name, kind in ACTIVATIONS.items() if kind == layer.activation]
    return [row | {"parameters": layer.parameters, "multiply_adds": layer.multiply_adds}, *activations]
