"""Importance of hyperparameters for good objectives and for divergence, by PED-ANOVA (Watanabe et al. 2023)."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.analysis.varied_hyperparameters import axes, values_of_axes
from sweepgd.core.random_streams import BOOTSTRAP, stream

Mask = npt.NDArray[np.bool_]

TOP_SHARE = 0.1
FEWEST_CONFIGURATIONS, FEWEST_TOP = 20, 5
# A random choice of so many configurations is used, because each is resampled DRAWS times.
MOST_CONFIGURATIONS, DRAWS = 10_000, 200
MISSING = -1  # the level of a configuration without the hyperparameter
OBJECTIVE, DIVERGENCE = "objective", "divergence"
SCHEMA = pa.schema(
    [("target", pa.string()), ("hyperparameter", pa.string())]
    + [(name, pa.float64()) for name in ("importance", "importance_low", "importance_high")]
    + [(name, pa.int64()) for name in ("levels", "top", "configurations")]
)


def importance(trials: pa.Table) -> pa.Table:
    """Return one row for each target and varied hyperparameter, the most important first, with columns as in SCHEMA.

    For the target "objective", the `top` configurations are the tenth with the lowest objectives, at least FEWEST_TOP. They are
    compared with all `configurations` that have an objective. For "divergence", the `top` configurations are those with a
    diverged replicate. They are compared with all configurations. `importance` is the share of a hyperparameter in the sum of
    the Pearson divergences of all hyperparameters, between the levels of the `top` configurations and the levels of all
    (Watanabe et al. 2023, arXiv 2304.10255, equation 16, with the density estimate of Optuna's PedAnovaImportanceEvaluator for
    categorical parameters). Levels are those of `axes`: numbers with many values are binned. A hyperparameter that only some
    configurations have, such as adam.beta1, is compared among those, and its divergence is multiplied by q²/p, where q and p
    are their shares of the top and of all. Without smoothing, the divergence of the pair (optimizer, adam.beta1) is the sum of
    this and of the divergence of the optimizer. The intervals hold 95 % of a bootstrap over configurations. A target is left
    out if fewer than FEWEST_TOP configurations are in the top or outside the top, if there are fewer than FEWEST_CONFIGURATIONS
    in all, or if fewer than two hyperparameters vary.
    """
    every = configurations(trials)
    if every.num_rows > MOST_CONFIGURATIONS:
        chosen = stream(0, BOOTSTRAP, 5, every.num_rows).permutation(every.num_rows)[:MOST_CONFIGURATIONS]
        every = every.take(pa.array(np.sort(chosen)))
    if every.num_rows < FEWEST_CONFIGURATIONS:
        return SCHEMA.empty_table()
    missing = {name: np.array([value is None for value in values]) for name, values in values_of_axes(every).items()}
    levels = {name: np.where(missing[name], MISSING, codes) for name, codes in axes(every).items()}
    objective = floats(every, "objective")
    known = ~np.isnan(objective)
    diverged = floats(every, "share_diverged") > 0
    rows = _rows(OBJECTIVE, {name: codes[known] for name, codes in levels.items()}, objective[known])
    rows += _rows(DIVERGENCE, levels, np.where(diverged, 0.0, 1.0), int(diverged.sum()))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def pearson_divergence(levels: npt.NDArray[np.int64], top: Floats, every: Floats) -> Floats:
    """Return the Pearson divergence of the top configurations from all configurations in one hyperparameter, (draws,). `levels`
    is the level of each configuration, (configurations,), or MISSING; see `importance` for missing levels. `top` and `every`
    are the weights of the top configurations and of all configurations in each draw, (draws, configurations). The densities are
    smoothed as in Optuna: there is a kernel for each observed level, and one more kernel that is uniform.
    """
    has = levels != MISSING
    indicator = np.eye(len(np.unique(levels[has])))[np.unique(levels[has], return_inverse=True)[1]]
    first, all_ = (_density(weights[:, has] @ indicator) for weights in (top, every))
    of_top, of_all = (weights[:, has].sum(axis=1) / weights.sum(axis=1) for weights in (top, every))
    # In a draw in which no configuration has the hyperparameter, both shares are 0.
    return (all_ * (first / all_ - 1) ** 2).sum(axis=1) * of_top**2 / np.where(of_all > 0, of_all, 1.0)


def _density(counts: Floats) -> Floats:
    """Return the smoothed share of each level, (draws, levels), from the counts of the levels."""
    choices, total = counts.shape[1], counts.sum(axis=1, keepdims=True)
    prior = 1 / ((counts > 0).sum(axis=1, keepdims=True) + 1)
    return ((total * prior + counts) / (1 + choices * prior) + 1 / choices) / (total + 1) + 1e-12


def _rows(
    target: str, levels: dict[str, npt.NDArray[np.int64]], values: Floats, wanted: int | None = None
) -> list[dict[str, object]]:
    """Return the rows of one target. `wanted` is the number of top configurations, by default the share TOP_SHARE of all."""
    count = len(values)
    number = max(FEWEST_TOP, int(np.ceil(TOP_SHARE * count))) if wanted is None else wanted
    levels = {name: codes for name, codes in levels.items() if len(np.unique(codes[codes != MISSING])) > 1}
    if count < FEWEST_CONFIGURATIONS or number < FEWEST_TOP or count - number < FEWEST_TOP or len(levels) < 2:
        return []
    drawn = stream(0, BOOTSTRAP, 6, count).multinomial(count, np.full(count, 1 / count), DRAWS)
    every = np.concatenate([np.ones((1, count)), drawn])
    top = every * _is_top(values, every, number)
    found = np.stack([pearson_divergence(codes, top, every) for codes in levels.values()])
    total = found.sum(axis=0)
    if not total[0] > 0:
        return []
    # In a draw in which every configuration is at the top, no hyperparameter tells the top from the others.
    shares = found[:, total > 0] / total[total > 0]
    low, high = np.quantile(shares[:, 1:], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=1)
    shared = {"target": target, "top": int(top[0].sum()), "configurations": count}
    rows = [
        shared
        | {"hyperparameter": name, "levels": len(np.unique(codes[codes != MISSING])), "importance": float(shares[index, 0])}
        | {"importance_low": float(low[index]), "importance_high": float(high[index])}
        for index, (name, codes) in enumerate(levels.items())
    ]
    return [rows[index] for index in np.argsort(-shares[:, 0], kind="stable")]


def _is_top(values: Floats, weights: Floats, number: int) -> Mask:
    """Return a mask of the configurations with the `number` lowest values of each draw, including ties, (draws,
    configurations).
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1) >= number
    cutoff = values[order][reached.argmax(axis=1)]
    return values <= cutoff[:, np.newaxis]
