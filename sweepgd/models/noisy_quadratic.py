"""The noisy quadratic model, for which the effect of the batch size is known exactly (Zhang et al. 2019)."""

from functools import partial

import numpy as np
import numpy.typing as npt

from sweepgd.core.layout import POSITION, Tensor, layout_of
from sweepgd.core.setting import Setting
from sweepgd.kernels import noisy_losses
from sweepgd.models.contract import Architecture, Curvature, Model, Shape

# Rows hold no values, so that any number of rows fits in one chunk.
CHUNK = 2**30


def _start(rng: np.random.Generator, dimension: int, start: float) -> npt.NDArray[np.float64]:
    return np.full(dimension, start)


def _no_workspace(batch: int) -> int:
    return 0


def _noisy_quadratic(
    shape: Shape, dimension: int, curvature_exponent: float, noise_exponent: float, start: float
) -> Architecture:
    numbers = np.arange(1.0, dimension + 1.0)
    curvatures, deviations = numbers**-curvature_exponent, numbers ** (-noise_exponent / 2)
    return Architecture(
        layout=layout_of([Tensor((dimension,), POSITION, dimension, 1)]),
        gradient=noisy_losses.noisy_quadratic_gradient,
        evaluate=noisy_losses.noisy_quadratic_evaluate,
        evaluate_with_gradient=noisy_losses.noisy_quadratic_evaluate_with_gradient,
        initial=partial(_start, dimension=dimension, start=start),
        settings=np.concatenate((curvatures, deviations)),
        workspace=_no_workspace,
        chunk=CHUNK,
        curvature=Curvature(noisy_losses.noisy_quadratic_product, _no_workspace, _no_workspace, chunk=CHUNK),
    )


noisy_quadratic = Model(
    name="noisy_quadratic",
    tasks=("none",),
    build=_noisy_quadratic,
    settings=(
        Setting("dimension", 100, "number of parameters", minimum=1, maximum=10**7),
        Setting("curvature_exponent", 1.0, "p of the curvatures hᵢ = i^−p"),
        Setting("noise_exponent", 1.0, "q of the variances cᵢ = i^−q of the gradient of one row"),
        Setting("start", 1.0, "initial value of every parameter"),
    ),
    description="½ Σ hᵢθᵢ² with gradients hᵢθᵢ + √(cᵢ/B)·N(0, 1) for a batch of B; needs data of name empty_rows",
    source="Zhang et al. 2019, arXiv 1907.04164, section 3",
)
