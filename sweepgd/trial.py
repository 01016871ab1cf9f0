"""One trial: the replicates of a configuration, advanced in turn, and the record of their outcomes."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from time import monotonic

from sweepgd import registry
from sweepgd.configuration import Configuration
from sweepgd.kernels import target
from sweepgd.lab import Lab
from sweepgd.looks import Looks
from sweepgd.measures import measure_of
from sweepgd.minimisers import Row, Wanted, measurements, minimisers, model_accused, unmeasured, wanted
from sweepgd.objectives import objective_values
from sweepgd.outcome import COMPLETED, DIVERGED, FAILED, PRUNED, TIMED_OUT, Outcome
from sweepgd.problem import Problem, reason
from sweepgd.record import Finished, decode, encode
from sweepgd.rows import curve, known_rows, minima, results
from sweepgd.training import Training

# Takes a rung, in percent of the budget, and the mean objective there; returns True to prune the trial.
Report = Callable[[int, float], bool]
# Takes the result that counts if the process is lost later.
Keep = Callable[["Result"], None]


@dataclass(frozen=True)
class Task:
    """A trial for a worker to run."""

    trial: int
    configuration: Configuration
    rungs: tuple[int, ...] = ()
    time_limit: float | None = None
    """In seconds. Replicates that have not ended by then are timed out; the others keep their results."""
    attempt: int = 1
    """The number of this attempt, from 1; higher if workers that ran the trial before were lost."""


@dataclass(frozen=True)
class Result:
    """The result of a trial.

    The record is encoded where the trial runs, so that the process that writes the log only has to append it.
    """

    trial: int
    record: bytes
    objectives: list[float] | None
    """The values for the sampler; None if the trial failed or was timed out."""
    status: str
    seconds: float = 0.0
    """The time that a worker was busy with the trial, including the encoding of its record."""

    @property
    def finished(self) -> Finished:
        """The decoded record."""
        return decode(self.record)


def run(lab: Lab, task: Task, report: Report | None = None, keep: Keep | None = None) -> Result:
    """Run all replicates of a configuration, and measure their minimisers if the sweep has `[measure]`.

    A replicate that raises becomes a failed row, and the others go on. `keep` receives the trained runs, with the measures
    taken so far, before each measure. Raises MemoryError: the process must end then, because it may still hold the memory.
    """
    started_at, started = datetime.now(UTC), monotonic()
    deadline = inf if task.time_limit is None else started + task.time_limit
    trainings: list[Training | Outcome] = []
    for replicate in range(lab.sweep.search.replicates):
        try:
            trainings.append(lab.training(task.configuration, replicate, task.rungs, deadline))
        except MemoryError:
            raise
        except Exception as error:
            trainings.append(Outcome(FAILED, failure(lab, task.configuration, error)))
    looks = Looks(lab, task.trial, _runs(trainings), deadline)
    _advance(lab, task, trainings, report, looks)
    result = result_of(lab, task, trainings, started_at, looks.rows)
    if lab.sweep.measure is not None:
        result = measured(lab, result, deadline, keep)
    return replace(result, seconds=monotonic() - started)


def measured(lab: Lab, result: Result, deadline: float = inf, keep: Keep | None = None) -> Result:
    """Return a result with the sweep's measures of its minimisers added."""
    finished = result.finished
    for minimiser in minimisers(lab, finished):
        for measure in wanted(lab):
            if keep is not None:
                keep(replace(result, record=encode(finished)))
            finished.curvature.extend(measurements(lab, minimiser, [measure], deadline))
    return replace(result, record=encode(finished))


def not_measured(lab: Lab, result: Result, why: str) -> Result:
    """Return a result whose process was lost during its measures, with a message in place of each missing one."""
    finished, message = result.finished, model_accused(lab, why)
    present = {
        (row["replicate"], row["which"], Wanted(measure_of(row["measure"]).name, row["rescaling"]))
        for row in finished.curvature
    }
    for minimiser in minimisers(lab, finished):
        missing = [measure for measure in wanted(lab) if (minimiser.replicate, minimiser.which, measure) not in present]
        finished.curvature.extend(unmeasured(lab, minimiser, missing, message))
    return replace(result, record=encode(finished))


def result_of(
    lab: Lab, task: Task, trainings: Sequence[Training | Outcome], started_at: datetime, looks: Sequence[Row] = ()
) -> Result:
    """Return the result of a trial whose replicates have all ended; one that could not begin is given by its outcome.

    `looks` are the rows of measures taken along the runs.
    """
    finished_at = datetime.now(UTC)
    finished = Finished(task.trial, [], [], curvature=list(looks))
    process = {"started_at": started_at, "finished_at": finished_at, "worker": f"{platform.node()}:{os.getpid()}"}
    process |= target.processor_type()._asdict()
    known = known_rows(lab, task.trial, task.configuration, task.attempt)
    for replicate, training in enumerate(trainings):
        row = known[replicate] | process
        if isinstance(training, Outcome) or not training.points:
            outcome = training if isinstance(training, Outcome) else training.outcome
            assert outcome is not None
            finished.rows.append(row | {"status": outcome.status, "message": outcome.message})
            finished.curves.append({})
            continue
        finished.rows.append(row | results(lab, training))
        finished.curves.append(curve(training))
        finished.minima.extend(minima(lab, task.trial, replicate, training))
    status = _status([row["status"] for row in finished.rows])
    runs = list(_runs(trainings).values())
    objectives = None if status in (FAILED, TIMED_OUT) else objective_values(lab.objectives, runs)
    return Result(task.trial, encode(finished), objectives, status)


def accused(lab: Lab, configuration: Configuration, why: str) -> str:
    """Return why a trial was lost, preceded by the third-party plugins that it ran: any of them may be the cause."""
    plugins = {
        "optimizers": configuration.optimizer,
        "schedules": configuration.schedule,
        "models": lab.sweep.model.name,
    }
    return registry.accused(plugins, why)


def failure(lab: Lab, configuration: Configuration, error: Exception) -> str:
    """Return the message of a trial that raised, with the names of its plugins; a Problem already names its cause."""
    return reason(error) if isinstance(error, Problem) else accused(lab, configuration, reason(error))


def _runs(replicates: Sequence[Training | Outcome]) -> dict[int, Training]:
    """Return the runs that could begin, by replicate."""
    return {replicate: training for replicate, training in enumerate(replicates) if isinstance(training, Training)}


def _advance(lab: Lab, task: Task, replicates: Sequence[Training | Outcome], report: Report | None, looks: Looks) -> None:
    """Advance all replicates that could begin from rung to rung, and then to the end or until the trial is pruned."""
    runs = _runs(replicates)
    trainings, steps = list(runs.values()), [looks.advance(replicate) for replicate in runs]
    for rung in (*task.rungs, 101):
        for training, step in zip(trainings, steps, strict=True):
            try:
                while training.outcome is None and (not training.points or training.percent < rung):
                    next(step, None)
            except MemoryError:
                raise
            except Exception as error:
                training.fail(failure(lab, task.configuration, error))
        running = [training for training in trainings if training.outcome is None]
        if running and report is not None and report(rung, objective_values(lab.objectives[:1], trainings)[0]):
            for training in running:
                training.end(Outcome(PRUNED, f"pruned after {rung} % of the budget"))
            return


def _status(statuses: Sequence[str]) -> str:
    """Return a trial's status, the worst of its replicates: failed before timed out, pruned and diverged."""
    for status in (FAILED, TIMED_OUT, PRUNED, DIVERGED):
        if status in statuses:
            return status
    return COMPLETED
