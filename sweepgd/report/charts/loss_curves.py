"""Loss against epochs, updates or seconds, with a line for each level of a factor, and the learning rates of the schedules."""

from itertools import groupby
from math import isfinite

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import by as factor_levels
from sweepgd.analysis import mean_curves
from sweepgd.analysis.batch_size import busy_notes, update_times
from sweepgd.analysis.mean_curves import EACH
from sweepgd.record import Results
from sweepgd.report.charts.curve_lines import MOST_COLOURS, OTHERS, ceiling, coloured, cut, floor_of, labels_of, lines_of
from sweepgd.report.charts.log_axes import log_scale, log_ticks, log_y
from sweepgd.report.charts.style import COLOURS, CROSS, HEIGHT, Chart, Missing, Rows, finished, optimizers_of, shades
from sweepgd.report.number_format import TIME_UNITS, short

PARTS = {"train_loss": "train loss", "validation_loss": "validation loss"}
X_TITLES = {"epoch": "epochs", "update": "updates", "seconds": "time"}
WIDTHS, RATE_HEIGHT = {1: 520, 2: 330}, 110
# An axis is logarithmic if the ratio of the highest to the lowest loss, or of the longest to the shortest line, is this large.
TWO_DECADES, LONGEST_TO_SHORTEST = 100.0, 20.0
MOST_DOTS = 12
GREY = "#C8C8C8"


def loss_curves(results: Results, by: str | None = None, x: str = "epoch") -> Chart:
    """Return a chart of train loss and, beside it, of validation loss, with a line for each level of `by`.

    `by` is one of `mean_curves.LINES`, by default the first of batch size and optimizer that varies, or else the learning rate.
    `x` is one of "epoch" (for a surface without data, "update"), "update" and "seconds". The time is the one without
    disturbances, as in `mean_curves`. If a schedule changes the learning rate, a panel below the train loss shows the rate as
    a share of the highest rate of its line. At most MOST_COLOURS lines have a colour. Raises Missing if no run has a loss
    curve.
    """
    by = _varied(results) if by is None else by
    # Without data, an epoch is an update, the batch has no size, and most of a long descent is in the first updates.
    surface = pc.unique(results.trials["data"]).to_pylist() == ["none"]
    x = "update" if surface and x == "epoch" else x
    table = mean_curves(results.trials, results.curves, by)
    parts = [part for part in PARTS if table[part].null_count < table.num_rows]
    if not parts:
        raise Missing("no run has a loss curve")
    lines = lines_of(table, by)
    x_title = _in_unit_of_time(lines) if x == "seconds" else X_TITLES[x]
    bright = coloured(lines, by)
    labels = labels_of({number: lines[number][0] for number in bright}, by, without={"batch_size"} if surface else set())
    domain = [*dict.fromkeys(labels.values()), *([OTHERS] if len(lines) > len(bright) else [])]
    levels = [lines[number][0]["level"] for number in bright]
    colour = _colours(domain, by, shades(levels, optimizers_of(results.trials)) if by == "optimizer" else COLOURS)
    top = ceiling(lines, parts)
    # A logarithmic axis has no 0. A stroke from its edge to a far first evaluation would show losses that nobody measured.
    begin = _beginning(lines, x, surface)
    drawn: dict[str, Rows] = {}
    exits: dict[str, Rows] = {}
    rates: Rows = []
    for number, line in enumerate(lines):
        shared = {"run": labels.get(number, OTHERS), "line": number}
        for part in parts:
            points: Rows = [shared | _point(row, part, x) for row in line if _drawable(row, part, x)]
            diverged = line[0]["status"] == "diverged"
            kept, ends = cut(points, top) if diverged else (points, [])
            drawn.setdefault(part, []).extend(point for point in kept if point["x"] >= begin)
            exits.setdefault(part, []).extend(end | {"x": max(end["x"], begin)} for end in ends)
        known = [row for row in line if row["rate"] is not None and row[x] is not None]
        highest = max((row["rate"] for row in known), default=0.0) or 1.0
        shares = [shared | {"x": row[x], "share": row["rate"] / highest} for row in known]
        # No update was made before the first evaluation. Its rate is that of the first updates.
        rates += [shares[0] | {"x": max(line[0][x], begin)}, *shares] if shares and line[0]["rate"] is None else shares
    losses = [row["loss"] for rows in drawn.values() for row in rows]
    if not losses:
        raise Missing("no run has a loss curve")
    floor = floor_of(losses)
    if floor is not None:
        for row in (row for rows in drawn.values() for row in rows):
            row |= {name: max(row[name], floor) for name in ("loss", "low", "high") if row[name] is not None}
        losses = [max(loss, floor) for loss in losses]
    across = _across(lines, x, x_title, begin)
    panels: list[Chart] = [
        _panel(drawn[part], exits[part], part, losses, across, colour)
        .properties(width=WIDTHS[len(parts)], height=HEIGHT)
        for part in parts
    ]  # fmt: skip
    shown = [row for row in rates if row["run"] != OTHERS]
    if any(row["share"] < 1 for row in shown):
        panel = alt.Chart(alt.InlineData(shown), width=WIDTHS[len(parts)], height=RATE_HEIGHT)
        # The recorded rate is that of the last update before an evaluation.
        panel = panel.mark_line(strokeWidth=1.8, interpolate="step-before")
        y = alt.Y(
            "share:Q",
            title=["learning rate,", "share of its highest"],
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(tickCount=3),
        )
        panels[0] = alt.vconcat(panels[0], panel.encode(x=across, y=y, color=colour, detail="line:N"), spacing=8)
    title, subtitle = _words(by, parts, lines, len(lines) - len(bright), floor, x, _is_tuned(results, by))
    notes = ["a line ends at the last update that all of its replicates reached"] if _ends_early(results, lines) else []
    notes += busy_notes(update_times(results.trials).to_pylist()) if x == "seconds" else []
    return finished(alt.hconcat(*panels), title, subtitle + notes)


