"""The map of the boundary between runs that complete and runs that diverge."""

import altair as alt
import numpy as np

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.boundary import FEWEST_POINTS, box_counts, dimension, outcome_grids
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_scale, log_ticks
from sweepgd.report.charts.style import Chart, Missing, finished
from sweepgd.report.column_titles import column_title
from sweepgd.report.number_format import significant

SIDE = 512


def boundary_map(results: Results) -> Chart:
    """Return a map of the runs on a grid of learning rates and one other number. Runs that diverged are black. The map shows
    the first replicate with a boundary. Raises Missing if the runs do not form a grid, or if all runs ended in the same way.
    """
    grid = next(iter(outcome_grids(results.trials).values()), None)
    if grid is None:
        raise Missing(
            f"the map needs a full grid of {FEWEST_POINTS} or more learning rates by {FEWEST_POINTS} or more values of one "
            "other setting, in which some runs completed and some diverged"
        )
    x, y = _edges(grid.x_values), _edges(grid.y_values)
    # Neighbours in a row are drawn as one bar: a mark for each of 65,536 runs would be slow to draw.
    steps = np.diff(grid.diverged.astype(np.int8), axis=1, prepend=0, append=0)
    rows, starts = np.nonzero(steps == 1)
    ends = np.nonzero(steps == -1)[1]
    bars = [
        {"x": x[start], "x2": x[end], "y": y[row], "y2": y[row + 1]}
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]
    chart = (
        alt.Chart(alt.InlineData(bars))
        .mark_rect(color="black")
        .encode(
            x=alt.X("x:Q", title=column_title(grid.x), scale=log_scale(x), axis=alt.Axis(values=log_ticks(x), grid=False)),
            x2="x2:Q",
            y=alt.Y("y:Q", title=grid.y, scale=log_scale(y), axis=alt.Axis(values=log_ticks(y), grid=False)),
            y2="y2:Q",
        )
        .properties(width=SIDE, height=SIDE)
    )
    about = f"black: diverged; box-counting dimension of the boundary {significant(dimension(*box_counts(grid.diverged)))}"
    return finished(chart, "Which runs diverge?", about)


def _edges(values: Floats) -> list[float]:
    """Return the bounds of cells around increasing values: middles between neighbours, in logarithms if all are positive."""
    scaled = np.log(values) if values[0] > 0 else values
    middles = (scaled[1:] + scaled[:-1]) / 2
    edges = np.concatenate(([2 * scaled[0] - middles[0]], middles, [2 * scaled[-1] - middles[-1]]))
    return [float(edge) for edge in (np.exp(edges) if values[0] > 0 else edges)]
