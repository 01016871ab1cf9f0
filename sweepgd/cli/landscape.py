"""`sweepgd landscape`: the loss around recorded minimisers, as numbers and pictures."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli.options import LARGEST_SEED, DataPath, Jobs, Json, On, Plugin, Quiet, Workers, place_to_run
from sweepgd.core.errors import UsageError


def landscape(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A results directory.")],
    line: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="RUN RUN",
            help="The line through two runs, each TRIAL or TRIAL.REPLICATE. If not given: of the smallest and of the largest"
            " batch size, the two nearest in train loss.",
        ),
    ] = None,
    surface: Annotated[
        list[str],
        typer.Option(metavar="RUN", help="The plane through this run (repeatable); both ends of the line if not given."),
    ] = [],  # noqa: B006 (typer copies it)
    directions: Annotated[
        str, typer.Option(help="Of a plane: path, the optimizer's, by its two principal components; or random.")
    ] = "path",
    resolution: Annotated[int, typer.Option(help="Points along each side of a plane.")] = 41,
    extent: Annotated[
        float | None,
        typer.Option(help="How far a plane reaches to each side; if not given, to fit the path, else 1."),
    ] = None,
    rows: Annotated[str, typer.Option(metavar="N|full", help="Rows of each part that a plane is taken on.")] = "2000",
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Of those rows, and of random directions.")] = 0,
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

    if sum(argument.partition("=")[0] == "--line" for argument in sys.argv) > 1:  # of which Typer hands over the last
        raise UsageError("--line is given twice: draw one line at a time")
    ends = None if line is None else (RunKey.parse(line[0]), RunKey.parse(line[1]))
    planes = [RunKey.parse(text) for text in surface]
    asked = SurfaceOptions(directions, resolution, extent, int(rows) if rows.isdecimal() else rows, seed)
    made = []
    with single_file.registered(plugin_), PointsProgress(quiet=quiet) as progress:
        landscape = LandscapeContext(directory, progress.note, data_path, plugin_)
        for file, table in survey(landscape, ends, planes, asked, progress=progress, workers=workers, executor=cluster):
            pictures = write_pictures(table, landscape.results.trials, (out or file.parent) / file.stem)
            for picture in pictures:
                progress.note(f"wrote {picture}")
            made.append((table, file, pictures))
    print(json.dumps([as_json(*one) for one in made], indent=2) if json_ else "\n".join(in_words(one[0]) for one in made))
