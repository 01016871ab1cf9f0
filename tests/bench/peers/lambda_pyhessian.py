"""PyHessian: power iteration on a graph of the gradient of all rows, given as one batch by `data=` as its README shows."""

import torch
from pyhessian import hessian

from ..minimum import STEP, Minimum
from ..work import layers, load
from .torch_eager import loss_of, network


class Peer:
    def __init__(self, case: Minimum, tolerance: float = STEP) -> None:
        work, rows, self._tolerance = load(case.work), case.chosen(), tolerance
        self._model = network(work.widths)
        linear = [module for module in self._model if isinstance(module, torch.nn.Linear)]
        with torch.no_grad():
            for module, (weights, bias) in zip(linear, layers(case.parameters, work.widths), strict=True):
                module.weight.copy_(torch.from_numpy(weights.T.copy()))
                module.bias.copy_(torch.from_numpy(bias))
        self._rows = torch.from_numpy(work.inputs[rows]), torch.from_numpy(work.targets[rows])
        self.value = float("nan")

    def reset(self) -> None:
        torch.manual_seed(0)

    def epochs(self, count: int) -> None:
        for _ in range(count):
            self._model.zero_grad()
            found = hessian(self._model, loss_of, data=self._rows, cuda=False)
            (self.value,), _ = found.eigenvalues(tol=self._tolerance)
