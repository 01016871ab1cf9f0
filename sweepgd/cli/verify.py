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
        bool,
        typer.Option(
            "--repair", help="Move damaged files to DIR/damaged, and rebuild the Parquet parts whose rows are still in a log."
        ),
    ] = False,
    json_: Json = False,
) -> None:
    """Read every byte of a results directory and list damaged files. The exit code is 1 if a file is damaged."""
    from sweepgd.record.repair import repair as set_aside
    from sweepgd.record.verify import verify as read

    repairs = [_plain(directory, vars(repaired)) for repaired in set_aside(directory)] if repair else []
    verified = read(directory)
    findings = [_plain(directory, vars(finding)) for finding in verified.findings]
    if json_:
        answer = {"files": verified.files, "trials": verified.trials, "findings": findings}
        print(json.dumps(answer | ({"repaired": repairs} if repair else {}), indent=2))
    else:
        for entry in repairs:
            where = f"set aside in {entry['aside']}; " if entry["aside"] else ""
            print(f"{entry['path']}: {where}{entry['outcome']}")
        for finding in findings:
            print(f"{finding['path']}: {finding['reason']}")
        state = f", {len(verified.damaged)} damaged" if verified.damaged else "" if findings else ", undamaged"
        aside = sum(path.is_file() for path in (directory / "damaged").rglob("*"))
        moved = f"; {aside} set aside in {directory / 'damaged'}" if aside else ""
        print(f"{directory}: {verified.files} files of {verified.trials} trials{state}{moved}")
    if verified.damaged:
        if not repair:
            again = f"sweepgd verify {quote(str(directory))} --repair"
            print(f"sweepgd: to set damaged files aside and continue: {again}", file=sys.stderr)
        raise typer.Exit(1)


def _plain(directory: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with paths as text, relative to the directory."""
    return {name: str(value.relative_to(directory)) if isinstance(value, Path) else value for name, value in values.items()}
