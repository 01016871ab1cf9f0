"""`sweepgd compare`: studies side by side."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import Json
from sweepgd.core.errors import UsageError

# Studies in which one of these differs do not minimise the same quantity.
QUANTITY = (
    *("search.objective", "search.objectives", "model.loss"),
    *("data.name", "data.path", "data.target", "data.task", "data.standardize_targets"),
)


def compare(
    directories: Annotated[
        list[Path],
        typer.Argument(metavar="DIR DIR...", help="Two or more results directories.", autocompletion=completion.results),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Also write one HTML page of all studies to this file.")
    ] = None,
    json_: Json = False,
) -> None:
    """Compare studies: what differs between their sweeps, their best configurations, and the runs that they share.

    Runs are shared if their configuration and their seed are equal. Every study is compared with the first one.
    """
    from sweepgd.analysis.comparison import Study, comparison
    from sweepgd.cli.console import stdout
    from sweepgd.record import load
    from sweepgd.report.comparison_tables import render
    from sweepgd.report.summary_tables import to_json
    from sweepgd.study.sweep_changes import changes_table

    if len({directory.resolve() for directory in directories}) < max(2, len(directories)):
        raise UsageError("give two or more different results directories: sweepgd compare DIR DIR...")
    every, names = [load(directory) for directory in directories], _names(directories)
    changes = changes_table(every, names)
    comparable = not set(QUANTITY) & set(changes["key"].to_pylist())
    studies = [Study(name, results.trials) for name, results in zip(names, every, strict=True)]
    tables = {"changes": changes} | comparison(studies, comparable)
    if json_:
        print(json.dumps(to_json(tables), indent=2))
    else:
        stdout().print(render(tables))
    if out is not None:
        from sweepgd.report.page import comparison_page, write_html

        write_html(comparison_page(every, names, tables, comparable), out)
        print(f"wrote {out}", file=sys.stderr)


def _names(directories: Sequence[Path]) -> list[str]:
    """Return the ends of the paths, as short as possible but all different."""
    parts = [directory.resolve().parts for directory in directories]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-length:]) for each in parts]
        if len(set(names)) == len(names):
            break
    return names