def _ends_early(results: Results, lines: list[Rows]) -> bool:
    """Return True if the completed replicates of a line made different numbers of updates."""
    drawn = pa.array([line[0]["trial"] for line in lines], pa.int64())
    completed = pc.equal(results.trials["status"], "completed")
    trials = results.trials.filter(pc.and_(completed, pc.is_in(results.trials["trial"], value_set=drawn)))
    made = trials.group_by("trial").aggregate([("updates", "min"), ("updates", "max")])
    return bool(pc.any(pc.less(made["updates_min"], made["updates_max"])).as_py())


def _is_tuned(results: Results, by: str) -> bool:
    """Return False if each line is the only configuration of its level."""
    return by not in EACH and any(row["trials"] > 1 for row in factor_levels(results.trials, by).to_pylist())


def _varied(results: Results) -> str:
    """Return the first of batch size and optimizer that varies, or else the learning rate."""
    factors = ("batch_size", "optimizer")
    return next((name for name in factors if pc.count_distinct(results.trials[name]).as_py() > 1), "learning_rate")


def _in_unit_of_time(lines: list[Rows]) -> str:
    """Change the seconds of all rows to s, ms or µs by the longest line, and return the title of the axis."""
    longest = max((row["seconds"] for line in lines for row in line if row["seconds"] is not None), default=1.0)
    units = [(size, unit) for size, unit in TIME_UNITS if 1e-6 <= size <= 1]
    size, unit = next(((size, unit) for size, unit in units if size <= longest), units[-1])
    for row in (row for line in lines for row in line):
        row["seconds"] = None if row["seconds"] is None else row["seconds"] / size
    return f"{X_TITLES['seconds']} ({unit})"


def _drawable(row: dict[str, float | None], part: str, x: str) -> bool:
    value = row[part]
    return value is not None and isfinite(value) and row[x] is not None


def _point(row: dict[str, float], part: str, x: str) -> dict[str, float | None]:
    error = row[f"{part}_se"]
    low, high = (None, None) if error is None else (row[part] - error, row[part] + error)
    # An error as large as the mean would reach down to 0. A logarithmic axis cannot show 0.
    return {"x": row[x], "loss": row[part], "low": low if low is None or low > 0 or row[part] <= 0 else row[part], "high": high}


