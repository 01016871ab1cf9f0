"""Measure curvature at the recorded minimisers of a search in workers. Measures that are already recorded are not repeated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.interrupts import graceful_stop
from sweepgd.core.outcome import TIMED_OUT
from sweepgd.execution.choose import Work, make, opened
from sweepgd.execution.dispatch import dispatch
from sweepgd.execution.run_options import RunOptions, absolute_paths
from sweepgd.execution.scratch_folder import scratch_folder
from sweepgd.execution.worker_handle import Lost
from sweepgd.minimisers.recorded_checks import check_layout
from sweepgd.minimisers.recorded_contexts import RecordedContexts
from sweepgd.minimisers.unmeasured import MinimiserKey, chosen, missing_measures, newest
from sweepgd.plugins import single_file
from sweepgd.record import Results, Store, TrialRecord, encode, load
from sweepgd.record.commit_results import NoProgress, Progress, ResultCommitter
from sweepgd.sweep import Sweep
from sweepgd.sweep.configuration import Configuration
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

# The most bytes of recorded parameters that are read at once, before workers need the parameters.
READ_BYTES = 64 * 2**20


@dataclass(frozen=True)
class MeasureTask:
    """One measure at one minimiser."""

    minimiser: Minimiser
    configuration: Configuration
    wanted: MeasureRequest
    attempt: int = 1


@dataclass(frozen=True)
class MeasureResult:
    """The result of a worker. `record` is the log record. `failed` is True if a value is missing because of a failure.
    `seconds` is the duration of the measure.
    """

    trial: int
    record: bytes
    failed: bool
    seconds: float = 0.0


def run(context: SweepContext, task: MeasureTask, *_: object) -> MeasureResult:
    """Compute one measure. Any error except MemoryError gives a row with the error's message."""
    begun = monotonic()
    result = _result(task, list(measurements(context.of(task.configuration), task.minimiser, [task.wanted])))
    return replace(result, seconds=monotonic() - begun)


def _result(task: MeasureTask, rows: list[Row]) -> MeasureResult:
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
    """Measure curvature at the minimisers recorded in a results directory.

    Return all rows, including rows of earlier calls. `measures` are names of the catalogue, by default lambda_max. `rows` is
    the number of training rows, or "full". `which` is "final", "best" or both. `rescale`, `dtype` and `seed` are as in
    `[measure]` of a sweep file. `overrides` are written `measure.key=TOML-value`, such as
    "measure.settings.phi.iterations=20". The defaults of all these arguments are those of a sweep file, and do not depend on
    the `[measure]` table of the recorded sweep. `trials` are numbers and ranges of trials, by default all trials. `timeout` is
    the time limit of a measure in seconds. `workers` is the number of processes, by default all cores. `executor` is as in
    `sweepgd.search`. `data_path` is the new path of a data file that was moved. `plugins` are the plugin files that the sweep
    was run with. A measure that is recorded with equal settings is not repeated. Raises SweepgdError before anything is
    measured if an argument is invalid.
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
    run_options = RunOptions(
        workers=count, executor=executor, task_timeout=limit, plugins=absolute_paths(plugins), progress=progress
    )
    with single_file.registered(run_options.plugins):
        results = load(directory)
        given = {key: value for key, value in options.items() if value is not None}
        context = SweepContext(_sweep_of(results, given, list(overrides), data_path))
        numbers = chosen(results, trials)
        with closing(Store.open(results.directory, results.sweep_toml)) as store:
            for line in store.notes:
                progress.note(line)
            results = load(directory)
            todo = missing_measures(results, context, numbers, progress.note)
            _take(results, context, store, todo, run_options)
    return newest(load(directory), context, numbers)


def _sweep_of(results: Results, options: Mapping[str, Any], overrides: Sequence[str], data_path: str | Path | None) -> Sweep:
    """Return the recorded sweep, in which the requested measures replace the `[measure]` table."""
    recorded = recorded_sweep(results.sweep_toml, str(results.directory / "sweep.toml"), data_path)
    if not recorded.record.minima:
        raise SweepgdError(f"{results.directory} has no weights to measure: its sweep has record.minima = false")
    single_file.digests(recorded.plugins)  # without this, a missing plugin file would be reported as an unknown plugin
    return measuring(recorded, options, overrides)


def _take(
    results: Results,
    context: SweepContext,
    store: Store,
    requests: dict[MinimiserKey, list[MeasureRequest]],
    options: RunOptions,
) -> None:
    """Compute and record the missing measures."""
    progress = options.progress
    total, count = len(requests) * len(wanted(context)), sum(map(len, requests.values()))
    if count and options.executor is None:
        context.compile((), progress.note)
    where = options.location(count)
    if not count:
        progress.started(total, total, where)
        return

    def take(event: MeasureResult | Lost) -> None:
        result = _lost_result(context, event, options.task_timeout) if isinstance(event, Lost) else event
        store.supplement(result.trial, result.record)
        reporting.unreported.append(result)

    with scratch_folder() as folder:
        work = Work(context.sweep, run, context.share(folder))
        with (
            opened(options) as executor,
            graceful_stop(drains=True) as stop,
            make(work, options, executor, count) as engine,
        ):
            progress.started(total, total - count, where)
            reporting = ResultCommitter(store, progress, stop)
            dispatch(engine, _tasks(results, context, requests), take, reporting, stop)
            reporting.publish()


def _lost_result(context: SweepContext, lost: Lost, timeout: float | None) -> MeasureResult:
    """Return the result of a measure whose worker was lost."""
    task = lost.task
    context = context.of(task.configuration)
    message = f"stopped at the time limit of {timeout:g} s" if lost.status == TIMED_OUT else lost.message
    return _result(task, list(unmeasured(context, task.minimiser, [task.wanted], with_model_name(context, message))))


def _tasks(
    results: Results, context: SweepContext, requests: dict[MinimiserKey, list[MeasureRequest]]
) -> Iterator[MeasureTask]:
    """Yield one task per measure. Parameters are read only when a task needs them."""
    contexts = RecordedContexts(results, context)
    trials = sorted({trial for (trial, _, _), missing in requests.items() if missing})
    # The bytes of a trial: the final and best weights of all replicates, in float64.
    most = max(contexts.of(trial).architecture.recorded for trial in trials)
    trial_bytes = 2 * context.sweep.search.replicates * most * 8
    size = max(1, READ_BYTES // trial_bytes)
    for first in range(0, len(trials), size):
        table = results.minima_of(trials[first : first + size])
        scalars = table.select(["trial", "replicate", "which", "update", "dtype"]).to_pylist()
        for index, row in enumerate(scalars):
            missing = requests.get((row["trial"], row["replicate"], row["which"]), [])
            if not missing:
                continue
            parameters = table["parameters"][index].values.to_numpy().astype(row["dtype"])
            own = contexts.of(row["trial"])
            check_layout(own, f"trial {row['trial']}", table["layout"][index].as_py(), len(parameters))
            minimiser = Minimiser(row["trial"], row["replicate"], row["which"], row["update"], parameters)
            yield from (MeasureTask(minimiser, contexts.configuration(row["trial"]), request) for request in missing)
