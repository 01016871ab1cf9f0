"""Checks of a model's kernels of second order."""

from collections.abc import Callable, Mapping

import numpy as np

from sweepgd.models import Model
from sweepgd.testing.finding import Flaw
from sweepgd.testing.model_stage import STEP, TOLERANCE, apart, architectures, directions, stages
from sweepgd.testing.stage import DTYPES

# Of a difference of gradients, which knows the Hessian to about h².
PRODUCT_TOLERANCE = 1e-4


def has_curvature(model: Model) -> bool:
    """Whether it has kernels of second order, which must then be right."""
    return any(built.curvature is not None for _, built in architectures(model))


def product(model: Model) -> str:
    """Sharpness is measured by products with the Hessian: wrong ones give eigenvalues that look like any others."""
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
                kept = "" if number == 0 else ", with what an earlier call left in kept"
                raise Flaw(f"product is off the change of the gradient by {share:.1g} of it {what}{kept}")
            worst = max(worst, share)
    return f"Hessian products are changes of the gradient; apart by {worst:.1g}"


def gauss_newton(model: Model) -> str:
    """A Gauss-Newton matrix is symmetric and bends the loss nowhere down."""
    for what, stage in stages(model, "float64"):
        if stage.architecture.curvature is None:
            continue
        first, second = directions(stage)
        by_first, by_second = (stage.product(each, gauss_newton=True) for each in (first, second))
        size = float(np.linalg.norm(first) * np.linalg.norm(by_second)) + TOLERANCE
        if not abs(first @ by_second - second @ by_first) <= TOLERANCE * size:
            raise Flaw(f"with gauss_newton, u·Gv is {first @ by_second:.5g} and v·Gu {second @ by_first:.5g} {what}")
        if not min(first @ by_first, second @ by_second) >= -TOLERANCE * size:
            raise Flaw(f"with gauss_newton, v·Gv is {min(first @ by_first, second @ by_second):.5g}, below 0 {what}")
    return "the Gauss-Newton matrix is symmetric, and v·Gv at least 0"


def moments(model: Model) -> str:
    """Second moments are what the Fisher trace and the noise scale are made of."""
    for what, stage in stages(model, "float64"):
        if not stage.has_second_moments:
            continue
        each = [stage.gradient(rows=np.array([row]))[1] ** 2 for row in stage.rows]
        share = apart(stage.second_moments(), np.mean(each, axis=0))
        if not share <= TOLERANCE:
            raise Flaw(f"second_moments is off the mean of squared gradients by {share:.1g} of it {what}")
    return "second moments are means of squared gradients, where it has them"


def second_bounds(model: Model) -> str:
    """Compiled code checks no index, in these kernels either."""
    for what, stage in stages(model, *DTYPES):
        if stage.architecture.curvature is None:
            continue
        given = {name: stage.arrays[name].copy() for name in ("theta", "inputs", "targets")}
        for matrix in (False, True):
            left = np.isnan(stage.product(directions(stage)[0], gauss_newton=matrix)).sum()
            if left:
                raise Flaw(f"product leaves {left} of {stage.architecture.parameters} numbers of out unwritten, or NaN {what}")
        if stage.has_second_moments and np.isnan(stage.second_moments()).any():
            raise Flaw(f"second_moments leaves numbers of out unwritten, or NaN {what}")
        if damage := stage.arrays.damage():
            raise Flaw(f"product or second_moments writes {damage} {what}")
        if any(stage.arrays[name].tobytes() != before.tobytes() for name, before in given.items()):
            raise Flaw(f"product or second_moments changes theta or the data {what}")
    return "nothing was written beside out, work and kept, and all of out"


CHECKS: Mapping[str, Callable[[Model], str]] = {
    "kept": second_bounds,
    "product": product,
    "gauss_newton": gauss_newton,
    "moments": moments,
}
