"""`sweepgd export`: a trained model as a file."""

import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli.options import Directory, Plugin


def export(
    directory: Directory,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write: .npz, or .onnx.")],
    trial: Annotated[int | None, typer.Option(min=0, help="The trial. If not given: the best trial in `analyze`.")] = None,
    replicate: Annotated[
        int | None,
        typer.Option(min=0, help="The replicate of the trial. If not given: the replicate with the lowest objective."),
    ] = None,
    which: Annotated[
        str | None,
        typer.Option(
            metavar="final|best", help="The final or the best weights. If not given: the weights whose losses `analyze` shows."
        ),
    ] = None,
    plugin_: Plugin = [],  # noqa: B006 (typer copies it)
) -> None:
    """Write the best model of a record to a file, for `sweepgd predict` or other programs."""
    from sweepgd.cli.console import say
    from sweepgd.plugins import single_file
    from sweepgd.record import load

    with single_file.registered(plugin_):
        model = load(directory).model(trial, replicate, which)
        origin = model.header.provenance
        why = "" if trial is not None else ", the best trial"
        print(f"trial {origin.trial}, replicate {origin.replicate}, {origin.which} weights{why}", file=sys.stderr)
        model.save(out)
    if out.suffix == ".npz":
        name = quote(str(out))
        new = "FOLDER_OF_IMAGES" if model.header.image else "FILE.csv"
        say(f"Wrote {out}.", f"Next: sweepgd predict {name} for its test rows, or sweepgd predict {name} {new}")
        return
    if model.header.encodes:
        print("the model takes encoded columns: the metadata of the file lists them as `inputs`", file=sys.stderr)
    say(f"Wrote {out}.")
