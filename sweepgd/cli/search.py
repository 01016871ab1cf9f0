"""`sweepgd search`: run a sweep, or continue it."""

import json
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from sweepgd.cli import completion
from sweepgd.cli.options import (
    INTERRUPTED,
    LARGEST_SEED,
    SOME_FAILED,
    DataPath,
    Jobs,
    Json,
    On,
    Plugin,
    Quiet,
    Set,
    Storage,
    Verbose,
    Workers,
    on_command_line,
    one_of,
    place_to_run,
    settle_imports,
    with_flags,
)
from sweepgd.cli.output import draw, show
from sweepgd.core.interrupts import end_on_interrupt


def search(
    context: typer.Context,
    sweep: Annotated[
        str,
        typer.Argument(
            help="A sweep file, or a bundled sweep by name (see: sweepgd list sweeps).", autocompletion=completion.sweeps
        ),
    ] = "quickstart",
    trials: Annotated[int | None, typer.Option(min=1, help="Total number of trials, including earlier trials.")] = None,
    scale: Annotated[
        float | None,
        typer.Option(
            metavar="FACTOR",
            help="Run only this share of the trials, above 0 and at most 1, each with all replicates. A grid is sampled"
            " evenly. The results are in results/<sweep name>-scale-FACTOR.",
        ),
    ] = None,
    workers: Workers = None,
    on: On = None,
    jobs: Jobs = None,
    sampler: Annotated[str | None, typer.Option(help="Sampler: random, grid, quasi_random, tpe, nsga2, cmaes or gp.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the search and of the first replicate.")
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Start no trial after this time, such as 1h30m. To continue, repeat the command."),
    ] = None,
    trial_timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop each trial after this time, such as 60s.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Results directory; results/<sweep name> if not given.", envvar="SWEEPGD_OUT"),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Run shard I of N, such as 3/20, in a separate directory (see: sweepgd merge)."),
    ] = None,
    storage: Storage = None,
    data_path: DataPath = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    plugin_: Plugin = [],  # noqa: B006
    figures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder to draw figures in at the end, as PNG and SVG.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the sweep and show what it would run, without running it.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start again. Earlier results are moved aside, not deleted.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep DIR/report.html fresh while the search runs.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_: Json = False,
) -> None:
    """Run a sweep, or continue it. Trials that are recorded already are not run again."""
    from sweepgd.cli.durations import seconds
    from sweepgd.sweep import load, naming, path_of

    flagged = on_command_line(context, "quiet", "verbose")
    one_of(**flagged)
    quiet = quiet and not flagged["verbose"]
    one_of(**{"dry-run": dry_run, "fresh": fresh})
    one_of(**{"dry-run": dry_run, "watch": watch})
    limit = None if timeout is None else seconds(timeout, "--timeout")
    trial_limit = None if trial_timeout is None else seconds(trial_timeout, "--trial-timeout")
    workers, cluster = place_to_run(context, workers, on, jobs)
    flags = {"search.trials": trials, "search.scale": scale, "search.sampler": sampler, "search.seed": seed}
    loaded = load(sweep, with_flags(set_, flags))
    part = None if shard is None else _shard(shard, loaded)
    directory = out or Path("results") / (loaded.folder if part is None else part.folder(loaded.folder))
    where = str(path_of(sweep))
    if dry_run:
        with naming(where):
            _dry_run(loaded, directory, data_path, plugin_, json_)
        return

    from sweepgd.cli.page_process import PageProcess
    from sweepgd.cli.progress import SearchProgress
    from sweepgd.execution import fork_server
    from sweepgd.record.disk_space import check_writable

    for folder in filter(None, (directory, figures)):
        check_writable(folder)

    def interrupted() -> str:
        if not (directory / "sweep.toml").is_file():
            return "interrupted before any trial began"
        return f"interrupted; finished trials are in {directory}: run the same command to continue"

    page = PageProcess(directory) if watch else None
    shown: dict[str, Any] = {"quiet": quiet, "verbose": verbose, "counted": None if part is None else part.trials, "page": page}
    with end_on_interrupt(INTERRUPTED, interrupted), SearchProgress(directory, **shown) as progress:
        if cluster is None:
            fork_server.get_ready()
        from sweepgd.study.search import search as run

        settle_imports()

        with naming(where):
            results = run(
                loaded,
                out=directory,
                workers=workers,
                executor=cluster,
                shard=part,
                timeout=limit,
                trial_timeout=trial_limit,
                fresh=fresh,
                data_path=data_path,
                plugins=plugin_,
                progress=progress,
            )
    from sweepgd.analysis import summary
    from sweepgd.cli.console import say

    show(summary(results, 5), json_)
    if figures is not None:
        draw(results, figures)
    missing = "" if loaded.measure is None else _measured(results, loaded.measure, as_json=json_)
    if not json_:
        say(f"Recorded in {directory}.", _next(loaded.folder, directory, part, default=out is None))
    if page is not None:
        _to_stderr(page.last_page())
    progress.show_warnings()
    failed = _failed(results)
    for line in filter(None, (missing, failed)):
        print(f"sweepgd: {line}", file=sys.stderr)
    if missing or failed:
        raise typer.Exit(SOME_FAILED)


