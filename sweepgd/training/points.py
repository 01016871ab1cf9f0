"""What an evaluation says of a run: a point of its curve."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy.typing as npt


class Point(NamedTuple):
    """One evaluation: where training stands after `update` updates. Losses are means without penalties; NaN is "none"."""

    update: int
    epoch: float
    samples: int
    seconds: float
    learning_rate: float
    batch_size: int
    train_loss: float
    validation_loss: float
    test_loss: float
    train_error: float
    validation_error: float
    test_error: float
    gradient_norm: float
    batch_loss: float


@dataclass(frozen=True)
class Best:
    """The weights of the evaluation with the lowest validation loss (train loss where there is no validation part)."""

    point: Point
    parameters: npt.NDArray[Any]
