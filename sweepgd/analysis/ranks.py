"""Rank correlations of two variables over the pairs of runs that share a group."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.arrow_columns import Floats

Groups = npt.NDArray[np.int64]

# The number of pairs grows with the square of the group's size. Therefore a larger group is represented by this many runs,
# drawn at random.
MOST_OF_GROUP = 64


def spearman(x: Floats, y: Floats, groups: Groups) -> float:
    """Return Spearman's ρ of `x` and `y`, ranked within `groups`, all (runs,).

    ρ is NaN if `x` or `y` is constant in each group.
    """
    a, b = (_ranks_within(groups, values) for values in (x, y))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else np.nan


def kendall(x: Floats, y: Floats, groups: Groups) -> float:
    """Return Kendall's τ-b of `x` and `y` over the pairs that share a group, all (runs,).

    SciPy compares all pairs in O(n log n). If both variables are first ordered by group, all pairs across groups agree, and
    these pairs are subtracted from SciPy's result. τ-b is NaN if `x` or `y` is equal in all pairs that share a group.
    """
    from scipy.stats import kendalltau  # imported late: it takes 0.5 s, and a search without measures does not need it

    if len(x) < 2:
        return np.nan
    pairs, within = len(x) * (len(x) - 1) // 2, pairs_within(groups)
    first, second = (_dense(groups, values) for values in (x, y))
    untied = [pairs - pairs_within(ranks) for ranks in (first, second)]
    across = pairs - within
    if min(untied) == across:
        return np.nan
    agreement = kendalltau(first, second).statistic * math.sqrt(untied[0] * untied[1])
    # Both factors are integers. If they are equal, the square root is exact, so that perfect agreement gives exactly 1.
    return float(np.round(agreement) - across) / math.sqrt((untied[0] - across) * (untied[1] - across))


class Pairs(NamedTuple):
    """Pairs of runs `first` and `second`, each (pairs,), in ascending order of the `group` that they share."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]

    def among(self, known: npt.NDArray[np.bool_]) -> "Pairs":
        """Return the pairs in which both runs are known. The mask `known`, (runs,), is True for a known run."""
        return self._filter(known[self.first] & known[self.second])

    def of(self, groups: Groups) -> "Pairs":
        """Return the pairs of these groups."""
        return self._filter(np.isin(self.group, groups))

    def _filter(self, mask: npt.NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.first[mask], self.second[mask], self.group[mask])


def pairs_in(groups: Groups, levels: Groups, most: int | None = MOST_OF_GROUP) -> Pairs:
    """Return all pairs of runs with equal `groups` and different `levels`, both (runs,), from at most `most` runs per group."""
    shuffled = np.random.default_rng(0).permutation(len(groups))
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    sizes = np.bincount(groups)
    if most is not None:
        rank = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[groups[order]]
        order = order[rank < most]
        sizes = np.minimum(sizes, most)
    found = []
    for offset in range(1, int(sizes.max(initial=0))):
        one, other = order[:-offset], order[offset:]
        compared = (groups[one] == groups[other]) & (levels[one] != levels[other])
        found.append((one[compared], other[compared]))
    if not found:
        return Pairs(*np.empty((3, 0), dtype=np.int64))
    first, second = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_group = np.argsort(groups[first], kind="stable")
    return Pairs(first[by_group], second[by_group], groups[first[by_group]])


def distinct(labels: Groups) -> int:
    """Return the number of distinct labels. Labels must not be negative. Counting is then ten times as fast as sorting."""
    return int(np.count_nonzero(np.bincount(labels)))


def pairs_within(groups: Groups) -> int:
    """Return the number of pairs of runs that share a group."""
    sizes = np.bincount(groups)
    return int((sizes * (sizes - 1) // 2).sum())


def _dense(groups: Groups, values: Floats) -> npt.NDArray[np.int64]:
    """Return the rank of each run by group and then by value, (runs,). Ties have equal ranks."""
    order = np.lexsort((values, groups))
    later = (np.diff(groups[order]) != 0) | (np.diff(values[order]) != 0)
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(later)])
    return ranks


def _ranks_within(groups: Groups, values: Floats) -> Floats:
    """Return the rank of each value in its group minus the group's mean rank, (runs,). Ties have their mean rank."""
    from scipy.stats import rankdata

    ranks = rankdata(_dense(groups, values))
    sizes = np.bincount(groups)
    means = np.divide(np.bincount(groups, weights=ranks), sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    return ranks - means[groups]
