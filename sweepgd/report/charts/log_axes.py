"""Logarithmic axes with ticks at round numbers, also for zeros, negative values and a single value."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any

import altair as alt

# More labels would overlap on an axis.
MOST_TICKS = 9


def log_scale(values: Sequence[float], pad: float = 0.0, **options: Any) -> alt.Scale:
    """Return a log scale over `values`, extended at each end by `pad` times its length.

    If some values are not positive, the scale is symmetric-logarithmic: linear below the smallest magnitude of the values.
    """
    low, high = min(values), max(values)
    if low > 0:
        widen = (high / low) ** pad if high > low else 1.5
        return alt.Scale(type="log", domain=[low / widen, high * widen], nice=False, **options)
    if low == high:
        high = low + 1
    return alt.Scale(type="symlog", constant=_smallest(values), domain=[low, high], nice=False, **options)


def log_ticks(values: Sequence[float]) -> list[float]:
    """Return round numbers in the range of `values`.

    In a wide range, these are decades. Over a few decades, they are 1, 2 and 5 times each decade. Within a decade, they are
    evenly spaced.
    """
    low, high = min(values), max(values)
    smallest, largest = _smallest(values), max(abs(low), abs(high), _smallest(values))
    first, last = floor(log10(smallest)), ceil(log10(largest))
    digits = (1, 2, 5) if 3 * (last - first) <= MOST_TICKS else (1,)
    step = ceil((last - first + 1) / MOST_TICKS)
    # Parsed from text, because 10.0**-5 differs from 1e-05.
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


def log_y(field: str, title: str, values: Sequence[float], form: str = ".6~g") -> alt.Y:
    """Return a vertical log axis for measured values, with labels in the format `form` of D3."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=log_scale(values, pad=0.04),
        axis=alt.Axis(values=log_ticks(values), format=form),
    )


def log_x(field: str, title: str | None, values: Sequence[float], **axis: Any) -> alt.X:
    """Return a horizontal log axis for measured values or learning rates."""
    return alt.X(
        f"{field}:Q",
        title=title,
        scale=log_scale(values, pad=0.04),
        axis=alt.Axis(values=log_ticks(values), format=".6~g", **axis),
    )


def size_x(sizes: Sequence[int]) -> alt.X:
    """Return a horizontal log axis for batch sizes, labelled at sizes that were run."""
    axis = alt.Axis(values=sorted(set(sizes)), format="d", labelOverlap=True, labelSeparation=6)
    return alt.X("batch_size:Q", title="batch size", scale=log_scale(sizes, pad=0.04), axis=axis)


def _smallest(values: Sequence[float]) -> float:
    """Return the smallest nonzero magnitude; 1 if all values are zero."""
    return min((abs(value) for value in values if value), default=1.0)
