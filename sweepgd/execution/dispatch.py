"""The loop that submits tasks to an engine and takes its events, until all tasks are done or a stop is requested."""

from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import Any

from sweepgd.core.interrupts import Stop
from sweepgd.execution.engine import Engine
from sweepgd.record.commit_results import FLUSH_SECONDS, ResultCommitter

# The time in seconds that running tasks have after a stop signal. Publishing takes another 0.3 s (see CLOSE_BYTES), and the
# interpreter and its fork server exit in 0.1 s, so that the command ends within 2 s.
DRAIN_SECONDS = 1.0


def dispatch(
    engine: Engine,
    tasks: Iterator[Any],
    take: Callable[[Any], None],
    reporting: ResultCommitter,
    stop: Stop,
    deadline: float = inf,
) -> None:
    """Run tasks, and pass each event of the engine to `take`, which adds finished results to `reporting`.

    While the disk is full, no task begins. At the deadline, the wait for disk space ends, and no further task begins. After a
    stop request, running tasks have DRAIN_SECONDS to end, and then KeyboardInterrupt is raised.
    """
    more = True
    while more or engine.busy or reporting.unreported:
        if stop:
            _drain(engine, take, reporting, stop)
            raise KeyboardInterrupt
        if monotonic() > deadline:
            if more:
                engine.withdraw()
            more = False
            if reporting.paused and not engine.busy:
                reporting.end()
                return
        while more and engine.has_room and not reporting.paused:
            task = next(tasks, None)
            if task is None:
                more = False
            else:
                engine.submit(task)
        for event in engine.events(timeout=FLUSH_SECONDS):
            take(event)
        reporting.report(now=not (more or engine.busy or reporting.paused))


def _drain(engine: Engine, take: Callable[[Any], None], reporting: ResultCommitter, stop: Stop) -> None:
    reporting.note(f"stopping: running tasks have {DRAIN_SECONDS:g} s to finish; a second Ctrl-C stops at once")
    engine.drain()
    while engine.busy and stop.seconds < DRAIN_SECONDS:
        for event in engine.events(timeout=FLUSH_SECONDS):
            take(event)
    reporting.end()
