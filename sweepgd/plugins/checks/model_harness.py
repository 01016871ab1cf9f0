"""The compiled kernels of a model, with random data in guarded arrays."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import FAN_IN, SIZE
from sweepgd.kernels import signatures
from sweepgd.models import Architecture, Model, Shape
from sweepgd.models.buffers import initial_buffers
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.guarded_arrays import Guarded
from sweepgd.plugins.checks.step_harness import Array

ROWS = 13
SHAPES = {
    "regression": (Shape("regression", 3, 1, 0), Shape("regression", 3, 2, 0)),
    "classification": (Shape("classification", 3, 1, 2), Shape("classification", 3, 1, 4)),
    "none": (Shape("none", 0, 0, 0),),
}
# The shapes for models that read images, on which the convolutions of small published networks fit.
IMAGES = {
    "regression": (Shape("regression", 144, 2, 0, (12, 12, 1)),),
    "classification": (Shape("classification", 144, 1, 4, (12, 12, 1)),),
}
# The step h of central differences in float64. Both the error of about h² and the rounding are far below the tolerance. With
# ten times this step, one of the many units of a large ReLU network often switches on or off between the two points.
STEP = 1e-7
TOLERANCE = 1e-5
FIRST_ORDER, SECOND_ORDER = ("gradient", "evaluate"), ("product", "second_moments")
OPTIONAL = ("evaluate_with_gradient", "predict")


def architectures(model: Model) -> Iterator[tuple[Shape, Architecture]]:
    """Yield each shape that a model supports, with the architecture that the model builds for this shape at default settings.
    Only shapes for the model's tasks are tried.
    """
    for task in model.tasks:
        for shape in (IMAGES if model.reads_bytes else SHAPES).get(task, ()):
            try:
                built = model.build(shape, **{setting.name: setting.default for setting in model.settings})
            except UsageError:
                continue
            if not isinstance(built, Architecture):
                raise Flaw(f"its build returns a {type(built).__name__}, not an Architecture")
            yield shape, built


def kernels(architecture: Architecture) -> Iterator[tuple[str, Any]]:
    """Yield the kind and function of each kernel of an architecture."""
    for kind in FIRST_ORDER:
        yield kind, getattr(architecture, kind)
    for kind in OPTIONAL:
        if (kernel := getattr(architecture, kind)) is not None:
            yield kind, kernel
    for kind in SECOND_ORDER if architecture.curvature is not None else ():
        if (kernel := getattr(architecture.curvature, kind)) is not None:
            yield kind, kernel


class ModelStage:
    """The kernels of an architecture near its initial parameters, on random rows for its shape."""

    def __init__(self, shape: Shape, architecture: Architecture, dtype: str) -> None:
        self.architecture, self.dtype = architecture, dtype
        rows = ROWS if shape.inputs else 1
        batch = max(rows, architecture.chunk)
        second = architecture.curvature
        size = (architecture.parameters,)
        shapes: dict[str, tuple[int, ...]] = {
            "theta": size,
            "direction": size,
            "inputs": (rows, shape.inputs),
            "targets": (rows, shape.targets),
            "buffers": (architecture.buffers,),
            "work": (max(architecture.workspace(batch), second.workspace(batch) if second else 0),),
            "kept": (second.kept(batch) if second else 0,),
            "out": size,
            "outputs": (rows, architecture.outputs),
        }
        self.arrays = Guarded(dtype, shapes)
        rng = np.random.default_rng(5)
        start = architecture.initial(np.random.default_rng(1))
        # Larger changes of the weights of wide layers would multiply the outputs of a deep network by thousands.
        scales = 0.3 / np.sqrt(np.maximum(architecture.layout[:, FAN_IN], 9))
        self.arrays["theta"][:] = start + np.repeat(scales, architecture.layout[:, SIZE]) * rng.normal(size=size)
        self.arrays["buffers"][:] = initial_buffers(architecture, dtype)
        self.arrays["inputs"][:] = rng.normal(size=shapes["inputs"])
        labels = rng.integers(0, shape.classes, shapes["targets"]) if shape.classes else rng.normal(size=shapes["targets"])
        self.arrays["targets"][:] = labels
        self.rows = np.arange(rows, dtype=np.int64)
        self._functions = {kind: signatures.entry(kind, kernel, dtype) for kind, kernel in kernels(architecture)}

    def gradient(self, theta: Array | None = None, rows: Array | None = None) -> tuple[float, Array]:
        """Return mean loss and gradient at `theta`, over all rows or over the rows with numbers `rows`."""
        at = self._at(theta)
        which = self.rows if rows is None else np.ascontiguousarray(rows, dtype=np.int64)
        arrays = self.arrays
        arrays["out"][:] = np.nan
        loss = self._functions["gradient"](
            at, arrays["buffers"], arrays["inputs"], arrays["targets"], which, self.architecture.layout,
            self.architecture.settings, 0, False, arrays["work"], arrays["out"],
        )  # fmt: skip
        return float(loss), arrays["out"].astype(np.float64)

    def evaluate(self) -> tuple[float, float]:
        """Return mean loss and error rate over all rows."""
        arrays = self.arrays
        loss, error = self._functions["evaluate"](
            arrays["theta"], arrays["buffers"], arrays["inputs"], arrays["targets"], self.architecture.layout,
            self.architecture.settings, arrays["work"],
        )  # fmt: skip
        return float(loss), float(error)

    def evaluate_with_gradient(self) -> tuple[float, float, Array]:
        """Return mean loss, error rate and gradient over all rows, from the kernel that computes all three in one pass."""
        arrays = self.arrays
        arrays["out"][:] = np.nan
        loss, error = self._functions["evaluate_with_gradient"](
            arrays["theta"], arrays["buffers"], arrays["inputs"], arrays["targets"], self.architecture.layout,
            self.architecture.settings, arrays["work"], arrays["out"],
        )  # fmt: skip
        return float(loss), float(error), arrays["out"].astype(np.float64)

    def predict(self) -> Array:
        """Return the model's outputs for all rows, (rows, outputs)."""
        arrays = self.arrays
        arrays["outputs"][:] = np.nan
        self._functions["predict"](
            arrays["theta"], arrays["buffers"], arrays["inputs"], self.architecture.layout, self.architecture.settings,
            arrays["work"], arrays["outputs"],
        )  # fmt: skip
        return arrays["outputs"].astype(np.float64)

    def product(self, direction: Array, *, gauss_newton: bool, fresh: bool = True) -> Array:
        """Return the product of the Hessian or the Gauss-Newton matrix with a direction."""
        arrays = self.arrays
        arrays["direction"][:] = direction
        arrays["out"][:] = np.nan
        self._functions["product"](
            arrays["theta"], arrays["direction"], arrays["buffers"], arrays["inputs"], arrays["targets"], self.rows,
            self.architecture.layout, self.architecture.settings, gauss_newton, fresh, arrays["kept"], arrays["work"],
            arrays["out"],
        )  # fmt: skip
        return arrays["out"].astype(np.float64)

    def second_moments(self) -> Array:
        """Return the mean over rows of the squared gradient of each row."""
        arrays = self.arrays
        arrays["out"][:] = np.nan
        self._functions["second_moments"](
            arrays["theta"], arrays["buffers"], arrays["inputs"], arrays["targets"], self.rows, self.architecture.layout,
            self.architecture.settings, False, arrays["work"], arrays["out"],
        )  # fmt: skip
        return arrays["out"].astype(np.float64)

    @property
    def has_second_moments(self) -> bool:
        return "second_moments" in self._functions

    def _at(self, theta: Array | None) -> Array:
        return self.arrays["theta"] if theta is None else np.ascontiguousarray(theta, dtype=self.dtype)


def stages(model: Model, *dtypes: str) -> Iterator[tuple[str, ModelStage]]:
    """Yield a description and a `ModelStage` for each shape that the model supports and each floating-point type."""
    for shape, architecture in architectures(model):
        for dtype in dtypes:
            what = f"{shape.classes} classes" if shape.classes else f"{shape.targets} targets" if shape.inputs else "no data"
            yield f"({what}, {dtype})", ModelStage(shape, architecture, dtype)


def directions(stage: ModelStage) -> Array:
    """Return two random directions in parameter space."""
    return np.random.default_rng(9).normal(size=(2, stage.architecture.parameters))


def apart(found: Array, wanted: Array) -> float:
    """Return the norm of `found` minus `wanted`, relative to the norm of `wanted`."""
    return float(np.linalg.norm(np.asarray(found) - wanted) / max(float(np.linalg.norm(wanted)), 1e-6))
