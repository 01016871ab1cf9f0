"""The layout of a model's tensors in one flat parameter vector.

The layout is an int64 table with one row for each tensor, which kernels can read: `layout[i, OFFSET]`, `layout[i, KIND]`. A
layer-wise optimizer loops over the rows of the table. An elementwise optimizer does not need the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError

# Columns of the table.
OFFSET, SIZE, KIND, FAN_IN, FAN_OUT, NDIM, DIM0, DIM1, DIM2, DIM3 = range(10)
COLUMNS = 10

# Kinds of tensors. Penalties and weight decay apply only to WEIGHT.
WEIGHT, BIAS, SCALE, POSITION = range(4)

# The largest number of parameters. A few copies of more parameters with 8 bytes each would exceed 63-bit addresses.
MOST_PARAMETERS = 2**56

Layout = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tensor:
    """A tensor of a model, with its shape (up to 4 axes), its kind, and the fan-in and fan-out for its initialization."""

    shape: tuple[int, ...]
    kind: int
    fan_in: int
    fan_out: int


def layout_of(tensors: Sequence[Tensor]) -> Layout:
    """Return the layout table, (tensors, COLUMNS), of tensors that are stored one after another in this order.

    Raise UsageError for more than MOST_PARAMETERS parameters.
    """
    count = sum(prod(map(int, tensor.shape)) for tensor in tensors)
    if count > MOST_PARAMETERS:
        raise UsageError(f"the model would have {count:.3g} parameters, more than any machine can hold: give narrower layers")
    table = np.zeros((len(tensors), COLUMNS), dtype=np.int64)
    offset = 0
    for row, tensor in zip(table, tensors, strict=True):
        size = prod(tensor.shape)
        row[:DIM0] = offset, size, tensor.kind, tensor.fan_in, tensor.fan_out, len(tensor.shape)
        row[DIM0 : DIM0 + len(tensor.shape)] = tensor.shape
        offset += size
    return table


def parameter_count(layout: Layout) -> int:
    """Return the length of the flat parameter vector."""
    return int(layout[:, SIZE].sum())


def tensors_in(theta: npt.NDArray[np.floating], layout: Layout) -> list[npt.NDArray[np.floating]]:
    """Return a view of `theta` for each tensor, in the tensor's shape."""
    return [theta[row[OFFSET] : row[OFFSET] + row[SIZE]].reshape(row[DIM0 : DIM0 + row[NDIM]]) for row in layout]
