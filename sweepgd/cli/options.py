"""Options and exit codes that several commands share."""

import gc
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from sweepgd.cli import completion
from sweepgd.core.errors import UsageError

INTERRUPTED = 130
SOME_FAILED = 3
LARGEST_SEED = 2**32 - 1

# The commands in the order in which a study uses them: create, run, analyze, measure, use, maintain. Other commands come last.
ORDER = (
    *("search", "watch", "init", "train", "list", "analyze", "report", "compare", "measure", "landscape"),
    *("export", "predict", "schema"),
    *("dashboard", "verify", "compact", "merge", "plugin"),
)


class InOrder(TyperGroup):
    """A command group whose help lists the commands in ORDER, each with the whole first paragraph of its description."""

    def list_commands(self, ctx: Any) -> list[str]:
        rank = {name: position for position, name in enumerate(ORDER)}
        return sorted(super().list_commands(ctx), key=lambda name: rank.get(name, len(rank)))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, " ".join((command.help or "").split("\n\n")[0].split())))
        with formatter.section("Commands"):
            formatter.write_dl(rows)


Set = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Override a key of the sweep with a TOML value, such as budget.epochs=5 (repeatable).",
    ),
]
Plugin = Annotated[
    list[Path],
    typer.Option(
        "--plugin",
        metavar="FILE.py",
        help="Use the optimizers, models, data sets and schedules of a Python file (repeatable).",
    ),
]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A results directory.", autocompletion=completion.results)]
DataPath = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="New path of the sweep's data file or folder, if it was moved. It must hold the same data."
    ),
]


def _removed(value: str | None) -> None:
    if value is not None:
        raise UsageError("--storage was removed: give --on tcp://SCHEDULER:8786 (or dask, slurm, …) to use other machines")


On = Annotated[
    str | None,
    typer.Option(
        "--on",
        metavar="ENGINE",
        help="Run on a Dask cluster: tcp://HOST:8786 (a running cluster), dask (a local cluster), or jobs of slurm, pbs, lsf"
        " or sge.",
        envvar="SWEEPGD_ON",
    ),
]
Storage = Annotated[str | None, typer.Option(hidden=True, callback=_removed)]
Jobs = Annotated[int | None, typer.Option(min=1, metavar="N", help="Number of workers that --on dask, slurm, … starts.")]
Target = Annotated[
    float | None,
    typer.Option(
        help="Target to which updates are counted: an error, or a loss for a regression; the sweep's goal if not given."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the tables as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.", envvar="SWEEPGD_QUIET")]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="More on stderr: a line for each trial.", envvar="SWEEPGD_VERBOSE")
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Number of processes; one per core if not given.", envvar="SWEEPGD_WORKERS")
]


def check_environment(arguments: Sequence[str]) -> None:
    """Raise UsageError for an invalid argument or environment variable that a library would otherwise report later."""
    given = {f"the argument {text!r}": text for text in arguments}
    given |= {f"{name}={text!r}": text for name, text in os.environ.items() if name.startswith("SWEEPGD_")}
    for what, text in given.items():
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise UsageError(f"{what} is not UTF-8, and records need UTF-8: use another value, or rename the file")
    threads = os.environ.get("NUMBA_NUM_THREADS", "").strip()
    if threads.lstrip("-+").isdecimal() and int(threads) < 1:
        raise UsageError(f"NUMBA_NUM_THREADS={threads}: Numba needs at least 1 thread; unset it, or set 1 or more")


def settle_imports() -> None:
    """Exclude all imported objects from the last garbage collection of the process, which saves 0.4 s in a `search`.

    Call this function after the imports and before any plugin runs, so that objects that plugins leave, such as open files, are
    still collected.
    """
    gc.freeze()


def on_command_line(context: typer.Context, *names: str) -> dict[str, bool]:
    """Return, by name, True for each option that is given on the command line, and False for each other option."""
    return {name: getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE" for name in names}


def place_to_run(context: typer.Context, workers: int | None, on: str | None, jobs: int | None) -> tuple[int | None, Any]:
    """Return the number of local workers, and the cluster. At least one of the two is None.

    A flag overrides an environment variable. Raises UsageError if flags give both the workers and a cluster, or if variables
    do.
    """
    from sweepgd.execution.clusters import Cluster

    given = on_command_line(context, "workers", "on")
    if workers is not None and on is not None:
        if given["workers"] == given["on"]:
            one, other = ("--workers", "--on") if given["on"] else ("SWEEPGD_WORKERS", "SWEEPGD_ON")
            raise UsageError(f"{one} is for this machine and {other} is for a cluster: give only one of them")
        workers, on = (workers, None) if given["workers"] else (None, on)
    if on is None:
        if jobs is not None:
            raise UsageError("--jobs is the number of workers of a cluster: name the cluster with --on")
        return workers, None
    return None, Cluster(on, jobs)


def one_of(**flags: bool) -> None:
    """Raise UsageError if several of these flags are given."""
    given = [f"--{name}" for name, value in flags.items() if value]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} contradict each other: give one of them")


def with_flags(overrides: list[str], flags: dict[str, Any]) -> list[str]:
    """Return the overrides of `--set`, followed by the overrides of other flags. Raises UsageError if `--set` and a flag set
    the same key.
    """
    keys = {override.partition("=")[0].strip() for override in overrides}
    added = list(overrides)
    for key, value in flags.items():
        if value is None:
            continue
        if key in keys:
            raise UsageError(f"--{key.rpartition('.')[2]} and --set {key} contradict each other: give one of them")
        added.append(f"{key}={json.dumps(value)}")
    return added
