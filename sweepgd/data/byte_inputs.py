"""Inputs that stay bytes in memory, for models whose kernels convert the bytes of each batch."""

from collections.abc import Sequence

import numpy as np

from sweepgd.data.contract import Array, Part, Table

COLUMNS = 64  # the number of columns that are reordered at a time, which keeps temporary arrays small


def held_as_bytes(table: Table) -> bool:
    """Return True if all inputs of a table and of its test set are bytes."""
    return all(each.inputs.dtype == np.uint8 for each in (table, table.test) if each is not None)


def byte_scaling(scaling: tuple[Array, Array] | None, inputs: int) -> Array:
    """Return `Part.scaling` (2·inputs,) for the mean and the standard deviation of each input. None leaves inputs as they
    are.
    """
    mean, scale = (np.zeros(inputs), np.ones(inputs)) if scaling is None else scaling
    return np.concatenate([mean, 1.0 / scale])


def as_numbers(part: Part) -> Part:
    """Return a part whose bytes are converted in the same arithmetic as in kernels, so that losses equal those of a run."""
    if part.scaling is None:
        return part
    dtype = part.targets.dtype
    mean, factor = np.split(part.scaling.astype(dtype), 2)
    numbers = part.inputs.astype(dtype)
    numbers -= mean
    numbers *= factor
    return Part(numbers, part.targets)


def divided(table: Table, train: Array, validation: Array, test: Array) -> list[Array]:
    """Return the inputs of the three parts, with the given row numbers, read-only. The test rows are those of `table.test` if
    there is one.

    If the parts hold all rows of the table, the table is reordered in place, and parts are slices of it. Images in memory would
    otherwise take twice their size while they are divided.
    """
    if table.test is None:
        return _slices(table.inputs, [train, validation, test])
    return [*_slices(table.inputs, [train, validation]), *_slices(table.test.inputs, [test])]


def _slices(values: Array, parts: Sequence[Array]) -> list[Array]:
    order = np.concatenate(parts)
    if len(order) < len(values) or not (values.flags.writeable and values.flags.c_contiguous):
        values = values[order]
    elif (order != np.arange(len(order))).any():
        for start in range(0, values.shape[1], COLUMNS):
            columns = slice(start, start + COLUMNS)
            values[:, columns] = values[order, columns]
    values.flags.writeable = False
    return np.split(values, np.cumsum([len(rows) for rows in parts])[:-1])
