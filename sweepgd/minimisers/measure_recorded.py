"""The work of `sweepgd measure`: curvature at the recorded minimisers of a search, in workers, once for the same settings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.interrupts import graceful_stop
from sweepgd.core.outcome import TIMED_OUT
from sweepgd.execution.choose import Work, make, opened
from sweepgd.execution.dispatch import dispatch
from sweepgd.execution.run_options import RunOptions, absolute_paths
from sweepgd.execution.scratch_folder import scratch_folder
from sweepgd.execution.worker_handle import Lost
from sweepgd.minimisers.unmeasured import MinimiserKey, chosen, missing, newest
from sweepgd.plugins import single_file
from sweepgd.record import Results, Store, TrialRecord, encode, load
from sweepgd.record.commit_results import NoProgress, Progress, ResultCommitter
from sweepgd.sweep import Sweep
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.sweep.measure_options import listed, measuring, real, whole
from sweepgd.training.measure_minimisers import (
    MeasureRequest,
    Minimiser,
    Row,
    is_unmeasured,
    measurements,
    unmeasured,
    wanted,
    with_model_name,
)
from sweepgd.training.sweep_context import SweepContext

# The bytes of recorded parameters in memory at once, read ahead of the workers.
READ_BYTES = 64 * 2**20


@dataclass(frozen=True)
class MeasureTask:
    """One measure at one minimiser."""

    minimiser: Minimiser
    wanted: MeasureRequest
    attempt: int = 1


@dataclass(frozen=True)
class MeasureResult:
    """The result of a worker: a record for the log, True if a failure left the value missing, and the duration in seconds."""

    trial: int
    record: bytes
    failed: bool
    seconds: float = 0.0


def run(context: SweepContext, task: MeasureTask, *_: object) -> MeasureResult:
    """Takes one measure. What raises is a row with a message; raises MemoryError."""
    begun = monotonic()
    measured = _measured(task, list(measurements(context, task.minimiser, [task.wanted])))
    return MeasureResult(measured.trial, measured.record, measured.failed, monotonic() - begun)


def _measured(task: MeasureTask, rows: list[Row]) -> MeasureResult:
    trial = task.minimiser.trial
    return MeasureResult(trial, encode(TrialRecord(trial, [], [], curvature=rows)), any(map(is_unmeasured, rows)))


def measure(
    directory: str | Path,
    *,
    measures: Sequence[str] | None = None,
    rows: int | str | None = None,
    which: Sequence[str] | None = None,
    trials: Iterable[int | range] | None = None,
    rescale: float | None = None,
    dtype: str | None = None,
    seed: int | None = None,
    overrides: Iterable[str] = (),
    timeout: float | None = None,
    workers: int | None = None,
    executor: Any = None,
    data_path: str | Path | None = None,
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
) -> pa.Table:
    """Measures curvature at the minimisers recorded in a results directory, and returns its rows, those of earlier calls too.

    `measures` are names of the catalogue, by default all; `rows` how many training rows, or "full"; `which` "final", "best" or
    both; `rescale`, `dtype` and `seed` as in `[measure]` of a sweep file, and `overrides` are `measure.key=TOML-value`, such as
    "measure.settings.phi.iterations=20"; what is not given is the default there, whatever the sweep itself measured. `trials`
    are all by default, numbers and ranges, `timeout` are the seconds after which a measure is given up, `workers` processes are
    all cores, `executor` has other workers as in `sweepgd.search`, `data_path` says where a data file is now that has been
    moved, and `plugins` are the files that the sweep was run with. What is recorded with equal settings is not measured again.
    Raises SweepgdError before anything is measured where it cannot be as asked.
    """
    options: dict[str, Any] = {
        "measures": listed(measures),
        "rows": whole("rows", rows),
        "which": listed(which),
        "rescale": real("rescale", rescale),
        "dtype": dtype,
        "seed": whole("seed", seed),
    }
    limit, count = real("timeout", timeout), whole("workers", workers)
    if isinstance(count, str) or (count is not None and count < 1):
        raise UsageError(f"workers {workers!r}: give a whole number of at least 1")
    if limit is not None and limit <= 0:
        raise UsageError(f"timeout {timeout!r}: give more than 0 seconds")
    if isinstance(trials, (str, int)):
        raise UsageError(f"trials {trials!r}: give a list of numbers, such as [{trials}]")
    progress = progress or NoProgress()
    run_options = RunOptions(count, executor, None, limit, absolute_paths(plugins), progress)
    with single_file.registered(run_options.plugins):
        results = load(directory)
        given = {key: value for key, value in options.items() if value is not None}
        context = SweepContext(_sweep_of(results, given, list(overrides), data_path))
        numbers = chosen(results, trials)
        with closing(Store.open(results.directory, results.sweep_toml)) as store:
            for line in store.notes:
                progress.note(line)
            results = load(directory)
            lacking = missing(results, context, numbers, progress.note)
            _take(results, context, store, lacking, run_options)
    return newest(load(directory), context, numbers)


def _sweep_of(results: Results, options: Mapping[str, Any], overrides: Sequence[str], data_path: str | Path | None) -> Sweep:
    """The recorded sweep with what is to be measured in place of its own `[measure]`."""
    recorded = recorded_sweep(results.sweep_toml, str(results.directory / "sweep.toml"), data_path)
    single_file.digests(recorded.plugins)  # says which file is missing, before the name of what it defines is unknown
    return measuring(recorded, options, overrides)


def _take(
    results: Results,
    context: SweepContext,
    store: Store,
    lacking: dict[MinimiserKey, list[MeasureRequest]],
    options: RunOptions,
) -> None:
    """Take the measures that are missing."""
    progress = options.progress
    total, todo = len(lacking) * len(wanted(context)), sum(map(len, lacking.values()))
    if todo and options.executor is None:
        context.compile((), progress.note)
    where = options.location(todo)
    if not todo:
        progress.started(total, total, where)
        return

    def take(event: MeasureResult | Lost) -> None:
        measured = _of_lost(context, event, options.task_timeout) if isinstance(event, Lost) else event
        store.supplement(measured.trial, measured.record)
        reporting.unreported.append(measured)

    with scratch_folder() as folder:
        work = Work(context.sweep, run, context.share(folder))
        with (
            opened(options) as executor,
            graceful_stop(drains=True) as stop,
            make(work, options, executor, todo) as engine,
        ):
            progress.started(total, total - todo, where)
            reporting = ResultCommitter(store, progress, stop)
            dispatch(engine, _tasks(results, context, lacking), take, reporting, stop)
            reporting.publish()


def _of_lost(context: SweepContext, lost: Lost, timeout: float | None) -> MeasureResult:
    """The rows of a measure whose worker is gone."""
    task = lost.task
    why = f"stopped at the time limit of {timeout:g} s" if lost.status == TIMED_OUT else lost.message
    return _measured(task, list(unmeasured(context, task.minimiser, [task.wanted], with_model_name(context, why))))


def _tasks(results: Results, context: SweepContext, lacking: dict[MinimiserKey, list[MeasureRequest]]) -> Iterator[MeasureTask]:
    """A task a measure, the parameters read as they are needed."""
    trials = sorted({trial for (trial, _, _), ones in lacking.items() if ones})
    held = (
        2 * context.sweep.search.replicates * context.architecture.parameters * 8
    )  # bytes of a trial, its final and best weights
    size = max(1, READ_BYTES // held)
    for first in range(0, len(trials), size):
        table = results.minima_of(trials[first : first + size])
        scalars = table.select(["trial", "replicate", "which", "update", "dtype"]).to_pylist()
        for index, row in enumerate(scalars):
            ones = lacking.get((row["trial"], row["replicate"], row["which"]), [])
            if not ones:
                continue
            parameters = table["parameters"][index].values.to_numpy().astype(row["dtype"])
            if not np.array_equal(table["layout"][index].as_py(), context.architecture.layout):
                raise SweepgdError(
                    f"trial {row['trial']} has {len(parameters)} parameters in another layout than model"
                    f" {context.sweep.model.name!r} has here: install the version that it was trained with"
                )
            at = Minimiser(row["trial"], row["replicate"], row["which"], row["update"], parameters)
            yield from (MeasureTask(at, one) for one in ones)
