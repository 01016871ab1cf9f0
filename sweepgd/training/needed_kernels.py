"""The kernels that the runs and the measures of a sweep need, so that they are compiled before the first trial."""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from sweepgd.curvature.catalogue import MEASURES
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.kernels import signatures, subnormals, trainer
from sweepgd.models import Architecture

# The kind of a kernel, its function, and its dtype (`sweepgd.kernels.signatures`).
Kernel: TypeAlias = tuple[str, Callable[..., Any], str]

# The kernels that every run needs, by kind. These kernels do not depend on the model or the optimizer.
LOOPS: dict[str, Callable[..., Any]] = {
    "train": trainer.train,
    "evaluate_parts": trainer.evaluate_parts,
    "evaluate_with_gradient": trainer.no_evaluation_with_gradient,
    "probe": trainer.no_probe,
    "flush": subnormals.flush,
    "restore": subnormals.restore,
}
# The kinds of kernels that every model has.
FIRST_ORDER = ("gradient", "evaluate")


def kernels_of(model: Architecture, dtype: str, inputs: np.dtype[Any], spec: MeasureSpec | None) -> list[Kernel]:
    """Return a model's kernels for training in `dtype` and for the measures in `spec`. `inputs` is the dtype of the inputs."""
    kernels: list[tuple[str, Callable[..., Any] | None, str]] = [
        (kind, getattr(model, kind), dtype) for kind in (*FIRST_ORDER, "evaluate_with_gradient", "predict")
    ]
    if spec is not None:
        second, measured = model.curvature, spec.dtype or dtype
        if second is None:
            measured = "float64"  # `sweepgd.curvature.objective` computes differences of gradients in this dtype
        else:
            measures = [MEASURES[name] for name in spec.measures]
            if any(measure.products for measure in measures):
                kernels.append(("product", second.product, measured))
            if any(measure.second_moments for measure in measures):
                kernels.append(("second_moments", second.second_moments, measured))
        if measured != dtype:
            kernels += [(kind, getattr(model, kind), measured) for kind in FIRST_ORDER]
    return [(kind, function, signatures.variant(real, inputs)) for kind, function, real in kernels if function is not None]
