"""The command line: parse, call, print. Heavy imports happen inside the commands, so that --help answers at once."""

import json
import sys
import warnings
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from sweepgd.cli_dashboard import dashboard
from sweepgd.cli_landscape import landscape
from sweepgd.cli_measure import measure
from sweepgd.cli_options import (
    INTERRUPTED,
    LARGEST_SEED,
    SOME_FAILED,
    DataPath,
    InOrder,
    Jobs,
    Json,
    On,
    Plugin,
    Quiet,
    Set,
    Verbose,
    Workers,
    check_surroundings,
    on_command_line,
    place_to_run,
    settle_imports,
)
from sweepgd.cli_plugin import plugin
from sweepgd.cli_record import compact, merge, verify
from sweepgd.interrupts import heard
from sweepgd.problem import Problem, UsageProblem, one_line, reason
from sweepgd.report.streams import flush_stdout, safe_streams

# What Typer raises for flags and arguments that it cannot parse; it exports only the children of that class.
CommandLineError: Any = typer.BadParameter.__bases__[0]

app = typer.Typer(
    name="sweepgd",
    cls=InOrder,
    help="Sweeps of batch size, learning rate, schedule and optimizer for SGD.\n\nStart with: sweepgd search",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(plugin)
app.command(
    epilog="Example: sweepgd measure results/quickstart --measures lambda_max,sam --rows 1000",
    context_settings={"allow_extra_args": True},  # which it refuses in its own words
)(measure)
app.command(epilog="Example: sweepgd landscape results/quickstart --line 3 7.1")(landscape)
app.command(epilog="Example: sweepgd dashboard results/quickstart")(dashboard)
app.command(epilog="Example: sweepgd verify results/quickstart --repair")(verify)
app.command(epilog="Example: sweepgd compact results/quickstart")(compact)
app.command(epilog="Example: sweepgd merge results/quickstart-shard-* -o results/quickstart")(merge)


def main() -> None:
    """Runs the command line; whatever is wrong becomes one line on stderr and an exit code."""
    with safe_streams():
        told, code = _run()
        if told:
            print(f"sweepgd: {one_line(told)}", file=sys.stderr)
        sys.exit(code)


def _run() -> tuple[str, int]:
    """Runs the command line, and returns what to say of its end, if anything, and its exit code."""
    warnings.formatwarning = lambda message, *_: f"sweepgd: {message}\n"
    try:
        check_surroundings(sys.argv[1:])
        with heard(INTERRUPTED, lambda: "interrupted"):
            code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
        flush_stdout()
    except Problem as problem:
        return str(problem), problem.exit_code
    except CommandLineError as error:
        command = error.ctx.command_path if error.ctx else "sweepgd"
        return f"{error.format_message().rstrip('.')} (see: {command} --help)", error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        return _refused(error), 1
    except MemoryError as error:
        return f"not enough memory: {error}".rstrip(": "), 1
    return "interrupted" if code == INTERRUPTED else "", code or 0


def _refused(error: OSError) -> str:
    """What the system refused, and for which file; nothing where it is that nobody reads on, as in `sweepgd list | head`."""
    try:
        flush_stdout()
    except Problem as problem:
        return str(problem)
    except BrokenPipeError:
        return ""
    # Of what a command writes, only stdout has no name.
    what = error.filename or ("cannot write to stdout" if error.errno in (ENOSPC, EDQUOT, EFBIG, EIO) else "")
    return f"{what}: {error.strerror}" if what else error.strerror or reason(error)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"sweepgd {version('sweepgd')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    pass


def _gone(value: str | None) -> None:
    if value is not None:
        raise UsageProblem(
            "--storage is gone: give --on tcp://SCHEDULER:8786 (or dask, slurm, …) to run the trials on other machines"
        )


def _one_of(**flags: bool) -> None:
    given = [f"--{name}" for name, value in flags.items() if value]
    if len(given) > 1:
        raise UsageProblem(f"{' and '.join(given)} contradict each other: give one of them")


def _with_flags(overrides: list[str], flags: dict[str, Any]) -> list[str]:
    """`--set` overrides with those of other flags added. Raises UsageProblem where both give the same key."""
    keys = {override.partition("=")[0].strip() for override in overrides}
    added = list(overrides)
    for key, value in flags.items():
        if value is None:
            continue
        if key in keys:
            raise UsageProblem(f"--{key.rpartition('.')[2]} and --set {key} contradict each other: give one of them")
        added.append(f"{key}={json.dumps(value)}")
    return added


@app.command(epilog='Example: sweepgd search quickstart --trials 20 --set space.optimizer=\'["sgd","adam"]\'')
def search(
    context: typer.Context,
    sweep: Annotated[
        str, typer.Argument(help="A sweep file, or a bundled sweep by name (see: sweepgd list sweeps).")
    ] = "quickstart",
    trials: Annotated[int | None, typer.Option(min=1, help="Trials in all, those of earlier calls included.")] = None,
    workers: Workers = None,
    on: On = None,
    jobs: Jobs = None,
    sampler: Annotated[str | None, typer.Option(help="random, grid, quasi_random, tpe, nsga2, cmaes or gp.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_SEED, help="Seed of the search and of the first replicate.")
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Start no trial after this time, such as 1h30m; the same command goes on."),
    ] = None,
    trial_timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop a trial after this time, such as 60s.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Results directory; results/<sweep name> if not given.", envvar="SWEEPGD_OUT"),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Run one of N parts, such as 3/20, into a directory of its own; see merge."),
    ] = None,
    storage: Annotated[str | None, typer.Option(hidden=True, callback=_gone)] = None,
    data_path: DataPath = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    plugin_: Plugin = [],  # noqa: B006
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the sweep and show what it would run.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew; the results there are moved aside, not deleted.")] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json_: Json = False,
) -> None:
    """Run a sweep, or continue it: only what is not recorded yet is run."""
    from sweepgd.durations import seconds
    from sweepgd.sweep import load

    flagged = on_command_line(context, "quiet", "verbose")
    _one_of(**flagged)
    quiet = quiet and not flagged["verbose"]
    _one_of(**{"dry-run": dry_run, "fresh": fresh})
    limit = None if timeout is None else seconds(timeout, "--timeout")
    trial_limit = None if trial_timeout is None else seconds(trial_timeout, "--trial-timeout")
    workers, cluster = place_to_run(context, workers, on, jobs)
    flags = {"search.trials": trials, "search.sampler": sampler, "search.seed": seed}
    loaded = load(sweep, _with_flags(set_, flags))
    part = None if shard is None else _shard(shard, loaded)
    directory = out or Path("results") / (loaded.name if part is None else part.folder(loaded.name))
    if dry_run:
        _dry_run(loaded, directory, data_path, plugin_, json_)
        return

    from sweepgd import processes
    from sweepgd.report.progress import SearchProgress
    from sweepgd.room import check_writable

    check_writable(directory)

    def interrupted() -> str:
        if not (directory / "sweep.toml").is_file():
            return "interrupted before any trial began"
        return f"interrupted; what finished is in {directory}: the same command goes on from there"

    counted = None if part is None else part.trials
    with heard(INTERRUPTED, interrupted), SearchProgress(quiet=quiet, verbose=verbose, counted=counted) as progress:
        processes.get_ready()
        from sweepgd.study import search as run

        settle_imports()

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
    from sweepgd.report.console import say

    _show(summary(results, 5), json_)
    lost = "" if loaded.measure is None else _measured(results, loaded.measure, as_json=json_)
    if not json_:
        say(f"Recorded in {directory}.", _next(loaded.name, directory, part, default=out is None))
    progress.show_warnings()
    failed = _failed(results)
    for line in filter(None, (lost, failed)):
        print(f"sweepgd: {line}", file=sys.stderr)
    if lost or failed:
        raise typer.Exit(SOME_FAILED)


