"""Analytic loss functions of a few parameters without data, which show the path of an optimizer."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import POSITION, Tensor, layout_of
from sweepgd.core.setting import Setting
from sweepgd.kernels import analytic_losses
from sweepgd.models.contract import Architecture, Curvature, Model, Shape


def _start(rng: np.random.Generator, start: tuple[float, ...]) -> npt.NDArray[np.float64]:
    return np.array(start, dtype=np.float64)


def _no_workspace(batch: int) -> int:
    return 0


def _surface(
    gradient: Callable[..., Any],
    evaluate: Callable[..., Any],
    product: Callable[..., Any],
    start: tuple[float, ...],
    settings: tuple[float, ...] = (),
) -> Architecture:
    return Architecture(
        layout=layout_of([Tensor((len(start),), POSITION, len(start), 1)]),
        gradient=gradient,
        evaluate=evaluate,
        initial=partial(_start, start=start),
        settings=np.array(settings, dtype=np.float64),
        workspace=_no_workspace,
        records_position=True,
        curvature=Curvature(product, _no_workspace, _no_workspace),
    )


def _quadratic(shape: Shape, curvatures: tuple[float, ...], start: tuple[float, ...]) -> Architecture:
    if len(curvatures) != len(start):
        raise UsageError(
            f"model.start has {len(start)} numbers and model.curvatures {len(curvatures)}: give two lists of the same length"
        )
    return _surface(
        analytic_losses.quadratic_gradient,
        analytic_losses.quadratic_evaluate,
        analytic_losses.quadratic_product,
        start,
        curvatures,
    )


def _plane(start: tuple[float, ...]) -> tuple[float, ...]:
    if len(start) != 2:
        raise UsageError(f"model.start has {len(start)} numbers: give 2 for this model")
    return start


def _rosenbrock(shape: Shape, steepness: float, start: tuple[float, ...]) -> Architecture:
    return _surface(
        analytic_losses.rosenbrock_gradient,
        analytic_losses.rosenbrock_evaluate,
        analytic_losses.rosenbrock_product,
        _plane(start),
        (steepness,),
    )


def _saddle(shape: Shape, start: tuple[float, ...]) -> Architecture:
    return _surface(
        analytic_losses.saddle_gradient, analytic_losses.saddle_evaluate, analytic_losses.saddle_product, _plane(start)
    )


quadratic = Model(
    name="quadratic",
    tasks=("none",),
    build=_quadratic,
    settings=(
        Setting("curvatures", (1.0, 10.0), "the eigenvalues λ of the Hessian"),
        Setting("start", (1.0, 1.0), "initial point"),
    ),
    description="½ Σ λᵢxᵢ²; gradient descent converges if and only if the learning rate is below 2/λmax",
    source="Polyak 1964",
)

rosenbrock = Model(
    name="rosenbrock",
    tasks=("none",),
    build=_rosenbrock,
    settings=(
        Setting("steepness", 100.0, "b of (1 − x)² + b(y − x²)²", minimum=0.0),
        Setting("start", (-1.2, 1.0), "initial point"),
    ),
    description="(1 − x)² + b(y − x²)², a curved valley to (1, 1)",
    source="Rosenbrock 1960",
)

saddle = Model(
    name="saddle",
    tasks=("none",),
    build=_saddle,
    settings=(Setting("start", (1.0, 1e-3), "initial point"),),
    description="½x² − ½y² + ¼y⁴, a saddle at (0, 0) between minima at (0, ±1)",
    source="Dauphin et al. 2014 on saddles",
)
