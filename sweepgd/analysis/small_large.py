"""Comparison of the smallest with the largest batch size at matched train loss (Keskar et al. 2017, tables 2 to 4)."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, has_status
from sweepgd.analysis.binning import EQUAL_LOSS, batch_levels
from sweepgd.analysis.differences import Side, difference, pair_differences
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.runs_with_measures import ORDER, Indices, completed, measure_names
from sweepgd.analysis.varied_hyperparameters import axes, codes, combined
from sweepgd.analysis.verdict import INCONCLUSIVE, TOO_FEW, UNDEFINED

NO_RATIO, NOT_COMPARABLE = "no ratio", "not comparable"
ABOUT_TWO = "holds for these two configurations only, not for their batch sizes"
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
    """Return one row per loss, error and measure, which compares the smallest with the largest batch size (or level) that
    completed. Runs are compared at matched train loss, in a window of losses that spans a factor of EQUAL_LOSS. The window is
    chosen so that the size with fewer runs in it has as many runs as possible; among equal windows, so that the total number of
    runs is largest. `outside` counts the runs outside this window. If no window has two runs of each size, all runs are
    described, `matched` is false and the verdict is "not comparable". `…_mean` and `…_sd` (n - 1) are over runs, or over the
    runs of paired configurations if the ratio is over pairs. `…_diverged`,
    `…_pruned`, `…_failed` and `…_timed_out` count the runs of the small or the large size that did not complete.

    `ratio` is the ratio of geometric means, large to small, within a replicate. The 95 % t interval of `ratio` is computed for
    the mean logarithm. `over` is the unit that `differences.difference` chose, and `pairs` the number of pairs. `verdict` is
    "larger" or "smaller" (at the large batch size) if the interval excludes 1, else "inconclusive", "too few", "undefined" or
    "no ratio". `message` has the reason, or says that the verdict holds for two configurations only. The table is empty if only
    one batch size completed.
    """
    runs = runs.filter(pc.is_valid(runs["batch_size"])).sort_by(ORDER)
    all_levels = batch_levels(floats(runs, "batch_size"))
    levels = all_levels[has_status(runs, "completed")]
    sizes = np.unique(levels)
    if len(sizes) < 2:
        return SCHEMA.empty_table()
    finished = completed(runs)
    sides = [levels == sizes[0], levels == sizes[-1]]
    losses = floats(finished, "train_loss")
    window = _window(losses, *sides)
    all_runs = int(np.sum(sides))
    if window is not None:
        sides = [side & (losses >= window[0]) & (losses <= window[1]) for side in sides]
    compared = losses[(sides[0] | sides[1]) & ~np.isnan(losses)]
    shared = {"matched": window is not None, "outside": all_runs - int(np.sum(sides))}
    shared |= {"small_batch_size": int(sizes[0]), "large_batch_size": int(sizes[-1])}
    for side, size in (("small", sizes[0]), ("large", sizes[-1])):
        shared |= {f"{side}_{ending}": int(np.sum(has_status(runs, ending) & (all_levels == size))) for ending in CUT_SHORT}
    if len(compared):
        shared |= {"train_loss_from": compared.min(), "train_loss_to": compared.max()}
    others = [levels for name, levels in axes(finished).items() if name != "batch_size"]
    match = combined(np.zeros(finished.num_rows, dtype=np.int64), *others)
    configurations, replicates = codes(finished, "config_id"), finished["replicate"].to_numpy()
    width = int(replicates.max()) + 1
    rows = []
    for name in (*OUTCOMES, *measure_names(runs)):
        values = floats(finished, name)
        parts = [side & ~np.isnan(values) for side in sides]
        row, paired = shared | {"quantity": name}, np.ones(len(values), dtype=bool)
        if window is None:
            row |= {"verdict": NOT_COMPARABLE, "message": "the train losses differ"}
        elif not all(known.any() for known in parts):
            row |= {"verdict": NO_RATIO, "message": "one of the batch sizes has no value"}
        elif min(values[known].min() for known in parts) <= 0:
            row |= {"verdict": NO_RATIO, "message": "a value is not positive"}
        else:
            both = [_side(np.log(values[k]), configurations[k], replicates[k], match[k], width) for k in parts]
            row |= _compared(*both)
            if row.get("over") == "pairs":
                paired = np.isin(match, list(pair_differences(*both)))
        for side, known in zip(("small", "large"), parts, strict=True):
            row |= _described(side, values[known & paired])
            row |= {f"{side}_runs": int(known.sum()), f"{side}_configurations": len(np.unique(configurations[known]))}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _window(losses: Floats, small: np.ndarray, large: np.ndarray) -> tuple[float, float] | None:
    """Return the bounds of the window of losses, or None if no window has two runs of each size.

    `losses` is (runs,), and `small` and `large` are masks of the runs of each size, (runs,).
    """
    usable = losses > 0
    # The best window can always be moved up until it begins at a loss.
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


def _described(name: str, values: Floats) -> dict[str, Any]:
    row: dict[str, Any] = {}
    if len(values):
        row[f"{name}_mean"] = values.mean()
    if len(values) > 1:
        row[f"{name}_sd"] = values.std(ddof=1)
    return row


def _side(logs: Floats, configurations: Indices, replicates: Indices, match: Indices, width: int) -> Side:
    rows, first, index = np.unique(configurations, return_index=True, return_inverse=True)
    values = np.full((len(rows), width), np.nan)
    values[index, replicates] = logs
    return Side(values, match[first])


def _compared(small: Side, large: Side) -> dict[str, Any]:
    """Return the columns of the ratio of geometric means, its interval and its verdict."""
    found = difference(small, large)
    if np.isnan(found.mean):
        return {"verdict": TOO_FEW, "message": "no replicate has both batch sizes"}
    row: dict[str, Any] = {"ratio": float(np.exp(found.mean))}
    if np.isnan(found.half_width):
        few = "only one replicate has both" if found.over == "runs" else "only one configuration has one of the"
        return row | {"verdict": TOO_FEW, "message": f"{few} batch sizes"}
    row |= {"over": found.over, "pairs": found.pairs}
    # Logarithms of equal values differ by rounding errors only.
    if found.half_width < 1e-12:
        return row | {"verdict": UNDEFINED, "message": "the values do not vary"}
    # Beyond e^±700 a float64 overflows. Two runs that differ by orders of magnitude can give such an interval.
    low, high = np.exp(np.clip([found.mean - found.half_width, found.mean + found.half_width], -700, 700))
    row |= {"ratio_low": float(low), "ratio_high": float(high)}
    if low <= 1 <= high:
        return row | {"verdict": INCONCLUSIVE, "message": "the interval contains 1"}
    return row | {"verdict": "larger" if low > 1 else "smaller", "message": ABOUT_TWO if found.over == "runs" else None}
