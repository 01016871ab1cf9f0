"""`sweepgd merge`: combine the shards of a search into one record."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import Plugin


def merge(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="The new results directory.")],
    directories: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="DIR…",
            help="The results directories of the shards.",
            show_default=False,
            autocompletion=completion.results,
        ),
    ] = None,
    plugin_: Plugin = [],  # noqa: B006 (typer copies it)
) -> None:
    """Combine the shards of a search into one record, which equals the record of an undivided search."""
    import pyarrow.compute as pc

    from sweepgd.study.merge_shards import merge as combine

    given = directories or []
    results = combine(given, out, plugins=plugin_, note=lambda line: print(line, file=sys.stderr))
    trials = pc.count_distinct(results.runs["trial"]).as_py()
    print(f"{out}: {trials} trials of {len(given)} director{'ies' if len(given) > 1 else 'y'}")
