"""Common parts of the tables by batch size: the first columns, the rows that are shown, and legends on intervals."""

from collections.abc import Sequence

from sweepgd.report.best_table import BATCH_SIZE, OPTIMIZER
from sweepgd.report.number_format import short
from sweepgd.report.question_table import Column, Row

# More rows fill a screen.
MOST_ROWS = 14
# Fewer configurations than this have not been tuned.
FEWEST_CONFIGURATIONS = 4
BY = (OPTIMIZER, BATCH_SIZE)
RATE = Column("learning_rate", "best\nrate", short)


def tuned(rows: Sequence[Row], column: str = "configurations") -> list[Row]:
    """Return the rows of sizes with enough configurations to choose from; none if there is only one such row."""
    chosen = [row for row in rows if row[column] >= FEWEST_CONFIGURATIONS]
    return chosen if len(chosen) > 1 else []


def cut(rows: Sequence[Row]) -> tuple[Sequence[Row], list[str]]:
    """Return the first MOST_ROWS rows, and a legend if there are more."""
    more = len(rows) - MOST_ROWS
    return rows[:MOST_ROWS], [f"{more} more rows with --json"] if more > 0 else []


def varying(rows: Sequence[Row]) -> Sequence[Column]:
    """Return the columns that name a row: the optimizer only if there are several."""
    return BY if len({row["optimizer"] for row in rows}) > 1 else (BATCH_SIZE,)


def over(rows: Sequence[Row], column: str) -> list[str]:
    """Return the legend on the intervals of `column`, none if no row has one."""
    units = list(dict.fromkeys(row["over"] for row in rows if row[f"{column}_low"] is not None))
    return [f"intervals: 95 %, bootstrap over {' or '.join(units)}"] if units else []
