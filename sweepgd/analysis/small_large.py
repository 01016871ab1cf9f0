"""Small against large batch in the form of Keskar et al. 2017, tables 2 to 4, at matched train loss."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.axes import axes, codes, together
from sweepgd.analysis.columns import Floats, floats, has_status
from sweepgd.analysis.differences import Side, difference
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.levels import EQUAL_LOSS, batch_levels
from sweepgd.analysis.measured import ORDER, Indices, completed, measure_names
from sweepgd.analysis.verdict import INCONCLUSIVE, TOO_FEW, UNDEFINED

NO_RATIO, NOT_COMPARABLE = "no ratio", "not comparable"
ABOUT_TWO = "about these two configurations alone, not their batch sizes"
OUTCOMES = ("train_loss", "test_loss", "train_error", "test_error", "generalization_gap")

SCHEMA = pa.schema(
    [("quantity", pa.string())]
    + [(f"{side}_{name}", kind) for side in ("small", "large") for name, kind in (
        ("batch_size", pa.int64()), ("runs", pa.int64()), ("configurations", pa.int64()), ("mean", pa.float64()),
        ("sd", pa.float64()), *((ending, pa.int64()) for ending in CUT_SHORT))]
    + [(name, pa.float64()) for name in ("ratio", "ratio_low", "ratio_high")]
    + [("over", pa.string()), ("pairs", pa.int64()), ("verdict", pa.string()), ("message", pa.string())]
    + [("matched", pa.bool_()), ("outside", pa.int64()), ("train_loss_from", pa.float64()), ("train_loss_to", pa.float64())]
)  # fmt: skip


def small_large(runs: pa.Table) -> pa.Table:
    """Compare the smallest with the largest batch size (level) that completed: a row for each loss, error and measure.

    Compared are runs at matched train loss: those in the window of losses, EQUAL_LOSS wide, that holds most runs of whichever
    size has fewer in it (then most of both), `outside` the number of the others; where no window holds two runs of both, all
    runs, `matched` is false and the verdict "not comparable". `…_mean` and `…_sd` (n - 1) are over runs; `…_diverged`,
    `…_pruned`, `…_failed`, `…_timed_out` count the runs of that size that did not complete.

    `ratio` is of geometric means, large to small, within a replicate, with a 95 % t interval of the mean of logarithms, `over`
    "pairs" of configurations that differ in batch size alone, where there are three or more; else over "configurations", where
    both sizes have two or more (the wider of Welch's and Student's); else, where both have one, over "runs", the `pairs` of
    replicates of these two. `verdict` is "larger" or "smaller" (at the large batch) where the interval is beyond 1, else
    "inconclusive", "too few", "undefined" or "no ratio"; `message` has the reason, and says where it is about two
    configurations alone. Empty where a single batch size completed.
    """
    runs = runs.filter(pc.is_valid(runs["batch_size"])).sort_by(ORDER)
    all_levels = batch_levels(floats(runs, "batch_size"))
    levels = all_levels[has_status(runs, "completed")]
    sizes = np.unique(levels)
    if len(sizes) < 2:
        return SCHEMA.empty_table()
    whole = completed(runs)
    sides = [levels == sizes[0], levels == sizes[-1]]
    losses = floats(whole, "train_loss")
    window = _window(losses, *sides)
    every = int(np.sum(sides))
    if window is not None:
        sides = [side & (losses >= window[0]) & (losses <= window[1]) for side in sides]
    compared = losses[(sides[0] | sides[1]) & ~np.isnan(losses)]
    shared = {"matched": window is not None, "outside": every - int(np.sum(sides))}
    shared |= {"small_batch_size": int(sizes[0]), "large_batch_size": int(sizes[-1])}
    for side, size in (("small", sizes[0]), ("large", sizes[-1])):
        shared |= {f"{side}_{ending}": int(np.sum(has_status(runs, ending) & (all_levels == size))) for ending in CUT_SHORT}
    if len(compared):
        shared |= {"train_loss_from": compared.min(), "train_loss_to": compared.max()}
    others = [levels for name, levels in axes(whole).items() if name != "batch_size"]
    alike = together(np.zeros(whole.num_rows, dtype=np.int64), *others)
    configurations, replicates = codes(whole, "config_id"), whole["replicate"].to_numpy()
    width = int(replicates.max()) + 1
    rows = []
    for name in (*OUTCOMES, *measure_names(runs)):
        values = floats(whole, name)
        parts = [side & ~np.isnan(values) for side in sides]
        row = shared | {"quantity": name}
        for side, known in zip(("small", "large"), parts, strict=True):
            row |= _described(side, values[known], configurations[known])
        if window is None:
            row |= {"verdict": NOT_COMPARABLE, "message": "train losses differ"}
        elif not all(known.any() for known in parts):
            row |= {"verdict": NO_RATIO, "message": "no value at one of the batch sizes"}
        elif min(values[known].min() for known in parts) <= 0:
            row |= {"verdict": NO_RATIO, "message": "a value is not positive"}
        else:
            row |= _compared(*(_side(np.log(values[k]), configurations[k], replicates[k], alike[k], width) for k in parts))
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


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


def _described(name: str, values: Floats, configurations: Indices) -> dict[str, Any]:
    row: dict[str, Any] = {f"{name}_runs": len(values), f"{name}_configurations": len(np.unique(configurations))}
    if len(values):
        row[f"{name}_mean"] = values.mean()
    if len(values) > 1:
        row[f"{name}_sd"] = values.std(ddof=1)
    return row


def _side(logs: Floats, configurations: Indices, replicates: Indices, alike: Indices, width: int) -> Side:
    rows, first, index = np.unique(configurations, return_index=True, return_inverse=True)
    values = np.full((len(rows), width), np.nan)
    values[index, replicates] = logs
    return Side(values, alike[first])


def _compared(small: Side, large: Side) -> dict[str, Any]:
    """The ratio of geometric means with its interval and verdict."""
    found = difference(small, large)
    if np.isnan(found.mean):
        return {"verdict": TOO_FEW, "message": "no replicate at both batch sizes"}
    row: dict[str, Any] = {"ratio": float(np.exp(found.mean))}
    if np.isnan(found.reaches):
        alone = "replicate at both batch sizes" if found.over == "runs" else "configuration at one of the batch sizes"
        return row | {"verdict": TOO_FEW, "message": f"a single {alone}"}
    row |= {"over": found.over, "pairs": found.pairs}
    # Logarithms of equal values differ by no more than rounding.
    if found.reaches < 1e-12:
        return row | {"verdict": UNDEFINED, "message": "no spread to judge by"}
    # Beyond e^±700 there is no float: two runs that differ by orders of magnitude can give so wide an interval.
    low, high = np.exp(np.clip([found.mean - found.reaches, found.mean + found.reaches], -700, 700))
    row |= {"ratio_low": float(low), "ratio_high": float(high)}
    if low <= 1 <= high:
        return row | {"verdict": INCONCLUSIVE, "message": "the interval holds 1"}
    return row | {"verdict": "larger" if low > 1 else "smaller", "message": ABOUT_TWO if found.over == "runs" else None}
