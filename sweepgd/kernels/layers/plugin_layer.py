"""Layers of plugins. The table holds the addresses of their compiled functions, so that one set of kernels serves all networks
and is not compiled again for a new layer.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels import signatures
from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.function_pointers import numbered
from sweepgd.kernels.layers.dropout import stream_of_row
from sweepgd.kernels.layers.layer_table import (
    BACKWARD,
    CHANNELS,
    COLUMNS,
    COUNT,
    DERIVATIVE,
    FORWARD,
    HEIGHT,
    INPUT_DERIVATIVE,
    NUMBERS,
    OUT_CHANNELS,
    OUT_HEIGHT,
    OUT_WIDTH,
    PARAMETERS,
    TENSOR,
    WIDTH,
)
from sweepgd.kernels.views import block, flat

# The functions that `number_of` has numbered without JIT.
_functions: list[Callable[..., Any]] = []


def number_of(kind: str, function: Callable[..., Any], dtype: str) -> float:
    """Return a number for the function of a layer, "forward" or "backward", that kernels of this process find in the table.

    Raises SweepgdError if the function has other parameters than its kind, or does not compile. Addresses are below 2^47 and
    are therefore exact in float64.
    """
    given = signatures.address(kind, function, dtype)
    if isinstance(given, int):
        return float(given)
    if function not in _functions:
        _functions.append(function)
    return float(_functions.index(function))


def _python(work: Any, number: float) -> Callable[..., Any]:
    return _functions[int(number)]


# `_forward_at(work, number)` is the function with this number for arrays of the type of `work`.
_forward_at: Any = _python if config.DISABLE_JIT else numbered(lambda dtype: signatures.signatures(dtype)["forward"].numba)
_backward_at: Any = _python if config.DISABLE_JIT else numbered(lambda dtype: signatures.signatures(dtype)["backward"].numba)


@helper
def _sizes(table, layer):
    """Return the number of inputs and of outputs for one image."""
    inputs = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    return inputs, int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH]) * int(table[layer, OUT_CHANNELS])


@helper
def _parameters(vector, layout, table, layer):
    """Return the part of `vector` that belongs to the parameters of the layer."""
    count = int(table[layer, PARAMETERS])
    start = layout[int(table[layer, TENSOR]), OFFSET] if count > 0 else 0
    return flat(block(vector, start, 1, count))


@helper
def _numbers(table, layer):
    return flat(block(flat(table), layer * COLUMNS + NUMBERS, 1, int(table[layer, COUNT])))


@helper
def _key(key, layer, first, training):
    """Return a key that differs for each update, layer and group of rows, or 0 in evaluation mode."""
    return np.int64(stream_of_row(key, layer, first) >> np.uint64(1)) if training else np.int64(0)


@helper
def apply(theta, layout, table, layer, key, first, training, work, h, output, batch):
    """Compute a layer for `batch` rows. `h` and `output` are indices of `work`."""
    inputs, outputs = _sizes(table, layer)
    function = _forward_at(work, table[layer, FORWARD + (work.itemsize == 8)])
    function(
        _parameters(theta, layout, table, layer), block(work, h, batch, inputs), block(work, output, batch, outputs),
        int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS]),
        _numbers(table, layer), _key(key, layer, first, training), training,
    )  # fmt: skip


@helper
def apply_back(theta, layout, table, layer, key, first, training, work, h, output, batch, out, add, add_h):
    """Compute the derivatives of a layer after `apply`. The function of a plugin adds to both derivatives. They begin at zero,
    unless other layers or rows have added to them.
    """
    inputs, outputs = _sizes(table, layer)
    dx = block(work, batch * int(table[layer, INPUT_DERIVATIVE]), batch, inputs)
    dparameters = _parameters(out, layout, table, layer)
    if not add_h:
        for i in range(batch):
            for j in range(inputs):
                dx[i, j] = 0
    if not add:
        for i in range(dparameters.size):
            dparameters[i] = 0
    function = _backward_at(work, table[layer, BACKWARD + (work.itemsize == 8)])
    function(
        _parameters(theta, layout, table, layer), block(work, h, batch, inputs), block(work, output, batch, outputs),
        block(work, batch * int(table[layer, DERIVATIVE]), batch, outputs), dx, dparameters,
        int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS]),
        _numbers(table, layer), _key(key, layer, first, training), training,
    )  # fmt: skip
