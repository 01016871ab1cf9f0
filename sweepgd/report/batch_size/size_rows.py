"""Common parts of the tables by batch size: the first columns, the rows that are shown, and legends on intervals."""

from collections.abc import Sequence

from sweepgd.report.best_table import BATCH_SIZE, OPTIMIZER
from sweepgd.report.number_format import short
from sweepgd.report.question_table import Column, Row

# More rows are for programs: a grid of 3 optimizers and 11 batch sizes has 33.
MOST_ROWS = 60
# With fewer configurations, a batch size does not count as tuned.
FEWEST_CONFIGURATIONS = 4
BY = (OPTIMIZER, BATCH_SIZE)
RATE = Column("learning_rate", "best\nrate", short)


def tuned(rows: Sequence[Row], column: str = "configurations") -> list[Row]:
    """Return the rows of batch sizes with enough configurations to choose from.

    The result is empty if there is only one such row, because it could not be compared with others.
    """
    chosen = [row for row in rows if row[column] >= FEWEST_CONFIGURATIONS]
    return chosen if len(chosen) > 1 else []


def cut(rows: Sequence[Row]) -> tuple[Sequence[Row], list[str]]:
    """Return the first MOST_ROWS rows, and a legend if rows are left out."""
    more = len(rows) - MOST_ROWS
    return rows[:MOST_ROWS], [f"{more} more rows with --json"] if more > 0 else []


def varying(rows: Sequence[Row]) -> Sequence[Column]:
    """Return the columns that name a row. The optimizer is among them only if there are several optimizers."""
    return BY if len({row["optimizer"] for row in rows}) > 1 else (BATCH_SIZE,)


def over(rows: Sequence[Row], column: str) -> list[str]:
    """Return the legend about the intervals of `column`. The result is empty if no row has an interval."""
    units = list(dict.fromkeys(row["over"] for row in rows if row[f"{column}_low"] is not None))
    return [f"intervals: 95 %, bootstrap over {' or '.join(units)}"] if units else []
