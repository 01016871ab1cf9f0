"""The search of one sweep, which runs the trials that are not recorded yet."""

from collections.abc import Iterable
from contextlib import closing, suppress
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from sweepgd.core.errors import UsageError
from sweepgd.core.interrupts import graceful_stop
from sweepgd.execution.choose import Work, make, opened
from sweepgd.execution.run_options import RunOptions, absolute_paths
from sweepgd.execution.scratch_folder import scratch_folder
from sweepgd.kernels import target
from sweepgd.plugins import single_file
from sweepgd.record import NoRoom, Results, Store, load
from sweepgd.record.commit_results import NoProgress, Progress, ResultCommitter
from sweepgd.record.disk_space import free_bytes, in_words
from sweepgd.study.advisor import Advisor
from sweepgd.study.ask_and_tell import AskAndTell
from sweepgd.study.contained_warnings import contained_warnings
from sweepgd.study.footprint import footprint
from sweepgd.study.output_directory import as_recorded, check_continues, move_aside, recorded_otherwise, repeats
from sweepgd.study.preparation import Prepared, prepare
from sweepgd.study.shard import WHOLE, Shard
from sweepgd.sweep import Sweep, naming, path_of, to_toml
from sweepgd.sweep import load as load_sweep
from sweepgd.sweep.data_location import at
from sweepgd.training.trial import run


def search(
    sweep: Sweep | str | Path,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    fresh: bool = False,
    executor: Any = None,
    data_path: str | Path | None = None,
    shard: Shard | tuple[int, int] | str | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
) -> Results:
    """Run the trials of a sweep that are not recorded yet, and return the results.

    `sweep` is a Sweep, a sweep file, or the name of a bundled sweep. `out` is the results directory. The default is
    results/<sweep name>, followed by "-scale-0.1" if `search.scale` is 0.1 and by "-shard-3-of-20" if `shard` is 3/20.
    `workers` is the number of processes, by default all cores. `timeout` and `trial_timeout` are in seconds. `fresh` renames an
    existing results directory and starts a new search. `executor`, a dask.distributed.Client or a concurrent.futures.Executor,
    runs the trials instead of local processes. `shard`, such as (3, 20) or "3/20", selects every 20th trial from trial 2 on.
    `sweepgd.merge` combines the shards. `data_path` is the new path of a data file or folder that was moved. `overrides` change
    values of a sweep file, and are written `dotted.key=TOML-value`. `plugins` are Python files whose optimizers, models, data
    sets and schedules may be used. Raises SweepgdError before any trial runs if an argument is invalid.
    """
    where = None
    if not isinstance(sweep, Sweep):
        where, sweep = str(path_of(str(sweep))), load_sweep(str(sweep), overrides)
    elif list(overrides):
        raise UsageError("overrides change a sweep file, but this sweep is a Sweep object: change the object itself")
    part = WHOLE if shard is None else Shard.of(shard)
    part.check(sweep)
    directory = (
        Path(out) if out is not None else Path("results") / (sweep.folder if shard is None else part.folder(sweep.folder))
    )
    progress = progress or NoProgress()
    options = RunOptions(
        workers=workers,
        executor=executor,
        timeout=timeout,
        task_timeout=trial_timeout,
        plugins=absolute_paths(plugins),
        progress=progress,
    )
    options.check_there()  # early, because preparing the data may take a long time
    with single_file.registered(options.plugins), naming(where):
        if data_path is not None:
            sweep = at(sweep, data_path)
        if not fresh:
            sweep = as_recorded(directory, sweep, progress.note)
        prepared = prepare(sweep)
        numbers = part.numbers(range(prepared.total))
        for line in prepared.context.data(0).notes:
            progress.note(line)
        if fresh and (aside := move_aside(directory)) is not None:
            progress.note(f"moved {directory} to {aside}")
        check = partial(check_continues, directory, prepared.sweep)
        check()  # before any file is created, and again under the lock
        with closing(Store.open(directory, to_toml(prepared.sweep), check)) as store:
            for line in store.notes:
                progress.note(line)
            unfinished = not store.recorded.issuperset(numbers)
            if unfinished and executor is None:
                note_other_processor(store, progress)
            if prepared.sweep.search.sampler_version == 1 and unfinished and (repeated := repeats(directory)):
                progress.note(repeated)
            for line in recorded_otherwise(directory, prepared.sweep, prepared.context.objectives):
                progress.note(line)
            complete = _run_remaining(prepared, part, store, options)
        for line in contained_warnings(prepared, options.plugins):  # while the plugins are registered
            progress.warn(line)
    results = load(directory)
    if complete and prepared.advisor.used_up:
        progress.note(prepared.advisor.used_up)
    if not complete:
        recorded = {number for number in results.trials["trial"].to_pylist() if number in numbers}
        trials = "trials" if shard is None else part.trials
        progress.note(f"time is up: {len(recorded)} of {len(numbers)} {trials} are recorded; run the same command to continue")
    return results


def note_other_processor(store: Store, progress: Progress) -> None:
    """Tell the user that the study continues on another type of processor. The message appears only if this type rounds
    differently and no trial has run on it yet.
    """
    here = target.processor_type()
    if store.processors and here not in store.processors:
        before = " and ".join(sorted(str(target.ProcessorType(*processor)) for processor in store.processors))
        progress.note(
            f"{store.directory} was computed on {before}, and this processor is {here}: runs of equal configurations agree"
            " within rounding, not bit for bit"
        )


def _run_remaining(prepared: Prepared, shard: Shard, store: Store, options: RunOptions) -> bool:
    """Run the trials that are not recorded yet. Return True if all trials of the shard are recorded afterwards."""
    progress = options.progress
    optimizers = _values(prepared.advisor, "optimizer")
    if options.executor is None:
        prepared.context.compile(optimizers, progress.note)
    numbers = shard.numbers(range(prepared.total))
    todo = len(numbers) - sum(number in numbers for number in store.recorded)
    deadline = inf if options.timeout is None else monotonic() + options.timeout
    where = options.location(todo)
    if not todo:
        progress.started(len(numbers), len(numbers), where)
        with suppress(NoRoom):
            store.publish()  # results that an interrupted command left in the log
        return True
    need, free = footprint(prepared.context, todo), free_bytes(store.directory)
    if need > free:
        progress.note(
            f"{store.directory} has {in_words(free)} free, and the remaining trials may take {in_words(need)}: the search "
            "will pause if the disk becomes full; to avoid that, give fewer --trials or another --out"
        )
    with scratch_folder() as folder, opened(options) as executor:
        store.announce(len(numbers), where)
        progress.started(len(numbers), len(numbers) - todo, where)
        work = Work(
            prepared.sweep,
            run,
            prepared.context.share(folder),
            optimizers,
            _values(prepared.advisor, "schedule"),
            rungs=len(prepared.advisor.rungs),
            table=prepared.advisor.table,
        )
        with graceful_stop(drains=True) as stop, make(work, options, executor, todo) as engine:
            reporting = ResultCommitter(store, progress, stop)
            AskAndTell(
                prepared,
                store,
                engine,
                reporting,
                deadline=deadline,
                trial_timeout=options.task_timeout,
                stop=stop,
                shard=shard,
            ).run()
            reporting.publish(deadline)
    return not reporting.unreported and store.recorded.issuperset(numbers)


def _values(advisor: Advisor, name: str) -> list[str]:
    """Return the sorted values of an axis in the space and in the fixed points, such as the names of all optimizers."""
    axis = next(axis for axis in advisor.space.axes if axis.name == name)
    return sorted({str(value) for value in [*axis.values, *(point[name] for point in advisor.points)]})
