"""λmax along training against the edge of stability."""

from collections.abc import Iterable, Sequence

from sweepgd.analysis.stability import EDGES
from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.numbers import short, significant, spread
from sweepgd.report.sharpness.cells import cells

# Those that came closest.
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
    """What the edge is of those optimizers, which of them have none, and what `decays` add to λmax where some run had any."""
    used = list(dict.fromkeys(optimizers))
    formulas = ", ".join(f"{name} {FORMULAS[name]}" for name in used if name in EDGES)
    lines = [f"edge = beyond it full-batch descent is unstable: {formulas} (Cohen et al. 2021)"] if formulas else []
    if without := [name for name in used if name not in EDGES]:
        lines.append(f"no edge is known for {', '.join(without)}")
    if decays:
        lines.append("an L2 penalty adds its weight decay to λmax, or less: it leaves biases and positions on surfaces alone")
    return lines


def stability(rows: Sequence[Row]) -> Answer:
    """The configurations that came closest to the edge."""
    seen = [row for row in rows if row["looks"]]
    decays = any(row["weight_decay"] for row in seen)
    some = any(row["rows_error"] is not None for row in seen)
    value = Column("lambda_max", "λmax", legend="± = standard error of measuring a subset of the rows" if some else "")
    before = (
        Column("trial", "trial"),
        Column("optimizer", "optimizer", number=False),
        Column("batch_size", "batch\nsize"),
        Column("looks", "looks", legend="looks = of all replicates, once training had begun"),
        Column("share_beyond", "beyond\n%", lambda share: f"{100 * share:.0f}"),
        Column("epoch", "closest\nat epoch", short),
        Column("learning_rate", "rate", short),
    )
    after = (
        Column("weight_decay", "weight\ndecay", lambda decay: short(decay) if decays else ""),
        Column("threshold", "edge", significant),
        Column("ratio", "(λmax +\ndecay)/edge" if decays else "λmax/\nedge", significant),
    )
    legend = edges((row["optimizer"] for row in seen[:MOST_ROWS]), decays)
    if len(seen) > MOST_ROWS:
        legend.insert(0, f"the {MOST_ROWS} of {len(seen)} configurations that came closest")
    if len(seen) < len(rows):
        legend.append(f"not here, ended before the first look: {len(rows) - len(seen)} of {len(rows)} configurations")
    shown = cells(seen[:MOST_ROWS], *before)
    shown.append((value, [_with_error(row) for row in seen[:MOST_ROWS]]))
    shown += cells(seen[:MOST_ROWS], *after)
    question = "Did λmax reach the edge of stability along training?"
    empty = "not measured along training: a sweep's [measure] does with every = 1 (epochs)"
    return Answer(question, shown if seen else [], frozenset(), legend, ("looks", "batch_size"), empty)


def _with_error(row: Row) -> str:
    """λmax of a look, with the error that measuring a subset of the rows leaves."""
    error = row["rows_error"]
    return significant(row["lambda_max"]) if error is None else spread(row["lambda_max"], error)
