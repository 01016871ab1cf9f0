"""Run the trials of a sweep. Ask the advisor for points, record the results, and report the results to the advisor."""

from collections.abc import Iterator
from time import monotonic
from typing import Any

from sweepgd.core.interrupts import Stop
from sweepgd.core.outcome import FAILED, PRUNED, TIMED_OUT
from sweepgd.execution.dispatch import dispatch
from sweepgd.execution.engine import Engine
from sweepgd.execution.worker_handle import Lost, Rung
from sweepgd.record import Store, load, with_search_state
from sweepgd.record.commit_results import ResultCommitter
from sweepgd.study.preparation import Prepared
from sweepgd.study.search_state import values_of
from sweepgd.study.shard import WHOLE, Shard
from sweepgd.sweep import configuration_of
from sweepgd.sweep.space import Value
from sweepgd.training.trial import TrialResult, TrialTask, not_measured, with_plugin_names, without_result


class AskAndTell:
    """The work of one call of `search`: submit tasks, record their results, and report the results to the advisor."""

    def __init__(
        self,
        prepared: Prepared,
        store: Store,
        engine: Engine,
        reporting: ResultCommitter,
        deadline: float,
        trial_timeout: float | None,
        stop: Stop,
        shard: Shard = WHOLE,
    ) -> None:
        self._advisor, self._context, self._total = prepared.advisor, prepared.context, prepared.total
        self._shard = shard
        self._store, self._engine, self._reporting = store, engine, reporting
        self._deadline, self._trial_timeout, self._stop = deadline, trial_timeout, stop
        self._objectives: dict[int, list[float] | None] = {}
        self._states = self._recorded_states() if self._advisor.remembers else {}

    def run(self) -> None:
        """Run all trials that are not recorded yet, until the deadline."""
        for generation in self._advisor.generations(self._total):
            if monotonic() > self._deadline:
                return
            self._run_generation(self._shard.numbers(generation))

    def _recorded_states(self) -> dict[int, str]:
        """Return the search states that earlier calls recorded, by trial."""
        table = load(self._store.directory).trials.select(["trial", "replicate", "search_state"])
        return {
            row["trial"]: row["search_state"]
            for row in table.to_pylist()
            if row["replicate"] == 0 and row["search_state"] is not None
        }

    def _run_generation(self, generation: range) -> None:
        """Run the trials of one generation that are not recorded yet. Then tell the advisor the results of the whole
        generation, in the order of the trials.
        """
        advisor = self._advisor
        known = {number for number in self._store.recorded if number in generation}
        if len(known) == len(generation):
            for number in sorted(known & self._states.keys()):
                advisor.remember(number, self._states[number])
            return
        advisor.begin(generation)
        if advisor.adaptive:
            points = self._points(generation)
            self._run((number, point) for number, point in points if number not in known)
            for _ in points:  # after a deadline, workers take no more points, but all are needed to check the recorded trials
                pass
            for number in sorted(known & self._states.keys() - set(range(len(advisor.points)))):
                if not advisor.agrees(number, self._states[number]):
                    advisor.forget(number)
        else:
            for number in sorted(known & self._states.keys()):
                advisor.remember(number, self._states[number])
            self._run((number, advisor.ask(number)) for number in generation if number not in known)
            return
        for number in generation:
            if number in self._states:
                advisor.tell(number, self._objectives.get(number, values_of(self._states[number])), self._states[number])

    def _points(self, generation: range) -> Iterator[tuple[int, dict[str, Value]]]:
        """Yield the point of every trial of an adaptive generation. A point is proposed while workers run earlier trials.

        All points are proposed in order, also after a restart, and depend only on the results of earlier generations. With
        rungs, all points are proposed before any trial runs, because Optuna's samplers read the reports of running trials. A
        stop request ends the proposals, because a sampler may take seconds to avoid known points.
        """
        points = ((number, self._advisor.ask(number)) for number in generation if not self._stop)
        yield from list(points) if self._advisor.rungs else points

    def _run(self, points: Iterator[tuple[int, dict[str, Value]]]) -> None:
        """Run a trial at each of these points, until the deadline."""
        dispatch(self._engine, self._tasks(points), self._handle, self._reporting, self._stop, self._deadline)

    def _tasks(self, points: Iterator[tuple[int, dict[str, Value]]]) -> Iterator[TrialTask]:
        for number, point in points:
            rungs = self._advisor.rungs if number >= len(self._advisor.points) else ()
            yield TrialTask(number, configuration_of(point), rungs, self._trial_timeout)

    def _handle(self, event: Any) -> None:
        if isinstance(event, Rung):
            self._engine.reply(event, self._advisor.should_prune(event.task.trial, event.percent, event.mean))
        else:
            self._finish(self._lost_result(event) if isinstance(event, Lost) else event)

    def _finish(self, result: TrialResult) -> None:
        number, record = result.trial, result.record
        state = self._advisor.state(number, result.objectives, pruned=result.status == PRUNED)
        if state is not None:
            self._states[number] = state
            record = with_search_state(record, state)
        self._store.append(number, record)
        self._reporting.unreported.append(result)
        if self._advisor.adaptive:
            self._objectives[number] = result.objectives
        else:
            self._advisor.tell(number, result.objectives, state)

    def _lost_result(self, lost: Lost) -> TrialResult:
        """Return the result of a trial whose worker was lost."""
        assert lost.status in (FAILED, TIMED_OUT)
        if lost.partial is not None:
            return not_measured(self._context.of(lost.task.configuration), lost.partial, lost.message)
        message = with_plugin_names(self._context, lost.task.configuration, lost.message)
        return without_result(self._context, lost.task, lost.status, message)
