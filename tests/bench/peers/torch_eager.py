"""PyTorch as it is usually written: a module, torch.optim, and a Python loop over batches."""

from itertools import cycle, islice, pairwise

import numpy as np
import torch

from ..work import BETA, BETA1, BETA2, EPSILON, Array, Case, Work, batches, layers, load, start

torch.set_num_threads(1)


def network(widths: tuple[int, ...]) -> torch.nn.Sequential:
    """Linear layers with ReLU between them."""
    modules: list[torch.nn.Module] = []
    for fan_in, fan_out in pairwise(widths):
        modules += [torch.nn.Linear(fan_in, fan_out), torch.nn.ReLU()]
    return torch.nn.Sequential(*modules[:-1])


def lenet() -> torch.nn.Sequential:
    """LeNet-5 as sweepgd's `lenet`, with images in the layout that is fastest on a processor (channels last)."""
    nn = torch.nn
    convolutions = (nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5))
    modules: list[torch.nn.Module] = []
    for convolution in convolutions:
        modules += [convolution, nn.Tanh(), nn.AvgPool2d(2)]
    dense = (nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10))
    return nn.Sequential(*modules, nn.Flatten(), *dense).to(memory_format=torch.channels_last)


def optimizer_of(name: str, model: torch.nn.Module, rate: float) -> torch.optim.Optimizer:
    if name == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate, betas=(BETA1, BETA2), eps=EPSILON)
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=BETA if name == "momentum" else 0.0)


def loss_of(z: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """½ mean squared error of real targets, softmax cross-entropy of class numbers."""
    if targets.is_floating_point():
        return 0.5 * torch.nn.functional.mse_loss(z, targets)
    return torch.nn.functional.cross_entropy(z, targets)


class Peer:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._work: Work = load(case.work)
        self._inputs, self._targets = torch.from_numpy(self._work.inputs), torch.from_numpy(self._work.targets)
        self._batches = [list(torch.from_numpy(rows)) for rows in batches(case)]
        self.reset()

    def reset(self) -> None:
        self._model = network(self._work.widths)
        linear = [module for module in self._model if isinstance(module, torch.nn.Linear)]
        with torch.no_grad():
            for module, (weights, bias) in zip(linear, layers(start(self._work), self._work.widths), strict=True):
                module.weight.copy_(torch.from_numpy(weights.T.copy()))
                module.bias.copy_(torch.from_numpy(bias))
        self._optimizer = optimizer_of(self._case.optimizer, self._model, self._case.rate)
        self._in_turn = cycle(self._batches)

    def epochs(self, count: int) -> None:
        for epoch_batches in islice(self._in_turn, count):
            for rows in epoch_batches:
                self._optimizer.zero_grad()
                loss_of(self._model(self._inputs[rows]), self._targets[rows]).backward()
                self._optimizer.step()

    def parameters(self) -> Array:
        tensors = [tensor.detach().numpy() for tensor in self._model.parameters()]
        return np.concatenate([tensor.T.ravel() for tensor in tensors])
