"""`sweepgd plugin`: the commands for authors of plugins."""

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import InOrder

plugin = typer.Typer(
    name="plugin", cls=InOrder, help="Write and check plugins.", rich_markup_mode=None, invoke_without_command=True
)


@plugin.callback()
def options(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@plugin.command(epilog="Example: sweepgd plugin new demo")
def new(
    name: Annotated[str, typer.Argument(help="The optimizer's name on the command line and in sweep files.")],
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder to write; ./NAME if not given.")] = None,
) -> None:
    """Write an installable package with an optimizer that passes all checks. Replace the optimizer by your own."""
    from sweepgd.plugins import scaffold

    target = folder or Path(name)
    for path in scaffold.write(name, target):
        print(f"wrote {path}")
    where = quote(str(target) if target.is_absolute() else f"./{target}")
    print(f"Next: uv pip install -e {where} && sweepgd plugin check {name}")


@plugin.command(epilog="Example: sweepgd plugin check adam")
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|FILE.py",
            help="An installed optimizer, model, data set or schedule. Or a distribution or a file, to check all its plugins.",
            autocompletion=completion.plugins("optimizers", "models", "datasets", "schedules"),
        ),
    ],
) -> None:
    """Check that a plugin keeps to its contract. Print one line per check."""
    from sweepgd.plugins import checks

    subjects = checks.plugins_in(Path(name)) if checks.is_file(name) else checks.plugins_of(name)
    broken = 0
    for subject in subjects:
        print(subject.origin)
        findings = []
        for finding in checks.checks(subject):
            print(f"  {finding}", flush=True)
            findings.append(finding)
        failed = len(checks.failures(findings))
        print(f"  {subject.name}: {len(findings) - failed} checks passed, {failed} failed")
        broken += failed > 0
    if broken:
        raise typer.Exit(1)
