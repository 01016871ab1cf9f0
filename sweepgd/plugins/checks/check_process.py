"""The functions that run in separate processes. One process checks a plugin. Another process computes the plugin's results
without JIT for comparison.
"""

import signal
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.memory_limit import limit_memory, memory_per_worker
from sweepgd.optimizers import Optimizer
from sweepgd.plugins.checks import (
    cost,
    datasets,
    declaration,
    descent,
    fidelity,
    layers,
    model_curvature,
    models,
    safety,
    schedules,
)
from sweepgd.plugins.checks.finding import FAILED, PASSED, Finding, Flaw
from sweepgd.plugins.checks.output import print_to
from sweepgd.plugins.checks.step_harness import DTYPES, walk
from sweepgd.plugins.checks.subject import Subject, names_in
from sweepgd.training.blas_threads import one_blas_thread

LOADS = "loads"
Checks = Mapping[str, Callable[[Any], str]]
# The first checks for each kind of plugin. If one of these fails, no further check can run.
FIRST: Mapping[str, Checks] = {
    "optimizers": {
        "contract": declaration.contract,
        "settings": declaration.numbers,
        "slots": declaration.slots,
        "compiles": fidelity.compiles,
    },
    "schedules": {"contract": declaration.contract, "settings": declaration.settings},
    "datasets": {"contract": declaration.contract, "settings": declaration.settings, "table": datasets.table},
    "layers": {
        "contract": declaration.contract,
        "settings": declaration.settings,
        "shapes": layers.shapes,
        "compiles": layers.compiles,
    },
    "models": {
        "contract": declaration.contract,
        "settings": declaration.settings,
        "builds": models.builds,
        "compiles": models.compiles,
    },
}
# Functions that compute the results for the check "python", which compares results with and without JIT.
PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "optimizers": lambda optimizer: {dtype: walk(optimizer, dtype) for dtype in DTYPES},
    "models": models.outputs,
}
# A time in seconds that is longer than the limit of any check.
ORPHAN_SECONDS = 330
NOT_RUN = "; the checks after this one were not run"


def _others(kind: str, plugin: Any, plain: Connection, seconds: float) -> Checks:
    """Return the checks that follow the first checks, by name, in the order in which the checks run."""
    # this check is last, because the results without JIT come late
    python = partial(fidelity.python, connection=plain, seconds=seconds)
    match kind:
        case "schedules":
            return schedules.CHECKS
        case "datasets":
            return datasets.CHECKS
        case "layers":
            return layers.CHECKS
        case "models":
            second = model_curvature.CHECKS if model_curvature.has_curvature(plugin) else {}
            return {**models.CHECKS, **second, "python": partial(python, run=models.outputs, apart=models.outputs_apart)}
    return _of_optimizer(plugin, python)


def _of_optimizer(optimizer: Optimizer, python: Callable[..., str]) -> Checks:
    chosen: dict[str, Callable[[Optimizer], str] | None] = {
        "finite": safety.finite,
        "zero": safety.zero,
        "deterministic": safety.deterministic,
        "bounds": safety.bounds,
        "ranges": safety.ranges if optimizer.elementwise else None,
        "probe": safety.probe if optimizer.probe else None,
        "evaluation": safety.evaluation if optimizer.evaluation else None,
        "precision": fidelity.precision,
        "trainer": descent.trainer,
        "quadratic": descent.quadratic,
        "rosenbrock": descent.rosenbrock,
        "types": fidelity.types,
        "memory": fidelity.memory,
        "cost": cost.cost,
        "python": partial(python, run=PLAIN["optimizers"], apart=fidelity.apart),
    }
    return {name: check for name, check in chosen.items() if check is not None}


def _limited() -> None:
    """Limit this process to half of the memory of trials, because two processes run, and set the alarm of this process."""
    _set_alarm()
    bytes_ = memory_per_worker(2)
    if bytes_ is not None:
        limit_memory(bytes_)


def _set_alarm() -> None:
    """Make the system end this process after ORPHAN_SECONDS, unless this function is called again. The alarm is for the case
    that the parent process has died.
    """
    signal.alarm(ORPHAN_SECONDS)


def serve(connection: Connection, output: Connection, subject: Subject, plain: Connection, seconds: float) -> None:
    """Run all checks. Send the name of each check before the check, its Finding after the check, and None at the end."""
    print_to(output)
    _limited()
    connection.send(LOADS)
    try:
        plugin = subject.load()
    except Exception as error:
        connection.send(Finding(LOADS, FAILED, reason(error) + NOT_RUN))
    else:
        connection.send(Finding(LOADS, PASSED, f"as the {subject.kind[:-1]} {getattr(plugin, 'name', '')!r}"))
        with one_blas_thread():
            if _all(connection, FIRST[subject.kind], plugin, needed=True):
                _all(connection, _others(subject.kind, plugin, plain, seconds), plugin, needed=False)
    connection.send(None)


def _all(connection: Connection, checks: Checks, plugin: Any, *, needed: bool) -> bool:
    """Run checks and send their findings.

    Stop at an exception other than Flaw. With `needed`, stop at any failure. Return True if all checks ran.
    """
    for name, check in checks.items():
        connection.send(name)
        _set_alarm()
        try:
            found, ends = Finding(name, PASSED, check(plugin)), False
        except Flaw as flaw:
            found, ends = Finding(name, FAILED, str(flaw) + NOT_RUN * needed), needed
        except Exception as error:
            found, ends = Finding(name, FAILED, f"raises {reason(error)}{NOT_RUN}"), True
        connection.send(found)
        if ends:
            return False
    return True


def serve_plain(connection: Connection, output: Connection, subject: Subject) -> None:
    """Send the results of a plugin's plain Python functions, or the error. Nothing is sent for a kind without kernels."""
    print_to(output)
    _limited()
    if subject.kind not in PLAIN:
        return
    try:
        connection.send(PLAIN[subject.kind](subject.load()))
    except Exception as error:
        connection.send(f"raises {reason(error)}")


def serve_names(connection: Connection, output: Connection, file: Path) -> None:
    """Send the kind and name of each plugin that a file defines, or a SweepgdError."""
    print_to(output)
    _limited()
    try:
        connection.send(names_in(file))
    except SweepgdError as problem:
        connection.send(problem)
