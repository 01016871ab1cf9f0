"""The expected best objective of k configurations drawn by random search, for each optimizer (Dodge et al. 2019)."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.jackknife import CONFIDENCE
from sweepgd.core.random_streams import BOOTSTRAP, stream

FEWEST_CONFIGURATIONS = 3
# Of more configurations, no interval is computed: it would be narrower than a line.
MOST_RESAMPLED = 5_000
DRAWS, POINTS = 200, 24
SCHEMA = pa.schema(
    [("optimizer", pa.string())]
    + [(name, pa.int64()) for name in ("draws", "configurations", "without_objective")]
    + [(name, pa.float64()) for name in ("expected", "expected_low", "expected_high")]
)


def expected_best(trials: pa.Table) -> pa.Table:
    """Return rows by optimizer and number of draws k, with columns as in SCHEMA.

    `expected` is the expectation of the lowest mean objective of k configurations, estimated from all n ≥ k recorded
    configurations of the optimizer: Σᵢ v₍ᵢ₎·[(i/n)ᵏ − ((i−1)/n)ᵏ] with the objectives v in descending order (Dodge et al. 2019,
    arXiv 1909.03004, equation 7). A configuration without an objective, such as one that diverged, counts with the highest
    objective of all optimizers; `without_objective` is the number of such configurations. `draws` takes about POINTS values
    from 1 to n. The interval holds 95 % of a bootstrap over configurations; it is null for an optimizer with more than
    MOST_RESAMPLED configurations. Optimizers with fewer than FEWEST_CONFIGURATIONS configurations are left out. The estimate is
    about random search: configurations that an adaptive sampler proposed are better than random ones.
    """
    every = configurations(trials)
    objective, names = floats(every, "objective"), every["optimizer"].to_numpy(zero_copy_only=False)
    if np.isnan(objective).all():
        return SCHEMA.empty_table()
    worst = np.nanmax(objective)
    rows = []
    for name in sorted({name for name in names if name is not None}):
        own = objective[names == name]
        if len(own) < FEWEST_CONFIGURATIONS:
            continue
        values = np.sort(np.where(np.isnan(own), worst, own))[::-1]
        draws = np.unique(np.geomspace(1, len(values), POINTS).round().astype(np.int64))
        expected = expectation(values, np.ones(len(values)), draws)
        low, high = interval(values, draws)
        shared = {"optimizer": name, "configurations": len(values), "without_objective": int(np.isnan(own).sum())}
        columns = zip(draws.tolist(), expected.tolist(), low, high, strict=True)
        rows += [shared | {"draws": k, "expected": e, "expected_low": a, "expected_high": b} for k, e, a, b in columns]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def expectation(values: Floats, counts: Floats, draws: npt.NDArray[np.int64]) -> Floats:
    """For each number in `draws`, return the expected lowest value of so many draws, (draws,). `values` are in descending
    order, and `counts` says how often each value occurs.
    """
    shares = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
    return np.diff(shares ** draws[:, np.newaxis], axis=1) @ values


def interval(values: Floats, draws: npt.NDArray[np.int64]) -> tuple[list[float | None], list[float | None]]:
    """Return the lower and the upper ends of the intervals of `expectation`, each (draws,). `values` are in descending order.
    The ends are None if there are too many values.
    """
    count = len(values)
    if count > MOST_RESAMPLED:
        return [None] * len(draws), [None] * len(draws)
    samples = stream(0, BOOTSTRAP, 4, count).multinomial(count, np.full(count, 1 / count), DRAWS).astype(float)
    found = np.array([expectation(values, counts, draws) for counts in samples])
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return low.tolist(), high.tolist()
