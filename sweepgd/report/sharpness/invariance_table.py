"""Table of the change of measures when layers are rescaled."""

from collections.abc import Sequence

from sweepgd.report.number_format import short, significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import MEASURE, cells


def invariance(rows: Sequence[Row]) -> Answer:
    """Return the table with a row per measure: the observed change, and the change expected by theory."""
    factors = {row[name] for row in rows for name in ("rescaling_from", "rescaling_to") if row[name] is not None}
    by = f" by {' to '.join(map(short, sorted({min(factors), max(factors)})))}" if factors else ""
    columns = (
        MEASURE,
        Column("minimisers", "mini-\nmisers"),
        Column("ratio", "median\nratio", significant),
        Column("share_equal", "equal\n%", lambda share: f"{100 * share:.0f}"),
        Column("seen", "observed", number=False),
        Column("expected", "in theory", number=False),
    )
    shown = cells(rows, *columns)
    if any(row["message"] for row in rows):
        shown.append((Column("message", "", number=False, wraps=True), [row["message"] or "" for row in rows]))
    return Answer(
        f"Which measures change when layers are rescaled{by} without changing the network's outputs?",
        shown if rows else [],
        frozenset(),
        ["equal = the difference is at most 1 % plus the recorded errors (Dinh et al. 2017)"],
        empty="not measured at rescaled weights; to measure there, run sweepgd measure --rescale 10",
    )
