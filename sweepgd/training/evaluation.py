"""One evaluation of a run, and the best evaluation with its weights."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy.typing as npt


class Evaluation(NamedTuple):
    """The evaluation of a run after `update` updates. Losses are means without penalties. A missing loss is NaN."""

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
    """The evaluation with the lowest validation loss, and the weights at this evaluation. If the data have no validation rows,
    the train loss decides.
    """

    point: Evaluation
    parameters: npt.NDArray[Any]
