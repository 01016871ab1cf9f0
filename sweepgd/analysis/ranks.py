"""Rank correlations of two columns, over all pairs of runs or over those alone that share a stratum."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.columns import Floats

Strata = npt.NDArray[np.int64]

# Pairs grow with the square: a larger group is represented by so many of its runs, drawn at random.
MOST_OF_GROUP = 64


def spearman(x: Floats, y: Floats) -> float:
    """Spearman's ρ; NaN where `x` or `y` is constant."""
    from scipy.stats import rankdata  # half a second to import, which a search that measured nothing need not wait for

    a, b = (ranks - ranks.mean() for ranks in (rankdata(x), rankdata(y)))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else np.nan


def kendall(x: Floats, y: Floats, strata: Strata) -> float:
    """Kendall's τ-b over the pairs that share a stratum, all (runs,); NaN where `x` or `y` ties in all of them.

    Ordered by stratum first, pairs across strata all agree: what SciPy counts in n log n, less those, is the count within.
    """
    from scipy.stats import kendalltau

    if len(x) < 2:
        return np.nan
    pairs, within = _choose_two(len(x)), _pairs_in(strata)
    first, second = (_dense(strata, values) for values in (x, y))
    untied = [pairs - _pairs_in(ranks) for ranks in (first, second)]
    across = pairs - within
    if min(untied) == across:
        return np.nan
    agreement = kendalltau(first, second).statistic * np.sqrt(untied[0]) * np.sqrt(untied[1])
    return float(np.round(agreement) - across) / float(np.sqrt(untied[0] - across) * np.sqrt(untied[1] - across))


class Pairs(NamedTuple):
    """Pairs of runs `first` and `second`, each (pairs,), in ascending order of the `group` that they share."""

    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]


def pairs_in(groups: Strata, levels: Strata) -> Pairs:
    """All pairs of runs of the same group and of different `levels`, both (runs,)."""
    shuffled = np.random.default_rng(0).permutation(len(groups))
    order = shuffled[np.argsort(groups[shuffled], kind="stable")]
    sizes = np.bincount(groups)
    rank = np.arange(len(order)) - (np.cumsum(sizes) - sizes)[groups[order]]
    order = order[rank < MOST_OF_GROUP]
    found = []
    for offset in range(1, min(int(sizes.max(initial=0)), MOST_OF_GROUP)):
        one, other = order[:-offset], order[offset:]
        kept = (groups[one] == groups[other]) & (levels[one] != levels[other])
        found.append((one[kept], other[kept]))
    if not found:
        return Pairs(*np.empty((3, 0), dtype=np.int64))
    first, second = (np.concatenate(parts) for parts in zip(*found, strict=True))
    by_group = np.argsort(groups[first], kind="stable")
    return Pairs(first[by_group], second[by_group], groups[first[by_group]])


def distinct(labels: Strata) -> int:
    """How many different labels there are, not negative; ten times as fast as sorting them."""
    return int(np.count_nonzero(np.bincount(labels)))


def _choose_two(count: int) -> int:
    return count * (count - 1) // 2


def _pairs_in(labels: Strata) -> int:
    sizes = np.bincount(labels)
    return int((sizes * (sizes - 1) // 2).sum())


def _dense(strata: Strata, values: Floats) -> npt.NDArray[np.int64]:
    """The rank of each value among all, ordered by stratum, then value; equal for ties, (runs,)."""
    order = np.lexsort((values, strata))
    later = (np.diff(strata[order]) != 0) | (np.diff(values[order]) != 0)
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.concatenate([[0], np.cumsum(later)])
    return ranks
