"""scikit-learn: partial_fit of MLPClassifier, and of SGDRegressor for linear regression, which has batches of one only."""

from itertools import cycle, islice

import numpy as np
from sklearn.linear_model import SGDRegressor
from sklearn.neural_network import MLPClassifier

from ..work import BETA, BETA1, BETA2, EPSILON, Array, Case, layers, load, orders, start


class Peer:
    def __init__(self, case: Case) -> None:
        self._case, self._work = case, load(case.work)
        # Every whole batch of each order, gathered once an epoch as the library's own shuffling does a batch at a time.
        self._orders = orders(len(self._work.inputs))[:, : case.updates * case.batch]
        self._targets = self._work.targets.ravel()
        self.reset()

    def reset(self) -> None:
        initial = layers(start(self._work), self._work.widths)
        self._model = self._network(initial) if self._work.classes else self._regression(initial)
        self._in_turn = cycle(self._orders)

    def _network(self, initial: list[tuple[Array, Array]]) -> MLPClassifier:
        rule = self._case.optimizer
        model = MLPClassifier(
            self._work.widths[1:-1],
            solver="adam" if rule == "adam" else "sgd",
            learning_rate_init=self._case.rate,
            momentum=BETA if rule == "momentum" else 0.0,
            nesterovs_momentum=False,
            beta_1=BETA1,
            beta_2=BETA2,
            epsilon=EPSILON,
            alpha=0.0,
            batch_size=self._case.batch,
            shuffle=False,
        )
        # The weights exist after a first fit only; then the start is copied in, and the optimizer forgets that fit.
        some = slice(0, self._case.batch)
        model.partial_fit(self._work.inputs[some], self._targets[some], classes=np.arange(self._work.classes))
        for (weights, bias), own_weights, own_bias in zip(initial, model.coefs_, model.intercepts_, strict=True):
            own_weights[:], own_bias[:] = weights, bias
        del model._optimizer
        return model

    def _regression(self, initial: list[tuple[Array, Array]]) -> SGDRegressor:
        model = SGDRegressor(penalty=None, learning_rate="constant", eta0=self._case.rate, shuffle=False)
        model.partial_fit(self._work.inputs[:1], self._targets[:1])
        ((weights, bias),) = initial
        model.coef_[:], model.intercept_[:] = weights[:, 0], bias
        return model

    def epochs(self, count: int) -> None:
        for order in islice(self._in_turn, count):
            self._model.partial_fit(self._work.inputs[order], self._targets[order])

    def parameters(self) -> Array:
        if isinstance(self._model, SGDRegressor):
            return np.concatenate((self._model.coef_, self._model.intercept_)).astype(np.float32)
        pairs = zip(self._model.coefs_, self._model.intercepts_, strict=True)
        return np.concatenate([tensor.ravel() for pair in pairs for tensor in pair])
