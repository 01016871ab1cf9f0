"""Checks that compiled code does what the rule's Python functions say, in both floating-point types."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

from sweepgd.kernels import signatures
from sweepgd.kernels.allocations import allocations
from sweepgd.kernels.leaks import widened_lines
from sweepgd.kernels.loops import no_probe
from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd
from sweepgd.problem import Problem
from sweepgd.testing.finding import Flaw
from sweepgd.testing.stage import DTYPES, Array, Stage, distance, ordinary, walk

# Shares of the way gone. Float32 has 7 digits; Muon's products multiply rounding by up to 500.
PYTHON_TOLERANCE = {"float32": 1e-3, "float64": 1e-9}
PRECISION_TOLERANCE = 1e-2
ALLOCATION_UPDATES = 10
LEAKS_TOLD = 3


def compiles(optimizer: Optimizer) -> str:
    """A run is in float32 unless a sweep says float64: what compiles for one only fails when somebody asks for the other."""
    start = perf_counter()
    for dtype in DTYPES:
        for kind, function in optimizer.functions.items():
            try:
                signatures.compiled(kind, function, dtype)
            except Problem as problem:
                raise Flaw(str(problem)) from None
    kinds = ", ".join(optimizer.functions)
    return f"{kinds} for float32 and float64, in {perf_counter() - start:.1f} s with what the cache held"


def python(
    plugin: Any,
    *,
    connection: Connection,
    seconds: float,
    run: Callable[[Any], Any],
    apart: Callable[[Any, Any], dict[str, float]],
) -> str:
    """Without JIT an index is checked and an integer has no end: where the two differ, one of them is not what was meant.

    What the plain functions did comes by `connection` from a process that compiles nothing; `run` does the same here, and
    `apart` tells how far the two are from each other, by floating-point type.
    """
    try:
        plain = connection.recv() if connection.poll(seconds) else f"did not come back within {seconds:g} s"
    except EOFError:
        plain = "ended its process"
    if isinstance(plain, str):
        raise Flaw(f"without JIT, it {plain}")
    told = []
    for dtype, distance_ in apart(run(plugin), plain).items():
        if not distance_ <= PYTHON_TOLERANCE[dtype]:
            raise Flaw(f"compiled for {dtype} it goes elsewhere than without JIT: {distance_:.1g} of the way")
        told.append(f"{distance_:.1g} ({dtype})")
    return f"without JIT it goes the same way; apart, beyond rounding, by {' and '.join(told)} of the way"


def apart(walks: Mapping[str, Array], plain: Mapping[str, Array]) -> dict[str, float]:
    """How far walks are from those without JIT, by floating-point type."""
    return {dtype: distance(walks[dtype], plain[dtype]) for dtype in DTYPES}


def types(optimizer: Optimizer) -> str:
    """A number of float64 makes a float32 loop calculate in float64, at half the vector's width, and no error tells of it."""
    found = {line: None for kind, function in optimizer.functions.items() for line in widened_lines(kind, function)}
    if found:
        told = "; ".join(f"line {leak.line}, {leak.text!r}" for leak in list(found)[:LEAKS_TOLD])
        more = f" and {len(found) - LEAKS_TOLD} more" if len(found) > LEAKS_TOLD else ""
        raise Flaw(
            f"float64 in a float32 loop, in {Path(next(iter(found)).file).name}: {told}{more}; cast its numbers before the loop"
            " with theta.dtype.type(…)"
        )
    return "loops over float32 arrays calculate in float32"


def precision(optimizer: Optimizer) -> str:
    """Float32 halves the memory that a step moves; a rule that loses its step in the rounding is none for it."""
    apart = distance(walk(optimizer, "float32"), walk(optimizer, "float64"))
    if not apart <= PRECISION_TOLERANCE:
        raise Flaw(f"float32 and float64 part by {apart:.1g} of the way (at most {PRECISION_TOLERANCE:g})")
    return f"float32 follows float64; apart, beyond rounding, by {apart:.1g} of the way"


def memory(optimizer: Optimizer) -> str:
    """A piece of memory costs a step 50 ns and more, which a small network notices; it is told, and no fault."""
    idle = replace(sgd, probe=no_probe) if optimizer.probe else sgd
    counted = (_allocations(optimizer) - _allocations(idle)) / ALLOCATION_UPDATES
    if counted <= 0:
        return "a step allocates nothing"
    return f"a step allocates {counted:g} times: slots of a size of their own (a function of the layout) would spare that"


def _allocations(optimizer: Optimizer) -> int:
    stage = Stage(optimizer, "float32")
    gradients = ordinary(ALLOCATION_UPDATES)

    def steps() -> None:
        for gradient in gradients:
            stage.step(gradient)

    return allocations(steps)
