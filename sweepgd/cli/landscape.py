"""`sweepgd landscape`: the loss around recorded minimisers, as numbers and pictures."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli.options import LARGEST_SEED, DataPath, Directory, Jobs, Json, On, Plugin, Quiet, Workers, place_to_run
from sweepgd.core.errors import UsageError


def landscape(
    context: typer.Context,
    directory: Directory,
    line: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="RUN RUN",
            help="Draw the line through these two runs, each written as TRIAL or TRIAL.REPLICATE. If not given: "
            "a run of the smallest and a run of the largest batch size, with nearly equal train losses.",
        ),
    ] = None,
    surface: Annotated[
        list[str],
        typer.Option(
            metavar="RUN",
            help="Draw a plane through this run (repeatable). If not given: a plane through each of the line's two runs.",
        ),
    ] = [],  # noqa: B006 (typer copies it)
    directions: Annotated[
        str, typer.Option(help="Directions of a plane: path (two principal components of the optimizer's path) or random.")
    ] = "path",
    resolution: Annotated[int, typer.Option(help="Points along each side of a plane.")] = 41,
    extent: Annotated[
        float | None,
        typer.Option(help="Half the width of a plane. If not given: enough to show the optimizer's path, or 1 without a path."),
    ] = None,
    rows: Annotated[str, typer.Option(metavar="N|full", help="Rows of train, validation and test data for a plane.")] = "2000",
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the choice of rows and random directions.")] = 0,
    workers: Workers = None,
    on: On = None,
    jobs: Jobs = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the pictures; DIR/landscapes if not given.")
    ] = None,
    data_path: DataPath = None,
    plugin_: Plugin = [],  # noqa: B006
    quiet: Quiet = False,
    json_: Json = False,
) -> None:
    """Draw the loss on the line between two minimisers, and on planes through minimisers."""
    workers, cluster = place_to_run(context, workers, on, jobs)

    from sweepgd.execution import fork_server
    from sweepgd.plugins import single_file

    if cluster is None:
        fork_server.get_ready()
    from sweepgd.cli.progress import PointsProgress
    from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
    from sweepgd.minimisers.landscape.run_selection import RunKey
    from sweepgd.minimisers.landscape.surface import SurfaceOptions
    from sweepgd.minimisers.landscape.survey import survey
    from sweepgd.report.landscape_pictures import as_json, in_words, write_pictures

    if sum(argument.partition("=")[0] == "--line" for argument in sys.argv) > 1:  # Typer would use only the last
        raise UsageError("--line is given twice: draw one line at a time")
    ends = None if line is None else (RunKey.parse(line[0]), RunKey.parse(line[1]))
    planes = [RunKey.parse(text) for text in surface]
    options = SurfaceOptions(directions, resolution, extent, int(rows) if rows.isdecimal() else rows, seed)
    drawn = []
    with single_file.registered(plugin_), PointsProgress(quiet=quiet) as progress:
        landscape = LandscapeContext(directory, progress.note, data_path, plugin_)
        for file, table in survey(landscape, ends, planes, options, progress=progress, workers=workers, executor=cluster):
            pictures = write_pictures(table, landscape.results.trials, (out or file.parent) / file.stem)
            for picture in pictures:
                progress.note(f"wrote {picture}")
            drawn.append((table, file, pictures))
    print(
        json.dumps([as_json(*entry) for entry in drawn], indent=2)
        if json_
        else "\n".join(in_words(entry[0]) for entry in drawn)
    )
