"""One trial. The replicates of a configuration advance in turn, and their outcomes are recorded."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from time import monotonic

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.outcome import FAILED, PRUNED, TIMED_OUT, Outcome, worst
from sweepgd.curvature.catalogue import measure_of
from sweepgd.kernels import target
from sweepgd.plugins import registry
from sweepgd.record import TrialRecord, decode, encode
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Training
from sweepgd.training.measure_along_run import MeasurementsAlongRun
from sweepgd.training.measure_minimisers import (
    MeasureRequest,
    Row,
    measurements,
    minimisers,
    unmeasured,
    wanted,
    with_model_name,
)
from sweepgd.training.objectives import objective_values
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial_rows import curve, known_rows, minima, results

# A function that takes a rung, in percent of the budget, and the mean objective at the rung. The function returns True to prune
# the trial.
Report = Callable[[int, float], bool]
# A function that takes a partial result, which is used if the process is lost later.
Keep = Callable[["TrialResult"], None]


@dataclass(frozen=True)
class TrialTask:
    """A trial for a worker to run."""

    trial: int
    configuration: Configuration
    rungs: tuple[int, ...] = ()
    time_limit: float | None = None
    """The time limit in seconds. Replicates that have not ended at the limit are timed out. Other replicates keep their
    results.
    """
    attempt: int = 1
    """The number of this attempt, counted from 1. Each loss of a worker that ran the trial adds an attempt."""


@dataclass(frozen=True)
class TrialResult:
    """The result of a trial.

    `record` is the log record of the trial. The worker encodes it, so that the process that writes the log only has to append
    the bytes.
    """

    trial: int
    record: bytes
    objectives: list[float] | None
    """The values for the sampler, or None if the trial failed or timed out."""
    status: str
    seconds: float = 0.0
    """The seconds for which a worker was busy with the trial, including the time to encode `record`."""

    @property
    def finished(self) -> TrialRecord:
        """The trial's rows, decoded from `record`."""
        return decode(self.record)


def run(context: SweepContext, task: TrialTask, report: Report | None = None, keep: Keep | None = None) -> TrialResult:
    """Run all replicates of a configuration, and measure their minimisers if the sweep has `[measure]`.

    A replicate that raises becomes a failed row, and the other replicates continue. Before each measure, `keep` receives the
    trained runs with the measures computed so far. After a MemoryError, which is raised, the process must end, because it may
    still hold the memory.
    """
    started_at, started = datetime.now(UTC), monotonic()
    try:
        context = context.of(task.configuration)
    except SweepgdError as error:  # this combination of settings was not checked before the first trial
        return replace(without_result(context, task, FAILED, str(error)), seconds=monotonic() - started)
    deadline = inf if task.time_limit is None else started + task.time_limit
    trainings: list[Training | Outcome] = []
    for replicate in range(context.sweep.search.replicates):
        try:
            trainings.append(context.training(task.configuration, replicate, task.rungs, deadline))
        except MemoryError:
            raise
        except Exception as error:
            trainings.append(Outcome(FAILED, failure(context, task.configuration, error)))
    along_run = MeasurementsAlongRun(context, task.trial, _runs(trainings), deadline)
    _advance(context, task, trainings, report, along_run)
    result = result_of(context, task, trainings, started_at, along_run.rows)
    if context.sweep.measure is not None:
        result = measured(context, result, deadline, keep)
    return replace(result, seconds=monotonic() - started)


def measured(context: SweepContext, result: TrialResult, deadline: float = inf, keep: Keep | None = None) -> TrialResult:
    """Measure the minimisers of a trial as the sweep asks, and return `result` with these measures."""
    finished = result.finished
    for minimiser in minimisers(context, finished):
        for measure in wanted(context):
            if keep is not None:
                keep(replace(result, record=encode(finished)))
            finished.curvature.extend(measurements(context, minimiser, [measure], deadline))
    return replace(result, record=encode(finished))


def not_measured(context: SweepContext, result: TrialResult, why: str) -> TrialResult:
    """Return the result of a trial whose process was lost during its measures. Each missing measure has a message instead of a
    value.
    """
    finished, message = result.finished, with_model_name(context, why)
    present = {
        (row["replicate"], row["which"], MeasureRequest(measure_of(row["measure"]).name, row["rescaling"]))
        for row in finished.curvature
    }
    for minimiser in minimisers(context, finished):
        missing = [measure for measure in wanted(context) if (minimiser.replicate, minimiser.which, measure) not in present]
        finished.curvature.extend(unmeasured(context, minimiser, missing, message))
    return replace(result, record=encode(finished))


