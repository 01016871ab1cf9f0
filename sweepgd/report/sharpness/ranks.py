"""How the measures rank runs: by correlation, over all runs and comparable ones, and where one hyperparameter differs."""

from collections.abc import Sequence

from sweepgd.analysis.correlations import ALL, MATCHED
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.levels import EQUAL_LOSS
from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.numbers import short
from sweepgd.report.sharpness.cells import MEASURE, VERDICT, cells, firsts, interval, reasons

VARIANTS = ["the first variant of each measure; --json has them all, and against the test error"]


def correlations(rows: Sequence[Row]) -> Answer:
    """Against the generalization gap, the first variant of each measure."""
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
    outside = f"; {runs[ALL] - runs[MATCHED]} runs have no other there" if runs[ALL] > runs[MATCHED] else ""
    legend = [
        "τ-b = Kendall's, ρ = Spearman's rank correlation with test (where none, validation) - train loss",
        "pairs = of configurations within a replicate, whose seed all of them share; intervals by the jackknife over"
        " configurations, of which 1 in 20 misses by chance",
        f"equal train loss = in the same tenth of a decade, a factor of {short(EQUAL_LOSS)}{outside}",
        "a correlation among all runs may be that of rate, batch size or train loss with both",
        *reasons(rows),
        *_left_out(rows[0] if rows else None),
    ]
    legend += VARIANTS if len(every) > len(rows) else []
    question = "Does a larger measure go with a larger generalization gap?"
    least = ("pairs", "spearman", "configurations", "train_loss_from", "runs")
    return Answer(question, shown if rows else [], frozenset(), legend, least)


def granulated(rows: Sequence[Row]) -> Answer:
    """Against the generalization gap along each axis, the first variant of each measure."""
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
        "mean τ-b of runs that differ in this one alone, seeds equal too; Ψ = mean over them (Jiang et al. 2020)",
        "near 0 where the measure says nothing that the others do not",
        *reasons(overall),
        *(VARIANTS if len(every) > len(rows) else []),
    ]
    question = "Does it rank runs that differ in one hyperparameter alone?"
    least = ("groups", "configurations", *axes[:-1][::-1])
    return Answer(question, shown if rows else [], frozenset(), legend, least)


def _left_out(row: Row | None) -> list[str]:
    """How many runs are in no comparison since they did not complete: those that diverged are a region of their own."""
    counts = [] if row is None else [f"{row[name]} {name.replace('_', ' ')}" for name in CUT_SHORT if row[name]]
    if row is None or not counts:
        return []
    rates = sorted({short(row[f"diverged_rate_{end}"]) for end in ("from", "to")}, key=float) if row["diverged"] else []
    where = f" (those that diverged had rates of {' to '.join(rates)})" if rates else ""
    return [f"not compared, since they did not complete: {', '.join(counts)}{where}"]


def _correlation(value: float) -> str:
    return f"{value:+.2f}"


def _of_gap(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["target"] == "generalization_gap"]


def _first_of_each(rows: Sequence[Row], name: str) -> list[str]:
    """The names of `rows`, blank where the row above has the same."""
    names = [row[name] for row in rows]
    return [name if index == 0 or names[index - 1] != name else "" for index, name in enumerate(names)]
