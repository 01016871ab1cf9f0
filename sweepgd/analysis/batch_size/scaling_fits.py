"""Fits of steps against batch size, in the logarithm of the steps, because errors of the steps are relative."""

import numpy as np

from sweepgd.analysis.arrow_columns import Floats

# The critical size is searched from the smallest size / BEYOND to the largest size · BEYOND, on a grid of POINTS points.
BEYOND, POINTS = 1e3, 600
EXCESS = 1.2


def hyperbola(sizes: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Fit S = S_min·(1 + B_crit/B) to `logs`, the logarithms of S, (…, sizes). Return log S_min and log B_crit, both (…).

    The law is equation 2.11 of McCandlish et al. 2018. For a given B_crit, the best log S_min is a mean. The best B_crit is
    found on a grid and refined by a parabola. Both results are NaN if B_crit is at an end of the grid, or if fewer than three
    sizes are given.
    """
    log_sizes = np.log(sizes)
    if len(sizes) < 3:
        return np.full(logs.shape[:-1], np.nan), np.full(logs.shape[:-1], np.nan)
    grid = np.linspace(log_sizes.min() - np.log(BEYOND), log_sizes.max() + np.log(BEYOND), POINTS)
    squares = (logs[..., None, :] - np.logaddexp(0, grid[:, None] - log_sizes)).var(axis=-1)
    place = np.argmin(squares, axis=-1)
    inner = np.clip(place, 1, POINTS - 2)
    before, at, after = (np.take_along_axis(squares, (inner + step)[..., None], axis=-1)[..., 0] for step in (-1, 0, 1))
    curvature = before - 2 * at + after
    step = np.divide(before - after, 2 * curvature, out=np.zeros_like(at), where=curvature > 0)
    critical = np.where(place == inner, grid[inner] + step * (grid[1] - grid[0]), np.nan)
    with np.errstate(invalid="ignore"):  # NaN stays NaN
        return (logs - np.logaddexp(0, critical[..., None] - log_sizes)).mean(axis=-1), critical


def perfect_scaling_end(sizes: Floats, logs: Floats) -> Floats:
    """Return the logarithm of the size at which the steps exceed perfect scaling by 20 %, (…).

    `logs` are the logarithms of the steps, (…, sizes). Perfect scaling begins at the smallest size, where a single measurement
    is noisy. The result is therefore read from the fit S = a + b/B^α (Zhang et al. 2024, section 3). The result is infinite if
    the fit stays within 20 % up to BEYOND times the largest size. The result is NaN if fewer than four sizes are given or the
    fit fails.
    """
    flat = logs.reshape(-1, logs.shape[-1])
    return np.array([_end(np.log(sizes), row) for row in flat]).reshape(logs.shape[:-1])


def _end(log_sizes: Floats, logs: Floats) -> float:
    from scipy.optimize import least_squares  # takes 0.2 s to import

    if len(logs) < 4 or not np.isfinite(logs).all():
        return np.nan
    floor, critical = hyperbola(np.exp(log_sizes), logs)
    start = [float(floor), float(floor + critical)] if np.isfinite(critical) else [logs.min() - 1, logs.max()]

    def residuals(parameters: Floats) -> Floats:
        return _power_law(parameters, log_sizes) - logs

    found = least_squares(residuals, [*start, 0.0], method="lm", max_nfev=400)
    if not np.isfinite(found.x).all():
        return np.nan
    grid = np.linspace(log_sizes.min(), log_sizes.max() + np.log(BEYOND), 4 * POINTS)
    samples = _power_law(found.x, grid) + grid
    beyond = samples - samples[0] > np.log(EXCESS)
    return float(grid[np.argmax(beyond)]) if beyond.any() else np.inf


def _power_law(parameters: Floats, log_sizes: Floats) -> Floats:
    """Return log(a + b/B^α) for the parameters log a, log b and log α."""
    floor, scale, exponent = parameters
    return np.logaddexp(floor, scale - np.exp(min(exponent, 5.0)) * log_sizes)


def slope(log_sizes: Floats, logs: Floats) -> tuple[Floats, Floats]:
    """Return slope and intercept, both (…), of the least-squares line of `logs`, (…, sizes), against `log_sizes`."""
    centred = log_sizes - log_sizes.mean()
    found = logs @ centred / (centred @ centred)
    return found, logs.mean(axis=-1) - found * log_sizes.mean()
