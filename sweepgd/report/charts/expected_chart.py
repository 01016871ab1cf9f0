"""The expected best objective of each optimizer by the number of configurations tried."""

import altair as alt

from sweepgd.analysis import expected_best
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_scale, log_ticks, log_y
from sweepgd.report.charts.objective_axis import objective_axis
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, colours, finished, optimizers_of
from sweepgd.sweep import recorded_table

ENDS = ("expected", "expected_low", "expected_high")


def expected_by_trials(results: Results) -> Chart:
    """Return a chart of the expected best objective of k random configurations of each optimizer, with 95 % intervals.

    Raises Missing if fewer than two optimizers have enough configurations, or if the sweep gives points, which are not random.
    """
    if recorded_table(results.sweep_toml).get("points"):
        raise Missing("the expected best of k configurations needs random ones, but the sweep gives [[points]]")
    rows = expected_best(results.trials).to_pylist()
    optimizers = sorted({row["optimizer"] for row in rows})
    if len(optimizers) < 2:
        raise Missing("the expected best of k configurations needs several configurations of two optimizers")
    draws = [row["draws"] for row in rows]
    name, title, factor = objective_axis(results.trials)
    for row, end in ((row, end) for row in rows for end in ENDS):
        row[end] = None if row[end] is None else factor * row[end]
    bounds = [row[end] for row in rows for end in ENDS if row[end] is not None]
    x = alt.X(
        "draws:Q",
        title="configurations tried",
        scale=log_scale(draws),
        axis=alt.Axis(values=log_ticks(draws), format=",d", labelOverlap=True),
    )
    y = log_y("expected", f"expected lowest {title}", bounds)
    colour = colours("optimizer", optimizers, "optimizer", ordered=False, every=optimizers_of(results.trials))
    data = alt.Chart(alt.InlineData(rows), width=WIDTH, height=HEIGHT)
    band = data.transform_filter("datum.expected_low !== null").mark_area(opacity=0.18)
    chart = alt.layer(
        band.encode(x=x, y=alt.Y("expected_low:Q", scale=y["scale"]), y2="expected_high:Q", color=colour),
        data.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
    )
    subtitle = ["lowest of k random configurations, in expectation (Dodge et al. 2019); band: 95 %, over configurations"]
    if any(row["without_objective"] for row in rows):
        subtitle.append("a configuration that did not complete counts with the worst value")
    return finished(chart, f"Expected lowest {name} by configurations tried", subtitle)
