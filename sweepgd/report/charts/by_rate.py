"""Validation error or loss against learning rate."""

from collections.abc import Iterable
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import configurations
from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.binning import batch_levels, rate_levels
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_x, log_y
from sweepgd.report.charts.style import CROSS, HEIGHT, SHAPES, WIDTH, Chart, Missing, Rows, colours, finished, optimizers_of

AXIS_TITLES = {
    "validation_error": "validation error (%)",
    "validation_loss": "validation loss",
    "train_loss": "train loss",
}
# More points could not be distinguished, and each would add to the size of the file.
MOST_SHOWN = 2000


def by_rate(results: Results) -> Chart:
    """Return a chart of validation error (%) (or validation loss, or train loss) against learning rate.

    Each optimizer has a colour, or each batch size if there is only one optimizer. Each configuration is a point, and a line
    joins the best configuration of each rate. A strip above the chart shows the rates at which runs diverged. Raises Missing if
    no run with a positive rate completed, or if all rates are equal.
    """
    every = configurations(results.trials)
    every = every.filter(pc.greater(every["learning_rate"], 0.0))
    factor = "optimizer" if len(pc.unique(every["optimizer"])) > 1 else "batch_size"
    every = every.filter(pc.is_valid(every[factor]))
    measure = next((name for name in AXIS_TITLES if every[name].null_count < every.num_rows), None)
    if measure is None:
        raise Missing("no run with a positive learning rate completed")
    if pc.count_distinct(every["learning_rate"]).as_py() < 2:
        raise Missing("all runs have the same learning rate")
    rates, values, whole = floats(every, "learning_rate"), floats(every, measure), every["whole"].to_numpy()
    values = values * (100.0 if measure.endswith("error") else 1.0)
    names = _groups(every, factor)
    groups: list[Any] = sorted(set(names))
    # As in the tables, complete configurations come before incomplete ones.
    known = np.flatnonzero(~np.isnan(values))
    known = known[np.lexsort((values[known], ~whole[known]))]
    levels = rate_levels(rates)
    best = {(names[row], levels[row]): row for row in reversed(known.tolist())}
    shown, diverged = _sample(known), _sample(np.flatnonzero(floats(every, "share_diverged") > 0))

    def points(rows: Iterable[int]) -> Rows:
        value = {row: None if np.isnan(values[row]) else float(values[row]) for row in rows}
        return [{"rate": float(rates[row]), "group": names[row], "value": number} for row, number in value.items()]

    title = factor.replace("_", " ")
    colour = colours("group", groups, title, ordered=factor == "batch_size", every=optimizers_of(results.trials))
    # Vega-Lite would warn of shapes for an ordered field.
    shape = alt.Shape("group:N", sort=groups, scale=alt.Scale(domain=groups, range=SHAPES), title=title)
    x = log_x("rate", "learning rate", rates.tolist())
    y = log_y("value", AXIS_TITLES[measure], values[known].tolist())
    dots = alt.Chart(alt.InlineData(points(shown))).mark_point(filled=True, size=36, opacity=0.75)
    lines = alt.Chart(alt.InlineData(points(best.values()))).mark_line(strokeWidth=1.6)
    main = alt.layer(lines.encode(x=x, y=y, color=colour), dots.encode(x=x, y=y, color=colour, shape=shape))
    main = main.properties(width=WIDTH, height=HEIGHT)
    heading = f"{AXIS_TITLES[measure].partition(' (')[0].capitalize()} by learning rate and {title}"
    each = "rate" if np.array_equal(levels, rates) else "range of rates (1, 2, 5, …)"
    subtitle = f"a point is a configuration's mean over completed replicates; a line joins the best point of each {each}"
    if pruned := int(np.sum((every["completed"].to_numpy() == 0) & (floats(every, "share_pruned") > 0))):
        subtitle += f"; not shown: {pruned} pruned configurations"
    if len(shown) < len(known):
        subtitle += f"; {len(shown):,} of {len(known):,} points, drawn at random"
    if not diverged:
        return finished(main, heading, subtitle)
    crosses = alt.Chart(alt.InlineData(points(diverged))).mark_point(shape=CROSS, size=30, strokeWidth=1.6, opacity=1)
    strip = crosses.encode(
        x=log_x("rate", None, rates.tolist(), labels=False, ticks=False),
        y=alt.Y("group:N", sort=groups, title="diverged", axis=alt.Axis(labels=False, ticks=False, grid=False)),
        color=colour,
    ).properties(width=WIDTH, height=max(40, 12 * len(groups)))
    return finished(alt.vconcat(strip, main, spacing=6), heading, subtitle)


def _sample(rows: npt.NDArray[np.int64]) -> list[int]:
    """Return at most MOST_SHOWN row numbers, drawn at random."""
    return rows[np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST_SHOWN])].tolist()


def _groups(every: pa.Table, factor: str) -> list[Any]:
    if factor == "optimizer":
        return every["optimizer"].to_pylist()
    return batch_levels(floats(every, "batch_size")).astype(np.int64).tolist()
