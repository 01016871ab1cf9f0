"""Bootstrap intervals of rank correlations: configurations are drawn, each with all its replicates, and not runs.

The replicates of a configuration are no independent evidence (Davison & Hinkley 1997, section 3.8). What a draw comes to is
computed from the signs of all pairs' differences, weighted by how often both were drawn: matrix products in place of sorting.
"""

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.columns import Floats
from sweepgd.analysis.ranks import Pairs, Strata

DRAWS = 1000
LEVEL = 0.95
# An interval of more runs is drawn from a sample, and narrowed by the root of its share (Bickel, Götze & van Zwet 1997).
MOST_RUNS = 400
MOST_PAIRS = 2000

Weights = npt.NDArray[np.float32]


def sample(configurations: Strata, seed: int) -> npt.NDArray[np.bool_]:
    """Which runs, (runs,), an interval is drawn from: whole configurations at random, MOST_RUNS runs at most."""
    counts = np.bincount(configurations)
    order = np.random.default_rng(seed).permutation(np.flatnonzero(counts))
    fit = order[np.cumsum(counts[order]) <= MOST_RUNS]
    return np.isin(configurations, fit)


def draws(configurations: Strata, seed: int) -> Weights:
    """How often each run is drawn, (DRAWS, runs): as often as its configuration."""
    _, index = np.unique(configurations, return_inverse=True)
    count = int(index.max(initial=-1)) + 1
    if not count:
        return np.zeros((DRAWS, 0), dtype=np.float32)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), DRAWS)
    return drawn.astype(np.float32)[:, index]


def kendall_draws(x: Floats, y: Floats, strata: Strata, configurations: Strata, weights: Weights) -> Floats:
    """τ-b over the pairs that share a stratum, in each draw, (DRAWS,); NaN where undefined.

    Two replicates of a configuration drawn n times are n pairs, not n²: copies are not compared with each other.
    """
    a, b = (_signs(values) for values in (x, y))
    same = strata[:, None] == strata
    own = configurations[:, None] == configurations
    both, first, second = (
        _total(matrix * (same & ~own), weights) + weights @ (matrix * (same & own)).sum(axis=1)
        for matrix in (a * b, abs(a), abs(b))
    )
    return _ratio(both, np.sqrt(first) * np.sqrt(second))


def spearman_draws(x: Floats, y: Floats, weights: Weights) -> Floats:
    """ρ in each draw, (DRAWS,): a row of signs, summed over what was drawn, is a rank less the mean rank."""
    a, b = ((weights @ _signs(values)).astype(np.float64) for values in (x, y))
    both, first, second = ((weights * product).sum(axis=1) for product in (a * b, a * a, b * b))
    return _ratio(both, np.sqrt(first * second))


def group_draws(x: Floats, y: Floats, pairs: Pairs, weights: Weights) -> Floats:
    """The mean of the groups' τ-b in each draw, (DRAWS,)."""
    drawn = weights[:, pairs.first] * weights[:, pairs.second]
    return mean_of_groups(x, y, pairs, drawn)


def mean_of_groups(x: Floats, y: Floats, pairs: Pairs, weights: npt.NDArray[np.floating]) -> Floats:
    """The mean over groups of their τ-b with weighted pairs, weights (n, pairs), mean (n,); NaN where no group has one.

    A group in which `y` ties asks nothing and is left out; one in which `x` ties, and `y` does not, predicts nothing: 0.
    """
    if not len(pairs.first):
        return np.full(len(weights), np.nan)
    a, b = (np.sign(values[pairs.first] - values[pairs.second]).astype(weights.dtype) for values in (x, y))
    starts = np.flatnonzero(np.diff(pairs.group, prepend=-1))
    both, first, second = (np.add.reduceat(weights * signs, starts, axis=1) for signs in (a * b, abs(a), abs(b)))
    tau = np.divide(both, np.sqrt(first * second), out=np.zeros(both.shape), where=(first > 0) & (second > 0))
    asked = second > 0
    return _ratio(np.where(asked, tau, 0.0).sum(axis=1), asked.sum(axis=1))


def moved(drawn: Floats, at_sample: float, estimate: float, share: float) -> Floats:
    """Draws from a sample, (DRAWS,), around the estimate from all, and narrower by the root of the sample's share."""
    return estimate + (drawn - at_sample) * np.sqrt(share)


def interval(drawn: Floats) -> tuple[float, float]:
    """The percentile interval of the defined draws; NaN where they are less than half of all."""
    some = drawn[~np.isnan(drawn)]
    if 2 * len(some) < len(drawn):
        return np.nan, np.nan
    low, high = np.clip(np.quantile(some, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]), -1.0, 1.0)
    return float(low), float(high)


def ends(name: str, low: float, high: float) -> dict[str, float]:
    """An interval as columns `name`low and `name`high of a row; none where it is undefined."""
    return {} if np.isnan(low) else {f"{name}low": low, f"{name}high": high}


def _signs(values: Floats) -> npt.NDArray[np.float32]:
    return np.sign(values[:, None] - values).astype(np.float32)


def _total(matrix: npt.NDArray[np.float32], weights: Weights) -> Floats:
    return ((weights @ matrix) * weights).sum(axis=1, dtype=np.float64)


def _ratio(above: npt.NDArray, below: npt.NDArray) -> Floats:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
