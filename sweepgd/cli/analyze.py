"""`sweepgd analyze`: tables and figures of recorded results."""

from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from sweepgd.cli.options import Directory, Json, Target
from sweepgd.cli.output import draw, is_shown, show

# The exit code of --strict.
NOT_HELD = 4
# The reasons why a part may have no table.
WITHOUT_TABLES = {
    "claims": "The sweep makes no claims. To answer the claims of another file: --claims FILE",
    "importance": "Importance needs 20 configurations or more, and two hyperparameters that vary.",
}
NOUNS = {"batch": "batch size"}


def analyze(
    directory: Directory,
    part: Annotated[
        Literal["claims", "best", "batch", "optimizer", "schedule", "sharpness", "importance", "all"] | None,
        typer.Argument(help="The tables to show; if not given, a summary on one screen."),
    ] = None,
    best: Annotated[
        int | None, typer.Option(min=1, help="How many of the best configurations to list; 10 if not given.")
    ] = None,
    target: Target = None,
    figures: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder to write figures to, as PNG and SVG.")] = None,
    by: Annotated[
        Literal["batch_size", "optimizer", "schedule", "learning_rate", "trial"] | None,
        typer.Option(
            help="What a loss curve stands for. batch_size, optimizer, schedule: the best configuration of each value. "
            "learning_rate, trial: every configuration. If not given: the first of batch_size and optimizer that varies, or "
            "else learning_rate."
        ),
    ] = None,
    x: Annotated[
        Literal["epoch", "update", "seconds"] | None,
        typer.Option("--x", help="Horizontal axis of the loss curves; epoch if not given."),
    ] = None,
    claims: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="A sweep file, or a file of claims alone; the recorded sweep if not given."),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 4 if a claim is not held.")] = False,
    json_: Json = False,
) -> None:
    """Show what a sweep found: a summary on one screen, or all tables of a part.

    The parts are the answers to the sweep's claims, the best configurations, the effects of batch size, optimizer and schedule,
    sharpness against generalization, and the importance of hyperparameters. `--json` without a part gives all tables.
    """
    from sweepgd.analysis.analysis_parts import Options, tables
    from sweepgd.cli.console import say, stdout
    from sweepgd.core.errors import UsageError
    from sweepgd.record import load
    from sweepgd.sweep import claims_of, recorded_claims

    if figures is None and (by or x):
        raise UsageError(f"--{'by' if by else 'x'} is for figures: add --figures DIR")
    for name, value, of in (("best", best, "best"), ("target", target, "batch")):
        if value is not None and part not in (of, "all") and not json_ and (name == "best" or figures is None):
            raise UsageError(f"--{name} is for the part {of}: sweepgd analyze {quote(str(directory))} {of} --{name} {value:g}")
    results = load(directory)
    specs = claims_of(claims) if claims else recorded_claims(results.sweep_toml)
    options = Options(specs, best or 10, target)
    first_screen = part is None and not json_
    shown = tables(results, "claims" if first_screen else part or "all", options)
    if first_screen:
        from sweepgd.report.first_screen import FirstScreen

        stdout().print(FirstScreen(results, shown["claims"].to_pylist() if shown else [], drawn=figures is not None))
    else:
        show(shown, json_)
        if part not in (None, "sharpness") and not json_ and not is_shown(shown):
            say(WITHOUT_TABLES.get(part, f"There is nothing to compare: the study has one {NOUNS.get(part, part)}."))
        if part in ("sharpness", "all") and not results.curvature.num_rows and not json_:
            say("No curvature is recorded.", f"To measure curvature: sweepgd measure {quote(str(directory))}")
    if figures is not None:
        draw(results, figures, level=target, by=by, x=x or "epoch")
    if strict:
        answers = shown if "claims" in shown else tables(results, "claims", options)
        if answers and "not held" in answers["claims"]["answer"].to_pylist():
            raise typer.Exit(NOT_HELD)
