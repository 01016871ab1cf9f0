"""`sweepgd verify`: check a results directory, and repair it."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from sweepgd.cli.options import Directory, Json


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
