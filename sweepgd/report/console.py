"""Where tables are printed."""

import os
import sys

from rich.console import Console

# Of a pipe or a file, where rich would take 80: wide enough for every column of most tables.
WIDTH = 120


def stdout() -> Console:
    """A console on stdout: as wide as its terminal, or as COLUMNS says, or else WIDTH."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if known else WIDTH)
