"""One trial: a configuration with all its replicates, advanced side by side, and the record of how they ended."""

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
from sweepgd.objectives import told
from sweepgd.outcome import COMPLETED, DIVERGED, FAILED, PRUNED, TIMED_OUT, Outcome
from sweepgd.problem import Problem, reason
from sweepgd.record import Finished, decode, encode
from sweepgd.rows import curve, known_rows, minima, results
from sweepgd.training import Training

# Reports the mean objective at a rung, in percent of the budget, and learns whether to give the configuration up.
Report = Callable[[int, float], bool]
# Hands over what stands if the process is lost from here on.
Keep = Callable[["Result"], None]


@dataclass(frozen=True)
class Task:
    """What a worker is asked to run."""

    trial: int
    configuration: Configuration
    rungs: tuple[int, ...] = ()
    time_limit: float | None = None
    """In seconds; replicates that have not ended by then are timed out, and those that have keep their results."""
    attempt: int = 1
    """How many times the trial has been begun: above 1 where workers that ran it were lost."""


@dataclass(frozen=True)
class Result:
    """What a worker hands back: a record for the log, what the sampler is told (None where the trial failed), the status, and
    the seconds that it took a worker, the encoding of its record included.

    The record is encoded where the trial ran, so that the one process that keeps the log has only to append it.
    """

    trial: int
    record: bytes
    told: list[float] | None
    status: str
    seconds: float = 0.0

    @property
    def finished(self) -> Finished:
        """What the record holds."""
        return decode(self.record)


def run(lab: Lab, task: Task, report: Report | None = None, keep: Keep | None = None) -> Result:
    """Runs all replicates of a configuration, and measures their minimisers where the sweep does.

    A replicate that raises is a failed row, and the others go on. `keep` is given the trained runs before each measure, with
    what was measured so far.
    Raises MemoryError, after which nobody knows what its process still holds.
    """
    started, begun = datetime.now(UTC), monotonic()
    deadline = inf if task.time_limit is None else begun + task.time_limit
    trainings: list[Training | Outcome] = []
    for replicate in range(lab.sweep.search.replicates):
        try:
            trainings.append(lab.training(task.configuration, replicate, task.rungs, deadline))
        except MemoryError:
            raise
        except Exception as error:
            trainings.append(Outcome(FAILED, failure(lab, task.configuration, error)))
    looks = Looks(lab, task.trial, _begun(trainings), deadline)
    _advance(lab, task, trainings, report, looks)
    result = result_of(lab, task, trainings, started, looks.rows)
    if lab.sweep.measure is not None:
        result = measured(lab, result, deadline, keep)
    return replace(result, seconds=monotonic() - begun)


def measured(lab: Lab, result: Result, deadline: float = inf, keep: Keep | None = None) -> Result:
    """A result with what the sweep measures at its minimisers."""
    finished = result.finished
    for minimiser in minimisers(lab, finished):
        for one in wanted(lab):
            if keep is not None:
                keep(replace(result, record=encode(finished)))
            finished.curvature.extend(measurements(lab, minimiser, [one], deadline))
    return replace(result, record=encode(finished))


def not_measured(lab: Lab, result: Result, why: str) -> Result:
    """A result whose process was lost while it was measured."""
    finished, lost = result.finished, model_accused(lab, why)
    there = {
        (row["replicate"], row["which"], Wanted(measure_of(row["measure"]).name, row["rescaling"]))
        for row in finished.curvature
    }
    for minimiser in minimisers(lab, finished):
        lacking = [one for one in wanted(lab) if (minimiser.replicate, minimiser.which, one) not in there]
        finished.curvature.extend(unmeasured(lab, minimiser, lacking, lost))
    return replace(result, record=encode(finished))


def result_of(
    lab: Lab, task: Task, trainings: Sequence[Training | Outcome], started: datetime, looks: Sequence[Row] = ()
) -> Result:
    """The result of a trial whose replicates have all ended; in place of one that could not begin stands its outcome.

    `looks` are rows of curvature along the way.
    """
    finished_at = datetime.now(UTC)
    finished = Finished(task.trial, [], [], curvature=list(looks))
    where = {"started_at": started, "finished_at": finished_at, "worker": f"{platform.node()}:{os.getpid()}"}
    where |= target.processor_type()._asdict()
    known = known_rows(lab, task.trial, task.configuration, task.attempt)
    for replicate, training in enumerate(trainings):
        row = known[replicate] | where
        if isinstance(training, Outcome) or not training.points:
            outcome = training if isinstance(training, Outcome) else training.outcome
            assert outcome is not None
            finished.rows.append(row | {"status": outcome.status, "message": outcome.message})
            finished.curves.append({})
            continue
        finished.rows.append(row | results(lab, training))
        finished.curves.append(curve(training))
        finished.minima.extend(minima(lab, task.trial, replicate, training))
    whole = [training for training in trainings if isinstance(training, Training)]
    status = _status([row["status"] for row in finished.rows])
    values = None if status in (FAILED, TIMED_OUT) else told(lab.objectives, whole)
    return Result(task.trial, encode(finished), values, status)


def accused(lab: Lab, configuration: Configuration, why: str) -> str:
    """Why a trial was lost, after the plugins of other distributions that it ran, any of which may be the cause."""
    ran = {
        "optimizers": configuration.optimizer,
        "schedules": configuration.schedule,
        "models": lab.sweep.model.name,
    }
    return registry.accused(ran, why)


def failure(lab: Lab, configuration: Configuration, error: Exception) -> str:
    """`accused` of an exception. A Problem, such as that of a plugin that does not load here, names its cause itself."""
    return reason(error) if isinstance(error, Problem) else accused(lab, configuration, reason(error))


def _begun(replicates: Sequence[Training | Outcome]) -> dict[int, Training]:
    """Those that could begin, by replicate."""
    return {replicate: training for replicate, training in enumerate(replicates) if isinstance(training, Training)}


def _advance(lab: Lab, task: Task, replicates: Sequence[Training | Outcome], report: Report | None, looks: Looks) -> None:
    """Advances all replicates that could begin from rung to rung, and to the end; sets the outcome of each."""
    begun = _begun(replicates)
    trainings, steps = list(begun.values()), [looks.advance(replicate) for replicate in begun]
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
        if running and report is not None and report(rung, told(lab.objectives[:1], trainings)[0]):
            for training in running:
                training.end(Outcome(PRUNED, f"pruned after {rung} % of the budget"))
            return


def _status(statuses: Sequence[str]) -> str:
    """A configuration's status: the worst of its replicates, a failure before a time-out, pruning and divergence."""
    for status in (FAILED, TIMED_OUT, PRUNED, DIVERGED):
        if status in statuses:
            return status
    return COMPLETED
