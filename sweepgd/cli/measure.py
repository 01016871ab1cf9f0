"""`sweepgd measure`: curvature at recorded minimisers, after the search."""

import json
import sys
from collections.abc import Sequence
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli.durations import seconds
from sweepgd.cli.options import (
    INTERRUPTED,
    LARGEST_SEED,
    SOME_FAILED,
    DataPath,
    Directory,
    Jobs,
    Json,
    On,
    Plugin,
    Quiet,
    Storage,
    Workers,
    place_to_run,
    settle_imports,
)
from sweepgd.core.errors import UsageError


def measure(
    context: typer.Context,
    directory: Directory,
    measures: Annotated[
        list[str], typer.Option(metavar="NAME,…", help="Measures to compute (repeatable); lambda_max if not given.")
    ] = [],  # noqa: B006 (typer copies it)
    rows: Annotated[
        str | None,
        typer.Option(metavar="N|full", help="Number of training rows to measure on, a fixed random subset; 512 if not given."),
    ] = None,
    which: Annotated[
        list[str],
        typer.Option(
            metavar="final,best", help="Which recorded weights of a run to measure at (repeatable); final if not given."
        ),
    ] = [],  # noqa: B006
    trials: Annotated[
        str | None, typer.Option(metavar="N,N-N,…", help="Trials to measure, such as 1,5-9; all if not given.")
    ] = None,
    rescale: Annotated[
        float | None,
        typer.Option(
            metavar="F", help="Also measure after rescaling layers by F, which leaves the network's outputs unchanged."
        ),
    ] = None,
    dtype: Annotated[str | None, typer.Option(help="Precision, float32 or float64; the model's if not given.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the subset and of random vectors; 0 if not given.")
    ] = None,
    set_: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Set a key of [measure] to a TOML value, such as measure.settings.phi.iterations=20 (repeatable).",
        ),
    ] = [],  # noqa: B006
    timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Stop a single measure after this time, such as 60s; no limit if not given."),
    ] = None,
    workers: Workers = None,
    on: On = None,
    jobs: Jobs = None,
    storage: Storage = None,
    data_path: DataPath = None,
    plugin_: Plugin = [],  # noqa: B006
    quiet: Quiet = False,
    json_: Json = False,
) -> None:
    """Measure the curvature at recorded minimisers. Measures already recorded with the same settings are not repeated."""
    if context.args:
        together = ",".join([*measures, *context.args])
        raise UsageError(
            f"{context.args[0]!r} is an unexpected argument: separate names by commas, as in --measures {together}"
        )
    limit = None if timeout is None else seconds(timeout, "--timeout")
    size = int(rows) if rows is not None and rows.isdecimal() else rows
    numbers = None if trials is None else _ranges(trials)
    workers, cluster = place_to_run(context, workers, on, jobs)

    from sweepgd.cli.progress import MeasureProgress
    from sweepgd.core.interrupts import end_on_interrupt
    from sweepgd.execution import fork_server
    from sweepgd.record.disk_space import check_writable

    check_writable(directory)
    line = f"interrupted; finished measures are in {directory}: run the same command to continue"
    with end_on_interrupt(INTERRUPTED, lambda: line), MeasureProgress(quiet=quiet) as progress:
        if cluster is None:
            fork_server.get_ready()
        from sweepgd.minimisers.measure_recorded import measure as run

        settle_imports()

        curvature = run(
            directory,
            measures=_names(measures),
            rows=size,
            which=_names(which),
            trials=numbers,
            rescale=rescale,
            dtype=dtype,
            seed=seed,
            overrides=set_,
            timeout=limit,
            workers=workers,
            executor=cluster,
            data_path=data_path,
            plugins=plugin_,
            progress=progress,
        )

    from sweepgd.cli.console import say, stdout
    from sweepgd.report.measure_table import answer, failures, summary

    gathered = summary(curvature)
    if json_:
        print(json.dumps(gathered, indent=2))
    else:
        stdout().print(answer(gathered))
        say(f"Recorded in {directory / 'curvature'}.", f"Next: sweepgd analyze {quote(str(directory))}")
    if failed := failures(curvature):
        print(f"sweepgd: {failed}; run the same command to try again", file=sys.stderr)
        raise typer.Exit(SOME_FAILED)


def _names(given: Sequence[str]) -> list[str] | None:
    """Return the names in a repeatable option, or None without names. Each use of the option may list several names."""
    return [name.strip() for text in given for name in text.split(",")] or None


def _ranges(text: str) -> list[int | range]:
    """Return the numbers and ranges of a text such as "1,5-9". Raises UsageError for any other form."""
    ranges: list[int | range] = []
    for part in text.split(","):
        first, dash, last = (end.strip() for end in part.partition("-"))
        ends = (first, last if dash else first)
        if not all(end.isdecimal() for end in ends) or int(ends[0]) > int(ends[1]):
            raise UsageError(f"--trials {text!r}: {part.strip()!r} is neither a number nor a range: write it as 1,5-9")
        ranges.append(range(int(first), int(last) + 1) if dash else int(first))
    return ranges
