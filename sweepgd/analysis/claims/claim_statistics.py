"""The statistics of claims. Each is a function of a mask of runs to keep, so that a jackknife can leave runs out."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.claims.two_way_jackknife import Mask, Numbers
from sweepgd.analysis.jackknife import LEAST_VARIANCE


class Runs(NamedTuple):
    """Runs to compare. All fields have shape (runs,). `values` are compared between the `levels` of another column.

    A level is the index of a group. For slope and rank correlation, a level is the run's value in the compared column. Runs
    with equal `matches` differ only in their level (and seed).
    """

    values: Floats
    levels: Floats
    configurations: Numbers
    matches: Numbers
    replicates: Numbers

    def where(self, mask: Mask | Numbers) -> "Runs":
        """Return the runs of a mask, (runs,), or at these indices."""
        return Runs(self.values[mask], self.levels[mask], self.configurations[mask], self.matches[mask], self.replicates[mask])

    @property
    def cells(self) -> Numbers:
        """A number for each run, (runs,), equal for runs of the same match and replicate. Such runs form a cell."""
        return np.unique(self.matches * (self.replicates.max(initial=0) + 1) + self.replicates, return_inverse=True)[1]


def matched(runs: Runs) -> Runs:
    """Return the runs of all matches with more than one level. Without such a match, the result is empty."""
    levels = np.unique(runs.levels, return_inverse=True)[1]
    pairs = np.unique(np.stack([runs.matches, levels]), axis=1)
    numbers, counts = np.unique(pairs[0], return_counts=True)
    return runs.where(np.isin(runs.matches, numbers[counts > 1]))


def mean(runs: Runs) -> Callable[[Mask], float]:
    """Return the statistic: the mean over configurations. The value of a configuration is its mean over replicates."""

    def statistic(keep: Mask) -> float:
        counts = np.bincount(runs.configurations[keep])
        sums = np.bincount(runs.configurations[keep], weights=runs.values[keep])
        return float((sums[counts > 0] / counts[counts > 0]).mean()) if counts.any() else np.nan

    return statistic


def difference(runs: Runs, first: int, second: int) -> Callable[[Mask], float]:
    """Return the statistic: the mean at level `second` minus the mean at level `first`, within cells that have both levels.

    Cells of matching runs count equally. Without matches, each replicate is a cell, and cells are weighted by n₁n₂/(n₁ + n₂),
    with n₁ and n₂ the numbers of runs of the two levels.
    """
    cells, weighted = runs.cells, len(np.unique(runs.matches)) == 1

    def statistic(keep: Mask) -> float:
        counts, means = [], []
        for level in (first, second):
            own = keep & (runs.levels == level)
            counts.append(np.bincount(cells[own], minlength=len(cells)).astype(float))
            means.append(np.bincount(cells[own], weights=runs.values[own], minlength=len(cells)) / np.maximum(counts[-1], 1))
        product = counts[0] * counts[1]
        weights = product / np.maximum(counts[0] + counts[1], 1) if weighted else (product > 0).astype(float)
        return float(weights @ (means[1] - means[0]) / weights.sum()) if weights.any() else np.nan

    return statistic


def slope(runs: Runs) -> Callable[[Mask], float]:
    """Return the statistic: the least-squares slope of values against levels, with an intercept for each cell."""
    cells = runs.cells

    def statistic(keep: Mask) -> float:
        x, y = (_centred(values[keep], cells[keep]) for values in (runs.levels, runs.values))
        squares = float(x @ x)
        return float(x @ y) / squares if squares > 0 else np.nan

    return statistic


def rank_correlation(runs: Runs) -> Callable[[Mask], float]:
    """Return the statistic: Kendall's τ-b of values and levels, over all pairs of runs in the same cell."""
    order = np.argsort(runs.cells, kind="stable")
    bounds = np.flatnonzero(np.diff(runs.cells[order], prepend=-1, append=-1))
    pairs = [np.stack(np.triu_indices(int(stop - start), 1)) + start for start, stop in pairwise(bounds)]
    one, other = order[np.concatenate(pairs, axis=1)] if pairs else np.empty((2, 0), dtype=np.int64)
    signs = [np.sign(values[one] - values[other]) for values in (runs.values, runs.levels)]
    products = (signs[0] * signs[1], abs(signs[0]), abs(signs[1]))

    def statistic(keep: Mask) -> float:
        kept = keep[one] & keep[other]
        both, first, second = (float(values[kept].sum()) for values in products)
        return both / np.sqrt(first * second) if first * second > 0 else np.nan

    return statistic


def least_variance(tau: float, runs: Runs, quantile: float) -> float:
    """Return the least variance to use for a rank correlation, as in `sweepgd.analysis.jackknife`.

    If all pairs agree, the jackknife variance is 0, although a small number of pairs can all agree by chance. A pair counts
    once, not once for each replicate. `quantile` is the quantile of the interval. A larger quantile shrinks τ more towards 0.
    """
    _, first = np.unique(np.stack([runs.matches, runs.configurations]), axis=1, return_index=True)
    sizes = np.bincount(runs.matches[first])
    independent = 1 / max(1.0, float((sizes * (sizes - 1) / 2).sum()))
    shrunk = tau / (1 + quantile**2 * independent)
    return LEAST_VARIANCE * independent * (1 - shrunk**2)


def _centred(values: Floats, cells: Numbers) -> Floats:
    """Return each value minus the mean of its cell."""
    counts = np.bincount(cells)
    means = np.bincount(cells, weights=values) / np.maximum(counts, 1)
    return values - means[cells]
