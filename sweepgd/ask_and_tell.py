"""How the trials of a sweep are run: the advisor is asked for a point, and told what came of it once that is recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from sweepgd.advisor import values_of
from sweepgd.dispatch import dispatch
from sweepgd.execution.engine import Engine
from sweepgd.interrupts import Stop
from sweepgd.outcome import FAILED, PRUNED, TIMED_OUT
from sweepgd.preparation import Prepared
from sweepgd.record import Finished, Store, encode, load, with_search_state
from sweepgd.reporting import Reporting
from sweepgd.rows import known_rows
from sweepgd.space import Value
from sweepgd.sweep import configuration_of
from sweepgd.trial import Result, Task, accused, not_measured
from sweepgd.worker import Lost, Rung


class AskAndTell:
    """One call of `search`: hands out tasks, and records and tells what comes back."""

    def __init__(
        self,
        prepared: Prepared,
        store: Store,
        engine: Engine,
        reporting: Reporting,
        deadline: float,
        trial_timeout: float | None,
        stop: Stop,
    ) -> None:
        self._advisor, self._lab, self._total = prepared.advisor, prepared.lab, prepared.total
        self._store, self._engine, self._reporting = store, engine, reporting
        self._deadline, self._trial_timeout, self._stop = deadline, trial_timeout, stop
        self._told: dict[int, list[float] | None] = {}
        self._states = self._recorded_states() if self._advisor.remembers else {}

    def run(self) -> None:
        """Runs all that the store does not hold yet, until time is up."""
        for generation in self._advisor.generations(self._total):
            if monotonic() > self._deadline:
                return
            self._generation(generation)

    def _recorded_states(self) -> dict[int, str]:
        """What earlier calls recorded for the advisor's memory, by trial."""
        table = load(self._store.directory).trials.select(["trial", "replicate", "search_state"])
        return {
            row["trial"]: row["search_state"]
            for row in table.to_pylist()
            if row["replicate"] == 0 and row["search_state"] is not None
        }

    def _generation(self, generation: range) -> None:
        """Runs the trials of one generation that are not recorded yet, and tells the advisor of all of them, in order."""
        advisor = self._advisor
        known = {number for number in self._store.recorded if number in generation}  # the generation may be the larger
        if len(known) == len(generation):
            for number in sorted(known & self._states.keys()):
                advisor.remember(number, self._states[number])
            return
        advisor.begin(generation)
        if advisor.adaptive:
            # Asked for all at once and again after a restart, so that each point depends on whole generations only.
            # Not gone on with where somebody asks to stop, which is heard next: to ask around known points may take seconds.
            points = {number: advisor.ask(number) for number in generation if not self._stop}
            self._run((number, point) for number, point in points.items() if number not in known)
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
                advisor.tell(number, self._told.get(number, values_of(self._states[number])), self._states[number])

    def _run(self, points: Iterator[tuple[int, dict[str, Value]]]) -> None:
        """Runs trials at these points until there is none left, or time is up."""
        dispatch(self._engine, self._tasks(points), self._take, self._reporting, self._stop, self._deadline)

    def _tasks(self, points: Iterator[tuple[int, dict[str, Value]]]) -> Iterator[Task]:
        for number, point in points:
            rungs = self._advisor.rungs if number >= len(self._advisor.points) else ()
            yield Task(number, configuration_of(point), rungs, self._trial_timeout)

    def _take(self, event: Any) -> None:
        if isinstance(event, Rung):
            self._engine.reply(event, self._advisor.should_prune(event.task.trial, event.percent, event.mean))
        else:
            self._finish(self._of_lost(event) if isinstance(event, Lost) else event)

    def _finish(self, result: Result) -> None:
        number, record = result.trial, result.record
        state = self._advisor.state(number, result.objectives, pruned=result.status == PRUNED)
        if state is not None:
            self._states[number] = state
            record = with_search_state(record, state)
        self._store.append(number, record)
        self._reporting.unreported.append(result)
        if self._advisor.adaptive:
            self._told[number] = result.objectives
        else:
            self._advisor.tell(number, result.objectives, state)

    def _of_lost(self, lost: Lost) -> Result:
        """The rows of a trial whose worker is gone."""
        assert lost.status in (FAILED, TIMED_OUT)
        if lost.kept is not None:
            return not_measured(self._lab, lost.kept, lost.message)
        message = accused(self._lab, lost.task.configuration, lost.message)
        why = {"status": lost.status, "message": message, "finished_at": datetime.now(UTC)}
        rows = [row | why for row in known_rows(self._lab, lost.task.trial, lost.task.configuration, lost.task.attempt)]
        record = encode(Finished(lost.task.trial, rows, [{} for _ in rows]))
        return Result(lost.task.trial, record, None, lost.status)
