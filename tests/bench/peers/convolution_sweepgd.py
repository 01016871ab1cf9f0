"""This project: the convolutional network through the call of the compiled trainer that every run makes."""

from itertools import cycle, islice

import numpy as np

from sweepgd.core.setting import resolve
from sweepgd.data import Data, Part
from sweepgd.models import Shape, build
from sweepgd.plugins import registry
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Training

from ..convolution_work import LAYERS, ROWS, Convolution, batches, data, start
from ..work import Array


class Peer:
    def __init__(self, case: Convolution) -> None:
        images, labels = data()
        part = Part(np.ascontiguousarray(images), labels.astype(np.float32).reshape(-1, 1))
        self._data = Data("fashion", "classification", part, None, None, (), tuple(map(str, range(10))), {}, {}, "")
        shape = Shape("classification", 784, 1, 10, image=(28, 28, 1))
        self._architecture = build("cnn", {"layers": LAYERS}, shape)
        settings = resolve(registry.get("optimizers", "sgd").hyperparameters, {}, "optimizer")
        self._configuration = Configuration("sgd", settings, case.rate, case.batch)
        self._orders = [order.ravel() for order in batches(case)]
        self._rates, self._bounds = np.full(case.updates, case.rate), np.arange(case.updates + 1) * case.batch
        self.reset()

    def reset(self) -> None:
        self._training = Training(
            self._configuration,
            self._data,
            self._architecture,
            Budget(epochs=1),
            seed=0,
            last_batch="drop",
            initial=np.concatenate([tensor.ravel() for tensor in start()]),
        )
        self._in_turn = cycle(self._orders)

    def epochs(self, count: int) -> None:
        for order in islice(self._in_turn, count):
            if self._training._train(order, self._bounds, self._rates) < len(self._rates):
                raise ArithmeticError(f"the network diverged within {ROWS} rows")

    def parameters(self) -> Array:
        return self._training.parameters
