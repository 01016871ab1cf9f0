"""Rows that share a key, and statistics over them that pass over NaN."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.columns import Floats


class Groups:
    """The distinct keys in ascending order, and for each statistic one value a key, NaN where nothing is known."""

    def __init__(self, keys: npt.NDArray[Any]) -> None:
        self.keys, self.first, self.index = np.unique(keys, return_index=True, return_inverse=True)
        self.size = np.bincount(self.index, minlength=len(self.keys))

    def count(self, values: Floats) -> npt.NDArray[np.int64]:
        """How many of a key's values are known."""
        return np.bincount(self.index[~np.isnan(values)], minlength=len(self.keys))

    def mean(self, values: Floats) -> Floats:
        """The mean of the known values."""
        known = ~np.isnan(values)
        sums = np.bincount(self.index[known], weights=values[known], minlength=len(self.keys))
        return _ratio(sums, self.count(values))

    def standard_error(self, values: Floats) -> Floats:
        """The standard error of the mean, s/√n with n - 1 in s; NaN below two values."""
        count = self.count(values)
        variance = self.mean((values - self.mean(values)[self.index]) ** 2)
        return np.sqrt(_ratio(variance, count - 1))

    def median(self, values: Floats) -> Floats:
        """The median, the mean of the middle two where the count is even."""
        known = ~np.isnan(values)
        ordered = values[known][np.lexsort((values[known], self.index[known]))]
        count = self.count(values)
        start = np.cumsum(count) - count
        result = np.full(len(self.keys), np.nan)
        some = count > 0
        lower, upper = (start + (count - 1) // 2)[some], (start + count // 2)[some]
        result[some] = (ordered[lower] + ordered[upper]) / 2
        return result

    def smallest(self, values: Floats) -> Floats:
        """The smallest known value."""
        result = np.full(len(self.keys), np.nan)
        np.fmin.at(result, self.index, values)
        return result


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[np.int64]) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
