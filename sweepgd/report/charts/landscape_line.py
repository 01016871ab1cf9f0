"""Loss and error on the line between two minimisers."""

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.report.charts.log_axes import log_y
from sweepgd.report.charts.run_label import label_of
from sweepgd.report.charts.style import COLOURS, WIDTH, Chart, Missing, Rows, finished

PANEL = 190
DASHES = {"train": [1, 0], "validation": [5, 3], "test": [5, 3]}
# Okabe and Ito's blue and vermilion.
ENDS = COLOURS[:2]


def landscape_line(table: pa.Table, trials: pa.Table) -> Chart:
    """Return a chart of loss (and for a classification, error) against α, with a dot at each of the two minimisers.

    Lines of train rows are solid, and lines of held-out rows are dashed. Values beyond the floating-point range are drawn at
    the upper edge. Raises Missing if the loss is beyond the range on the whole line.
    """
    rows = table.to_pylist()
    known = [row for row in rows if row["train_loss"] is not None]
    if not known:
        raise Missing("the loss on the whole line is beyond the floating-point range")
    first = rows[0]
    ends = {
        0.0: label_of(trials, first["trial"], first["replicate"]),
        1.0: label_of(trials, first["other_trial"], first["other_replicate"]),
    }
    parts = [part for part in DASHES if pc.any(pc.is_valid(table[f"{part}_loss"])).as_py()]
    panels = [_panel(rows, parts, ends, measure) for measure in ("loss", "error") if _has(rows, measure)]
    clipped = "; values beyond the floating-point range at the upper edge" if len(known) < len(rows) else ""
    return finished(
        alt.vconcat(*panels, spacing=14),
        "Loss on the line between two minimisers",
        f"weights: (1 − α) × run {first['trial']}.{first['replicate']} + α × run"
        f" {first['other_trial']}.{first['other_replicate']}; on all rows of each part{clipped}",
    )


def _has(rows: Rows, measure: str) -> bool:
    return any(row[f"train_{measure}"] is not None for row in rows)


def _panel(rows: Rows, parts: list[str], ends: dict[float, str], measure: str) -> Chart:
    scale = 100.0 if measure == "error" else 1.0
    values = [row[f"{part}_{measure}"] * scale for row in rows for part in parts if row[f"{part}_{measure}"] is not None]
    points: Rows = []
    for row in rows:
        for part in parts:
            value = row[f"{part}_{measure}"]
            if measure == "error" and row[f"{part}_loss"] is None:
                continue  # the outputs of the model overflow there, so that its predictions are meaningless
            points.append({"alpha": row["alpha"], "part": part, "value": max(values) if value is None else value * scale})
    marks = [point | {"run": ends[point["alpha"]]} for point in points if point["alpha"] in ends]
    dashes = alt.Scale(domain=parts, range=[DASHES[part] for part in parts])
    lowest = measure == "error" or not _has(rows, "error")
    x = alt.X("alpha:Q", title="α" if lowest else None, scale=alt.Scale(nice=False), axis=alt.Axis(tickCount=7))
    y = log_y("value", "loss", values) if measure == "loss" else alt.Y("value:Q", title="error (%)")
    colour = alt.Color("run:N", title="minimiser", scale=alt.Scale(domain=list(ends.values()), range=ENDS))
    rules = alt.Chart(alt.InlineData([{"alpha": alpha, "run": run} for alpha, run in ends.items()]))
    lines = alt.Chart(alt.InlineData(points)).mark_line(strokeWidth=1.8, color="#444444")
    dots = alt.Chart(alt.InlineData(marks)).mark_point(filled=True, size=70, opacity=1)
    return alt.layer(
        rules.mark_rule(strokeWidth=1.2, opacity=0.55).encode(x=x, color=colour),
        lines.encode(x=x, y=y, strokeDash=alt.StrokeDash("part:N", scale=dashes, title="part")),
        dots.encode(x=x, y=y, color=colour),
    ).properties(width=WIDTH, height=PANEL)
