"""Compute the warnings about a sweep in a separate process, where a schedule that crashes or hangs does no harm."""

from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sweepgd.execution import fork_server
from sweepgd.plugins import registry, single_file
from sweepgd.study.preparation import Prepared
from sweepgd.study.sweep_warnings import warnings_of

# The time limit for schedules of plugins. Built-in schedules take less than a second.
EVALUATION_SECONDS = 10.0


def contained_warnings(prepared: Prepared, plugins: Sequence[Path]) -> list[str]:
    """Return the warnings about a sweep. If the sweep uses schedules of plugins, a separate process computes the warnings, so
    that a crash of a schedule does not end the command.
    """
    axis = next(axis for axis in prepared.advisor.space.axes if axis.name == "schedule")
    names = {str(value) for value in [*axis.values, *(point["schedule"] for point in prepared.advisor.points)]}
    foreign = sorted(name for name in names if not registry.is_own("schedules", name))
    if not foreign:
        return prepared.warnings
    what = f"schedule {' or '.join(foreign)} cannot be evaluated"
    ours, theirs = fork_server.context.Pipe()
    rows = prepared.context.data(0).rows
    given = (prepared.sweep, prepared.advisor.space, prepared.advisor.points, rows)
    process = fork_server.start(_send_warnings, theirs, plugins, given)
    theirs.close()
    try:
        if not ours.poll(EVALUATION_SECONDS):
            return [f"{what}: it did not finish within {EVALUATION_SECONDS:g} s"]
        lines: list[str] = ours.recv()
        return lines
    except (EOFError, OSError):
        process.join(EVALUATION_SECONDS)
        return [f"{what}: the process ended {fork_server.ending(process)}"]
    finally:
        process.kill()
        process.join()
        ours.close()


def _send_warnings(connection: Connection, plugins: Sequence[Path], given: tuple[Any, ...]) -> None:
    single_file.register(plugins)
    connection.send(warnings_of(*given))
