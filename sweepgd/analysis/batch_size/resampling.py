"""Bootstrap draws of replicates and configurations, and intervals from them (Efron & Tibshirani 1993).

Replicates with the same number have the same seed in all configurations, so one draw of replicates serves all configurations.
The replicates are split into two halves: one half chooses a configuration, and the other half judges it. Replicates are drawn
within their half, because a replicate drawn into both halves would judge its own choice.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.core.random_streams import BOOTSTRAP, stream

DRAWS = 200
# With fewer replicates, a half has one replicate, and the draws from this half do not vary.
FEWEST_REPLICATES = 4
# Share of the draws that must have a value.
MOST_DEFINED = 0.9


class Draws(NamedTuple):
    """The weights of replicates in each draw, (draws, replicates). `first` and `second` are for the two halves of the
    replicates, and `every` is for all replicates.

    The first draw is the sample itself. It is the only draw if there are fewer than FEWEST_REPLICATES replicates. With a single
    replicate, both halves are this replicate. Without a recorded replicate, the weights are the same as for one replicate.
    """

    first: Floats
    second: Floats
    every: Floats

    @property
    def number(self) -> int:
        """The number of draws."""
        return len(self.every)

    @property
    def replicates(self) -> int:
        """The number of replicates of each configuration."""
        return self.every.shape[1]


def draws_of(replicates: int) -> Draws:
    """Return the draws of a study in which each configuration has `replicates` replicates."""
    if replicates < 2:
        return Draws(np.ones((1, 1)), np.ones((1, 1)), np.ones((1, 1)))
    count = DRAWS if replicates >= FEWEST_REPLICATES else 0
    halves, total = [], np.zeros((count + 1, replicates))
    for half in range(2):
        members = np.arange(half, replicates, 2)
        size = len(members)
        drawn = stream(0, BOOTSTRAP, half).multinomial(size, np.full(size, 1 / size), count)
        weights = np.zeros((count + 1, replicates))
        weights[0, members], weights[1:, members] = 1.0, drawn
        total += weights
        halves.append(weights / size)
    return Draws(halves[0], halves[1], total / replicates)


def drawn_configurations(configurations: int, draws: int) -> npt.NDArray[np.bool_]:
    """Return a mask of the configurations in each draw with replacement, (draws, configurations). The first draw holds all of
    them.
    """
    random = stream(0, BOOTSTRAP, 2, configurations)
    drawn = np.ones((draws, configurations), dtype=bool)
    for number in range(1, draws):
        drawn[number] = np.bincount(random.integers(configurations, size=configurations), minlength=configurations) > 0
    return drawn


def interval(values: Floats, replicates: int) -> tuple[float, float]:
    """Return the interval around the first of `values`, (draws,). Its width follows from the standard error over the other
    draws and from Student's t. Both ends of the interval are NaN if there are no draws, or if more than a tenth of the draws
    have no value. Draws of n replicates vary less than new samples: their standard deviation is smaller by the factor √((n −
    1)/n). The standard error is corrected for this factor.
    """
    from scipy.special import stdtrit  # takes 0.2 s to import

    known = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(known) < max(2, MOST_DEFINED * (len(values) - 1)):
        return np.nan, np.nan
    half = replicates // 2
    width = stdtrit(replicates - 2, (1 + CONFIDENCE) / 2) * known.std(ddof=1) * np.sqrt(half / (half - 1))
    return float(values[0] - width), float(values[0] + width)


def estimate(name: str, logs: Floats, replicates: int) -> dict[str, float | None]:
    """Return exp of the first of `logs`, (draws,), as the column `name`, and its interval as `name`_low and `name`_high."""
    low, high = interval(logs, replicates)
    return {key: power(value) for key, value in ((name, logs[0]), (f"{name}_low", low), (f"{name}_high", high))}


def plain(name: str, values: Floats, replicates: int) -> dict[str, float | None]:
    """Return the first of `values`, (draws,), as the column `name`, and its interval as `name`_low and `name`_high."""
    low, high = interval(values, replicates)
    return {key: finite(value) for key, value in ((name, values[0]), (f"{name}_low", low), (f"{name}_high", high))}


def power(log: float) -> float | None:
    """Return exp(log), or None if the result is not finite in float64."""
    return float(np.exp(log)) if np.isfinite(log) and abs(log) < 700 else None


def finite(value: float) -> float | None:
    """Return the value, or None if the value is not finite."""
    return float(value) if np.isfinite(value) else None


def percentiles(name: str, values: Floats) -> dict[str, float | None]:
    """Return the first of `values`, (draws,), and the 2.5 and 97.5 % percentiles of the other values, in columns as in
    `estimate`.
    """
    known = values[1:][np.isfinite(values[1:])]
    low, high = (np.nan, np.nan)
    if len(known) >= max(2, MOST_DEFINED * (len(values) - 1)):
        low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {key: finite(value) for key, value in ((name, values[0]), (f"{name}_low", low), (f"{name}_high", high))}


def resampled_quantiles(values: Floats, share: float = 0.5) -> Floats:
    """Return the `share` quantile of `values`, (n,), followed by those of DRAWS samples of size n with replacement, (draws,).

    The default is the median. For n < 3, no samples are drawn.
    """
    count = len(values)
    quantiles = np.array([np.quantile(values, share)])
    if count < 3:
        return quantiles
    drawn = stream(0, BOOTSTRAP, 3, count).integers(count, size=(DRAWS, count))
    return np.concatenate([quantiles, np.quantile(values[drawn], share, axis=1)])
