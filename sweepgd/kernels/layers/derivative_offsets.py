"""Places in memory for the derivatives of the loss with respect to the values of all layers.

The derivative with respect to a value is needed from the backward pass through the last layer that reads the value until the
one through the layer that computes it. Derivatives that are not needed at the same time share memory, and so do those of the
input and the output of a batch normalization. All derivatives of resnet8 then take 0.3 times the memory of its values instead
of as much.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.kernels.layers.layer_table import (
    BATCH_NORM,
    COLUMNS,
    DERIVATIVE,
    HEADER,
    HEIGHT,
    INPUT,
    INPUT_DERIVATIVE,
    KIND,
    MEMORY,
    OUT_HEIGHT,
    OUTPUT,
    PLUGIN,
    SECOND_DERIVATIVE,
    SECOND_INPUT,
    SUM,
    VALUES,
)


class _Value(NamedTuple):
    """A value: its offset, the layer that computes it, the last layer that reads it, and the number of its numbers."""

    offset: float
    made: int
    last: int
    size: float


def place_derivatives(settings: npt.NDArray[np.float64]) -> None:
    """Fill in the offsets of all derivatives in a table that is else complete, and the memory for one image."""
    table = settings[HEADER:].reshape(-1, COLUMNS)
    read = [value for row in table for value in _inputs(row)]
    sizes = {row[OUTPUT]: row[OUT_HEIGHT : OUT_HEIGHT + 3].prod() for row in table}
    made = {row[OUTPUT]: layer for layer, row in enumerate(table)}
    last = {value: layer for layer, row in enumerate(table) for value in _inputs(row)} | {table[-1, OUTPUT]: len(table)}
    if any(row[KIND] == PLUGIN and row[INPUT] == 0 for row in table):  # no other layer writes the derivative of the images
        made[0.0], sizes[0.0] = -1, table[0, HEIGHT : HEIGHT + 3].prod()
    place = {value: value for value in made}
    for row in reversed(table):
        if row[KIND] == BATCH_NORM and row[INPUT] in made and read.count(row[INPUT]) == 1:
            place[row[INPUT]] = place[row[OUTPUT]]  # its backward pass works in place
            made[place[row[OUTPUT]]] = made[row[INPUT]]
    values = [_Value(value, made[value], last[value], sizes[value]) for value in sorted(set(place.values()), reverse=True)]
    # In the order of the backward pass, or the largest first: each needs less memory for some networks.
    offsets, size = min((_placed(values), _placed(sorted(values, key=lambda value: -value.size))), key=lambda found: found[1])
    settings[MEMORY] = settings[VALUES] + size
    for row in table:
        for column, value in ((DERIVATIVE, OUTPUT), (INPUT_DERIVATIVE, INPUT), (SECOND_DERIVATIVE, SECOND_INPUT)):
            row[column] = settings[VALUES] + offsets[place[row[value]]] if row[value] in place else -1


def _placed(values: Sequence[_Value]) -> tuple[dict[float, float], float]:
    """Return the first place that is free for the derivative of each value in turn, and the length of all places together."""
    offsets: dict[float, float] = {}
    placed: list[_Value] = []
    for value in values:
        at = 0.0
        for other in sorted(placed, key=lambda each: offsets[each.offset]):
            start, end = offsets[other.offset], offsets[other.offset] + other.size
            together = value.made <= other.last and other.made <= value.last
            if together and at < end and start < at + value.size:
                at = end
        offsets[value.offset] = at
        placed.append(value)
    return offsets, max(offsets[value.offset] + value.size for value in values)


def _inputs(row: npt.NDArray[np.float64]) -> list[float]:
    """Return the offsets of the values that a layer reads."""
    return [row[INPUT], row[SECOND_INPUT]] if row[KIND] == SUM else [row[INPUT]]
