"""`sweepgd analyze`: tables and figures of recorded results."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from sweepgd.cli.options import Directory, Json
from sweepgd.cli.output import show

# The exit code of --strict.
NOT_HELD = 4


def analyze(
    directory: Directory,
    best: Annotated[int, typer.Option(min=1, help="How many of the best configurations to list.")] = 10,
    target: Annotated[
        float | None,
        typer.Option(
            help="The error, or for a regression the loss, that steps to target refer to; by default the sweep's goal."
        ),
    ] = None,
    figures: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to write figures to, as PNG and SVG.")] = None,
    by: Annotated[
        Literal["batch_size", "optimizer", "schedule", "learning_rate", "trial"] | None,
        typer.Option(
            help="The lines of the figure of loss curves: the best of each, or every learning rate or trial; batch_size if not"
            " given."
        ),
    ] = None,
    x: Annotated[
        Literal["epoch", "update", "seconds"] | None,
        typer.Option("--x", help="The horizontal axis of the figure of loss curves; epoch if not given."),
    ] = None,
    claims_of: Annotated[
        str | None, typer.Option("--claims", metavar="SWEEP", help="Answer the claims of this sweep file instead.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 if a claim is not held.")] = False,
    json_: Json = False,
) -> None:
    """Show what a sweep found: answers to its claims; the best configurations; the effect of the batch
    size; sharpness against generalization.
    """
    from sweepgd.analysis import boundary, claims, classes, sharpness, summary
    from sweepgd.analysis.batch_size import batch_size_tables
    from sweepgd.cli.console import say
    from sweepgd.core.errors import UsageError
    from sweepgd.record import load
    from sweepgd.sweep import load as load_sweep
    from sweepgd.sweep import recorded_claims

    if figures is None and (by or x):
        raise UsageError(f"--{'by' if by else 'x'} is for figures: add --figures DIR")
    results = load(directory)
    best_tables = summary(results, best) | {"classes": classes(results.trials), "boundary": boundary(results.trials)}
    by_size, sharp = batch_size_tables(results, target), sharpness(results)
    specs = load_sweep(claims_of).claims if claims_of else recorded_claims(results.sweep_toml)
    answers = {"claims": claims(results, specs)} if specs else {}
    show(answers | best_tables | by_size | sharp, json_)
    if not sharp and not json_:
        say("No curvature is recorded.", f"To measure it: sweepgd measure {quote(str(directory))}")
    if figures is not None:
        from sweepgd.report.figures import write_figures

        for path in write_figures(results, figures, level=target, by=by or "batch_size", x=x or "epoch"):
            print(f"wrote {path}", file=sys.stderr)
    if strict and answers and "not held" in answers["claims"]["answer"].to_pylist():
        raise typer.Exit(NOT_HELD)
