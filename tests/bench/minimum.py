"""The minimisers whose curvature is measured: the same weights and rows for everybody."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from .work import Array, Case, load

RESIDUAL = 1e-3  # ‖Hv − λv‖ to stop at, relative to λ: the eigenvalue is then at most so far from λ
STEP = 5e-4  # from one power iteration to the next, relative to λ: at 1e-3 PyHessian's λmax is up to 1.3e-3 below, at this 5e-4
EPOCHS = {"digits": 20, "fashion": 3}


@dataclass(frozen=True, eq=False)
class Minimum:
    """A trained network and the rows that its loss is taken over; one call counts as one update."""

    work: str
    parameters: Array
    rows: int | Literal["full"] = "full"
    updates: int = 1
    tolerance: float = RESIDUAL

    def chosen(self) -> npt.NDArray[np.int64]:
        """The numbers of the rows."""
        from sweepgd.curvature.objective import subset
        from sweepgd.data import Part

        numbers = np.arange(len(load(self.work).inputs))[:, None]
        return subset(Part(numbers, numbers), self.rows, seed=0).inputs[:, 0]

    def __str__(self) -> str:
        return f"{self.work}, curvature over {self.rows} rows"


@cache
def minimiser(work: str) -> Array:
    """Weights after some epochs of Adam at batch 32."""
    from .peers.sweepgd import Peer

    peer = Peer(Case(work, 32, "adam"))
    peer.epochs(EPOCHS[work])
    return peer.parameters()