def _shard(text: str, sweep: Any) -> Any:
    """Return the part of the search that is asked for. Raises UsageProblem where the search has no such part."""
    from sweepgd.execution.shard import Shard

    shard = Shard.of(text)
    shard.check(sweep)
    return shard


def _next(name: str, directory: Path, shard: Any, *, default: bool) -> str:
    """Return the line that says what to do with the results; of a shard, which is in the `default` directory or another."""
    if shard is None:
        return f"Next: sweepgd analyze {quote(str(directory))} --figures figures"
    shards = f"results/{name}-shard-*-of-{shard.count}" if default else f"{quote(str(directory))} …"
    return f"Next, when all {shard.count} shards have ended: sweepgd merge {shards} -o results/{name}"


def _measured(results: Any, spec: Any, *, as_json: bool) -> str:
    """Says what is measured; how many values are missing, and the command that takes them, or ''."""
    from sweepgd.missing import latest
    from sweepgd.report.console import say
    from sweepgd.report.measured import failures, recorded
    from sweepgd.sweep.asking import as_command

    table = latest(results)
    if not as_json:
        say(recorded(table))
    lost = failures(table)
    return lost and f"{lost}; to take them: {as_command(results.directory, spec)}"


def _failed(results: Any) -> str:
    """How many of the trials recorded, by this call or an earlier one, failed or timed out, and why the first did; or ''."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from sweepgd.outcome import FAILED, TIMED_OUT

    trials = results.trials.select(["trial", "status", "message"])
    failed = trials.filter(pc.is_in(trials["status"], pa.array([FAILED, TIMED_OUT]))).sort_by("trial")
    if not failed.num_rows:
        return ""
    count, first = pc.count_distinct(failed["trial"]).as_py(), failed.slice(0, 1).to_pylist()[0]
    return f"{count} trial{'s' * (count > 1)} failed or timed out; trial {first['trial']}: {first['message']}"


def _tell(line: str) -> None:
    print(line, file=sys.stderr)


def _dry_run(sweep: Any, directory: Path, data_path: Path | None, plugins: list[Path], as_json: bool) -> None:
    from sweepgd.directory import as_recorded
    from sweepgd.one_off import registered
    from sweepgd.preparation import prepare
    from sweepgd.report.console import say
    from sweepgd.report.plain import space_text, space_values
    from sweepgd.sweep.data_location import at

    with registered(plugins):
        sweep = sweep if data_path is None else at(sweep, data_path)
        prepared = prepare(as_recorded(directory, sweep, _tell))
        values = space_values(prepared)
        if as_json:
            print(json.dumps(values, indent=2))
        else:
            say(space_text(prepared, values))
    for line in values["warnings"]:
        _tell(f"warning: {line}")


def _show(tables: Any, as_json: bool) -> None:
    if as_json:
        from sweepgd.report.tables import to_json

        print(json.dumps(to_json(tables), indent=2))
        return
    from sweepgd.report.console import stdout
    from sweepgd.report.tables import render

    stdout().print(render(tables))


@app.command(epilog="Example: sweepgd init quickstart mine.toml")
def init(
    name: Annotated[str, typer.Argument(help="A bundled sweep (see: sweepgd list sweeps).")],
    file: Annotated[Path | None, typer.Argument(help="Where to write it; NAME.toml if not given.")] = None,
) -> None:
    """Copy a bundled sweep to a file to edit, under the name of the file."""
    from sweepgd.problem import nearest
    from sweepgd.report.console import say
    from sweepgd.sweep import bundled, copy_of

    known = bundled()
    if name not in known:
        raise UsageProblem(f"no bundled sweep {name!r}: {nearest(name, known)}")
    target = file or Path(f"{name}.toml")
    try:
        with target.open("x", encoding="utf-8") as copy:
            copy.write(copy_of(name, target))
    except FileExistsError:
        raise UsageProblem(f"{target} exists already: choose another file name") from None
    except OSError as error:
        raise Problem(f"cannot write {target}: {error.strerror}") from error
    say(f"Wrote {target}.", f"Next: sweepgd search {quote(str(target))}")


@app.command(epilog="Example: sweepgd train --data digits --model mlp --optimizer adam --learning-rate 1e-3 --epochs 20")
def train(
    data: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE",
            help="A data set (see: sweepgd list datasets), or a file; digits if not given, or none for a model without data.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="A model (see: sweepgd list models).")] = "mlp",
    optimizer: Annotated[str, typer.Option(help="An optimizer (see: sweepgd list optimizers).")] = "sgd",
    learning_rate: Annotated[float | None, typer.Option(help="The optimizer's own default if not given.")] = None,
    batch_size: Annotated[
        str | None, typer.Option(help='Rows an update, or "full"; if not given 32, without data "full".')
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the training rows; 10 if --set gives no budget.")
    ] = None,
    schedule: Annotated[str, typer.Option(help="A schedule (see: sweepgd list schedules).")] = "constant",
    seed: Annotated[int, typer.Option(min=0, max=LARGEST_SEED, help="Seed of starting weights and batches.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Record the run there, as a search would.", envvar="SWEEPGD_OUT")
    ] = None,
    set_: Set = [],  # noqa: B006 (typer copies it)
    plugin_: Plugin = [],  # noqa: B006
    quiet: Quiet = False,
    json_: Json = False,
) -> None:
    """Train one configuration, a line an epoch."""
    from sweepgd.room import check_writable

    size = int(batch_size) if batch_size is not None and batch_size.isdecimal() else batch_size
    if isinstance(size, str) and size != "full":
        raise UsageProblem(f'--batch-size {size!r}: give a whole number, or "full"')
    if out is not None:
        check_writable(out)

    from sweepgd.report.plain import RunPrinter
    from sweepgd.single import train as run

    settle_imports()

    printer = RunPrinter(quiet=quiet or json_)
    training = run(
        data,
        model,
        optimizer,
        learning_rate,
        size,
        epochs,
        schedule,
        seed,
        overrides=set_,
        plugins=plugin_,
        out=out,
        begin=printer.data,
        watch=printer.point,
        note=printer.note,
    )
    if json_:
        print(printer.as_json(training))
    else:
        printer.end(training)


@app.command(epilog="Example: sweepgd analyze results/quickstart --figures figures")
def analyze(
    directory: Annotated[Path, typer.Argument(help="A results directory.")],
    best: Annotated[int, typer.Option(min=1, help="How many of the best configurations to list.")] = 10,
    figures: Annotated[Path | None, typer.Option(metavar="DIR", help="Write figures there, as PNG and SVG.")] = None,
    json_: Json = False,
) -> None:
    """Show what a sweep found: best configurations; by batch size, optimizer and schedule; sharp against flat minima."""
    from sweepgd.analysis import classes, sharpness, summary
    from sweepgd.record import load
    from sweepgd.report.console import say

    results = load(directory)
    sharp = sharpness(results)
    _show(summary(results, best) | {"classes": classes(results.trials)} | sharp, json_)
    if not sharp and not json_:
        say("No curvature was recorded.", f"To measure the minimisers': sweepgd measure {quote(str(directory))}")
    if figures is not None:
        from sweepgd.report.figures import write_figures

        for path in write_figures(results, figures):
            print(f"wrote {path}", file=sys.stderr)


@app.command("list", epilog="Example: sweepgd list optimizers")
def list_(
    kind: Annotated[str, typer.Argument(metavar="optimizers|schedules|models|datasets|sweeps|measures", help="What to list.")],
    json_: Json = False,
) -> None:
    """Show what is installed, with the distribution that it comes from, or what can be measured."""
    from sweepgd.report.listing import KINDS, listing, table

    if kind not in KINDS:
        from sweepgd.problem import nearest

        raise UsageProblem(f"cannot list {kind!r}: {nearest(kind, KINDS)}")
    rows = listing(kind)
    if json_:
        print(json.dumps(rows, indent=2))
        return
    from sweepgd.report.console import stdout

    stdout().print(table(kind, rows))


if __name__ == "__main__":
    main()
