"""`sweepgd report`: one HTML page of a study."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

LOWEST_PRIORITY = 19


def report(
    directory: Annotated[Path, typer.Argument(help="A results directory.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write; DIR/report.html if not given.")
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(
            help="The error, or for a regression the loss, that steps to target refer to; by default the sweep's goal."
        ),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep the page fresh while a search runs, at low priority; then write it once more.")
    ] = False,
) -> None:
    """Write one HTML page of a study: figures, tables, trials and the sweep file. It opens offline, also on a phone."""
    if watch:
        os.nice(LOWEST_PRIORITY)  # before the imports
    from sweepgd.record import load
    from sweepgd.report.page import keep_fresh, write_page

    file = out or directory / "report.html"
    if watch:
        keep_fresh(directory, file, target)
    else:
        write_page(load(directory), file, target)
    print(f"wrote {file}", file=sys.stderr)
