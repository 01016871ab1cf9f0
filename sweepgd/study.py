"""A study: one sweep's search, from ask to run to record to tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

from sweepgd import one_off
from sweepgd.advisor import Advisor, values_of
from sweepgd.directory import check_continues, move_aside
from sweepgd.dispatch import LATER, dispatch
from sweepgd.footprint import footprint
from sweepgd.interrupts import Stop, asking
from sweepgd.lab import Lab
from sweepgd.outcome import FAILED, PRUNED, TIMED_OUT
from sweepgd.problem import UsageProblem
from sweepgd.processes import cores
from sweepgd.record import Finished, Results, Store, encode, load, with_search_state
from sweepgd.reporting import Progress, Reporting, Silence
from sweepgd.room import free_bytes, in_words
from sweepgd.rows import known_rows
from sweepgd.scratch import scratch_folder
from sweepgd.space import Space, Value
from sweepgd.storage import Shared, address, check_alone, connect, join
from sweepgd.sweep import Sweep, configuration_of, to_toml
from sweepgd.sweep import load as load_sweep
from sweepgd.trial import Result, Task, accused, not_measured, run
from sweepgd.worker import Lost, Rung
from sweepgd.workers import Pool


@dataclass(frozen=True)
class Prepared:
    """A sweep that has passed every check that can be made before a trial runs."""

    sweep: Sweep
    advisor: Advisor
    lab: Lab
    total: int


def prepare(sweep: Sweep) -> Prepared:
    """Checks a sweep against what is installed and against its data, without running anything. Raises Problem."""
    lab = Lab(sweep)
    advisor = Advisor(lab.sweep, lab.objectives)
    check_batch_sizes(advisor.space, advisor.points, lab.data(0).rows)
    _ = lab.architecture
    return Prepared(lab.sweep, advisor, lab, advisor.total())


def check_batch_sizes(space: Space, points: Iterable[Mapping[str, Value]], rows: int) -> None:
    """Raises UsageProblem where a batch size that may be tried is above the training rows."""
    axis = next(axis for axis in space.axes if axis.name == "batch_size")
    asked = [*(axis.values or (int(axis.high),)), *(point["batch_size"] for point in points)]
    for size in asked:
        if isinstance(size, int) and size > rows:
            raise UsageProblem(f'batch_size {size} is above the {rows} training rows: give at most {rows}, or "full"')


def search(
    sweep: Sweep | str | Path,
    *,
    out: str | Path | None = None,
    workers: int | None = None,
    timeout: float | None = None,
    trial_timeout: float | None = None,
    fresh: bool = False,
    storage: str | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[str | Path] = (),
    progress: Progress | None = None,
) -> Results:
    """Runs a sweep, or what remains of it, and returns its results.

    `sweep` is a Sweep, a sweep file, or the name of a bundled sweep; `out` the results directory (by default
    results/<sweep name>), `workers` the number of processes (by default all cores), `timeout` and `trial_timeout` are
    in seconds; `fresh` moves an existing results directory aside; `storage` is a PostgreSQL address under which any number of
    calls, on any number of machines that share the results directory, divide the trials among themselves;
    `plugins` are files whose optimizers, models, data sets and schedules are offered to this search. Raises Problem before
    any trial runs where the sweep cannot be run as asked.
    """
    if not isinstance(sweep, Sweep):
        sweep = load_sweep(str(sweep), overrides)
    elif list(overrides):
        raise UsageProblem("overrides are for a sweep file: give the Sweep as it is to be run")
    directory = Path(out) if out is not None else Path("results") / sweep.name
    progress = progress or Silence()
    files = [Path(plugin).resolve() for plugin in plugins]
    with one_off.registered(files):
        prepared = prepare(sweep)
        database = None if storage is None else connect(address(storage))
        if fresh and (aside := move_aside(directory)) is not None:
            progress.note(f"moved {directory} to {aside}")
        check_continues(directory, prepared.sweep)
        store: Store | Shared
        if database is None:
            check_alone(directory)
            store = Store.open(directory, to_toml(prepared.sweep))
        else:
            objectives, total = prepared.lab.objectives, prepared.total
            store = join(database, directory, prepared.sweep, objectives, total, fresh=fresh, note=progress.note)
            prepared = replace(prepared, advisor=store.advisor)
        with closing(store):
            _run_remaining(prepared, store, files, workers, timeout, trial_timeout, progress)
    return load(directory)


def _run_remaining(
    prepared: Prepared,
    store: Store | Shared,
    plugins: Sequence[Path],
    workers: int | None,
    timeout: float | None,
    trial_timeout: float | None,
    progress: Progress,
) -> None:
    """Runs the trials that the store does not hold yet, in as many processes as asked for, until time is up."""
    prepared.lab.compile(_optimizers(prepared.advisor), progress.note)
    todo = sum(number not in store.recorded for number in range(prepared.total))
    count = max(1, min(workers or cores(), todo))
    progress.started(prepared.total, prepared.total - todo, count)
    deadline = monotonic() + timeout if timeout is not None else inf
    if not todo:
        return
    need, free = footprint(prepared.lab, todo), free_bytes(store.directory)
    if need > free:
        progress.note(
            f"{store.directory} has {in_words(free)} free, and what remains to run may take {in_words(need)}: when there is no"
            " room, it pauses until there is; or give fewer --trials, or another --out"
        )
    ahead = not prepared.advisor.rungs and timeout is None
    reporting = Reporting(store, progress)
    with scratch_folder() as folder:
        shared = prepared.lab.share(folder)
        pool = Pool(prepared.sweep, run, count, shared=shared, plugins=plugins, ahead=ahead, trial_timeout=trial_timeout)
        with asking() as stop, pool:
            _Run(prepared, store, pool, reporting, deadline, trial_timeout, stop).all()
            reporting.publish(stop)
    done = sum(number in store.recorded for number in range(prepared.total))
    if done < prepared.total:
        progress.note(f"time is up: {done} of {prepared.total} trials are recorded; the same command goes on")


def _optimizers(advisor: Advisor) -> list[str]:
    axis = next(axis for axis in advisor.space.axes if axis.name == "optimizer")
    return sorted({str(name) for name in [*axis.values, *(point["optimizer"] for point in advisor.points)]})


class _Run:
    """One call of `search`: hands out tasks, and records and tells what comes back."""

    def __init__(
        self,
        prepared: Prepared,
        store: Store | Shared,
        pool: Pool,
        reporting: Reporting,
        deadline: float,
        trial_timeout: float | None,
        stop: Stop,
    ) -> None:
        self._sweep, self._advisor, self._lab = prepared.sweep, prepared.advisor, prepared.lab
        self._total = prepared.total
        self._store, self._pool, self._reporting = store, pool, reporting
        self._deadline, self._trial_timeout, self._stop = deadline, trial_timeout, stop
        self._told: dict[int, list[float] | None] = {}
        self._states = self._recorded_states() if self._advisor.remembers else {}

    def all(self) -> None:
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
        known = {number for number in generation if number in self._store.recorded}
        if len(known) == len(generation):
            for number in sorted(known & self._states.keys()):
                advisor.remember(self._states[number])
            return
        advisor.begin(generation)
        if advisor.adaptive:
            # Asked for all at once and again after a restart, so that each point depends on whole generations only.
            points = {number: advisor.ask(number) for number in generation}
            self._run((number, points[number]) for number in generation if number not in known)
            for number in sorted(known & self._states.keys() - set(range(len(advisor.points)))):
                if not advisor.agrees(number, self._states[number]):
                    advisor.forget(number)
        else:
            for number in sorted(known & self._states.keys()):
                advisor.remember(self._states[number])
            remaining = self._store.remaining(generation)
            self._run(None if number is None else (number, advisor.ask(number)) for number in remaining)
            return
        for number in generation:
            if number in self._states:
                advisor.tell(number, self._told.get(number, values_of(self._states[number])), self._states[number])

    def _run(self, points: Iterator[tuple[int, dict[str, Value]] | None]) -> None:
        """Runs trials at these points until there is none left, or time is up."""
        dispatch(self._pool, self._tasks(points), self._take, self._reporting, self._stop)

    def _tasks(self, points: Iterator[tuple[int, dict[str, Value]] | None]) -> Iterator[Any]:
        for upcoming in points:
            if monotonic() > self._deadline:
                return
            if upcoming is None:
                yield LATER
                continue
            number, point = upcoming
            rungs = self._advisor.rungs if number >= len(self._advisor.points) else ()
            yield Task(number, configuration_of(point), rungs, self._trial_timeout, self._store.attempt(number))

    def _take(self, event: Any) -> None:
        if isinstance(event, Rung):
            self._pool.reply(event, self._advisor.should_prune(event.task.trial, event.percent, event.mean))
        else:
            self._finish(self._of_lost(event) if isinstance(event, Lost) else event)

    def _finish(self, result: Result) -> None:
        number, record = result.trial, result.record
        state = self._advisor.state(number, result.told, pruned=result.status == PRUNED)
        if state is not None:
            self._states[number] = state
            record = with_search_state(record, state)
        self._store.append(number, record)
        self._reporting.unreported.append(result)
        if self._advisor.adaptive:
            self._told[number] = result.told
        else:
            self._advisor.tell(number, result.told, state)

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
