"""Table of the time of an update and of an epoch at the smallest and the largest batch size, and of the knee between them."""

from collections.abc import Sequence

from sweepgd.analysis.batch_size import has_knee
from sweepgd.report.best_table import OPTIMIZER
from sweepgd.report.number_format import duration, significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import cells, interval

TIMES = (("seconds_per_update", "time/\nupdate"), ("seconds_per_epoch", "time/\nepoch"))


def update_times(rows: Sequence[Row]) -> Answer | None:
    """Return the table with one row per optimizer, or None if no optimizer has a knee.

    The times of all batch sizes are in other tables.
    """
    if not any(map(has_knee, rows)):
        return None
    ends: dict[str, list[Row]] = {}
    for row in rows:
        ends.setdefault(row["optimizer"], []).append(row)
    firsts, lasts = [group[0] for group in ends.values()], [group[-1] for group in ends.values()]
    pairs = list(zip(firsts, lasts, strict=True))
    shown = cells(firsts, OPTIMIZER)
    shown.append((Column("sizes", "batch\nsizes"), [f"{first['batch_size']} … {last['batch_size']}" for first, last in pairs]))
    for name, heading in TIMES:
        texts = [f"{duration(first[name])} … {duration(last[name])}" for first, last in pairs]
        shown.append((Column(name, heading), texts))
    knees = [
        (significant(row["knee"]), interval(row, "knee_", significant)) if has_knee(row) else ("none", "") for row in firsts
    ]
    shown.append((Column("knee", "knee"), [knee for knee, _ in knees]))
    shown.append((Column("knee_interval", "95 %\ninterval"), [ends_of for _, ends_of in knees]))
    legend = [
        "knee = batch size at which the constant part of an update's time equals the part that grows with the batch size",
        "times = lowest decile over runs, intervals by bootstrap over runs",
        *(f"{row['optimizer']} has no knee: {row['message']}" for row in firsts if not has_knee(row)),
    ]
    return Answer("From which batch size on does an update take longer?", shown, frozenset({"knee"}), legend, ("sizes",))
