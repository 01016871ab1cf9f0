"""`sweepgd verify`, `sweepgd compact` and `sweepgd merge`: what becomes of result directories after their search."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from sweepgd.cli_options import Json, Plugin

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A results directory.")]


def verify(
    directory: Directory,
    repair: Annotated[
        bool, typer.Option("--repair", help="Set damaged files aside in DIR/damaged, and make again what a log still holds.")
    ] = False,
    json_: Json = False,
) -> None:
    """Read every byte of a results directory, and name what is damaged: then exit 1."""
    from sweepgd.record.repair import repair as set_aside
    from sweepgd.record.verify import verify as read

    repaired = [_plain(directory, vars(each)) for each in set_aside(directory)] if repair else []
    found = read(directory)
    findings = [_plain(directory, vars(finding)) for finding in found.findings]
    if json_:
        answer = {"files": found.files, "trials": found.trials, "findings": findings}
        print(json.dumps(answer | ({"repaired": repaired} if repair else {}), indent=2))
    else:
        for each in repaired:
            where = f"set aside in {each['aside']}; " if each["aside"] else ""
            print(f"{each['path']}: {where}{each['outcome']}")
        for finding in findings:
            print(f"{finding['path']}: {finding['reason']}")
        state = f", {len(found.damaged)} damaged" if found.damaged else "" if findings else ", whole"
        aside = sum(path.is_file() for path in (directory / "damaged").rglob("*"))
        kept = f"; {aside} set aside in {directory / 'damaged'}" if aside else ""
        print(f"{directory}: {found.files} files of {found.trials} trials{state}{kept}")
    if found.damaged:
        if not repair:
            again = f"sweepgd verify {quote(str(directory))} --repair"
            print(f"sweepgd: to set aside what is damaged, and go on with the rest: {again}", file=sys.stderr)
        raise typer.Exit(1)


def _plain(directory: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Values with paths as texts, below the directory."""
    return {name: str(value.relative_to(directory)) if isinstance(value, Path) else value for name, value in values.items()}


def compact(directory: Directory) -> None:
    """Make the many parts of a study at rest one for each table, so that readers open fewer files."""
    from sweepgd.record.compact import compact as make_one

    before, after = make_one(directory, lambda line: print(line, file=sys.stderr))
    print(f"{directory}: {before} parts of each table, now {after}")


def merge(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT", help="The new results directory.")],
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR…", help="The results directories of the shards.", show_default=False)
    ] = None,
    plugin_: Plugin = [],  # noqa: B006 (typer copies it)
) -> None:
    """Make one record of the shards of a search, equal to that of the search in one piece."""
    import pyarrow.compute as pc

    from sweepgd.merging import merge as combine

    given = directories or []
    results = combine(given, out, plugins=plugin_, note=lambda line: print(line, file=sys.stderr))
    trials = pc.count_distinct(results.runs["trial"]).as_py()
    print(f"{out}: {trials} trials of {len(given)} director{'ies' if len(given) > 1 else 'y'}")
