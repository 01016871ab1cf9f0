"""`sweepgd report`: one HTML page of a study."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli.options import Directory, Target


def report(
    directory: Directory,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The file to write; DIR/report.html if not given.")
    ] = None,
    target: Target = None,
) -> None:
    """Write one HTML page of a study: figures, tables, trials and the sweep file. It opens offline, also on a phone."""
    from sweepgd.record import load
    from sweepgd.report.page import study_page, write_html

    file = out or directory / "report.html"
    write_html(study_page(load(directory), target), file)
    print(f"wrote {file}", file=sys.stderr)
