"""Checks of the second-order kernels of a model."""

from collections.abc import Callable, Mapping

import numpy as np

from sweepgd.models import Model
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.model_harness import STEP, TOLERANCE, apart, architectures, directions, stages
from sweepgd.plugins.checks.step_harness import DTYPES

# The tolerance for a central difference of gradients, whose relative error is about h².
PRODUCT_TOLERANCE = 1e-4


def has_curvature(model: Model) -> bool:
    """Return True if a model has second-order kernels for at least one shape."""
    return any(built.curvature is not None for _, built in architectures(model))


def product(model: Model) -> str:
    """Check Hessian products against differences of gradients. Curvature measures are computed from these products."""
    worst = 0.0
    for what, stage in stages(model, "float64"):
        if stage.architecture.curvature is None:
            continue
        theta = stage.arrays["theta"].copy()
        for number, direction in enumerate(directions(stage)):
            found = stage.product(direction, gauss_newton=False, fresh=number == 0)
            above, below = (stage.gradient(theta + side * STEP * direction)[1] for side in (1.0, -1.0))
            share = apart(found, (above - below) / (2 * STEP))
            if not share <= PRODUCT_TOLERANCE:
                kept = "" if number == 0 else ", with the contents of `kept` from an earlier call"
                raise Flaw(f"the relative difference between `product` and changes of the gradient is {share:.1g} {what}{kept}")
            worst = max(worst, share)
    return f"Hessian products agree with changes of the gradient; relative difference {worst:.1g}"


def gauss_newton(model: Model) -> str:
    """Check that the Gauss-Newton matrix is symmetric and positive semidefinite."""
    for what, stage in stages(model, "float64"):
        if stage.architecture.curvature is None:
            continue
        first, second = directions(stage)
        by_first, by_second = (stage.product(each, gauss_newton=True) for each in (first, second))
        size = float(np.linalg.norm(first) * np.linalg.norm(by_second)) + TOLERANCE
        if not abs(first @ by_second - second @ by_first) <= TOLERANCE * size:
            raise Flaw(f"with `gauss_newton`, u·Gv is {first @ by_second:.5g} but v·Gu is {second @ by_first:.5g} {what}")
        if not min(first @ by_first, second @ by_second) >= -TOLERANCE * size:
            raise Flaw(f"with `gauss_newton`, v·Gv is {min(first @ by_first, second @ by_second):.5g}, below 0 {what}")
    return "the Gauss-Newton matrix G is symmetric, and v·Gv is at least 0"


def moments(model: Model) -> str:
    """Compare second moments with squared gradients of single rows. The Fisher trace and the noise scale use second moments."""
    for what, stage in stages(model, "float64"):
        if not stage.has_second_moments:
            continue
        each = [stage.gradient(rows=np.array([row]))[1] ** 2 for row in stage.rows]
        share = apart(stage.second_moments(), np.mean(each, axis=0))
        if not share <= TOLERANCE:
            raise Flaw(
                f"the relative difference between `second_moments` and the mean of squared gradients is {share:.1g} {what}"
            )
    return "second moments, if the model computes them, are means of squared gradients"


def second_bounds(model: Model) -> str:
    """Check that the second-order kernels write their whole output and nothing else. Compiled code does not check indices."""
    for what, stage in stages(model, *DTYPES):
        if stage.architecture.curvature is None:
            continue
        given = {name: stage.arrays[name].copy() for name in ("theta", "inputs", "targets")}
        for matrix in (False, True):
            left = np.isnan(stage.product(directions(stage)[0], gauss_newton=matrix)).sum()
            if left:
                raise Flaw(
                    f"`product` leaves {left} of the {stage.architecture.parameters} elements of `out` NaN or unwritten {what}"
                )
        if stage.has_second_moments and np.isnan(stage.second_moments()).any():
            raise Flaw(f"`second_moments` leaves elements of `out` NaN or unwritten {what}")
        if damage := stage.arrays.damage():
            raise Flaw(f"`product` or `second_moments` writes {damage} {what}")
        if any(stage.arrays[name].tobytes() != before.tobytes() for name, before in given.items()):
            raise Flaw(f"`product` or `second_moments` changes `theta` or the data {what}")
    return "all of `out` is written, and nothing besides `out`, `work` and `kept`"


CHECKS: Mapping[str, Callable[[Model], str]] = {
    "kept": second_bounds,
    "product": product,
    "gauss_newton": gauss_newton,
    "moments": moments,
}
