"""Checks that compiled code agrees with the plain Python functions, in both floating-point types."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.kernels import signatures
from sweepgd.kernels.allocations import allocations
from sweepgd.kernels.trainer import no_probe
from sweepgd.kernels.widening import widened_lines
from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.step_harness import DTYPES, Array, StepHarness, distance, ordinary, walk

# The tolerance relative to the distance moved. float32 has 7 digits, and Muon's products amplify rounding up to 500 times.
PYTHON_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
PRECISION_TOLERANCE = 1e-2
ALLOCATION_UPDATES = 10
LEAKS_SHOWN = 3


def compiles(optimizer: Optimizer) -> str:
    """Check that all functions compile for float32 and float64, because a sweep may use either."""
    start = perf_counter()
    for dtype in DTYPES:
        for kind, function in optimizer.functions.items():
            try:
                signatures.compiled(kind, function, dtype)
            except SweepgdError as problem:
                raise Flaw(str(problem)) from None
    kinds = ", ".join(optimizer.functions)
    return f"{kinds} for float32 and float64, in {perf_counter() - start:.1f} s, not counting kernels in the cache"


def python(
    plugin: Any,
    *,
    connection: Connection,
    seconds: float,
    run: Callable[[Any], Any],
    apart: Callable[[Any, Any], dict[str, float]],
) -> str:
    """Check that compiled and plain Python functions agree. Unlike compiled code, plain Python checks indices, and its integers
    do not overflow.

    The results of the plain functions arrive on `connection` from a process with JIT off. `run` computes the same results here,
    with JIT. `apart` returns the difference between the two results for each floating-point type.
    """
    try:
        plain = connection.recv() if connection.poll(seconds) else f"did not return within {seconds:g} s"
    except EOFError:
        plain = "ended its process"
    if isinstance(plain, str):
        raise Flaw(f"without JIT, the check {plain}")
    differences = []
    for dtype, difference in apart(run(plugin), plain).items():
        if not difference <= PYTHON_TOLERANCE[dtype]:
            raise Flaw(f"compiled code for {dtype} and plain Python differ by {difference:.1g} of the distance moved")
        differences.append(f"{difference:.1g} ({dtype})")
    return (
        "compiled and plain Python agree within the tolerance; beyond rounding, the largest difference is "
        f"{' and '.join(differences)} of the distance moved"
    )


def apart(walks: Mapping[str, Array], plain: Mapping[str, Array]) -> dict[str, float]:
    """Return the difference between walks with JIT and walks without JIT, for each floating-point type."""
    return {dtype: distance(walks[dtype], plain[dtype]) for dtype in DTYPES}


def types(optimizer: Optimizer) -> str:
    """Check that float32 loops have no float64 numbers. A loop with float64 numbers computes in float64, and a vector then
    holds only half of the numbers.
    """
    found = {leak: None for kind, function in optimizer.functions.items() for leak in widened_lines(kind, function)}
    if found:
        lines = "; ".join(f"line {leak.line}, {leak.text!r}" for leak in list(found)[:LEAKS_SHOWN])
        more = f" and {len(found) - LEAKS_SHOWN} more" if len(found) > LEAKS_SHOWN else ""
        raise Flaw(
            f"float64 in a float32 loop, in {Path(next(iter(found)).file).name}: {lines}{more}; cast numbers before the"
            " loop with theta.dtype.type(…)"
        )
    return "loops over float32 arrays compute in float32"


def precision(optimizer: Optimizer) -> str:
    """Check that a walk in float32 stays close to the walk in float64. Otherwise rounding loses steps."""
    apart = distance(walk(optimizer, "float32"), walk(optimizer, "float64"))
    if not apart <= PRECISION_TOLERANCE:
        raise Flaw(
            f"float32 and float64 differ by {apart:.1g} of the distance moved; at most {PRECISION_TOLERANCE:g} is allowed"
        )
    return f"float32 follows float64; beyond rounding, the two walks differ by {apart:.1g} of the distance moved"


def memory(optimizer: Optimizer) -> str:
    """Report the allocations of a step. An allocation takes 50 ns or more. This matters for small networks but is no fault."""
    idle = replace(sgd, probe=no_probe) if optimizer.probe else sgd
    counted = (_allocations(optimizer) - _allocations(idle)) / ALLOCATION_UPDATES
    if counted <= 0:
        return "a step allocates no memory"
    return f"a step allocates memory {counted:g} times: slots with sizes from a function of the layout would avoid this"


def _allocations(optimizer: Optimizer) -> int:
    stage = StepHarness(optimizer, "float32")
    gradients = ordinary(ALLOCATION_UPDATES)

    def steps() -> None:
        for gradient in gradients:
            stage.step(gradient)

    return allocations(steps)
