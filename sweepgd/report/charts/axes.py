"""Logarithmic axes that survive zeros, negative values and a single value, with ticks at round numbers."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import altair as alt

# More labels than these crowd an axis.
MOST_TICKS = 9


def log_scale(values: Sequence[float], pad: float = 0.0, **options: Any) -> alt.Scale:
    """A log scale over `values`, widened by `pad` of its length at either end.

    With values that are not positive it is symmetric-logarithmic: linear only below their smallest magnitude.
    """
    low, high = min(values), max(values)
    if low > 0:
        widen = (high / low) ** pad if high > low else 1.5
        return alt.Scale(type="log", domain=[low / widen, high * widen], nice=False, **options)
    if low == high:
        high = low + 1
    return alt.Scale(type="symlog", constant=_smallest(values), domain=[low, high], nice=False, **options)


def log_ticks(values: Sequence[float]) -> list[float]:
    """Round numbers in the range of `values`: decades; 1, 2 and 5 of each where few; even steps within one."""
    low, high = min(values), max(values)
    smallest, largest = _smallest(values), max(abs(low), abs(high), _smallest(values))
    first, last = floor(log10(smallest)), ceil(log10(largest))
    digits = (1, 2, 5) if 3 * (last - first) <= MOST_TICKS else (1,)
    step = ceil((last - first + 1) / MOST_TICKS)
    # Through text, because 10.0**-5 is not 1e-05.
    magnitudes = [float(f"{digit}e{power}") for power in range(first, last + 1, step) for digit in digits]
    ticks = [-number for number in reversed(magnitudes)] + [0.0, *magnitudes]
    inside = [tick for tick in ticks if low <= tick <= high]
    return inside if len(inside) > 2 or low <= 0 else _even_ticks(low, high)


def _even_ticks(low: float, high: float) -> list[float]:
    if low == high:
        return [low]
    power = floor(log10((high - low) / 2))
    unit = 10.0**power
    return [float(f"{index}e{power}") for index in range(ceil(low / unit), floor(high / unit) + 1)]


def log_y(field: str, title: str, values: Sequence[float]) -> alt.Y:
    """A vertical axis for measured values."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=log_scale(values, pad=0.04),
        axis=alt.Axis(values=log_ticks(values), format=".3~g"),
    )


def log_x(field: str, title: str | None, values: Sequence[float], **axis: Any) -> alt.X:
    """A horizontal axis for measured values or chosen rates."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=log_scale(values, pad=0.04),
        axis=alt.Axis(values=log_ticks(values), format=".3~g", **axis),
    )


def _smallest(values: Sequence[float]) -> float:
    """The smallest magnitude but zero; 1 where all are zero."""
    return min((abs(value) for value in values if value), default=1.0)
