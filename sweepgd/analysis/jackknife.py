"""Confidence intervals of rank correlations by the jackknife over configurations (Efron & Stein 1981).

Runs are compared within a replicate, because replicates of the same number share their seed. The replicates of a configuration
are not independent. Therefore whole configurations are left out, one at a time. `tests/calibration` measures the coverage of
the intervals.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.ranks import Groups, Pairs

CONFIDENCE = 0.95
# A variance is at least this share of the variance of independent pairs. With 0.5, intervals of a few pairs contain τ = 0.5 in
# 93 % of studies, and with 0.6 in 96 %. With 0.7, a fifth fewer studies find the correlation.
LEAST_VARIANCE = 0.6


class Comparison(NamedTuple):
    """The `pairs` of runs to compare, the number of `replicates`, and for each run its number in `configurations` and `groups`,
    (runs,).

    A group holds each configuration at most once.
    """

    configurations: Groups
    groups: Groups
    pairs: Pairs
    replicates: int


class Jackknife(NamedTuple):
    """A correlation: its `value`, and its `leave_one_out` values, each without one configuration, (configurations,).

    `in_pairs` is a mask of the configurations that are in a pair, (configurations,). `independent_variance` is the variance of
    τ if the true τ is 0, all pairs of a replicate are independent, and further replicates add no evidence.
    """

    value: float
    leave_one_out: Floats
    in_pairs: npt.NDArray[np.bool_]
    independent_variance: float

    def scaled(self, share: float) -> "Jackknife":
        """Return an estimate of the jackknife of all configurations from this jackknife of a `share` of the configurations."""
        leave_one_out = self.value + (self.leave_one_out - self.value) * np.sqrt(share)
        return self._replace(leave_one_out=leave_one_out, independent_variance=self.independent_variance * share)


def interval(estimate: float, jackknife: Jackknife) -> tuple[float, float]:
    """Return the t interval around `estimate`, a correlation. The interval is NaN if the correlation is undefined when one of
    the configurations is left out.

    The jackknife underestimates the variance if nearly all pairs agree: with 12 configurations in six pairs and τ = 0.9, its
    intervals contained τ in 27 to 58 % of studies. The variance is therefore at least LEAST_VARIANCE times the variance that
    the same number of pairs would give if they were independent. This variance of independent pairs is `independent_variance`
    times 1 - τ², with τ shrunk to 0 as in Agresti & Coull (1998).
    """
    from scipy.special import stdtrit  # takes 0.2 s to import

    values = jackknife.leave_one_out[jackknife.in_pairs]
    count = len(values)
    if count < 3 or np.isnan(values).any():
        return np.nan, np.nan
    quantile = stdtrit(count - 2, (1 + CONFIDENCE) / 2)
    shrunk = jackknife.value / (1 + quantile**2 * jackknife.independent_variance)
    # With count - 1 instead of count, the intervals of ρ of 12 configurations miss in 6 to 7 % of studies.
    variance = max(count * float(np.var(values)), LEAST_VARIANCE * jackknife.independent_variance * (1 - shrunk**2))
    half_width = quantile * np.sqrt(variance)
    return max(-1.0, float(estimate - half_width)), min(1.0, float(estimate + half_width))


def interval_columns(name: str, low: float, high: float) -> dict[str, float]:
    """Return an interval as the columns `name`low and `name`high of a row, or no columns if the interval is undefined."""
    return {} if np.isnan(low) else {f"{name}low": low, f"{name}high": high}


def kendall_jackknife(x: Floats, y: Floats, comparison: Comparison) -> Jackknife:
    """Return the jackknife of τ-b between x and y, both (runs,), over the pairs of `comparison`."""
    pairs = comparison.pairs
    a, b = _signs(x, pairs), _signs(y, pairs)
    sums = [(products.sum(), _sum_by_run(products, pairs, len(x))) for products in (a * b, abs(a), abs(b))]
    return _jackknife(sums, comparison)


def spearman_jackknife(x: Floats, y: Floats, comparison: Comparison) -> Jackknife:
    """Return the jackknife of ρ between x and y, both (runs,), from their ranks within groups.

    A rank minus the mean rank is half the sum of the signs of a run's differences from the other runs.
    """
    pairs = comparison.pairs
    signs = [_signs(values, pairs) for values in (x, y)]
    ranks = [_sum_by_run(sign, pairs, len(x), opposite=True) / 2 for sign in signs]

    def products(one: int, other: int) -> tuple[float, Floats]:
        """Return the sum of products of ranks and, for each run, how much the sum decreases if that run is left out, (runs,).

        If a run is left out, its own product is removed. The rank of every run that is paired with it changes by ½ or −½, which
        is half the sign of the difference between the two runs' values.
        """
        a, b, s, t = ranks[one], ranks[other], signs[one], signs[other]
        decrease = a * b - _sum_by_run(s * t, pairs, len(x)) / 4
        decrease += np.bincount(pairs.second, weights=(a[pairs.first] * t + b[pairs.first] * s) / 2, minlength=len(x))
        decrease -= np.bincount(pairs.first, weights=(a[pairs.second] * t + b[pairs.second] * s) / 2, minlength=len(x))
        return float(a @ b), decrease

    return _jackknife([products(0, 1), products(0, 0), products(1, 1)], comparison)


def group_jackknife(x: Floats, y: Floats, comparison: Comparison) -> Jackknife:
    """Return the jackknife of the mean over groups of τ-b between x and y, both (runs,).

    A group whose `y` are all equal is left out. A group whose `y` vary but whose `x` are all equal counts as 0.
    """
    pairs, groups, configurations = comparison.pairs, comparison.groups, comparison.configurations
    a, b = _signs(x, pairs), _signs(y, pairs)
    by_run = [_sum_by_run(products, pairs, len(x)) for products in (a * b, abs(a), abs(b))]
    sums = [np.bincount(groups, weights=values) / 2 for values in by_run]
    taus, defined = _taus(*sums)
    total, count = float(taus.sum()), int(defined.sum())
    taus_without, defined_without = _taus(*(own[groups] - values for own, values in zip(sums, by_run, strict=True)))
    tau_decrease = np.bincount(configurations, weights=taus[groups] - taus_without)
    count_decrease = np.bincount(configurations, weights=defined[groups].astype(float) - defined_without)
    leave_one_out = _ratio(total - tau_decrease, count - count_decrease)
    _, sizes = np.unique(pairs.group, return_counts=True)
    variance = comparison.replicates * float((1 / sizes).sum()) / max(1, len(sizes)) ** 2
    return Jackknife(total / count if count else np.nan, leave_one_out, _in_pairs(comparison), variance)


def _taus(both: Floats, first: Floats, second: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Compute τ-b from sums over pairs. Return τ-b, and a mask that is True where the second variable varies. τ-b is 0 where
    either variable is equal in all pairs.
    """
    scale = np.sqrt(first * second)
    return np.divide(both, scale, out=np.zeros(len(both)), where=scale > 0), second > 0


