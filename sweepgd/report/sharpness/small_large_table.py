"""Table of the smallest against the largest batch size."""

from collections import defaultdict
from collections.abc import Sequence

from sweepgd.analysis.binning import EQUAL_LOSS
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.small_large import ABOUT_TWO, OUTCOMES
from sweepgd.report.number_format import percent, short, significant, spread
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import VERDICT, cells, interval, reasons

# Many rates are compared by their thirds of a decade.
NEAR_RATES = ", and in rate by less than a factor of about 2"
ERRORS = ("train_error", "test_error")


def small_large(rows: Sequence[Row]) -> Answer:
    """Return the table with a row for each loss, error and measure that at least one of the sizes has."""
    question = "Small against large batch"
    if not rows:
        return Answer(question, [], frozenset(), empty="nothing to compare: completed runs have only one batch size")
    first = rows[0]
    rows = [row for row in rows if row["small_mean"] is not None or row["large_mean"] is not None]
    named = [{**row, "quantity": _quantity(row["quantity"])} for row in rows]
    heading = {side: f"batch {first[f'{side}_batch_size']}" for side in ("small", "large")}
    shown = [
        *cells(named, Column("quantity", "", number=False)),
        *((Column(side, heading[side]), [_mean(row, side) for row in rows]) for side in heading),
        *cells(rows, Column("ratio", "ratio", significant)),
        (Column("ratio", "95 %\ninterval"), [interval(row, "ratio_", significant) for row in rows]),
        *cells(rows, VERDICT),
    ]
    legend = [
        *_matching(first),
        "± standard deviation over runs" + (" of the pairs" if any(row["over"] == "pairs" for row in rows) else ""),
        "gap = test - train loss",
        *_ratios(named),
        *(reasons([row for row in named if row["message"] != ABOUT_TWO], "quantity") if first["matched"] else []),
    ]
    return Answer(question, shown, frozenset(), legend, ("ratio",))


def _matching(row: Row) -> list[str]:
    if row["train_loss_from"] is None:
        return ["not comparable = no run has a train loss"]
    between = f"{significant(row['train_loss_from'])} … {significant(row['train_loss_to'])}"
    runs, configurations = (f"{row[f'small_{name}']} and {row[f'large_{name}']} {name}" for name in ("runs", "configurations"))
    factor = f"within a factor of {short(EQUAL_LOSS)}"
    if not row["matched"]:
        reason = (
            f"not comparable = there are {runs}, but no range of train losses {factor} holds two runs of each batch size; all "
            f"train losses: {between}"
        )
        return [reason, *_left_out(row)]
    outside = [f"{row['outside']} runs outside this range"] if row["outside"] else []
    return [f"{runs} ({configurations}) at matched train loss, {factor}: {between}", *outside, *_left_out(row)]


def _left_out(row: Row) -> list[str]:
    """Return a line that counts, for each batch size, the runs that are not compared because they did not complete."""
    sides = {
        row[f"{side}_batch_size"]: [
            f"{row[f'{side}_{name}']} {name.replace('_', ' ')}" for name in CUT_SHORT if row[f"{side}_{name}"]
        ]
        for side in ("small", "large")
    }
    phrases = [f"{', '.join(counts)} at batch {size}" for size, counts in sides.items() if counts]
    return [f"not compared because they did not complete: {'; '.join(phrases)}"] if phrases else []


def _ratios(rows: Sequence[Row]) -> list[str]:
    """Return the legends about ratios and intervals. The most frequent kind of interval comes first.

    Other kinds are listed with the names of their rows.
    """
    if all(row["ratio"] is None for row in rows):
        return []
    quantities: defaultdict[str, list[str]] = defaultdict(list)
    for row in rows:
        if text := _interval_text(row):
            quantities[text].append(row["quantity"])
    ordered = sorted(quantities, key=lambda text: -len(quantities[text]))
    units = [f"for {', '.join(quantities[text])}: {text}" if index else text for index, text in enumerate(ordered)]
    return ["ratio = ratio of geometric means, large to small, within a replicate", *units]


def _interval_text(row: Row) -> str:
    """Return a legend about the interval of a row, or "" if the row has no interval."""
    if row["over"] == "pairs":
        return f"interval over {row['pairs']} pairs of configurations that differ in batch size{NEAR_RATES}"
    if row["over"] == "runs":
        return f"interval over {row['pairs']} replicates, which holds for these two configurations only"
    if row["over"]:
        small, large = (row[f"{side}_configurations"] for side in ("small", "large"))
        return f"the wider of Welch's and Student's interval over {small} and {large} configurations"
    return ""


def _quantity(name: str) -> str:
    if name not in OUTCOMES:
        return name
    return "gap" if name == "generalization_gap" else name.replace("_", " ") + " %" * (name in ERRORS)


def _mean(row: Row, side: str) -> str:
    mean, deviation = row[f"{side}_mean"], row[f"{side}_sd"]
    if mean is None:
        return ""
    if row["quantity"] in ERRORS:
        return percent(mean) if deviation is None else f"{percent(mean)} ±{percent(deviation)}"
    return significant(mean) if deviation is None else spread(mean, deviation)
