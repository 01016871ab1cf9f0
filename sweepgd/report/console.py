"""Where tables are printed."""

import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

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
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return SafeConsole(sys.stdout, width=None if known else WIDTH)


def stderr(*, quiet: bool = False) -> SafeConsole:
    """A console on stderr, which shows nothing where it is `quiet`."""
    return SafeConsole(sys.stderr, quiet=quiet)
