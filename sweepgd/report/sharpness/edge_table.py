"""Table of λmax along training against the edge of stability."""

from collections.abc import Iterable, Sequence

from sweepgd.analysis.stability import EDGES
from sweepgd.report.number_format import short, significant, spread
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import cells

# Only this many configurations are shown: those that came closest to the edge.
MOST_ROWS = 10

FORMULAS = {
    "sgd": "2/rate",
    "momentum": "2(1 + β)/rate",
    "momentum_velocity": "2(1 + β)/rate",
    "momentum_average": "2(1 + β)/((1 - β) rate)",
    "nesterov": "2(1 + β)/((1 + 2β) rate)",
    "nesterov_velocity": "2(1 + β)/((1 + 2β) rate)",
}


def edges(optimizers: Iterable[str], decays: bool) -> list[str]:
    """Return the legends about the edges of `optimizers`. `decays` is True if a run has an L2 penalty."""
    used = list(dict.fromkeys(optimizers))
    formulas = ", ".join(f"{name} {FORMULAS[name]}" for name in used if name in EDGES)
    lines = [f"edge = λmax above which full-batch descent is unstable: {formulas} (Cohen et al. 2021)"] if formulas else []
    if without := [name for name in used if name not in EDGES]:
        lines.append(f"no edge is known for {', '.join(without)}")
    if decays:
        lines.append("an L2 penalty adds at most its weight decay to λmax, because it does not apply to biases and positions")
    return lines


def stability(rows: Sequence[Row]) -> Answer:
    """Return the table of the configurations that came closest to the edge."""
    measured = [row for row in rows if row["measurements"]]
    decays = any(row["weight_decay"] for row in measured)
    with_errors = any(row["rows_error"] is not None for row in measured)
    legend_of_errors = "± = standard error due to measuring a subset of the rows" if with_errors else ""
    value = Column("lambda_max", "λmax", legend=legend_of_errors)
    before = (
        Column("trial", "trial"),
        Column("optimizer", "optimizer", number=False),
        Column("batch_size", "batch\nsize"),
        Column("measurements", "meas.", legend="meas. = number of measurements after the first update, in all replicates"),
        Column("share_beyond", "beyond\n%", lambda share: f"{100 * share:.0f}"),
        Column("epoch", "closest\nat epoch", short),
        Column("learning_rate", "rate", short),
    )
    after = (
        Column("weight_decay", "weight\ndecay", lambda decay: short(decay) if decays else ""),
        Column("threshold", "edge", significant),
        Column("ratio", "(λmax +\ndecay)/edge" if decays else "λmax/\nedge", significant),
    )
    legend = edges((row["optimizer"] for row in measured[:MOST_ROWS]), decays)
    if len(measured) > MOST_ROWS:
        legend.insert(0, f"the {MOST_ROWS} of {len(measured)} configurations that came closest to the edge")
    if len(measured) < len(rows):
        ended = len(rows) - len(measured)
        legend.append(f"not shown: {ended} of {len(rows)} configurations, which ended before the first measurement")
    shown = cells(measured[:MOST_ROWS], *before)
    shown.append((value, [_with_error(row) for row in measured[:MOST_ROWS]]))
    shown += cells(measured[:MOST_ROWS], *after)
    question = "Did λmax reach the edge of stability along training?"
    empty = "not measured along training; to measure every epoch, set every = 1 in the [measure] table of the sweep"
    return Answer(question, shown if measured else [], frozenset(), legend, ("measurements", "batch_size"), empty)


def _with_error(row: Row) -> str:
    """Return the text of λmax, with ± and the standard error due to measuring a subset of the rows."""
    error = row["rows_error"]
    return significant(row["lambda_max"]) if error is None else spread(row["lambda_max"], error)
