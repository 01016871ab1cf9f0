"""What stands for a missing value: the usual spellings, and numbers such as -999."""

from collections.abc import Iterable, Sequence
from math import isnan

import numpy as np

from sweepgd.data.contract import Array

# Those of pandas, R, Weka (?), SAS (.) and SQL.
MISSING_VALUES = (
    "", "NA", "N/A", "n/a", "na", "#N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan", "NaT", "NULL", "Null", "null",
    "None", "none", "?", ".",
)  # fmt: skip


def numbers_among(texts: Iterable[str]) -> tuple[float, ...]:
    """Return the texts that are numbers, as numbers, without NaN, which is missing anyway."""
    numbers = (_number(text) for text in texts)
    return tuple(number for number in numbers if not isnan(number))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def stand_for_missing(values: Array, numbers: Sequence[float]) -> Array:
    """Return where real or whole `values` are one of `numbers`, rounded as the values are: -999.9 is found in float32 too."""
    absent = np.zeros(values.shape, bool)
    for number in numbers:
        if values.dtype.kind == "f":
            with np.errstate(over="ignore"):
                rounded = values.dtype.type(number)
            if np.isfinite(rounded) == np.isfinite(number):
                absent |= values == rounded
        else:
            absent |= values == np.float64(number)
    return absent


def with_gaps(values: Array, numbers: Sequence[float]) -> Array:
    """Return `values` with NaN for each of `numbers`: as they are where there is none of them."""
    if not numbers:
        return values
    absent = stand_for_missing(values, numbers)
    return np.where(absent, np.nan, values) if absent.any() else values
