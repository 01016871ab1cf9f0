"""Statistics of rows that share a key, without their NaN values."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.arrow_columns import Floats


class Groups:
    """Rows grouped by key. A statistic has one value for each key, (keys,). It ignores NaN, and is NaN for a key that has only
    NaN.

    `keys` holds the distinct keys in sorted order. `first` is the first row of each key, `index` is the number of each row's
    key, and `size` is the number of rows of each key.
    """

    def __init__(self, keys: npt.NDArray[Any]) -> None:
        self.keys, self.first, self.index = np.unique(keys, return_index=True, return_inverse=True)
        self.size = np.bincount(self.index, minlength=len(self.keys))

    def count(self, values: Floats) -> npt.NDArray[np.int64]:
        """Return, for each key, the number of values that are not NaN."""
        return np.bincount(self.index[~np.isnan(values)], minlength=len(self.keys))

    def mean(self, values: Floats) -> Floats:
        """Return the mean of the values of each key."""
        known = ~np.isnan(values)
        sums = np.bincount(self.index[known], weights=values[known], minlength=len(self.keys))
        return _ratio(sums, self.count(values))

    def standard_error(self, values: Floats) -> Floats:
        """Return the standard error of each key's mean, s/√n with n - 1 in s. It is NaN for fewer than two values."""
        count = self.count(values)
        variance = self.mean((values - self.mean(values)[self.index]) ** 2)
        return np.sqrt(_ratio(variance, count - 1))

    def median(self, values: Floats) -> Floats:
        """Return the median of the values of each key. For an even count, this is the mean of the two middle values."""
        known = ~np.isnan(values)
        ordered = values[known][np.lexsort((values[known], self.index[known]))]
        count = self.count(values)
        start = np.cumsum(count) - count
        result = np.full(len(self.keys), np.nan)
        nonempty = count > 0
        lower, upper = (start + (count - 1) // 2)[nonempty], (start + count // 2)[nonempty]
        result[nonempty] = (ordered[lower] + ordered[upper]) / 2
        return result

    def smallest(self, values: Floats) -> Floats:
        """Return the smallest value of each key."""
        result = np.full(len(self.keys), np.nan)
        np.fmin.at(result, self.index, values)
        return result


def _ratio(numerators: npt.NDArray[Any], denominators: npt.NDArray[np.int64]) -> Floats:
    return np.divide(numerators, denominators, out=np.full(len(numerators), np.nan), where=denominators > 0)
