"""Table of the boundary between runs that converge and runs that diverge."""

from collections.abc import Sequence

from sweepgd.report.number_format import significant
from sweepgd.report.question_table import Answer, Column, Row

COLUMNS = (Column("box", "points a side"), Column("boxes", "boxes on the boundary"))


def boundary(rows: Sequence[Row]) -> Answer | None:
    """Return the table with a row for each size of boxes, and the dimension in the legend. Without rows, return None."""
    if not rows:
        return None
    row = rows[0]
    legend = [
        f"dimension {significant(row['dimension'])} by the number of boxes that hold both outcomes; 1 = a smooth curve",
        f"{row['columns']} values of {row['x']} by {row['rows']} values of {row['y']}",
        f"{row['diverged']} of {row['runs']} runs diverged",
    ]
    shown = [(column, [column.cell(row) for row in rows]) for column in COLUMNS]
    return Answer("Is the boundary between runs that converge and diverge smooth?", shown, frozenset(), legend)
