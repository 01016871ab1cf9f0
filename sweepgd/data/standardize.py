"""Statistics of the training rows, and the conversion of rows by these statistics, a block of rows at a time."""

from collections.abc import Iterator, Sequence

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array
from sweepgd.data.table_checks import check_finite

BLOCK = 4096  # the number of rows converted at a time, so that no second copy of a large table is made
# The number of images whose values are counted at a time.
IMAGES = 512


def blocks(rows: Array) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK))


def statistics(values: Array, rows: Array, columns: Sequence[str], where: str) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column over `rows` in float64. A constant column has the standard deviation 1.

    Raises SweepgdError if the variance of a column overflows float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(values[rows[block]].sum(axis=0, dtype=np.float64) for block in blocks(rows)) / len(rows)
        squares = sum(np.square(values[rows[block]] - mean).sum(axis=0) for block in blocks(rows))
        scale = np.sqrt(squares / len(rows))
    if not np.isfinite(scale).all():
        column = int(np.argmin(np.isfinite(scale)))
        row = rows[np.argmax(np.abs(values[rows, column]))]
        raise SweepgdError(
            f"{where}: column {columns[column]!r}, row {row + 1} is {values[row, column]:g}: too large to standardize;"
            " give smaller units"
        )
    constant = np.logical_and.reduce([(values[rows[block]] == values[rows[0]]).all(axis=0) for block in blocks(rows)])
    # Rounding of the mean gives a constant column a scale of about 1e-17. Division by it would turn test values into 1e17.
    mean = np.where(constant, values[rows[0]], mean)
    return mean, np.where(constant | (scale == 0), 1.0, scale)


def converted(
    values: Array, rows: Array, scaling: tuple[Array, Array] | None, dtype: str, columns: Sequence[str], where: str
) -> Array:
    """Return the given rows, scaled if `scaling` is given, contiguous and read-only. Raises SweepgdError if `dtype`
    overflows.
    """
    out = np.empty((len(rows), values.shape[1]), dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in blocks(rows):
            chunk = values[rows[block]]
            out[block] = chunk if scaling is None else (chunk - scaling[0]) / scaling[1]
    check_finite(out, columns, where, f"too large for {dtype}; give smaller units", rows)
    out.flags.writeable = False
    return out


def byte_statistics(values: Array, rows: Array, channels: int) -> tuple[Array, Array]:
    """Return mean and standard deviation of each input (d,) over `rows` of bytes, (n, d), in float64.

    Input i belongs to channel i modulo `channels`. The statistics of a channel are over all of its inputs, and all inputs of a
    channel have the same statistics. A constant channel has the standard deviation 1. The sums are exact.
    """
    inputs = values.shape[1]
    counts = np.zeros((channels, 256), np.int64)
    for start in range(0, len(rows), IMAGES):
        chunk = values[rows[start : start + IMAGES]].reshape(-1, channels)
        for channel in range(channels):
            counts[channel] += np.bincount(chunk[:, channel], minlength=256)
    levels, total = np.arange(256), len(rows) * inputs // channels
    mean = counts @ levels / total
    scale = np.sqrt(np.maximum(counts @ levels**2 / total - mean**2, 0.0))
    scale[(counts > 0).sum(axis=1) == 1] = 1.0
    return np.tile(mean, inputs // channels), np.tile(scale, inputs // channels)


def image_statistics(values: Array, rows: Array, channels: int, where: str) -> tuple[Array, Array]:
    """Return the same as `byte_statistics` for images of real numbers, (n, d). Raises SweepgdError if the variance of a channel
    overflows float64.
    """
    pixels = np.ascontiguousarray(values[rows]).reshape(-1, channels)
    names = [f"channel {channel}" for channel in range(channels)]
    repeats = values.shape[1] // channels
    mean, scale = statistics(pixels, np.arange(len(pixels)), names, where)
    return np.tile(mean, repeats), np.tile(scale, repeats)
