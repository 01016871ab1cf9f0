"""The importance of each hyperparameter for a low objective, and for divergence."""

import altair as alt

from sweepgd.analysis import importance
from sweepgd.analysis.importance import DIVERGENCE, FEWEST_CONFIGURATIONS, OBJECTIVE
from sweepgd.record import Results
from sweepgd.report.charts.style import COLOURS, Chart, Missing, finished
from sweepgd.report.column_titles import column_title

ROW, PANEL = 24, 240
TITLES = {OBJECTIVE: "for a low objective", DIVERGENCE: "for divergence"}


def hyperparameter_importance(results: Results) -> Chart:
    """Return bars of the importance of each hyperparameter with 95 % intervals, with a panel for each target.

    Raises Missing if there are too few configurations, or if fewer than two hyperparameters vary.
    """
    table = importance(results.trials)
    panels, about = [], []
    for target, title in TITLES.items():
        rows = [row for row in table.to_pylist() if row["target"] == target]
        rows = [{**row, "hyperparameter": column_title(row["hyperparameter"])} for row in rows]
        if not rows:
            continue
        names = [row["hyperparameter"] for row in rows]
        y = alt.Y("hyperparameter:N", sort=names, title=None, axis=alt.Axis(labelLimit=200))
        x = alt.X("importance:Q", title="share of importance", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%"))
        data = alt.Chart(alt.InlineData(rows), width=PANEL, height=ROW * len(rows))
        low = alt.X("importance_low:Q", scale=x["scale"])
        bars = data.mark_bar(height=ROW * 0.55, color=COLOURS[0], opacity=0.75).encode(x=x, y=y)
        rules = data.mark_rule(strokeWidth=1.6, color="black").encode(x=low, x2="importance_high:Q", y=y)
        panels.append(alt.layer(bars, rules).properties(title=alt.Title(title, anchor="start", fontSize=12)))
        about.append(f"{title}: {rows[0]['top']:,} of {rows[0]['configurations']:,} configurations against all")
    if not panels:
        raise Missing(f"importance needs {FEWEST_CONFIGURATIONS} configurations and two hyperparameters that vary")
    subtitle = ["PED-ANOVA (Watanabe et al. 2023); lines: 95 % intervals over configurations", "; ".join(about)]
    return finished(alt.hconcat(*panels), "Which hyperparameters matter?", subtitle)