def _signs(values: Floats, pairs: Pairs) -> Floats:
    return np.sign(values[pairs.first] - values[pairs.second])


def _sum_by_run(values: Floats, pairs: Pairs, runs: int, opposite: bool = False) -> Floats:
    """Return, for each run, the sum of `values` over the pairs that contain the run, (runs,).

    If `opposite`, a value counts with the opposite sign for the second run of its pair.
    """
    sums: Floats = np.bincount(pairs.first, weights=values, minlength=runs).astype(np.float64)
    return sums + np.bincount(pairs.second, weights=-values if opposite else values, minlength=runs)


def _jackknife(sums: list[tuple[float, Floats]], comparison: Comparison) -> Jackknife:
    """Return the jackknife of Σxy/√(Σx² Σy²) from the three sums and their decreases if a run is left out, (runs,)."""
    configurations = comparison.configurations
    xy, xx, yy = (np.append(total - np.bincount(configurations, weights=decrease), total) for total, decrease in sums)
    # Sums that should be 0 may have a rounding error.
    scale = np.sqrt(np.where((xx > 1e-9) & (yy > 1e-9), xx * yy, 0.0))
    values = _ratio(xy, scale)
    variance = comparison.replicates / max(1, len(comparison.pairs.first))
    return Jackknife(float(values[-1]), values[:-1], _in_pairs(comparison), variance)


def _ratio(numerators: Any, denominators: Any) -> Floats:
    return np.divide(numerators, denominators, out=np.full(len(numerators), np.nan), where=denominators > 0)


def _in_pairs(comparison: Comparison) -> npt.NDArray[np.bool_]:
    """Return a mask of the configurations that are in a pair."""
    result = np.zeros(int(comparison.configurations.max(initial=-1)) + 1, dtype=bool)
    for runs in comparison.pairs[:2]:
        result[comparison.configurations[runs]] = True
    return result
