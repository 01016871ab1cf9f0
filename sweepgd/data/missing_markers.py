"""Markers of missing values: the usual spellings, and numbers such as -999."""

from collections.abc import Iterable, Sequence
from math import isnan

import numpy as np

from sweepgd.data.contract import Array

# The markers of pandas, R, Weka (?), SAS (.) and SQL.
MISSING_VALUES = (
    "", "NA", "N/A", "n/a", "na", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NaT", "NULL", "Null", "null",
    "None", "none", "?", ".",
)  # fmt: skip


def numbers_among(texts: Iterable[str]) -> tuple[float, ...]:
    """Return the markers that are numbers, as floats. NaN is left out, because it is always missing."""
    numbers = (_number(text) for text in texts)
    return tuple(number for number in numbers if not isnan(number))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def stand_for_missing(values: Array, numbers: Sequence[float]) -> Array:
    """Return a mask of the `values` (real or whole) that equal one of `numbers`.

    The numbers are rounded to the type of the values first, so that -999.9 is found in float32 too.
    """
    mask = np.zeros(values.shape, bool)
    for number in numbers:
        if values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                rounded = values.dtype.type(number)
            if np.isfinite(rounded) == np.isfinite(number):
                mask |= values == rounded
        else:
            mask |= values == np.float64(number)
    return mask


def with_gaps(values: Array, numbers: Sequence[float]) -> Array:
    """Return `values` with each of `numbers` replaced by NaN. If none of the numbers occurs, return the same array."""
    if not numbers:
        return values
    mask = stand_for_missing(values, numbers)
    return np.where(mask, np.nan, values) if mask.any() else values
