"""Rank correlations of two columns over the pairs of runs that share a group."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.columns import Floats

Groups = npt.NDArray[np.int64]

# Pairs grow with the square: a larger group is represented by so many of its runs, drawn at random.
MOST_OF_GROUP = 64


def spearman(x: Floats, y: Floats, groups: Groups) -> float:
    """Spearman's ρ of the ranks within groups, all (runs,); NaN where `x` or `y` is constant in each group."""
    a, b = (_ranks_within(groups, values) for values in (x, y))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else np.nan


def kendall(x: Floats, y: Floats, groups: Groups) -> float:
    """Kendall's τ-b over the pairs that share a group, all (runs,); NaN where `x` or `y` ties in all of them.

    Ordered by group first, pairs across groups all agree: what SciPy counts in n log n, less those, is the count within.
    """
    from scipy.stats import kendalltau  # half a second to import, which a search that measured nothing need not wait for

    if len(x) < 2:
        return np.nan
    pairs, within = len(x) * (len(x) - 1) // 2, pairs_within(groups)
    first, second = (_dense(groups, values) for values in (x, y))
    untied = [pairs - pairs_within(ranks) for ranks in (first, second)]
    across = pairs - within
    if min(untied) == across:
        return np.nan
    agreement = kendalltau(first, second).statistic * math.sqrt(untied[0] * untied[1])
    # Of whole numbers, whose square root is exact where they are equal: 1 is 1.
    return float(np.round(agreement) - across) / math.sqrt((untied[0] - across) * (untied[1] - across))


class Pairs(NamedTuple):
    """Pairs of runs `first` and `second`, each (pairs,), in ascending order of the `group` that they share."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]

    def among(self, known: npt.NDArray[np.bool_]) -> "Pairs":
        """The pairs of which both runs are `known`, (runs,)."""
        return self._kept(known[self.first] & known[self.second])

    def of(self, groups: Groups) -> "Pairs":
        """The pairs of these groups."""
        return self._kept(np.isin(self.group, groups))

    def _kept(self, kept: npt.NDArray[np.bool_]) -> "Pairs":
        return Pairs(self.first[kept], self.second[kept], self.group[kept])


def pairs_in(groups: Groups, levels: Groups, most: int | None = MOST_OF_GROUP) -> Pairs:
    """All pairs of runs of the same group and of different `levels`, both (runs,), among at most `most` runs of each group."""
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
        kept = (groups[one] == groups[other]) & (levels[one] != levels[other])
        found.append((one[kept], other[kept]))
    if not found:
        return Pairs(*np.empty((3, 0), dtype=np.int64))
    first, second = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_group = np.argsort(groups[first], kind="stable")
    return Pairs(first[by_group], second[by_group], groups[first[by_group]])


def distinct(labels: Groups) -> int:
    """How many different labels there are, not negative; ten times as fast as sorting them."""
    return int(np.count_nonzero(np.bincount(labels)))


def pairs_within(groups: Groups) -> int:
    """How many pairs of runs share a group."""
    sizes = np.bincount(groups)
    return int((sizes * (sizes - 1) // 2).sum())


def _dense(groups: Groups, values: Floats) -> npt.NDArray[np.int64]:
    """The rank of each value among all, ordered by group, then value; equal for ties, (runs,)."""
    order = np.lexsort((values, groups))
    later = (np.diff(groups[order]) != 0) | (np.diff(values[order]) != 0)
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(later)])
    return ranks


def _ranks_within(groups: Groups, values: Floats) -> Floats:
    """The rank of each value in its group, the mean rank for ties, less the group's mean rank, (runs,)."""
    from scipy.stats import rankdata

    ranks = rankdata(_dense(groups, values))
    sizes = np.bincount(groups)
    means = np.divide(np.bincount(groups, weights=ranks), sizes, out=np.zeros(len(sizes)), where=sizes > 0)
    return ranks - means[groups]
