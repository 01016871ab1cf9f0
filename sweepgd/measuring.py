"""What `sweepgd measure` does: curvature at the recorded minimisers of a search, in workers, once for the same settings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd import one_off
from sweepgd.dispatch import dispatch
from sweepgd.execution.choose import Work, make, opened
from sweepgd.execution.run_options import RunOptions, absolute_paths
from sweepgd.interrupts import asking
from sweepgd.lab import Lab
from sweepgd.minimisers import Minimiser, Row, Wanted, is_unmeasured, measurements, model_accused, unmeasured, wanted
from sweepgd.missing import Run, chosen, missing, newest
from sweepgd.outcome import TIMED_OUT
from sweepgd.problem import Problem, UsageProblem
from sweepgd.record import Finished, Results, Store, encode, load
from sweepgd.reporting import Progress, Reporting, Silence
from sweepgd.scratch import scratch_folder
from sweepgd.sweep import Sweep
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.sweep.options import listed, measuring, real, whole
from sweepgd.worker import Lost

# How much of the recorded parameters is in memory at once, read ahead of the workers.
READ_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Task:
    """One measure at one minimiser."""

    minimiser: Minimiser
    wanted: Wanted


@dataclass(frozen=True)
class Measured:
    """What a worker hands back: a record for the log, whether a failure kept the value away, and the seconds that it took."""

    trial: int
    record: bytes
    failed: bool
    seconds: float = 0.0


def run(lab: Lab, task: Task, *_: object) -> Measured:
    """Takes one measure. What raises is a row with a message; raises MemoryError."""
    begun = monotonic()
    measured = _measured(task, list(measurements(lab, task.minimiser, [task.wanted])))
    return Measured(measured.trial, measured.record, measured.failed, monotonic() - begun)


def _measured(task: Task, rows: list[Row]) -> Measured:
    trial = task.minimiser.trial
    return Measured(trial, encode(Finished(trial, [], [], curvature=rows)), any(map(is_unmeasured, rows)))


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
    Raises Problem before anything is measured where it cannot be as asked.
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
        raise UsageProblem(f"workers {workers!r}: give a whole number of at least 1")
    if limit is not None and limit <= 0:
        raise UsageProblem(f"timeout {timeout!r}: give more than 0 seconds")
    if isinstance(trials, (str, int)):
        raise UsageProblem(f"trials {trials!r}: give a list of numbers, such as [{trials}]")
    progress = progress or Silence()
    run_options = RunOptions(count, executor, None, limit, absolute_paths(plugins), progress)
    with one_off.registered(run_options.plugins):
        results = load(directory)
        given = {key: value for key, value in options.items() if value is not None}
        lab = Lab(_sweep_of(results, given, list(overrides), data_path))
        numbers = chosen(results, trials)
        with closing(Store.open(results.directory, results.sweep_toml)) as store:
            for line in store.notes:
                progress.note(line)
            results = load(directory)
            lacking = missing(results, lab, numbers, progress.note)
            _take(results, lab, store, lacking, run_options)
    return newest(load(directory), lab, numbers)


def _sweep_of(results: Results, options: Mapping[str, Any], overrides: Sequence[str], data_path: str | Path | None) -> Sweep:
    """The recorded sweep with what is to be measured in place of its own `[measure]`."""
    recorded = recorded_sweep(results.sweep_toml, str(results.directory / "sweep.toml"), data_path)
    one_off.digests(recorded.plugins)  # says which file is missing, before the name of what it defines is unknown
    return measuring(recorded, options, overrides)


def _take(results: Results, lab: Lab, store: Store, lacking: dict[Run, list[Wanted]], options: RunOptions) -> None:
    """Take the measures that are missing."""
    progress = options.progress
    total, todo = len(lacking) * len(wanted(lab)), sum(map(len, lacking.values()))
    if todo and options.executor is None:
        lab.compile((), progress.note)
    progress.started(total, total - todo, options.location(todo))
    if not todo:
        return

    def take(event: Measured | Lost) -> None:
        measured = _of_lost(lab, event, options.task_timeout) if isinstance(event, Lost) else event
        store.supplement(measured.trial, measured.record)
        reporting.unreported.append(measured)

    with scratch_folder() as folder:
        work = Work(lab.sweep, run, lab.share(folder))
        with (
            opened(options) as executor,
            asking(drains=True) as stop,
            make(work, options, executor, todo) as engine,
        ):
            reporting = Reporting(store, progress, stop)
            dispatch(engine, _tasks(results, lab, lacking), take, reporting, stop)
            reporting.publish()


def _of_lost(lab: Lab, lost: Lost, timeout: float | None) -> Measured:
    """The rows of a measure whose worker is gone."""
    task = lost.task
    why = f"stopped at the time limit of {timeout:g} s" if lost.status == TIMED_OUT else lost.message
    return _measured(task, list(unmeasured(lab, task.minimiser, [task.wanted], model_accused(lab, why))))


def _tasks(results: Results, lab: Lab, lacking: dict[Run, list[Wanted]]) -> Iterator[Task]:
    """A task a measure, the parameters read as they are needed."""
    trials = sorted({trial for (trial, _, _), ones in lacking.items() if ones})
    held = 2 * lab.sweep.search.replicates * lab.architecture.parameters * 8  # bytes of a trial, its final and best weights
    size = max(1, READ_BYTES // held)
    for first in range(0, len(trials), size):
        table = results.minima_of(trials[first : first + size])
        scalars = table.select(["trial", "replicate", "which", "update", "dtype"]).to_pylist()
        for index, row in enumerate(scalars):
            ones = lacking.get((row["trial"], row["replicate"], row["which"]), [])
            if not ones:
                continue
            parameters = table["parameters"][index].values.to_numpy().astype(row["dtype"])
            if not np.array_equal(table["layout"][index].as_py(), lab.architecture.layout):
                raise Problem(
                    f"trial {row['trial']} has {len(parameters)} parameters in another layout than model"
                    f" {lab.sweep.model.name!r} has here: install the version that it was trained with"
                )
            at = Minimiser(row["trial"], row["replicate"], row["which"], row["update"], parameters)
            yield from (Task(at, one) for one in ones)
