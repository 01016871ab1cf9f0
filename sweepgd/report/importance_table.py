"""The table of the importance of hyperparameters."""

from collections.abc import Sequence

from sweepgd.report.number_format import percent
from sweepgd.report.question_table import Answer, Column, Row

LEGEND = (
    "% = share of this hyperparameter in the differences between all configurations and the best tenth (for divergence: "
    "those that diverged) (PED-ANOVA)",
    "95 % intervals by the bootstrap over configurations",
)


def importance(rows: Sequence[Row]) -> Answer | None:
    """Return the table with a row for each target and hyperparameter, the most important first. Without rows, return None."""
    if not rows:
        return None
    name = Column("hyperparameter", "hyperparameter", number=False)
    target = Column("target", "for", number=False)
    intervals = [f"{percent(row['importance_low'])} … {percent(row['importance_high'])}" for row in rows]
    shown = [(column, [column.cell(row) for row in rows]) for column in (target, name, Column("importance", "%", percent))]
    shown.append((Column("interval", "95 % interval"), intervals))
    return Answer("Which hyperparameters matter?", shown, frozenset(), LEGEND)
