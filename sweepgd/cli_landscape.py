"""`sweepgd landscape`: the loss around recorded minimisers, as numbers and pictures."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli_options import LARGEST_SEED, DataPath, Jobs, Json, On, Plugin, Quiet, Workers, place_to_run
from sweepgd.problem import UsageProblem


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

    from sweepgd import one_off, processes

    processes.get_ready()
    from sweepgd.landscape.ground import Ground
    from sweepgd.landscape.runs import Run
    from sweepgd.landscape.surface import Asked
    from sweepgd.landscape.survey import survey
    from sweepgd.report.landscapes import as_json, in_words, write_pictures
    from sweepgd.report.points import PointsProgress

    if sum(argument.partition("=")[0] == "--line" for argument in sys.argv) > 1:  # of which Typer hands over the last
        raise UsageProblem("--line is given twice: draw one line at a time")
    ends = None if line is None else (Run.parse(line[0]), Run.parse(line[1]))
    planes = [Run.parse(text) for text in surface]
    asked = Asked(directions, resolution, extent, int(rows) if rows.isdecimal() else rows, seed)
    made = []
    with one_off.registered(plugin_), PointsProgress(quiet=quiet) as progress:
        ground = Ground(directory, progress.note, data_path, plugin_)
        for file, table in survey(ground, ends, planes, asked, progress=progress, workers=workers, executor=cluster):
            pictures = write_pictures(table, ground.results.trials, (out or file.parent) / file.stem)
            for picture in pictures:
                progress.note(f"wrote {picture}")
            made.append((table, file, pictures))
    print(json.dumps([as_json(*one) for one in made], indent=2) if json_ else "\n".join(in_words(one[0]) for one in made))
