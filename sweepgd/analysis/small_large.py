"""Small against large batch in the form of Keskar et al. 2017, tables 2 to 4, at matched train loss."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.bootstrap import LEVEL
from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.levels import batch_levels
from sweepgd.analysis.measured import measure_names
from sweepgd.analysis.verdict import INCONCLUSIVE

# Runs of either batch size are matched where their train losses lie in one window of this ratio.
WINDOW = 2.0
OUTCOMES = ("train_loss", "test_loss", "train_error", "test_error", "generalization_gap")

SCHEMA = pa.schema(
    [("quantity", pa.string())]
    + [(f"{side}_{name}", kind) for side in ("small", "large") for name, kind in (
        ("batch_size", pa.int64()), ("runs", pa.int64()), ("mean", pa.float64()), ("sd", pa.float64()))]
    + [(name, pa.float64()) for name in ("ratio", "ratio_low", "ratio_high")]
    + [("verdict", pa.string()), ("message", pa.string())]
    + [("matched", pa.bool_()), ("train_loss_from", pa.float64()), ("train_loss_to", pa.float64())]
)  # fmt: skip


def small_large(runs: pa.Table) -> pa.Table:
    """The smallest and the largest batch size (level) of the runs of `measured`: a row for each loss, error and measure.

    Compared are runs at matched train loss: those in the window of losses, a factor of 2 wide, that holds most runs of
    whichever size has fewer in it (then most of both); where no window holds two runs of both, all runs, and `matched` is
    false. `…_mean` and `…_sd` (n - 1) are over runs. `ratio` is that of the geometric means, large to small, with Welch's
    95 % t interval of the difference of logarithms, over configurations (means of their replicates) where both sizes have two
    or more, else over runs. `verdict` is "larger" or "smaller" (at the large batch) where the interval is beyond 1, else
    "inconclusive" with the reason in `message`. Empty where a single batch size completed.
    """
    levels = batch_levels(floats(runs, "batch_size"))
    sizes = np.unique(levels[~np.isnan(levels)])
    if len(sizes) < 2:
        return SCHEMA.empty_table()
    sides = [levels == sizes[0], levels == sizes[-1]]
    losses = floats(runs, "train_loss")
    window = _window(losses, *sides)
    if window is not None:
        sides = [side & (losses >= window[0]) & (losses <= window[1]) for side in sides]
    compared = losses[(sides[0] | sides[1]) & ~np.isnan(losses)]
    shared = {"matched": window is not None, "small_batch_size": int(sizes[0]), "large_batch_size": int(sizes[-1])}
    if len(compared):
        shared |= {"train_loss_from": compared.min(), "train_loss_to": compared.max()}
    trials = runs["trial"].to_numpy()
    rows = []
    for name in (*OUTCOMES, *measure_names(runs)):
        values = floats(runs, name)
        parts = [side & ~np.isnan(values) for side in sides]
        row = shared | {"quantity": name} | _described("small", values[parts[0]]) | _described("large", values[parts[1]])
        rows.append(row | _compared(*(Groups(trials[part]).mean(values[part]) for part in parts), *(values[p] for p in parts)))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _window(losses: Floats, small: np.ndarray, large: np.ndarray) -> tuple[float, float] | None:
    """Ends of the window that holds most of both, which begins at one of their losses; None where none holds two of each."""
    usable = losses > 0
    starts = np.unique(losses[usable & (small | large)])
    ends = starts * WINDOW
    counts = []
    for side in (small, large):
        ordered = np.sort(losses[usable & side])
        counts.append(np.searchsorted(ordered, ends, side="right") - np.searchsorted(ordered, starts, side="left"))
    fewer, total = np.minimum(*counts), counts[0] + counts[1]
    if fewer.max(initial=0) < 2:
        return None
    best = np.lexsort((-total, -fewer))[0]
    return float(starts[best]), float(ends[best])


def _described(side: str, values: Floats) -> dict[str, Any]:
    row: dict[str, Any] = {f"{side}_runs": len(values)}
    if len(values):
        row[f"{side}_mean"] = values.mean()
    if len(values) > 1:
        row[f"{side}_sd"] = values.std(ddof=1)
    return row


def _compared(small: Floats, large: Floats, small_runs: Floats, large_runs: Floats) -> dict[str, Any]:
    """The ratio of geometric means with its interval and verdict, from means of configurations, else from runs."""
    from scipy.special import stdtrit  # a fifth of a second to import, as in ranks

    if min(len(small), len(large)) < 2:
        small, large = small_runs, large_runs
    if not len(small) or not len(large):
        return {"verdict": INCONCLUSIVE, "message": "no value at one of the batch sizes"}
    if min(small.min(), large.min()) <= 0:
        return {"verdict": INCONCLUSIVE, "message": "no ratio: a value is not positive"}
    logs = np.log(small), np.log(large)
    difference = logs[1].mean() - logs[0].mean()
    row: dict[str, Any] = {"ratio": float(np.exp(difference)), "verdict": INCONCLUSIVE}
    if min(map(len, logs)) < 2:
        return row | {"message": "a single run at one of the batch sizes"}
    errors = [part.var(ddof=1) / len(part) for part in logs]
    if sum(errors) == 0:
        return row | {"message": "no spread to judge by"}
    freedom = sum(errors) ** 2 / sum(error**2 / (len(part) - 1) for error, part in zip(errors, logs, strict=True))
    reach = stdtrit(freedom, (1 + LEVEL) / 2) * np.sqrt(sum(errors))
    # Beyond e^±700 there is no float: two runs that differ by orders of magnitude can give so wide an interval.
    low, high = np.exp(np.clip([difference - reach, difference + reach], -700, 700))
    row |= {"ratio_low": float(low), "ratio_high": float(high)}
    if low <= 1 <= high:
        return row | {"message": "the interval holds 1"}
    return row | {"verdict": "larger" if low > 1 else "smaller"}
