"""The loss that a network has for a task, and the number of its outputs."""

from sweepgd.core.errors import UsageError
from sweepgd.core.setting import Setting
from sweepgd.kernels import losses
from sweepgd.models.contract import Shape

LOSSES = {"squared": losses.SQUARED, "binary": losses.BINARY, "softmax": losses.SOFTMAX}
LOSS_SETTING = Setting(
    "loss",
    "auto",
    "auto: ½ squared error for regression, binary cross-entropy for 2 classes, softmax cross-entropy for more classes",
    choices=("auto", *LOSSES),
)


def loss_for(shape: Shape, loss: str = "auto") -> str:
    """Return the name of the loss. Raise UsageError if the setting `loss` does not fit the data."""
    natural = "squared" if shape.task == "regression" else "binary" if shape.classes == 2 else "softmax"
    chosen = natural if loss == "auto" else loss
    fits = {"squared": shape.task == "regression", "binary": shape.classes == 2, "softmax": shape.classes > 0}
    if not fits[chosen]:
        raise UsageError(f"model.loss = {loss!r} does not fit these data: set {natural!r}, or leave model.loss out")
    return chosen


def outputs_for(shape: Shape, loss: str) -> int:
    """Return the number of outputs of a network with this loss."""
    return {"squared": shape.targets, "binary": 1, "softmax": shape.classes}[loss]
