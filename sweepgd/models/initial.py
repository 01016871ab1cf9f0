"""Initial weights. Each rule is a function that draws one weight tensor. Biases start at 0, and scales at 1."""

from collections.abc import Callable
from math import sqrt

import numpy as np
import numpy.typing as npt

from sweepgd.core.layout import FAN_IN, FAN_OUT, KIND, OFFSET, SCALE, SIZE, WEIGHT, Layout, parameter_count
from sweepgd.core.setting import Setting

Draw = Callable[[np.random.Generator, int, int, int, float], npt.NDArray[np.float64]]


def normal(rng: np.random.Generator, size: int, fan_in: int, fan_out: int, scale: float) -> npt.NDArray[np.float64]:
    """Draw from N(0, scale²)."""
    return rng.normal(0.0, scale, size)


def uniform(rng: np.random.Generator, size: int, fan_in: int, fan_out: int, scale: float) -> npt.NDArray[np.float64]:
    """Draw from U(−scale, scale)."""
    return rng.uniform(-scale, scale, size)


def xavier(rng: np.random.Generator, size: int, fan_in: int, fan_out: int, scale: float) -> npt.NDArray[np.float64]:
    """Draw from U(−a, a) with a = √(6/(fan_in + fan_out)) (Glorot & Bengio 2010, eq. 16)."""
    bound = sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size)


def he(rng: np.random.Generator, size: int, fan_in: int, fan_out: int, scale: float) -> npt.NDArray[np.float64]:
    """Draw from N(0, 2/fan_in) (He et al. 2015, eq. 10)."""
    return rng.normal(0.0, sqrt(2.0 / fan_in), size)


def zero(rng: np.random.Generator, size: int, fan_in: int, fan_out: int, scale: float) -> npt.NDArray[np.float64]:
    """Return zeros."""
    return np.zeros(size)


RULES: dict[str, Draw] = {"normal": normal, "uniform": uniform, "xavier": xavier, "he": he, "zero": zero}


def init_settings(default: str) -> tuple[Setting, ...]:
    """Return the settings with which users choose the initial weights of a model."""
    return (
        Setting("init", default, "rule for the initial weights", choices=tuple(RULES)),
        Setting("scale", 0.01, "standard deviation of normal, or half-width of uniform initial weights", minimum=0.0),
        Setting("init_scale", 1.0, "factor that multiplies the initial weights of any rule", minimum=0.0, formerly=1.0),
    )


def draw(rng: np.random.Generator, layout: Layout, init: str, scale: float, init_scale: float = 1.0) -> npt.NDArray[np.float64]:
    """Return initial parameters for a layout, (parameters,), in float64. Tensors are drawn in the order of the layout.

    Weights drawn by the rule `init` are multiplied by `init_scale`.
    """
    theta = np.zeros(parameter_count(layout))
    for row in layout:
        stop = row[OFFSET] + row[SIZE]
        if row[KIND] == SCALE:
            theta[row[OFFSET] : stop] = 1.0
        if row[KIND] == WEIGHT:
            drawn = RULES[init](rng, int(row[SIZE]), int(row[FAN_IN]), int(row[FAN_OUT]), scale)
            theta[row[OFFSET] : stop] = init_scale * drawn
    return theta
