"""Small against large batch in the form of Keskar et al. 2017, tables 2 to 4, at matched train loss."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.axes import axes, together
from sweepgd.analysis.bootstrap import LEVEL
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.levels import EQUAL_LOSS, batch_levels
from sweepgd.analysis.measured import Indices, measure_names
from sweepgd.analysis.verdict import INCONCLUSIVE, TOO_FEW, UNDEFINED

NO_RATIO, NOT_COMPARABLE = "no ratio", "not comparable"
# So many pairs have an interval of their own; of two, t is 12.7 standard errors.
FEWEST_PAIRS = 3
OUTCOMES = ("train_loss", "test_loss", "train_error", "test_error", "generalization_gap")

SCHEMA = pa.schema(
    [("quantity", pa.string())]
    + [(f"{side}_{name}", kind) for side in ("small", "large") for name, kind in (
        ("batch_size", pa.int64()), ("runs", pa.int64()), ("configurations", pa.int64()), ("mean", pa.float64()),
        ("sd", pa.float64()))]
    + [(name, pa.float64()) for name in ("ratio", "ratio_low", "ratio_high")]
    + [("over", pa.string()), ("pairs", pa.int64()), ("verdict", pa.string()), ("message", pa.string())]
    + [("matched", pa.bool_()), ("outside", pa.int64()), ("train_loss_from", pa.float64()), ("train_loss_to", pa.float64())]
)  # fmt: skip


def small_large(runs: pa.Table) -> pa.Table:
    """The smallest and the largest batch size (level) of the runs of `measured`: a row for each loss, error and measure.

    Compared are runs at matched train loss: those in the window of losses, EQUAL_LOSS wide, that holds most runs of whichever
    size has fewer in it (then most of both), `outside` the number of the others; where no window holds two runs of both, all
    runs, `matched` is false and the verdict "not comparable". `…_mean` and `…_sd` (n - 1) are over runs.

    `ratio` is of geometric means, large to small, with a 95 % t interval of the mean of logarithms, `over` "pairs" of
    configurations (means of their replicates) that differ in batch size alone, where there are three or more; else, by Welch,
    over "configurations" where both sizes have two or more; else over "runs". `verdict` is "larger" or "smaller" (at the large
    batch) where the interval is beyond 1, else "inconclusive", "too few", "undefined" or "no ratio" with the reason in
    `message`. Empty where a single batch size completed.
    """
    levels = batch_levels(floats(runs, "batch_size"))
    sizes = np.unique(levels[~np.isnan(levels)])
    if len(sizes) < 2:
        return SCHEMA.empty_table()
    sides = [levels == sizes[0], levels == sizes[-1]]
    losses = floats(runs, "train_loss")
    window = _window(losses, *sides)
    every = int(np.sum(sides))
    if window is not None:
        sides = [side & (losses >= window[0]) & (losses <= window[1]) for side in sides]
    compared = losses[(sides[0] | sides[1]) & ~np.isnan(losses)]
    shared = {"matched": window is not None, "outside": every - int(np.sum(sides))}
    shared |= {"small_batch_size": int(sizes[0]), "large_batch_size": int(sizes[-1])}
    if len(compared):
        shared |= {"train_loss_from": compared.min(), "train_loss_to": compared.max()}
    others = [codes for name, codes in axes(runs).items() if name != "batch_size"]
    alike = together(np.zeros(runs.num_rows, dtype=np.int64), *others)
    trials = runs["trial"].to_numpy()
    rows = []
    for name in (*OUTCOMES, *measure_names(runs)):
        values = floats(runs, name)
        parts = [_Side(values[known], trials[known], alike[known]) for known in (side & ~np.isnan(values) for side in sides)]
        row = shared | {"quantity": name} | _described("small", parts[0]) | _described("large", parts[1]) | _compared(*parts)
        rows.append(row if window is not None else row | {"verdict": NOT_COMPARABLE, "message": "train losses differ"})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


class _Side:
    """The values of the runs of one batch size, and their means over the replicates of each configuration; configurations of
    either side that share `alike` differ in batch size alone."""

    def __init__(self, values: Floats, trials: Indices, alike: Indices) -> None:
        groups = Groups(trials)
        self.runs, self.configurations, self.alike = values, groups.mean(values), alike[groups.first]


def _window(losses: Floats, small: np.ndarray, large: np.ndarray) -> tuple[float, float] | None:
    """Ends of the window that holds most of both, which begins at one of their losses; None where none holds two of each."""
    usable = losses > 0
    starts = np.unique(losses[usable & (small | large)])
    ends = starts * EQUAL_LOSS
    counts = []
    for side in (small, large):
        ordered = np.sort(losses[usable & side])
        counts.append(np.searchsorted(ordered, ends, side="right") - np.searchsorted(ordered, starts, side="left"))
    fewer, total = np.minimum(*counts), counts[0] + counts[1]
    if fewer.max(initial=0) < 2:
        return None
    best = np.lexsort((-total, -fewer))[0]
    return float(starts[best]), float(ends[best])


def _described(name: str, side: _Side) -> dict[str, Any]:
    values = side.runs
    row: dict[str, Any] = {f"{name}_runs": len(values), f"{name}_configurations": len(side.configurations)}
    if len(values):
        row[f"{name}_mean"] = values.mean()
    if len(values) > 1:
        row[f"{name}_sd"] = values.std(ddof=1)
    return row


def _compared(small: _Side, large: _Side) -> dict[str, Any]:
    """The ratio of geometric means with its interval and verdict."""
    from scipy.special import stdtrit  # a fifth of a second to import, as in ranks

    if not len(small.runs) or not len(large.runs):
        return {"verdict": NO_RATIO, "message": "no value at one of the batch sizes"}
    if min(small.runs.min(), large.runs.min()) <= 0:
        return {"verdict": NO_RATIO, "message": "a value is not positive"}
    over, samples = _samples(small, large)
    means, counts = [part.mean() for part in samples], [len(part) for part in samples]
    difference = float(np.sum(means))
    row: dict[str, Any] = {"ratio": float(np.exp(difference)), "over": over}
    if over == "pairs":
        row["pairs"] = counts[0]
    if min(counts) < 2:
        return row | {"verdict": TOO_FEW, "message": "a single run at one of the batch sizes"}
    errors = [part.var(ddof=1) / len(part) for part in samples]
    # Logarithms of equal values differ by no more than rounding.
    if sum(errors) < 1e-24:
        return row | {"verdict": UNDEFINED, "message": "no spread to judge by"}
    # Welch's; of a single sample, of differences, n - 1.
    freedom = sum(errors) ** 2 / sum(error**2 / (count - 1) for error, count in zip(errors, counts, strict=True))
    reach = stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(sum(errors))
    # Beyond e^±700 there is no float: two runs that differ by orders of magnitude can give so wide an interval.
    low, high = np.exp(np.clip([difference - reach, difference + reach], -700, 700))
    row |= {"ratio_low": float(low), "ratio_high": float(high)}
    if low <= 1 <= high:
        return row | {"verdict": INCONCLUSIVE, "message": "the interval holds 1"}
    return row | {"verdict": "larger" if low > 1 else "smaller"}


def _samples(small: _Side, large: _Side) -> tuple[str, list[Floats]]:
    """What is compared, and its logarithms: one sample of pairs' differences, or one a side, the small one's negative."""
    paired = np.intersect1d(small.alike, large.alike)
    if len(paired) >= FEWEST_PAIRS:
        means = []
        for side in (small, large):
            groups = Groups(side.alike)
            means.append(groups.mean(np.log(side.configurations))[np.isin(groups.keys, paired)])
        return "pairs", [means[1] - means[0]]
    if min(len(small.configurations), len(large.configurations)) >= 2:
        return "configurations", [-np.log(small.configurations), np.log(large.configurations)]
    return "runs", [-np.log(small.runs), np.log(large.runs)]
