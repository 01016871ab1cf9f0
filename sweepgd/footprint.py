"""How much room the record of a study takes."""

from math import ceil

import numpy as np

from sweepgd.lab import Lab

# Measured in parts of 1,000 trials and 6,300 points, compressed.
ROW_BYTES, POINT_BYTES = 130, 50


def footprint(lab: Lab, trials: int) -> int:
    """About how many bytes so many trials take in parts: their rows, learning curves, and final and best weights.

    Less where weights are equal or zero, and compress, or where runs diverge, and have none. More by what is not counted: the
    curves of a budget in updates or seconds, curvature, and the log, which takes as much again until it is parts.
    """
    budget, rows = lab.sweep.budget, lab.data(0).rows
    epochs = budget.epochs or (budget.samples or 0) / rows
    points = 1 + ceil(epochs * max(1.0, rows / (budget.eval_every or rows)))
    weights = 2 * lab.architecture.parameters * np.dtype(lab.sweep.model.dtype).itemsize
    return trials * lab.sweep.search.replicates * (ROW_BYTES + POINT_BYTES * points + weights)
