"""Checks of a layer: shapes, derivatives against central differences, and agreement of both floating-point types.

They are made in training and in evaluation mode, with the default numbers and with others.
"""

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.layout import layout_of, parameter_count
from sweepgd.core.setting import Setting
from sweepgd.kernels import signatures
from sweepgd.models.initial import draw
from sweepgd.models.layer_contract import Image, Layer, shapes_of
from sweepgd.plugins.checks.finding import Flaw

# Images with different sides, and a flat row. A layer may refuse one of the two with UsageError.
SHAPES = ((5, 4, 3), (1, 1, 7))
ROWS, KEY = 3, 7
STEP, DERIVATIVES, PRECISION = 1e-5, 1e-6, 1e-3
Vector = npt.NDArray[Any]


class Case(NamedTuple):
    """A layer for one shape, its numbers and a mode, with parameters, inputs x and a derivative dy with respect to the outputs,
    all in float64.
    """

    layer: Layer
    shape: Image
    numbers: tuple[float, ...]
    training: bool
    parameters: Vector
    x: Vector
    dy: Vector

    def outputs(self, parameters: Vector, x: Vector) -> Vector:
        """Return y, (rows, outputs), of the type of x. It is full of NaN before the call."""
        y = np.full(self.dy.shape, np.nan, x.dtype)
        signatures.compiled("forward", self.layer.forward, x.dtype.name)(parameters, x, y, *self._rest)
        return y

    def derivatives(self, dtype: str) -> tuple[Vector, Vector]:
        """Return the derivatives of the sum of dy·y with respect to x and to the parameters, minus 1 that was there before."""
        parameters, x, dy = (each.astype(dtype) for each in (self.parameters, self.x, self.dy))
        dx, dparameters = np.ones_like(x), np.ones_like(parameters)
        backward = signatures.compiled("backward", self.layer.backward, dtype)
        backward(parameters, x, self.outputs(parameters, x), dy, dx, dparameters, *self._rest)
        return dx - 1, dparameters - 1

    @property
    def _rest(self) -> tuple[Any, ...]:
        return (*self.shape, np.array(self.numbers, np.float64), KEY if self.training else 0, self.training)

    def __str__(self) -> str:
        numbers = "".join(f" {number:g}" for number in self.numbers)
        return f"'{self.layer.name}{numbers}' with inputs {self.shape} in {'training' if self.training else 'evaluation'}"


def _cases(layer: Layer) -> list[Case]:
    cases, rng = [], np.random.default_rng(0)
    defaults, others = ([choose(each) for each in layer.settings] for choose in (lambda each: each.default, _other))
    for shape, numbers in product(SHAPES, dict.fromkeys((tuple(defaults), tuple(others)))):
        try:
            outputs, tensors = shapes_of(layer, shape, numbers)
        except UsageError:
            continue
        except SweepgdError as error:
            raise Flaw(str(error)) from None
        layout = layout_of(tensors)
        parameters = draw(rng, layout, "he", 1.0) + 0.1 * rng.normal(size=parameter_count(layout))
        x, dy = rng.normal(size=(ROWS, prod(shape))), rng.normal(size=(ROWS, prod(outputs)))
        cases += [Case(layer, shape, numbers, training, parameters, x, dy) for training in (True, False)]
    if not cases:
        raise Flaw(f"refuses inputs of all of these shapes: {SHAPES}")
    return cases


def _other(setting: Setting) -> float:
    """Return a valid number that is not the default, or the default if none is found."""
    default = setting.default
    for number in (setting.low, setting.high, 2 * default, default / 2, default + 1, default - 1):
        try:
            if number is not None and number != default:
                return float(setting.check(number, "layer"))
        except UsageError:
            continue
    return float(default)


def shapes(layer: Layer) -> str:
    """Check that the shape of the output and the tensors are valid."""
    found = {case.shape: case.parameters.size for case in _cases(layer)}
    return ", ".join(f"{shape} with {parameters} parameters" for shape, parameters in found.items())


def compiles(layer: Layer) -> str:
    """Check that both functions compile for both floating-point types."""
    for dtype in ("float32", "float64"):
        for kind, function in (("forward", layer.forward), ("backward", layer.backward)):
            try:
                signatures.compiled(kind, function, dtype)
            except SweepgdError as error:
                raise Flaw(str(error)) from None
    return "forward and backward for float32 and float64"


def finite(layer: Layer) -> str:
    """Check that all outputs are written and finite."""
    for case in _cases(layer):
        if not np.isfinite(case.outputs(case.parameters, case.x)).all():
            raise Flaw(f"forward of {case} leaves NaN or infinity in y: write every element of y")
    return "all outputs are written"


def modes(layer: Layer) -> str:
    """Check that only a layer that says so has other outputs in training than in an evaluation."""
    if layer.differs_in_training:
        return "declared to differ in training"
    for case in _cases(layer):
        other = case._replace(training=not case.training)
        if not np.array_equal(case.outputs(case.parameters, case.x), other.outputs(case.parameters, case.x)):
            raise Flaw(f"the outputs of {case} are not those of the other mode: declare differs_in_training=True")
    return "the same outputs in training and in evaluation mode"


def derivatives(layer: Layer) -> str:
    """Check both derivatives against central differences in float64."""
    largest = 0.0
    for case in _cases(layer):
        dx, dparameters = case.derivatives("float64")
        by_x = _differences(case, case.x, of_parameters=False)
        by_parameters = _differences(case, case.parameters, of_parameters=True)
        for name, given, expected in (("dx", dx, by_x), ("dparameters", dparameters, by_parameters)):
            apart = float(np.max(np.abs(given - expected) / (1 + np.abs(expected)), initial=0.0))
            if not apart <= DERIVATIVES:
                raise Flaw(
                    f"{name} of {case} is {apart:.1e} from central differences: backward adds the derivative to what is there"
                )
            largest = max(largest, apart)
    return f"within {largest:.1e} of central differences"


def _differences(case: Case, at: Vector, *, of_parameters: bool) -> Vector:
    """Return central differences of the sum of dy·y with respect to each number of `at`, the parameters or x of the case."""
    found = np.zeros(at.size)
    for i in range(at.size):
        sums = []
        for step in (STEP, -STEP):
            changed = at.copy()
            changed.flat[i] += step
            given = (changed, case.x) if of_parameters else (case.parameters, changed)
            sums.append(float(np.sum(case.dy * case.outputs(*given))))
        found[i] = (sums[0] - sums[1]) / (2 * STEP)
    return found.reshape(at.shape)


def precision(layer: Layer) -> str:
    """Check that float32 gives the derivatives of float64 up to rounding."""
    largest = 0.0
    for case in _cases(layer):
        for single, double in zip(case.derivatives("float32"), case.derivatives("float64"), strict=True):
            largest = max(largest, float(np.max(np.abs(single - double) / (1 + np.abs(double)), initial=0.0)))
    if not largest <= PRECISION:
        raise Flaw(f"the derivatives of float32 and float64 are {largest:.1e} apart: divide and add up in float64")
    return f"float32 and float64 within {largest:.1e}"


CHECKS: Mapping[str, Callable[[Layer], str]] = {
    "finite": finite,
    "modes": modes,
    "derivatives": derivatives,
    "precision": precision,
}
