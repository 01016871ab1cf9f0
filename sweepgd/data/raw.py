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
class Faults:
    """The faults of the columns of one file, collected for one message."""

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
        """Raise SweepgdError if any fault was added."""
        if self.found:
            raise SweepgdError(f"{self.where}: {shown(self.found, '; ')}: {'; '.join(self.hints)}")


def shown(items: Sequence[str], separator: str = ", ") -> str:
    """Return the first five items, and the number of further items, as text."""
    more = len(items) - SHOWN
    return separator.join(map(in_one_line, items[:SHOWN])) + (f"{separator}and {more:,} more" if more > 0 else "")


def in_one_line(text: str) -> str:
    """Return text, such as a column name, with line ends and other unprintable characters escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
