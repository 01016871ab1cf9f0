"""Table of the power law of the best rate in the batch size."""

from collections.abc import Sequence

from sweepgd.report.batch_size.rates_table import CRITERIA
from sweepgd.report.batch_size.size_rows import over
from sweepgd.report.best_table import OPTIMIZER
from sweepgd.report.number_format import short
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import VERDICT, cells, interval, reasons

SIDES = {True: "possible", False: "no", None: ""}


def rate_law(rows: Sequence[Row]) -> Answer | None:
    """Return the table with one row for each criterion and optimizer whose exponent has an interval, or None
    without such rows.
    """
    rows = [row for row in rows if row["exponent"] is not None and row["exponent_low"] is not None]
    if not rows:
        return None
    named = [{**row, "criterion": CRITERIA[row["criterion"]]} for row in rows]
    shown = [
        *cells(named, OPTIMIZER, Column("criterion", "best", number=False)),
        (Column("range", "batch\nsizes"), [f"{row['size_from']} … {row['size_to']}" for row in rows]),
        *cells(rows, Column("exponent", "exponent", lambda value: f"{value:.2f}")),
        (
            Column("exponent_interval", "95 %\ninterval"),
            [interval(row, "exponent_", lambda value: f"{value:.2f}") for row in rows],
        ),
        *(
            (Column(f"contains_{name}", text, number=False), [SIDES[row[f"contains_{name}"]] for row in rows])
            for name, text in (("zero", "con-\nstant?"), ("half", "square\nroot?"), ("one", "linear?"))
        ),
        (
            Column("predicted", "rate at\na new size"),
            [f"{short(row['predicted_rate'])} at {row['predicted_size']}" for row in rows],
        ),
        *cells(rows, VERDICT),
    ]
    legend = [
        "rate ∝ size^exponent, fitted up to half of the 20 % size",
        "possible = the interval contains the exponent 0 (constant), ½ (square root) or 1 (linear)",
        *over(rows, "exponent"),
        *reasons(named, "optimizer"),
    ]
    question = "How does the best rate follow the batch size?"
    return Answer(question, shown, frozenset({"exponent", "verdict"}), legend, ("predicted", "criterion"))
