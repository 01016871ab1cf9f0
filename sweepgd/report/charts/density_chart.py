"""The spectral density of the Hessian."""

import altair as alt
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import by
from sweepgd.analysis.runs_with_measures import completed, same_weights
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_ticks
from sweepgd.report.charts.style import (
    COLOURS,
    MOST_PANELS,
    PANEL_HEIGHT,
    PANEL_WIDTH,
    Chart,
    Missing,
    Rows,
    finished,
    in_rows,
    thinned,
)
from sweepgd.report.number_format import short

# Lower end of the axis as a share of the highest density. Lower densities only come from the smoothing.
LOWEST = 1e-7


def spectral_density(results: Results) -> Chart:
    """Return a chart of the spectral density of the Hessian, with a panel per batch size. A panel shows the first
    replicate of the best configuration.

    All densities are at the same kind of weights, final or best. This is the kind to which the losses belong, unless only the
    other kind was measured. At most MOST_PANELS batch sizes are shown, evenly spaced. Raises Missing if no completed run has a
    density.
    """
    trials = results.trials
    which, rows, _ = same_weights(completed(trials), _densities(results.curvature))
    best = by(trials.filter(pc.is_in(trials["trial"], pc.unique(rows["trial"]))), "batch_size")
    winners = [row for row in best.to_pylist() if row["best_trial"] is not None]
    if len(winners) > MOST_PANELS:
        winners = [winners[index] for index in np.linspace(0, len(winners) - 1, MOST_PANELS).round().astype(int)]
    panels = []
    for winner in winners:
        # The last row of the first replicate is the newest.
        of_trial = rows.filter(pc.equal(rows["trial"], winner["best_trial"])).to_pylist()
        newest = [row for row in of_trial if row["replicate"] == of_trial[0]["replicate"]][-1]
        line = [
            {"eigenvalue": at, "density": density}
            for at, density in zip(newest["grid"], newest["density"], strict=True)
            if at is not None and density is not None
        ]
        if max((row["density"] for row in line), default=0.0) > 0:
            title = f"batch size {winner['batch_size']} ({winner['optimizer']}, {short(winner['learning_rate'])})"
            panels.append(_panel(title, thinned(line)))
    if not panels:
        raise Missing("no completed run has a spectral density")
    return finished(
        in_rows(panels),
        f"Spectral density of the Hessian at the {which} weights of each batch size's best configuration",
        "by stochastic Lanczos quadrature, smoothed (Ghorbani et al. 2019); the horizontal axes differ",
    )


def _densities(curvature: pa.Table) -> pa.Table:
    return curvature.filter(pc.and_(pc.equal(curvature["measure"], "spectral_density"), pc.is_valid(curvature["density"])))


def _panel(title: str, line: Rows) -> alt.Chart:
    highest = max(row["density"] for row in line)
    domain = [LOWEST * highest, 2 * highest]
    density = alt.Y(
        "shown:Q",
        title="density",
        scale=alt.Scale(type="log", domain=domain, nice=False),
        axis=alt.Axis(values=log_ticks(domain), format=".3~g"),
    )
    chart = alt.Chart(
        alt.InlineData(line), width=PANEL_WIDTH, height=PANEL_HEIGHT, title=alt.Title(title, fontSize=11, anchor="start")
    )
    # A log axis cannot show the zeros between outliers. They are moved below the end of the axis and clipped.
    chart = chart.transform_calculate(shown=f"max(datum.density, {LOWEST * highest / 10!r})")
    eigenvalue = alt.X("eigenvalue:Q", title="eigenvalue", scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=5))
    return chart.mark_line(strokeWidth=1.4, clip=True, color=COLOURS[0]).encode(x=eigenvalue, y=density)
