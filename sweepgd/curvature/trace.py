"""Traces estimated with random vectors."""

from collections.abc import Callable, Iterator, Mapping
from math import sqrt
from typing import Any

import numpy as np

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Vector

# Before so many draws a standard error is too rough to stop by: stopped wherever it happens to be small, it is too small. The
# last layer of a network of 43 parameters was missed by 3 errors in 2.6 % of 3000 estimates with 30, and in 1.4 % with 64.
FEWEST = 64


def hutchinson(draw: Callable[[], float], tolerance: float, draws: int) -> Value:
    """The mean of independent quadratic forms vᵀHv, with its standard error (Hutchinson 1989).

    Drawing stops where the error is at most `tolerance` of the mean, or after `draws`.
    """
    forms: list[float] = []
    while True:
        forms.append(draw())
        count = len(forms)
        if count < min(FEWEST, draws):
            continue
        mean, error = float(np.mean(forms)), float(np.std(forms, ddof=1)) / sqrt(count)
        if error <= tolerance * abs(mean):
            return Value(mean, error)
        if count >= draws:
            return Value(mean, error, f"standard error still above {tolerance:g} of the estimate after {draws} draws")


def rademacher(random: np.random.Generator, shape: int | tuple[int, ...]) -> Vector:
    """Independent signs: of all random vectors those with the smallest variance, 2 Σ_{i≠j} H_ij² a draw."""
    return np.where(random.integers(0, 2, shape, dtype=np.int8) == 1, 1.0, -1.0)


def trace(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The trace of the Hessian."""
    product, random = place.hessian(), place.random("trace")

    def draw() -> float:
        v = rademacher(random, len(place.theta))
        return float(v @ product(v))

    yield hutchinson(draw, settings["tolerance"], settings["draws"])
