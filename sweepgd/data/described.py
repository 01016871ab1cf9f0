"""What the columns of a table hold, in words, by which a reader sees at a glance what was taken for an input."""

import numpy as np

from sweepgd.data.contract import Array, Table

BLOCK = 4096  # rows looked at a time

NUMBERS, WHOLE, ROW_NUMBERS = "numbers", "whole numbers", "whole numbers that number the rows"
CATEGORIES = "categories"


def described(table: Table) -> dict[str, str]:
    """Each input column with what it holds."""
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
    """Which columns hold whole numbers alone, missing ones left out."""
    whole = np.ones(values.shape[1], bool)
    if values.dtype.kind == "f":
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            whole &= ((block == np.floor(block)) | np.isnan(block)).all(axis=0)
            if not whole.any():
                break
    return whole


def _numbers_rows(column: Array) -> bool:
    """Whether a column counts on by one from any number, in any order, as an index of the rows does."""
    rows = len(column)
    if rows < 10 or len(np.unique(column[:32])) < min(rows, 32):  # as of pixels, of which many are 0
        return False
    if np.isnan(lowest := column.min()) or column.max() - lowest != rows - 1:
        return False
    return bool((np.sort(column) == np.arange(rows) + lowest).all())
