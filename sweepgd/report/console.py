"""Where tables are printed."""

import os
import sys
from collections.abc import Iterable
from math import inf
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from sweepgd.problem import printable
from sweepgd.report.streams import raw

# Of a pipe or a file, where rich would take 80: wide enough for every column of most tables.
WIDTH = 120


class SafeConsole(Console):
    """A console on which control characters in what is shown are written out; its own, of styles and bars, are not.

    Brackets and colons in a text are no markup.
    """

    def __init__(self, file: TextIO, **options: Any) -> None:
        super().__init__(file=raw(file), highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def stdout() -> SafeConsole:
    """A console on stdout: as wide as its terminal, or as COLUMNS says, or else WIDTH."""
    return SafeConsole(sys.stdout, width=None if _is_limited() else WIDTH)


def width() -> float:
    """How many columns a line on stdout may have: infinity where neither a terminal nor COLUMNS limits it."""
    return stdout().width if _is_limited() else inf


def _is_limited() -> bool:
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def say(*sentences: str) -> None:
    """Print sentences in one line; on a terminal too narrow for it a line each, broken between words."""
    line, console = " ".join(sentences), stdout()
    if not console.is_terminal or max(map(cell_len, line.split("\n"))) <= console.width:
        print(line)
        return
    for sentence in sentences:
        console.print(Text(sentence))


def stderr(*, quiet: bool = False) -> SafeConsole:
    """A console on stderr, which shows nothing where it is `quiet`."""
    return SafeConsole(sys.stderr, quiet=quiet)
