"""Describe the contents of each input column in words, for users."""

import numpy as np

from sweepgd.data.contract import Array, Table

BLOCK = 4096  # the number of rows checked at a time, which keeps temporary arrays small

NUMBERS, WHOLE, ROW_NUMBERS = "numbers", "whole numbers", "whole numbers that number the rows"
CATEGORIES = "categories"


def described(table: Table) -> dict[str, str]:
    """Return a description of each input column, such as "whole numbers", by its name."""
    whole = _whole(table.inputs)
    held = {}
    for index, name in enumerate(table.features):
        if name in table.levels:
            held[name] = CATEGORIES
        elif name in table.holds:
            held[name] = table.holds[name]
        elif not whole[index]:
            held[name] = NUMBERS
        else:
            held[name] = ROW_NUMBERS if _numbers_rows(table.inputs[:, index]) else WHOLE
    return held


def _whole(values: Array) -> Array:
    """Return a mask of the columns whose values, apart from missing ones, are all whole numbers."""
    whole = np.ones(values.shape[1], bool)
    if values.dtype.kind == "f":
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            whole &= ((block == np.floor(block)) | np.isnan(block)).all(axis=0)
            if not whole.any():
                break
    return whole


def _numbers_rows(column: Array) -> bool:
    """Return True if a column holds consecutive whole numbers in any order, as a row index does."""
    rows = len(column)
    if rows < 10 or len(np.unique(column[:32])) < min(rows, 32):  # cheap: most columns repeat a value early
        return False
    if np.isnan(lowest := column.min()) or column.max() - lowest != rows - 1:
        return False
    return bool((np.sort(column) == np.arange(rows) + lowest).all())
