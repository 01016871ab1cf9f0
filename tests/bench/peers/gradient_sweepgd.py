"""This project: gradients over the rows that products are taken over."""

import numpy as np

from . import product_sweepgd


class Peer(product_sweepgd.Peer):
    def call(self, parameters: np.ndarray) -> None:
        self.objective.gradient(parameters)
