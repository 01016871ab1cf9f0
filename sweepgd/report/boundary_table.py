"""Table of the boundary between runs that converge and runs that diverge."""

from collections.abc import Sequence

from sweepgd.report.number_format import significant
from sweepgd.report.question_table import Answer, Column, Row

COLUMNS = (Column("box", "points a side"), Column("boxes", "boxes on the boundary"))


def boundary(rows: Sequence[Row]) -> Answer | None:
    """Return the table with a row for each size of boxes in the first replicate, and the dimensions in the legend.

    Without rows, return None.
    """
    if not rows:
        return None
    first = rows[0]
    dimensions = {row["replicate"]: row["dimension"] for row in rows}
    diverged = {row["replicate"]: row["diverged"] for row in rows}
    shown = [row for row in rows if row["replicate"] == first["replicate"]]
    each = " in each replicate" if len(dimensions) > 1 else ""
    legend = [
        f"dimension {', '.join(map(significant, dimensions.values()))}{each} by the number of boxes"
        " that hold completed and diverged runs; 1 = a smooth curve",
        f"{first['columns']} values of {first['x']} by {first['rows']} values of {first['y']}",
        f"{sum(diverged.values())} of {len(diverged) * first['runs']} runs diverged",
    ]
    if each:
        legend.append(f"the table is of replicate {first['replicate']}")
    cells = [(column, [column.cell(row) for row in shown]) for column in COLUMNS]
    return Answer("Is the boundary between runs that converge and runs that diverge smooth?", cells, frozenset(), legend)
