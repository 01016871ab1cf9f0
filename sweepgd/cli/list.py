"""`sweepgd list`: what is installed and what can be measured."""

import json
from typing import Annotated

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import Json
from sweepgd.core.errors import UsageError


def list_(
    kind: Annotated[
        str, typer.Argument(metavar="|".join(completion.KINDS), help="What to list.", autocompletion=completion.kinds)
    ],
    json_: Json = False,
) -> None:
    """List the installed plugins of a kind with their distributions, the bundled sweeps, or the measures."""
    from sweepgd.cli.listing import listing, table

    if kind not in completion.KINDS:
        from sweepgd.core.errors import nearest

        raise UsageError(f"cannot list {kind!r}: {nearest(kind, completion.KINDS)}")
    rows = listing(kind)
    if json_:
        print(json.dumps(rows, indent=2))
        return
    from sweepgd.cli.console import stdout

    stdout().print(table(kind, rows))
