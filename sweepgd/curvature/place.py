"""A place in the space of parameters as every measure sees it: finite numbers, or a Problem that says which are not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from time import monotonic

import numpy as np
import numpy.typing as npt

from sweepgd.curvature.objective import Objective
from sweepgd.curvature.second_order import Product, Vector
from sweepgd.measures import UNMEASURED
from sweepgd.problem import Problem
from sweepgd.streams import MEASURE, stream


@dataclass(frozen=True)
class Value:
    """What a measure found: `error` is a residual, a standard error, or of a maximum the shortfall of half its starts, in the
    unit of `value`, None where that is not estimated; `message` says why there is no value or what it lacks.

    `over` gives the value over other rows along the directions that were found over these, and `rows_error` is the standard
    error made of it. Both are None for a maximum, which few rows raise: the gradient over them is not 0 where that over all is
    (over 512 of 1,257 rows of digits φ and SAM's were 1.6 times as high on average over 13 networks, several such errors).
    `starts` (starts,) are the rises of a maximum's ascents, `grid` and `density`, each (points,), a spectral density's.
    """

    value: float | None = None
    error: float | None = None
    rows_error: float | None = None
    message: str | None = None
    over: "Callable[[Place], float] | None" = None
    starts: Vector | None = None
    grid: Vector | None = None
    density: Vector | None = None


@dataclass(frozen=True)
class Place:
    """Parameters `theta`, those that training began with, and the objective; vectors are float64, (parameters,).

    Its functions raise Problem where what they give is not finite, where the model lacks a kernel for it, and after `deadline`,
    of the monotonic clock.
    """

    objective: Objective
    theta: Vector
    initial: Vector
    seed: int
    deadline: float = inf

    @property
    def sample(self) -> "Place | None":
        """The same place as a few of the rows see it (`Objective.sample`)."""
        return replace(self, objective=self.objective.sample) if self.objective.sample else None

    def random(self, record: str) -> np.random.Generator:
        """The random numbers of one record: the same ones whatever else is measured, and at every place."""
        return stream(self.seed, MEASURE, *record.encode())

    def gradient(self, theta: Vector, rows: npt.NDArray[np.int64] | None = None) -> tuple[float, Vector]:
        """Loss and gradient at `theta`, over all rows or the numbered ones."""
        self._check_time()
        loss, gradient = self.objective.gradient(theta, rows)
        self._require(np.isfinite(loss) and np.isfinite(gradient).all(), "the loss or its gradient")
        return loss, gradient

    def hessian(self) -> Product:
        """The function that multiplies a vector by the Hessian here."""
        return self._checked(self.objective.hessian(self.theta))

    def gauss_newton(self) -> Product:
        """The function that multiplies a vector by the Gauss-Newton matrix here."""
        return self._checked(self.objective.gauss_newton(self.theta))

    def second_moments(self, *, fisher: bool) -> Vector:
        """The mean over rows of each row's squared gradient, elementwise (`Objective.second_moments`)."""
        moments = self.objective.second_moments(self.theta, fisher)
        self._require(np.isfinite(moments).all(), "the gradient of some row")
        return moments

    def _checked(self, product: Product) -> Product:
        def checked(direction: npt.NDArray[np.floating]) -> Vector:
            self._check_time()
            out = product(direction)
            self._require(np.isfinite(out).all(), "the curvature")
            return out

        return checked

    def _check_time(self) -> None:
        """Raises Problem after the deadline."""
        if monotonic() >= self.deadline:
            raise Problem(f"{UNMEASURED}out of time")

    def _require(self, finite: bool | np.bool, what: str) -> None:
        if not finite:
            advice = "; measure in float64" if self.objective.dtype == "float32" else ""
            raise Problem(f"{what} is not finite: overflow{advice}")


def attempt(make: Callable[[], Value]) -> Value:
    """What `make` gives, or the reason why it cannot, where the records after it may still be had."""
    try:
        return make()
    except Problem as problem:
        return Value(message=str(problem))
