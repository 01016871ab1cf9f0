"""Table of critical batch sizes."""

from collections.abc import Sequence

from sweepgd.report.batch_size.size_rows import over
from sweepgd.report.best_table import OPTIMIZER
from sweepgd.report.number_format import significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import VERDICT, cells, interval, reasons


def critical_sizes(rows: Sequence[Row]) -> Answer | None:
    """Return the table with one row per optimizer, or None without rows."""
    if not rows:
        return None
    shown = cells(rows, OPTIMIZER, Column("sizes", "sizes"))
    for name, heading in (("scaling_end", "20 %\nsize"), ("critical_size", "B_crit")):
        shown += cells(rows, Column(name, heading, significant))
        shown.append((Column(f"{name}_interval", "95 %\ninterval"), [interval(row, f"{name}_", significant) for row in rows]))
    shown += cells(rows, Column("least_steps", "S_min", significant), Column("least_samples", "E_min", significant))
    shown += cells(rows, Column("misfit", "misfit\n%", lambda share: f"{100 * share:.1f}"), VERDICT)
    legend = [
        "20 % size = batch size at which updates exceed perfect scaling by 20 % (Zhang et al. 2024)",
        "B_crit and S_min: fitted to updates = S_min (1 + B_crit/B) (McCandlish et al. 2018); E_min = S_min B_crit samples",
        *over(rows, "critical_size"),
        *reasons(rows, "optimizer"),
    ]
    question = "Up to which batch size do larger batches save updates?"
    return Answer(question, shown, frozenset({"verdict"}), legend, ("misfit", "least_samples", "least_steps", "sizes"))
