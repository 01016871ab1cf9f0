"""Consoles for tables and progress, on standard output and standard error."""

import os
import sys
from collections.abc import Iterable
from math import inf
from typing import Any, TextIO

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from sweepgd.cli.streams import raw
from sweepgd.core.errors import printable

# Width of the text if stdout is a pipe or a file. Most tables fit in 120 characters without leaving out a column, but not in
# 80, which is the default of rich.
WIDTH = 120


class SafeConsole(Console):
    """A console that escapes control characters in the text it shows, except the ones that it adds for styles and progress
    bars.

    Markup and emoji codes in the text are shown as they are.
    """

    def __init__(self, file: TextIO, **options: Any) -> None:
        super().__init__(file=raw(file), highlight=False, markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(printable(segment.text), segment.style)


def stdout() -> SafeConsole:
    """Return a console on stdout. Its width is the terminal's, or COLUMNS if there is no terminal, or else WIDTH."""
    return SafeConsole(sys.stdout, width=None if _is_limited() else WIDTH)


def width() -> float:
    """Return the largest length of a line on stdout, or infinity if neither a terminal nor COLUMNS limits the length."""
    return stdout().width if _is_limited() else inf


def _is_limited() -> bool:
    return sys.stdout.isatty() or "COLUMNS" in os.environ


def say(*sentences: str) -> None:
    """Print sentences in one line. If the terminal is too narrow, each sentence begins a line and is wrapped between words."""
    line, console = " ".join(sentences), stdout()
    if not console.is_terminal or max(map(cell_len, line.split("\n"))) <= console.width:
        print(line)
        return
    for sentence in sentences:
        console.print(Text(sentence))


def stderr(*, quiet: bool = False) -> SafeConsole:
    """Return a console on stderr, which shows nothing if `quiet`."""
    return SafeConsole(sys.stderr, quiet=quiet)
