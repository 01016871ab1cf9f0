"""The contents of a file before encoding, and the list of faults of its columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array, Image

Names = tuple[str, ...]
SHOWN = 5
# Descriptions of columns that were not numbers in the file. They are shown to users and recorded.
TIMES = "dates or times, in days"
TRUTH_VALUES = "true or false"


class Raw(NamedTuple):
    """The contents of a file that is not yet encoded: inputs (n, d), with NaN for missing values and level numbers for
    categories, and targets (n, k).

    `unlabelled` (n,) is True for rows without a target. `levels` has the level names of each category by column. `notes` say
    what was left out of the file. `holds` describes columns that were not numbers in the file. `image` is the shape of images.
    """

    inputs: Array
    targets: Array
    unlabelled: Array
    features: Names
    target_names: Names
    levels: dict[str, Names]
    notes: Names = ()
    holds: dict[str, str] = {}  # noqa: RUF012 - never written to
    image: Image | None = None


@dataclass
class _Fault:
    """A fault that `cells` cells of a column have. `what` describes the first of them."""

    column: str
    what: str
    cells: int


@dataclass
class Faults:
    """The faults of the columns of one file, collected for one message."""

    where: str
    found: list[_Fault] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def add(self, column: str, what: str, hint: str, cells: int = 1) -> None:
        self.found.append(_Fault(column, what, cells))
        if hint not in self.hints:
            self.hints.append(hint)

    def count(self, column: str, cells: int) -> None:
        """Count further cells with the first fault of a column."""
        next(fault for fault in self.found if fault.column == column).cells += cells

    def clear(self) -> None:
        self.found.clear()
        self.hints.clear()

    def refuse(self) -> None:
        """Raise SweepgdError if any fault was added."""
        if self.found:
            more = [f", and {fault.cells - 1:,} more" if fault.cells > 1 else "" for fault in self.found]
            texts = [f"column {fault.column!r}{fault.what}{others}" for fault, others in zip(self.found, more, strict=True)]
            raise SweepgdError(f"{self.where}: {shown(texts, '; ')}: {'; '.join(self.hints)}")


def shown(items: Sequence[str], separator: str = ", ") -> str:
    """Return the first five items, and the number of further items, as text."""
    more = len(items) - SHOWN
    return separator.join(map(in_one_line, items[:SHOWN])) + (f"{separator}and {more:,} more" if more > 0 else "")


def in_one_line(text: str) -> str:
    """Return text, such as a column name, with line ends and other unprintable characters escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
