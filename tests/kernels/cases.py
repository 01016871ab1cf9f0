"""Fully connected models for the kernel tests, with data, random weights and the results of the NumPy oracles."""

import numpy as np
from run_builders import data_of, model_for

from sweepgd.core.layout import tensors_in

ROWS = 300  # more than one chunk of an evaluation, and not a multiple of it
INPUTS = 3

REGRESSION, TWO_CLASSES, FOUR_CLASSES = 0, 2, 4
MODELS = {
    "linear": ("linear", {}, REGRESSION),
    "logistic": ("logistic", {}, TWO_CLASSES),
    "softmax": ("softmax", {}, FOUR_CLASSES),
    "deep": ("mlp", {"hidden": [5, 2, 4], "activation": "tanh"}, FOUR_CLASSES),
    "softmax-of-two": ("mlp", {"hidden": [5], "loss": "softmax"}, TWO_CLASSES),
} | {
    f"{activation}-{loss}": ("mlp", {"hidden": [5, 4], "activation": activation}, classes)
    for activation in ("relu", "tanh", "sigmoid")
    for loss, classes in (("squared", REGRESSION), ("binary", TWO_CLASSES), ("softmax", FOUR_CLASSES))
}


class Case:
    """A model with data and random weights; `oracle` evaluates a NumPy function of them in float64."""

    def __init__(self, name: str, dtype: str = "float64") -> None:
        model, settings, classes = MODELS[name]
        rng = np.random.default_rng(3)
        inputs = rng.normal(size=(ROWS, INPUTS))
        targets = rng.integers(classes, size=(ROWS, 1)) if classes else rng.normal(size=(ROWS, 2))
        self.part = data_of(inputs, targets, classes=classes, dtype=dtype).train
        self.model = model_for(data_of(inputs, targets, classes=classes), model, **settings)
        self.weights = rng.normal(size=self.model.parameters).astype(dtype)
        self.activation = settings.get("activation", "relu")
        self.loss = settings.get("loss", {REGRESSION: "squared", TWO_CLASSES: "binary", FOUR_CLASSES: "softmax"}[classes])

    def oracle(self, function, weights=None, rows=slice(None)):
        tensors = tensors_in((self.weights if weights is None else weights).astype(np.float64), self.model.layout)
        inputs, targets = self.part.inputs[rows].astype(np.float64), self.part.targets[rows].astype(np.float64)
        return function(tensors, inputs, targets, self.activation, self.loss)


def assert_close(actual, expected, tolerance):
    assert np.linalg.norm(np.subtract(actual, expected)) <= tolerance * np.linalg.norm(expected)
