"""Table of updates, samples and seconds to the target."""

from collections.abc import Sequence

from sweepgd.report.batch_size.size_rows import RATE, cut, over, tuned, varying
from sweepgd.report.number_format import duration, short, significant, whole
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import cells, interval

DISPENSABLE = ("seconds", "samples", "learning_rate", "slope_interval")


def steps_to_target(rows: Sequence[Row]) -> Answer | None:
    """Return the table with one row per optimizer and batch size, with all other hyperparameters tuned.

    Without tuned sizes, return None.
    """
    rows = tuned(rows)
    if not rows:
        return None
    target = f"{rows[0]['target'].replace('_', ' ')} {short(rows[0]['level'])}"
    question = f"How many updates to {target}? Each batch size at its best rate"
    if all(row["steps"] is None for row in rows):
        empty = "no batch size reached it: set a higher goal or --target, or train for longer"
        return Answer(question, [], frozenset(), empty=empty)
    rows, more = cut(rows)
    shown = [
        *cells(rows, *varying(rows)),
        (RATE, [RATE.cell(row) + "*" * bool(row["at_end"]) for row in rows]),
        *cells(rows, Column("steps", "updates", significant)),
        (Column("steps_interval", "95 %\ninterval"), [interval(row, "steps_", significant) for row in rows]),
        *cells(rows, Column("perfect_steps", "perfect\nscaling", significant), Column("slope", "slope", lambda s: f"{s:.2f}")),
        (Column("slope_interval", "95 %\ninterval"), [interval(row, "slope_", lambda s: f"{s:.2f}") for row in rows]),
        *cells(rows, Column("samples", "samples", whole), Column("seconds", "time", duration)),
    ]
    missed = [str(row["batch_size"]) for row in rows if row["steps"] is None]
    left_out = sum(row["left_out"] for row in rows)
    legend = [
        "configurations chosen by half of the replicates, judged on the other half",
        "slope −1 = doubling the batch size halves the updates, 0 = doubling saves none",
        *over(rows, "steps"),
        *(["* = lowest or highest rate tried: widen the range of rates"] if any(row["at_end"] for row in rows) else []),
        *([f"{left_out} configurations left out because a replicate did not complete"] if left_out else []),
        *([f"not reached at batch size {', '.join(missed)}"] if missed else []),
        *more,
    ]
    kept = frozenset({"batch_size", "steps"})
    return Answer(question, shown, kept, legend, DISPENSABLE)