def _panel(lines: Rows, exits: Rows, part: str, losses: list[float], x: alt.X, colour: alt.Color) -> Chart:
    y = _up("loss", PARTS[part], losses)
    layers = []
    # If there are only a few evaluations, dots mark them, because the line between them is not measured.
    longest = max((sum(1 for row in rows) for _, rows in groupby(lines, lambda row: row["line"])), default=0)
    dots = alt.OverlayMarkDef(size=22) if longest <= MOST_DOTS else False
    for grey in (True, False):
        rows = [row for row in lines if (row["run"] == OTHERS) == grey]
        data = alt.Chart(alt.InlineData(rows))
        band = data.transform_filter("datum.low !== null").mark_area(opacity=0.18, clip=True)
        line = data.mark_line(strokeWidth=1.0 if grey else 2.0, clip=True, point=False if grey else dots)
        if rows and not grey:
            low = alt.Y("low:Q", scale=y["scale"])
            layers.append(band.encode(x=x, y=low, y2="high:Q", color=colour, detail="line:N"))
        if rows:
            layers.append(line.encode(x=x, y=y, color=colour, detail="line:N"))
    if exits:
        marks = alt.Chart(alt.InlineData(exits)).mark_point(shape=CROSS, size=60, strokeWidth=2.2, opacity=1)
        layers.append(marks.encode(x=x, y=y, color=colour))
    return alt.layer(*layers)


def _colours(domain: list[str], by: str, colours: list[str]) -> alt.Color:
    """Return a colour for each label, among `colours` in the order of `domain`, and grey for the label OTHERS.

    The colours of an ordered scheme, such as viridis, are too similar for seven lines that cross.
    """
    shown = [GREY if label == OTHERS else colours[number] for number, label in enumerate(domain)]
    legend = alt.Legend(symbolType="stroke", symbolStrokeWidth=3)
    return alt.Color("run:N", scale=alt.Scale(domain=domain, range=shown), title=by.replace("_", " "), legend=legend)


def _up(field: str, title: str, values: list[float]) -> alt.Y:
    if min(values) > 0 and max(values) >= TWO_DECADES * min(values):
        return log_y(field, title, values)
    return alt.Y(f"{field}:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=".6~g", tickCount=6))


def _beginning(lines: list[Rows], x: str, surface: bool) -> float:
    """Return the first evaluation after an update if the horizontal axis is logarithmic, or else 0.

    The axis is logarithmic on a surface, or if a completed line is much longer than another.
    """
    completed = _completed(lines)
    ends = [line[-1][x] for line in completed if line[-1][x]]
    if x == "epoch" or not ends or not (surface or max(ends) >= LONGEST_TO_SHORTEST * min(ends)):
        return 0.0
    return min(row[x] for line in completed for row in line if row[x])


def _completed(lines: list[Rows]) -> list[Rows]:
    return [line for line in lines if line[0]["status"] == "completed"] or lines


def _across(lines: list[Rows], x: str, title: str, begin: float) -> alt.X:
    """Return the horizontal axis, which is logarithmic if it begins above 0."""
    known = [row[x] for line in _completed(lines) for row in line if row[x] is not None] or [0.0]
    if not begin:
        scale = alt.Scale(nice=False, domain=[0, max(known) or 1], padding=4)
        return alt.X("x:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, labelOverlap=True, labelSeparation=6))
    known = [value for value in known if value >= begin]
    axis = alt.Axis(values=log_ticks(known), format=",d" if x == "update" else ".6~g", labelOverlap="greedy", labelSeparation=6)
    return alt.X("x:Q", title=title, scale=log_scale(known), axis=axis)


def _words(
    by: str, parts: list[str], lines: list[Rows], grey: int, floor: float | None, x: str, tuned: bool
) -> tuple[str, list[str]]:
    name = by.replace("_", " ")
    losses = " and ".join(PARTS[part].removesuffix(" loss") for part in parts)
    title = f"{losses.capitalize()} loss by {name}"
    first = f"the best configuration of each {name}; " if tuned else "each configuration; " if by in EACH else ""
    subtitle = [f"{first} mean over completed replicates; band: ± standard error"]
    if any(line[0]["status"] == "diverged" for line in lines):
        subtitle.append("cross: the first diverged run of a configuration leaves the picture")
    if x == "seconds":
        subtitle.append("time: updates times the lowest decile of a configuration's time per update, without evaluations")
    if floor is not None:
        subtitle.append(f"losses below {short(floor)} are drawn at the bottom")
    if grey:
        subtitle.append(f"{MOST_COLOURS} of {len(lines)} lines have a colour, including the best line")
    return title, subtitle
