"""What a file holds before its target is encoded, and the list of all that is wrong with its columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sweepgd.data.contract import Array
from sweepgd.problem import Problem

Names = tuple[str, ...]
SHOWN = 5
# What a column of dates and times is said to hold once it is a number.
TIMES = "dates or times, in days"
# The same of a boolean column, which is 0 and 1.
TRUTH_VALUES = "true or false"


class Raw(NamedTuple):
    """Inputs (n, d), in which NaN is missing and a category is the number of its level; targets (n, k), not yet encoded.

    `unlabelled` (n,) tells which rows lack their target. `levels` are the names of each category's levels, by column. `notes`
    are what was left out of the file, a line each. `holds` says what some columns were before they became numbers.
    """

    inputs: Array
    targets: Array
    unlabelled: Array
    features: Names
    target_names: Names
    levels: dict[str, Names]
    notes: Names = ()
    holds: dict[str, str] = {}  # noqa: RUF012 - never written to


@dataclass
class Faults:
    """All that is wrong with the columns of one file, for one line."""

    where: str
    found: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def add(self, column: str, what: str, hint: str) -> None:
        self.found.append(f"column {column!r}{what}")
        if hint not in self.hints:
            self.hints.append(hint)

    def clear(self) -> None:
        self.found.clear()
        self.hints.clear()

    def refuse(self) -> None:
        """Raise Problem where anything was added."""
        if self.found:
            raise Problem(f"{self.where}: {shown(self.found, '; ')}: {'; '.join(self.hints)}")


def shown(items: Sequence[str], separator: str = ", ") -> str:
    """The first few items, and how many more there are."""
    more = len(items) - SHOWN
    return separator.join(map(in_one_line, items[:SHOWN])) + (f"{separator}and {more:,} more" if more > 0 else "")


def in_one_line(text: str) -> str:
    """A text without line ends and what else moves a terminal's cursor, such as the name of a column may hold."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)
