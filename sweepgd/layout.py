"""Where each tensor of a model lives in its one flat parameter vector.

The layout is an int64 table with one row a tensor, so that kernels can read it: `layout[i, OFFSET]`, `layout[i, KIND]`.
A layer-wise optimizer loops over its rows; an elementwise one never looks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from sweepgd.problem import UsageProblem

# Columns of the table.
OFFSET, SIZE, KIND, FAN_IN, FAN_OUT, NDIM, DIM0, DIM1, DIM2, DIM3 = range(10)
COLUMNS = 10

# Kinds of tensor. Penalties and layer-wise rules treat WEIGHT apart from the others.
WEIGHT, BIAS, SCALE, POSITION = range(4)

# Of 8 bytes each, with some copies of them, in addresses of 63 bits.
MOST_PARAMETERS = 2**56

Layout = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tensor:
    """One tensor of a model: its shape (up to 4 axes), its kind, and the fans that initialization needs."""

    shape: tuple[int, ...]
    kind: int
    fan_in: int
    fan_out: int


def layout_of(tensors: Sequence[Tensor]) -> Layout:
    """The table, shape (tensors, COLUMNS), of tensors laid end to end in the given order.

    Raise UsageProblem for more parameters than an address can count.
    """
    count = sum(prod(map(int, tensor.shape)) for tensor in tensors)
    if count > MOST_PARAMETERS:
        raise UsageProblem(f"the model would have {count:.3g} parameters, more than any machine holds: give narrower layers")
    table = np.zeros((len(tensors), COLUMNS), dtype=np.int64)
    offset = 0
    for row, tensor in zip(table, tensors, strict=True):
        size = prod(tensor.shape)
        row[:DIM0] = offset, size, tensor.kind, tensor.fan_in, tensor.fan_out, len(tensor.shape)
        row[DIM0 : DIM0 + len(tensor.shape)] = tensor.shape
        offset += size
    return table


def parameter_count(layout: Layout) -> int:
    """The length of the flat parameter vector."""
    return int(layout[:, SIZE].sum())


def tensors_in(theta: npt.NDArray[np.floating], layout: Layout) -> list[npt.NDArray[np.floating]]:
    """Views of `theta`, one a tensor, in their shapes."""
    return [theta[row[OFFSET] : row[OFFSET] + row[SIZE]].reshape(row[DIM0 : DIM0 + row[NDIM]]) for row in layout]
