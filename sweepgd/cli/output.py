"""Printing of tables and drawing of figures, for all commands."""

import json
import sys
from pathlib import Path
from typing import Any


def show(tables: Any, as_json: bool) -> None:
    if as_json:
        from sweepgd.report.summary_tables import to_json

        print(json.dumps(to_json(tables), indent=2))
        return
    from sweepgd.cli.console import stdout
    from sweepgd.report.summary_tables import render

    stdout().print(render(tables))


def is_shown(tables: Any) -> bool:
    """Return True if `show` prints a table of these."""
    from sweepgd.report.summary_tables import answers

    return bool(answers(tables))


def draw(results: Any, directory: Path, **options: Any) -> None:
    """Write the figures of a study to a folder, and name the files on stderr. `options` are those of `write_figures`."""
    from sweepgd.report.figures import write_figures

    skipped: list[str] = []

    def skip(name: str, why: object) -> None:
        skipped.append(f"{name} (give a goal in [budget], or --target)" if "--target" in str(why) else name)

    for path in write_figures(results, directory, skip, **options):
        print(f"wrote {path}", file=sys.stderr)
    if skipped:
        print(f"no data for {len(skipped)} other figures: {', '.join(skipped)}", file=sys.stderr)
