"""The trace of the Fisher information and the gradient noise scale, which describe how gradients vary between rows."""

from collections.abc import Iterator, Mapping
from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.hessian import Vector
from sweepgd.curvature.point import Point, Value, value_or_reason


def fisher_trace(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield two means of the squared norm of a row's gradient. The first mean is over targets drawn from the model's
    distribution (the trace of the Fisher information, Jastrzębski et al. 2021). The second mean is over the given targets (the
    empirical Fisher).
    """

    def over(part: Point, fisher: bool) -> float:
        return float(part.second_moments(fisher=fisher).sum())

    yield value_or_reason(lambda: Value(over(point, True), over=partial(over, fisher=True)))
    yield Value(over(point, False), over=partial(over, fisher=False))


def exact_noise_scale(gradient: Vector, moments: Vector, terms: int, precision: float) -> float:
    """Return trΣ/|G|² (McCandlish et al. 2018, eq. 2.9) from the mean gradient G and the second moments of rows, (parameters,)
    each.

    Raise SweepgdError if G is 0 up to rounding. A sum of `terms` numbers has an error of at most terms · precision times the
    sum of their absolute values (Higham 2002, section 4.2), where `precision` is the spacing of floating-point numbers at 1.
    Therefore the error of |G| is at most terms · precision · √total, where total is the sum of the second moments.
    """
    signal, total = float(gradient @ gradient), float(moments.sum())
    if signal <= (terms * precision) ** 2 * total:
        raise SweepgdError("the gradient is 0 up to rounding, so that the noise scale is unbounded")
    return max(total - signal, 0.0) / signal


def two_batch_noise_scale(small: Vector, large: Vector, small_rows: int, large_rows: int) -> tuple[float, float]:
    """Return trΣ/|G|² and its jackknife standard error, from squared gradient norms, (draws,) each.

    `large` has the norms of large batches. `small` has, for each large batch, the mean over the small batches in it.

    Unbiased estimates of |G|² and trΣ are averaged before division (McCandlish et al. 2018, appendix A.1). Raise SweepgdError
    if the mean of |G|² is not above its standard error, because the ratio is then meaningless.
    """
    signal = (large_rows * large - small_rows * small) / (large_rows - small_rows)
    noise = (small - large) / (1.0 / small_rows - 1.0 / large_rows)
    draws = len(signal)
    if signal.mean() <= signal.std(ddof=1) / sqrt(draws):
        raise SweepgdError("|G|² is not above its standard error: increase one of the settings `small`, `times` and `draws`")
    without = (noise.sum() - noise) / (signal.sum() - signal)
    error = sqrt((draws - 1) / draws * float(((without - without.mean()) ** 2).sum()))
    return float(noise.mean() / signal.mean()), error


def noise_scale(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield the exact and the two-batch noise scale (McCandlish et al. 2018).

    The measured rows count as the whole population. Batches are drawn from these rows with replacement. A large batch consists
    of small batches, so that |G|² has the same error for both sizes. With separate batches, the standard error on digits is
    five times as large.
    """
    rows, precision = point.objective.rows, float(np.finfo(point.objective.dtype).eps)
    terms = point.objective.summed  # sums of chunks are in float64

    def exact() -> Value:
        moments = point.second_moments(fisher=False)
        return Value(exact_noise_scale(point.gradient(point.theta)[1], moments, terms, precision))

    yield value_or_reason(exact)
    random = point.random("noise_scale_two_batch")
    size, times = settings["small"], settings["times"]
    squares = np.empty((settings["draws"], 2))
    for both in squares:
        gradients = np.array([point.gradient(point.theta, random.integers(0, rows, size))[1] for _ in range(times)])
        large = gradients.mean(axis=0)
        both[:] = np.einsum("ij,ij->", gradients, gradients) / times, large @ large
    yield Value(*two_batch_noise_scale(squares[:, 0], squares[:, 1], size, size * times))
