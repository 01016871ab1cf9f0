"""One example file and its expected table or message."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROWS = 12
NUMBERS = np.array([[row / 2, (7 * row) % 5 + 0.25] for row in range(ROWS)])
KINDS = np.array(["cat", "ant", "bee"])[np.arange(ROWS) % 3]


@dataclass(frozen=True)
class FileCase:
    """A file that `make` writes to a path, with the `[data]` keys `asked` besides the path.

    It is read with these `classes` and this `shape` of the inputs, or refused with a message that contains `line`. `first` is
    the expected first row, if checked. `test` is the number of rows of its test set, and `first_test` the first of them.
    `notes` is part of the expected notes.
    """

    name: str
    file: str
    make: Callable[[Path], object]
    asked: dict[str, Any] = field(default_factory=dict)
    shape: tuple[int, int] = (ROWS, 2)
    classes: tuple[str, ...] = ("ant", "bee", "cat")
    features: tuple[str, ...] | None = None
    first: tuple[float, ...] | None = (0.0, 0.25)
    test: int | None = None
    first_test: tuple[float, ...] | None = None
    notes: str = ""
    line: str = ""


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    """Return a function that writes a text to a path."""
    return lambda path: path.write_bytes(content.encode(encoding))


def rows(separator: str = ",", decimal: str = ".", end: str = "\n", kinds: Any = KINDS) -> str:
    """Return the rows of the common table as text: a, b, kind."""
    cells = [[f"{a:g}", f"{b:g}", str(kind)] for (a, b), kind in zip(NUMBERS, kinds, strict=True)]
    return "".join(separator.join(cell.replace(".", decimal) for cell in row) + end for row in cells)
