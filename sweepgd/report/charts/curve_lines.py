"""The lines of the chart of loss curves: labels, colours, and the point at which a diverged run leaves the picture."""

from collections.abc import Set
from itertools import groupby
from math import isfinite
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.report.charts.style import COLOURS, MOST_POINTS, Rows
from sweepgd.report.number_format import short

# More colours could not be distinguished. Further lines are grey.
MOST_COLOURS = len(COLOURS)
OTHERS = "others"
ORDERED = ("batch_size", "learning_rate")
# A diverged run is drawn up to a loss that is above the other lines by this share of the height, and at least by this factor.
HEADROOM, LEAST_RISE = 0.12, 3.0
# A loss below this share of the highest loss is drawn like 0.
NEGLIGIBLE = 1e-12
# A line with more rows than MOST_POINTS keeps these rows at its beginning.
FIRST_POINTS = 100


def lines_of(table: pa.Table, by: str) -> list[Rows]:
    """Return the thinned rows of each line: by ascending batch size or learning rate, or else with the best line first."""
    lines = [_thinned(list(rows)) for _, rows in groupby(table.to_pylist(), lambda row: (row["level"], row["trial"]))]
    return lines if by in ORDERED else sorted(lines, key=lambda line: _rank(line[0]))


def coloured(lines: list[Rows], by: str) -> list[int]:
    """Return the indices of the lines with a colour, at most MOST_COLOURS.

    If each line is an optimizer or a schedule, the best lines have a colour. Otherwise, evenly spaced lines have a colour, and
    the best line is one of them.
    """
    if by in ("optimizer", "schedule") or len(lines) <= MOST_COLOURS:
        return list(range(min(len(lines), MOST_COLOURS)))
    spaced = np.linspace(0, len(lines) - 1, MOST_COLOURS).round().astype(int).tolist()
    best = min(range(len(lines)), key=lambda number: _rank(lines[number][0]))
    if best not in spaced:
        nearest = min(range(1, MOST_COLOURS - 1), key=lambda place: abs(spaced[place] - best))
        spaced[nearest] = best
    return sorted(spaced)


def labels_of(lines: dict[int, dict[str, Any]], by: str, without: Set[str] = frozenset()) -> dict[int, str]:
    """Return a label for each line: the level and its configuration, such as "10 (sgd, rate 0.2)".

    `lines` holds the first row of each line. A label names the schedule if schedules vary, and the trial if two labels would be
    equal. It does not name the columns in `without`.
    """
    left_out = {by, *without} if len({row["schedule"] for row in lines.values()}) > 1 else {by, "schedule", *without}
    labels = {number: _label(row, by, left_out) for number, row in lines.items()}
    known = list(labels.values())
    return {
        number: label if known.count(label) == 1 else f"{label[:-1]}, trial {lines[number]['trial']})"
        for number, label in labels.items()
    }


def _label(row: dict[str, Any], by: str, left_out: set[str]) -> str:
    rate = f"rate {short(row['learning_rate'])}" if row["learning_rate"] is not None else ""
    size = f"batch {row['batch_size']}" if row["batch_size"] is not None else ""
    level = short(row["level"]) if by == "learning_rate" else str(row["level"])
    described = {"batch_size": size, "optimizer": row["optimizer"], "schedule": row["schedule"], "learning_rate": rate}
    words = [word for name, word in described.items() if name not in left_out and word]
    if row["status"] != "completed":
        words.append(row["status"].replace("_", " "))
    elif row["completed"] < row["replicates"]:
        words.append(f"{row['completed']} of {row['replicates']} completed")
    return f"{level} ({', '.join(words)})"


def ceiling(lines: list[Rows], parts: list[str]) -> float | None:
    """Return the loss at which a diverged line leaves the picture, or None if no line diverged.

    This loss is above all losses of the other lines and above the first loss of each diverged line.
    """
    diverged = [line for line in lines if line[0]["status"] == "diverged"]
    if not diverged:
        return None
    drawn = [row for line in lines if line[0]["status"] != "diverged" for row in line] + [line[0] for line in diverged]
    values = [row[part] for row in drawn for part in parts if row[part] is not None and isfinite(row[part])]
    if not values:
        return None
    low, high = min(values), max(values)
    if low >= 0:
        low = max(low, NEGLIGIBLE * high)
    if low <= 0:
        return high + max(HEADROOM * (high - low), 1e-12)
    return high * max((high / low) ** HEADROOM, LEAST_RISE)


def floor_of(losses: list[float]) -> float | None:
    """Return the loss below which lines are drawn at the bottom, or None if no loss is negligible in comparison with the
    highest loss.

    On a logarithmic axis, losses down to 0 or to the smallest number would leave no height for the other losses.
    """
    lowest, highest = min(losses), max(losses)
    return NEGLIGIBLE * highest if 0 <= lowest < NEGLIGIBLE * highest else None


def cut(points: Rows, top: float | None) -> tuple[Rows, Rows]:
    """Return the points of a line until its loss rises above `top`, and a list with the last of these points.

    `points` have `x` and `loss`. A crossing between two evaluations is interpolated in the logarithm of the loss. If the loss
    stays below `top`, all points are returned. The list is empty if `top` is None or the first point is above `top`.
    """
    if top is None:
        return points, []
    above = next((number for number, point in enumerate(points) if point["loss"] > top), None)
    if above is None:
        return points, points[-1:]
    if above == 0:
        return [], []
    before, after = points[above - 1], points[above]
    heights = (before["loss"], top, after["loss"])
    low, here, high = np.log(heights) if before["loss"] > 0 else np.array(heights)
    place = before["x"] + (after["x"] - before["x"]) * float((here - low) / (high - low))
    end = after | {"x": place, "loss": top, "low": None, "high": None}
    return [*points[:above], end], [end]


def _rank(row: dict[str, Any]) -> tuple[bool, bool, float, int]:
    """Return a key that sorts complete configurations first, and then by objective."""
    known = row["objective"] is not None
    return not known, not row["whole"], row["objective"] if known else 0.0, row["trial"]


def _thinned(line: Rows) -> Rows:
    """Return at most MOST_POINTS rows of a line: the first FIRST_POINTS, the last, and the lowest and highest train loss of
    each section between them.

    Evenly spaced rows could miss a short burst, and on a logarithmic axis the descent at the beginning.
    """
    if len(line) <= MOST_POINTS:
        return line
    losses = np.array([row["train_loss"] for row in line], dtype=float)
    kept = {*range(FIRST_POINTS), len(line) - 1}
    first, last, sections = FIRST_POINTS, len(line) - 1, (MOST_POINTS - FIRST_POINTS) // 4
    # Even sections suit a linear axis, and growing ones a logarithmic axis.
    edges = np.unique(np.concatenate([np.linspace(first, last, sections), np.geomspace(first, last, sections)]).astype(int))
    for part in np.split(np.arange(first, last), edges[1:-1] - first):
        order = part[np.argsort(losses[part], kind="stable")]
        kept |= {int(order[0]), int(order[-1])}
    return [line[place] for place in sorted(kept)]
