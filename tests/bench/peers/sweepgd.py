"""This project: whole epochs through the call of the compiled trainer that every run makes, at a constant rate."""

from itertools import cycle, islice

import numpy as np

from sweepgd.core.setting import resolve
from sweepgd.data import Data, Part
from sweepgd.data.contract import Task
from sweepgd.models import Shape, build
from sweepgd.plugins import registry
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Training

from ..work import Array, Case, Work, load, orders, start


def data_of(work: Work) -> Data:
    """The work's rows as a run wants them."""
    task: Task = "classification" if work.classes else "regression"
    targets = work.targets.astype(np.float32).reshape(len(work.inputs), -1)
    part = Part(work.inputs, targets)
    names = tuple(str(label) for label in range(work.classes))
    return Data(work.name, task, part, None, None, (), names, {}, {}, "")


class Peer:
    def __init__(self, case: Case) -> None:
        work = load(case.work)
        self._case, self._data, self._theta = case, data_of(work), start(work)
        name, settings = ("mlp", {"hidden": work.widths[1:-1]}) if work.classes else ("linear", {})
        self._architecture = build(name, settings, Shape(self._data.task, work.widths[0], 1, work.classes))
        hyperparameters = resolve(registry.get("optimizers", self._rule(case)).hyperparameters, {}, "optimizer")
        self._configuration = Configuration(self._rule(case), hyperparameters, case.rate, case.batch)
        self._rates = np.full(case.updates, case.rate)
        self._bounds = np.arange(case.updates + 1) * case.batch
        self.reset()

    def _rule(self, case: Case) -> str:
        return case.optimizer

    def reset(self) -> None:
        self._training = Training(
            self._configuration,
            self._data,
            self._architecture,
            Budget(epochs=1),
            seed=0,
            last_batch="drop",
            initial=self._theta,
        )
        self._orders = cycle(orders(self._data.rows))

    def epochs(self, count: int) -> None:
        for order in islice(self._orders, count):
            if self._training._train(order, self._bounds, self._rates) < len(self._rates):
                raise ArithmeticError(f"{self._case} diverged")

    def parameters(self) -> Array:
        return self._training.parameters
