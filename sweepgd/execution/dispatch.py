"""Tasks handed to workers as they have room, and what comes of them taken, until all are done or somebody asks to stop."""

from collections.abc import Callable, Iterator
from math import inf
from time import monotonic
from typing import Any

from sweepgd.core.interrupts import Stop
from sweepgd.execution.engine import Engine
from sweepgd.record.commit_results import FLUSH_SECONDS, ResultCommitter

# The time that running tasks have after the signal, so that all is over in 2 s: publishing (0.3 s, see CLOSE_BYTES) and the end
# of the interpreter and of its fork server (0.1 s) come after that.
DRAIN_SECONDS = 1.0


def dispatch(
    engine: Engine,
    tasks: Iterator[Any],
    take: Callable[[Any], None],
    reporting: ResultCommitter,
    stop: Stop,
    deadline: float = inf,
) -> None:
    """Runs tasks, and gives each event of the engine to `take`, which adds what has finished to `reporting`.

    Begins none after the deadline, nor where there is no room for results, which is waited for no longer than until then.
    Raises KeyboardInterrupt once asked to stop and drained.
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
    reporting.note(f"stopping: what runs has {DRAIN_SECONDS:g} s to finish; a second Ctrl-C stops at once")
    engine.drain()
    while engine.busy and stop.seconds < DRAIN_SECONDS:
        for event in engine.events(timeout=FLUSH_SECONDS):
            take(event)
    reporting.end()
