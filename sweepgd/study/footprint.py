"""An estimate of the disk space of a study's record."""

from math import ceil

import numpy as np

from sweepgd.training.sweep_context import SweepContext

# Measured in compressed parts of 1,000 trials and 6,300 curve points.
ROW_BYTES, POINT_BYTES = 130, 50


def footprint(context: SweepContext, trials: int) -> int:
    """Estimate the bytes that the Parquet parts of `trials` trials take: rows, learning curves, and final and best weights.

    The true size is smaller if weights compress well, or if runs diverge and have no weights. The estimate leaves out
    curvature, and learning curves if the budget is in updates or seconds. The log is left out too. Until its publication, the
    log takes about the same space as the parts.
    """
    sizes = [_run_bytes(variant) for variant in context.variants]
    return ceil(trials * context.sweep.search.replicates * sum(sizes) / len(sizes))


def _run_bytes(context: SweepContext) -> int:
    budget, rows = context.sweep.budget, context.data(0).rows
    epochs = budget.epochs or (budget.samples or 0) / rows
    points = 1 + ceil(epochs * max(1.0, rows / (budget.eval_every or rows)))
    if budget.evaluate is not None:
        points = 2 if budget.evaluate == "end" else 1 + ceil((budget.updates or epochs) / budget.evaluate)
    if not context.sweep.record.minima:
        return ROW_BYTES + POINT_BYTES * points
    weights = 2 * context.architecture.recorded * np.dtype(context.sweep.model.dtype).itemsize
    return ROW_BYTES + POINT_BYTES * points + weights
