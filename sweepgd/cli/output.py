"""Printing of tables, for all commands."""

import json
from typing import Any


def show(tables: Any, as_json: bool) -> None:
    if as_json:
        from sweepgd.report.summary_tables import to_json

        print(json.dumps(to_json(tables), indent=2))
        return
    from sweepgd.cli.console import stdout
    from sweepgd.report.summary_tables import render

    stdout().print(render(tables))
