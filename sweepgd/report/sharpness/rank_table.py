"""Tables of rank correlations: over all runs, over comparable runs, and over runs that differ in one hyperparameter."""

from collections.abc import Sequence

from sweepgd.analysis.binning import EQUAL_LOSS
from sweepgd.analysis.correlations import ALL, MATCHED
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.report.number_format import short
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import MEASURE, VERDICT, cells, firsts, interval, reasons

VARIANTS = ["only the first variant of each measure is shown; --json has all variants, and also the test error as the target"]


def correlations(rows: Sequence[Row]) -> Answer:
    """Return the table of correlations with the generalization gap, for the first variant of each measure."""
    every = _of_gap(rows)
    rows = firsts(every)
    losses = [
        f"{short(row['train_loss_from'])} … {short(row['train_loss_to'])}" if row["among"] == MATCHED and row["pairs"] else ""
        for row in rows
    ]
    shown = [
        (MEASURE, _first_of_each(rows, "measure")),
        *cells(rows, Column("among", "among", number=False)),
        *cells(rows, Column("runs", "runs"), Column("configurations", "confi-\ngurations"), Column("pairs", "pairs")),
        (Column("train_loss_from", "train loss"), losses),
        *cells(rows, Column("spearman", "ρ", _correlation), Column("kendall", "τ-b", _correlation)),
        (Column("kendall_low", "95 %\ninterval"), [interval(row, "kendall_", _correlation) for row in rows]),
        *cells(rows, VERDICT),
    ]
    runs = {among: max((row["runs"] for row in rows if row["among"] == among), default=0) for among in (ALL, MATCHED)}
    alone = f"; {runs[ALL] - runs[MATCHED]} runs have no other run to be compared with" if runs[ALL] > runs[MATCHED] else ""
    legend = [
        "τ-b and ρ = Kendall's and Spearman's rank correlation with the gap: test loss (or else validation loss) - train loss",
        "pairs = pairs of runs with the same seed; intervals by the jackknife over configurations; 1 interval in 20 misses by "
        "chance",
        f"equal train loss = in the same tenth of a decade (a factor of {short(EQUAL_LOSS)}){alone}",
        "a correlation among all runs may be due to rate, batch size or train loss, which affect both the measure and the gap",
        *reasons(rows),
        *_left_out(rows[0] if rows else None),
    ]
    legend += VARIANTS if len(every) > len(rows) else []
    question = "Does a larger measure go with a larger generalization gap?"
    least = ("pairs", "spearman", "configurations", "train_loss_from", "runs")
    return Answer(question, shown if rows else [], frozenset(), legend, least)


def granulated(rows: Sequence[Row]) -> Answer:
    """Return the table of granulated correlations with the generalization gap, for the first variant of each measure."""
    every = _of_gap(rows)
    rows = firsts(every)
    axes = list(dict.fromkeys(row["axis"] for row in rows))
    of_axis = {axis: [row for row in rows if row["axis"] == axis] for axis in axes}
    overall = of_axis.get("Ψ", [])
    shown = [
        (MEASURE, [row["measure"] for row in overall]),
        *cells(overall, Column("configurations", "confi-\ngurations"), Column("groups", "groups")),
    ]
    for axis in axes:
        value = Column("value", axis.replace("_", "\n"), _correlation)
        shown.append((Column(axis, value.heading), [value.cell(row) for row in of_axis[axis]]))
    shown.append((Column("low", "95 %\ninterval"), [interval(row, "", _correlation) for row in overall]))
    shown += cells(overall, VERDICT)
    legend = [
        "column of a hyperparameter = mean τ-b over groups of runs that differ in this hyperparameter only; Ψ = mean of these "
        "columns (Jiang et al. 2020)",
        "values near 0 = the measure tells nothing beyond the other hyperparameters",
        *reasons(overall),
        *(VARIANTS if len(every) > len(rows) else []),
    ]
    question = "Does a measure rank runs that differ in one hyperparameter only?"
    least = ("groups", "configurations", *axes[:-1][::-1])
    return Answer(question, shown if rows else [], frozenset(), legend, least)


def _left_out(row: Row | None) -> list[str]:
    """Return a line about the runs that are not compared because they did not complete, with the rates of diverged runs."""
    counts = [] if row is None else [f"{row[name]} {name.replace('_', ' ')}" for name in CUT_SHORT if row[name]]
    if row is None or not counts:
        return []
    rates = sorted({short(row[f"diverged_rate_{end}"]) for end in ("from", "to")}, key=float) if row["diverged"] else []
    of_rates = f" (rates of diverged runs:  {' to '.join(rates)})" if rates else ""
    return [f"not compared because they did not complete: {', '.join(counts)}{of_rates}"]


def _correlation(value: float) -> str:
    return f"{value:+.2f}"


def _of_gap(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["target"] == "generalization_gap"]


def _first_of_each(rows: Sequence[Row], name: str) -> list[str]:
    """Return the names of `rows`, "" for a row with the same name as the row above."""
    names = [row[name] for row in rows]
    return [name if index == 0 or names[index - 1] != name else "" for index, name in enumerate(names)]