def result_of(
    context: SweepContext,
    task: TrialTask,
    trainings: Sequence[Training | Outcome],
    started_at: datetime,
    along_run: Sequence[Row] = (),
) -> TrialResult:
    """Return the result of a trial whose replicates have all ended.

    For a replicate that could not begin, `trainings` holds its outcome instead of its run. `along_run` holds the rows of the
    measures along the runs.
    """
    finished_at = datetime.now(UTC)
    finished = TrialRecord(task.trial, [], [], curvature=list(along_run))
    process = {"started_at": started_at, "finished_at": finished_at, "worker": f"{platform.node()}:{os.getpid()}"}
    process |= target.processor_type()._asdict()
    known = known_rows(context, task.trial, task.configuration, task.attempt)
    for replicate, training in enumerate(trainings):
        row = known[replicate] | process
        if isinstance(training, Outcome) or not training.points:
            outcome = training if isinstance(training, Outcome) else training.outcome
            assert outcome is not None
            finished.rows.append(row | {"status": outcome.status, "message": outcome.message})
            finished.curves.append({})
            continue
        finished.rows.append(row | results(context, training))
        finished.curves.append(curve(training))
        finished.minima.extend(minima(context, task.trial, replicate, training))
    status = worst([row["status"] for row in finished.rows])
    runs = list(_runs(trainings).values())
    objectives = None if status in (FAILED, TIMED_OUT) else objective_values(context.objectives, runs)
    return TrialResult(task.trial, encode(finished), objectives, status)


def without_result(context: SweepContext, task: TrialTask, status: str, message: str) -> TrialResult:
    """Return the result of a trial that failed or timed out without a partial result. `message` is the reason."""
    try:
        known = known_rows(context.of(task.configuration), task.trial, task.configuration, task.attempt)
    except SweepgdError:
        unknown = {"parameters": None, "model_settings": None, "data_settings": None}
        known = [row | unknown for row in known_rows(context, task.trial, task.configuration, task.attempt)]
    ending = {"status": status, "message": message, "finished_at": datetime.now(UTC)}
    record = TrialRecord(task.trial, [row | ending for row in known], [{} for _ in known])
    return TrialResult(task.trial, encode(record), None, status)


def with_plugin_names(context: SweepContext, configuration: Configuration, why: str) -> str:
    """Return the reason why a trial was lost. The text begins with the third-party plugins that the trial ran, because any of
    these plugins may be the cause.
    """
    plugins = {
        "optimizers": configuration.optimizer,
        "schedules": configuration.schedule,
        "models": context.sweep.model.name,
    }
    return registry.with_plugin_names(plugins, why)


def failure(context: SweepContext, configuration: Configuration, error: Exception) -> str:
    """Return the message of a trial that raised an exception, with the names of the trial's plugins. The message of a
    SweepgdError is returned unchanged, because it names the cause.
    """
    return reason(error) if isinstance(error, SweepgdError) else with_plugin_names(context, configuration, reason(error))


def _runs(replicates: Sequence[Training | Outcome]) -> dict[int, Training]:
    """Return the runs that could begin, by replicate."""
    return {replicate: training for replicate, training in enumerate(replicates) if isinstance(training, Training)}


def _advance(
    context: SweepContext,
    task: TrialTask,
    replicates: Sequence[Training | Outcome],
    report: Report | None,
    along_run: MeasurementsAlongRun,
) -> None:
    """Advance all replicates that could begin, from rung to rung, until the runs end or the trial is pruned."""
    runs = _runs(replicates)
    trainings, steps = list(runs.values()), [along_run.advance(replicate) for replicate in runs]
    for rung in (*task.rungs, 101):
        for training, step in zip(trainings, steps, strict=True):
            try:
                while training.outcome is None and (not training.points or training.percent < rung):
                    next(step, None)
            except MemoryError:
                raise
            except Exception as error:
                training.fail(failure(context, task.configuration, error))
        running = [training for training in trainings if training.outcome is None]
        if running and report is not None and report(rung, objective_values(context.objectives[:1], trainings)[0]):
            for training in running:
                training.end(Outcome(PRUNED, f"pruned after {rung} % of the budget"))
            return
