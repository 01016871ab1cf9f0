"""`sweepgd analyze`: tables and figures of recorded results."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli.options import Json
from sweepgd.cli.output import show


def analyze(
    directory: Annotated[Path, typer.Argument(help="A results directory.")],
    best: Annotated[int, typer.Option(min=1, help="How many of the best configurations to list.")] = 10,
    target: Annotated[
        float | None,
        typer.Option(
            help="The error, or for a regression the loss, that steps to target refer to; by default the sweep's goal."
        ),
    ] = None,
    figures: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figures there, as PNG and SVG.")] = None,
    json_: Json = False,
) -> None:
    """Show what a sweep found: best configurations; effect of the batch size; sharp against flat minima."""
    from sweepgd.analysis import classes, sharpness, summary
    from sweepgd.analysis.batch_size import batch_size_tables
    from sweepgd.cli.console import say
    from sweepgd.record import load

    results = load(directory)
    sharp = sharpness(results)
    by_size = batch_size_tables(results, target)
    show(summary(results, best) | {"classes": classes(results.trials)} | by_size | sharp, json_)
    if not sharp and not json_:
        say("No curvature is recorded.", f"To measure it: sweepgd measure {quote(str(directory))}")
    if figures is not None:
        from sweepgd.report.figures import write_figures

        for path in write_figures(results, figures, level=target):
            print(f"wrote {path}", file=sys.stderr)
