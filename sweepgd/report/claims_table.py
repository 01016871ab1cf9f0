"""The answers to a sweep's claims as text for the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from sweepgd.report.number_format import significant
from sweepgd.report.question_table import Row

QUESTION = "Which claims of the sweep are held?"
COLOURS = {"held": "green", "not held": "red", "inconclusive": "yellow", "not run": "yellow"}


@dataclass(frozen=True)
class ClaimAnswers:
    """Each claim as a sentence with its answer, estimate and interval. `rows` are rows of `sweepgd.analysis.claims`."""

    rows: Sequence[Row]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(QUESTION, style="bold")
        for row in self.rows:
            answer = shown_answer(row)
            yield Text.assemble("  ", (answer, f"bold {COLOURS[answer]}"), ": ", row["claim"])
            yield Padding(Text(evidence(row), style="dim"), (0, 0, 0, 4))
        yield Text(legend(self.rows) + "\n", style="dim")


def shown_answer(row: Row) -> str:
    """Return the answer, or "not run" if the study lacks runs which the claim is about."""
    return "not run" if row["not_run"] else row["answer"]


def evidence(row: Row) -> str:
    """Return the statistic with its estimate and interval, the numbers of runs, and the message."""
    statistic = f"{row['statistic']}: expected {row['expected']}"
    if row["estimate"] is not None:
        estimate, low, high = (significant(row[name], 3) for name in ("estimate", "low", "high"))
        statistic += f", found {estimate} ({low} to {high})"
    counts = []
    if row["runs"] is not None:
        counted = (f"{row[noun]} {noun[: -1 if row[noun] == 1 else None]}" for noun in ("runs", "configurations", "replicates"))
        counts = ["{} of {} × {}".format(*counted)]
        missed = " or did not reach the goal" if "steps_to_goal" in row["statistic"] else ""
        counts += [f"{row['diverged']} of them diverged{missed}"] * bool(row["diverged"])
        counts += [f"{row['left_out']} runs without a value"] * bool(row["left_out"])
    return "; ".join([statistic, *counts, *([row["message"]] if row["message"] else [])])


def legend(rows: Sequence[Row]) -> str:
    """Return text on the confidence of the intervals, and on what the adjustment for several claims does."""
    decided = sum(row["p"] is not None for row in rows)
    confidence = min((row["confidence"] for row in rows), default=inf)
    interval = f"intervals at {100 * confidence:g} %, over configurations and replicates"
    if decided < 2:
        return interval
    expected = sum(1 - row["confidence"] for row in rows if row["p"] is not None)
    return (
        f"{interval}; answers are adjusted for {decided} claims (Holm): the chance of one or more wrong answers is at most"
        f" {100 * (1 - confidence):g} %; without adjustment, up to {significant(expected, 2)} wrong answers would be expected"
    )
