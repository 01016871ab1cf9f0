"""`sweepgd report`: one HTML page of a study."""

import sys
from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Write one HTML page of a study: figures, tables, trials and the sweep file. It opens offline, also on a phone."""
    from sweepgd.record import load
    from sweepgd.report.page import write_page

    file = out or directory / "report.html"
    write_page(load(directory), file, target)
    print(f"wrote {file}", file=sys.stderr)
