"""Table of the time of an update and of an epoch by batch size."""

from collections.abc import Sequence

from sweepgd.report.batch_size.size_rows import cut, varying
from sweepgd.report.number_format import duration, significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import cells, interval


def update_times(rows: Sequence[Row]) -> Answer | None:
    """Return the table with a row per optimizer and batch size, and the knee in the legend."""
    if not rows:
        return None
    knees = [_knee(row) for row in {row["optimizer"]: row for row in rows}.values()]
    rows, more = cut(rows)
    shown = cells(rows, *varying(rows), Column("runs", "runs"))
    for name, heading in (("seconds_per_update", "time/\nupdate"), ("seconds_per_epoch", "time/\nepoch")):
        shown += cells(rows, Column(name, heading, duration))
        shown.append((Column(f"{name}_interval", "95 %\ninterval"), [interval(row, f"{name}_", duration) for row in rows]))
    legend = [
        *filter(None, knees),
        "knee = where the part of an update's time that grows with the batch is as long as the rest",
        "medians, intervals by bootstrap over runs",
        *more,
    ]
    return Answer("How long do an update and an epoch take?", shown, frozenset({"batch_size"}), legend, ("runs",))


def _knee(row: Row) -> str:
    if row["knee"] is None or row["message"]:
        return f"{row['optimizer']}: {row['message']}" if row["message"] else ""
    between = interval(row, "knee_", significant)
    return f"{row['optimizer']}: knee at batch size {significant(row['knee'])}" + (f" ({between})" if between else "")