def _shard(text: str, sweep: Any) -> Any:
    """Return the requested shard of the search. Raises UsageError if the search cannot be divided into shards."""
    from sweepgd.study.shard import Shard

    shard = Shard.of(text)
    shard.check(sweep)
    return shard


def _next(name: str, directory: Path, shard: Any, *, default: bool) -> str:
    """Return a line with the next command to run on the results. `default` is True if `directory` is the default directory."""
    if shard is None:
        return f"Next: sweepgd analyze {quote(str(directory))} --figures figures"
    shards = f"results/{name}-shard-*-of-{shard.count}" if default else f"{quote(str(directory))} …"
    return f"Next, when all {shard.count} shards have ended: sweepgd merge {shards} -o results/{name}"


def _measured(results: Any, spec: Any, *, as_json: bool) -> str:
    """Print which measures are recorded. Return the number of missing values and the command that measures them, as text.

    The text is '' if no value is missing.
    """
    from sweepgd.cli.console import say
    from sweepgd.minimisers.unmeasured import latest
    from sweepgd.report.measure_table import failures, recorded
    from sweepgd.sweep.measure_options import as_command

    table = latest(results)
    if not as_json:
        say(recorded(table))
    missing = failures(table)
    return missing and f"{missing}; to measure them: {as_command(results.directory, spec)}"


def _failed(results: Any) -> str:
    """Return, as text, the number of trials that failed or timed out, and the message of the first of these trials. Return ''
    if there are none.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    from sweepgd.core.outcome import FAILED, TIMED_OUT

    trials = results.trials.select(["trial", "status", "message"])
    failed = trials.filter(pc.is_in(trials["status"], pa.array([FAILED, TIMED_OUT]))).sort_by("trial")
    if not failed.num_rows:
        return ""
    count, first = pc.count_distinct(failed["trial"]).as_py(), failed.slice(0, 1).to_pylist()[0]
    return f"{count} trial{'s' * (count > 1)} failed or timed out; trial {first['trial']}: {first['message']}"


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def _dry_run(sweep: Any, directory: Path, data_path: Path | None, plugins: list[Path], as_json: bool) -> None:
    from sweepgd.cli.console import say
    from sweepgd.cli.plain import space_text, space_values
    from sweepgd.plugins.single_file import registered
    from sweepgd.study.output_directory import as_recorded
    from sweepgd.study.preparation import prepare
    from sweepgd.sweep.data_location import at

    with registered(plugins):
        sweep = sweep if data_path is None else at(sweep, data_path)
        prepared = prepare(as_recorded(directory, sweep, _to_stderr))
        values = space_values(prepared)
        if as_json:
            print(json.dumps(values, indent=2))
        else:
            say(space_text(prepared, values))
    for line in values["warnings"]:
        _to_stderr(f"warning: {line}")
