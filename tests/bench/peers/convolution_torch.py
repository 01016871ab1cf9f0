"""PyTorch: the convolutional network as a module, with images in the layout that is fastest on a processor (channels last)."""

from itertools import cycle, islice

import numpy as np
import torch

from ..convolution_work import Convolution, batches, data, start
from ..work import Array

torch.set_num_threads(1)


class Peer:
    def __init__(self, case: Convolution) -> None:
        self._case = case
        images = torch.from_numpy(np.ascontiguousarray(data()[0])).reshape(-1, 1, 28, 28)
        self._images = images.to(memory_format=torch.channels_last)
        self._labels = torch.from_numpy(data()[1])
        self._batches = [list(torch.from_numpy(rows)) for rows in batches(case)]
        self.reset()

    def reset(self) -> None:
        nn = torch.nn
        first, second, last = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3), nn.Linear(1600, 10)
        model = nn.Sequential(first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), last)
        self._model = model.to(memory_format=torch.channels_last)
        self._weighted = (first, second, last)
        tensors = start()
        tensors[4] = tensors[4].reshape(5, 5, 64, 10).transpose(2, 0, 1, 3).reshape(1600, 10)  # it flattens channels first
        with torch.no_grad():
            for module, weights, bias in zip(self._weighted, tensors[::2], tensors[1::2], strict=True):
                axes = (3, 2, 0, 1) if weights.ndim == 4 else (1, 0)
                module.weight.copy_(torch.from_numpy(weights.transpose(axes).copy()))
                module.bias.copy_(torch.from_numpy(bias))
        self._optimizer = torch.optim.SGD(self._model.parameters(), lr=self._case.rate)
        self._in_turn = cycle(self._batches)

    def epochs(self, count: int) -> None:
        for rows_of_batches in islice(self._in_turn, count):
            for rows in rows_of_batches:
                self._optimizer.zero_grad()
                torch.nn.functional.cross_entropy(self._model(self._images[rows]), self._labels[rows]).backward()
                self._optimizer.step()

    def parameters(self) -> Array:
        tensors = []
        for module in self._weighted:
            weights = module.weight.detach().numpy()
            weights = weights.transpose(2, 3, 1, 0) if weights.ndim == 4 else weights.T
            if weights.shape == (1600, 10):
                weights = weights.reshape(64, 5, 5, 10).transpose(1, 2, 0, 3)
            tensors += [weights.ravel(), module.bias.detach().numpy()]
        return np.concatenate(tensors)
