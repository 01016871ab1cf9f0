"""`sweepgd list`: what is installed and what can be measured."""

import json
from typing import Annotated

import typer

from sweepgd.cli.options import Json
from sweepgd.core.errors import UsageError


def list_(
    kind: Annotated[str, typer.Argument(metavar="optimizers|schedules|models|datasets|sweeps|measures", help="What to list.")],
    json_: Json = False,
) -> None:
    """List what is installed, with the distribution of each entry, or what can be measured."""
    from sweepgd.cli.listing import KINDS, listing, table

    if kind not in KINDS:
        from sweepgd.core.errors import nearest

        raise UsageError(f"cannot list {kind!r}: {nearest(kind, KINDS)}")
    rows = listing(kind)
    if json_:
        print(json.dumps(rows, indent=2))
        return
    from sweepgd.cli.console import stdout

    stdout().print(table(kind, rows))
