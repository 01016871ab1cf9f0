"""Table of losses, test errors and gaps at equal epochs, updates, seconds and train loss, side by side."""

from collections.abc import Callable, Sequence

from sweepgd.report.batch_size.size_rows import cut, over, tuned, varying
from sweepgd.report.number_format import duration, percent, short, significant
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import cells

OUTCOMES: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("best_loss", "loss", significant), ("test_error", "err. %", percent), ("generalization_gap", "gap", significant),
)  # fmt: skip
# This note is for the terminal only.
IN_JSON = "intervals with --json"
LEVELS: dict[str, Callable[[float], str]] = {
    "epochs": lambda level: f"{short(level)} epochs",
    "updates": lambda level: f"{level:.0f} updates",
    "seconds": duration,
    "train_loss": lambda level: f"train loss {short(level)}",
}


def equal_budgets(rows: Sequence[Row]) -> Answer | None:
    """Return the table with one row per optimizer and batch size, or None without tuned sizes.

    It has columns of loss, error and gap at equal epochs, and the same columns at equal updates, seconds and train loss.
    """
    keys = [(row["optimizer"], row["batch_size"]) for row in tuned([row for row in rows if row["equal"] == "epochs"])]
    if not keys:
        return None
    by_key = {(row["equal"], row["optimizer"], row["batch_size"]): row for row in rows}
    first, more = cut([by_key["epochs", *key] for key in keys])
    shown = cells(first, *varying(first))
    levels = []
    for equal, text in LEVELS.items():
        of_equal = [by_key[equal, row["optimizer"], row["batch_size"]] for row in first]
        levels.append(text(of_equal[0]["level"]))
        for name, heading, number in OUTCOMES:
            column = Column(name, f"{equal.replace('_', ' ')}\n{heading}", number)
            shown += cells(of_equal, column)
    legend = [
        f"equal: {', '.join(levels)}",
        "loss = lowest validation (or else train) loss so far, err. = error on test (or else valid.) rows",
        "configurations chosen by half of the replicates, judged on the other half",
        IN_JSON,
        *more,
    ]
    legend += [] if over(first, "best_loss") else ["no intervals: an interval needs 4 replicates"]
    dispensable = ("generalization_gap", "test_error")
    return Answer("Batch sizes at equal epochs, updates, time and train loss", shown, frozenset(), legend, dispensable)
