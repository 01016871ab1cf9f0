"""Tables of the best learning rates and of the largest stable learning rates."""

from collections.abc import Sequence

from sweepgd.report.batch_size.size_rows import cut, over, tuned, varying
from sweepgd.report.number_format import short, significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.edge_table import FORMULAS
from sweepgd.report.sharpness.table_cells import cells, interval

CRITERIA = {"steps": "fewest updates to the target", "objective": "lowest objective"}


def best_rates(rows: Sequence[Row]) -> Answer | None:
    """Return the table by updates to the target (without a target, by the objective), or None without tuned sizes."""
    rows = tuned([row for row in rows if row["criterion"] == rows[0]["criterion"]], "rates")
    if not rows:
        return None
    criterion = CRITERIA[rows[0]["criterion"]]
    rows, more = cut(rows)
    shown = [
        *cells(rows, *varying(rows), Column("rates", "rates")),
        (Column("rate", "middle\nrate"), [short(row["rate"]) + "*" * bool(row["at_end"]) for row in rows]),
        (Column("rate_interval", "95 %\ninterval"), [interval(row, "rate_", short) for row in rows]),
        (Column("range", "within\n10 %"), [f"{short(row['rate_from'])} … {short(row['rate_to'])}" for row in rows]),
        *cells(rows, Column("width", "width", significant)),
        (Column("width_interval", "95 %\ninterval"), [interval(row, "width_", significant) for row in rows]),
    ]
    legend = [
        f"best = {criterion}",
        "within 10 % = rates that are at most 10 % worse than the best",
        "middle rate = middle of this range",
        "width = highest divided by lowest rate of this range",
        *over(rows, "rate"),
        *(["* = lowest or highest rate tried: widen the range of rates"] if any(row["at_end"] for row in rows) else []),
        *more,
    ]
    kept = frozenset({"batch_size", "rate"})
    question = "Which rates are good at each batch size, and how wide is the choice?"
    return Answer(question, shown, kept, legend, ("rates", "width_interval"))


def stable_rates(rows: Sequence[Row]) -> Answer | None:
    """Return the table of the largest learning rates without divergence, for optimizers with a known edge of stability."""
    rows = tuned([row for row in rows if row["ratio"] is not None], "rates")
    if not rows:
        return None
    optimizers = {row["optimizer"].partition(" (")[0] for row in rows}
    rows, more = cut(rows)
    shown = [
        *cells(rows, *varying(rows)),
        (Column("stable", "largest\nstable"), [_at_least(row) for row in rows]),
        *cells(rows, Column("lowest_diverged", "lowest\ndiverged", short), Column("lambda_max", "λmax", significant)),
        *cells(rows, Column("allowed", "allowed\nby λmax", significant), Column("ratio", "ratio", significant)),
        (Column("ratio_interval", "95 %\ninterval"), [interval(row, "ratio_", significant) for row in rows]),
    ]
    formulas = {name: FORMULAS[name].replace("/rate", "/λmax").replace(" rate", " λmax") for name in optimizers & set(FORMULAS)}
    legend = [
        "λmax at the final weights of the runs at the largest stable rate",
        *([f"allowed: {', '.join(f'{name} {formula}' for name, formula in sorted(formulas.items()))}"] if formulas else []),
        *(["≥ = no rate diverged"] if any(row["lowest_diverged"] is None for row in rows) else []),
        *more,
    ]
    return Answer(
        "What is the largest stable learning rate?", shown, frozenset({"batch_size"}), legend, ("ratio_interval", "lambda_max")
    )


def _at_least(row: Row) -> str:
    return ("≥ " if row["lowest_diverged"] is None else "") + short(row["largest_stable"])
