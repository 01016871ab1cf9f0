"""Studies whose updates to a target are given, for each optimizer, batch size, learning rate and replicate."""

import json
from collections.abc import Callable

import numpy as np
from study_tables import Tables, curves, run, trials

from sweepgd.analysis.batch_size import Target

TARGET = Target("validation_loss", 0.1)
EVALUATIONS = 41


def planted(
    steps: Callable[[str, int, float, int], float | None],
    sizes=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    rates=(0.1, 0.2, 0.4, 0.8),
    replicates: int = 4,
    optimizers=("sgd",),
    goal: float | None = 0.1,
) -> Tables:
    """A grid. Losses fall as 0.1^(update/steps), so that they are 0.1 after `steps`; a run with None steps diverges."""
    rows, points = [], []
    settings = json.dumps({"budget": {"goal": goal} if goal else {}})
    grid = [(optimizer, size, rate) for optimizer in optimizers for size in sizes for rate in rates]
    for trial, (optimizer, size, rate) in enumerate(grid):
        for replicate in range(replicates):
            needed = steps(optimizer, size, rate, replicate)
            columns = {"optimizer": optimizer, "batch_size": size, "learning_rate": rate, "settings": settings}
            if needed is None:
                rows.append(run(trial, None, replicate, **columns))
                continue
            updates = np.round(np.linspace(0, 2 * needed, EVALUATIONS), 6)
            losses = 0.1 ** (updates / needed)
            second = 1e-6 * (10 + size)
            columns |= {"train_loss": losses[-1] / 2, "seconds_per_update": second, "seconds_per_epoch": second * 1024 / size}
            rows.append(run(trial, float(losses[-1]), replicate, **columns))
            points += [
                {"trial": trial, "replicate": replicate, "update": round(1000 * update), "samples": round(1000 * size * update)}
                | {"seconds": second * update, "epoch": size * update / 1024, "validation_loss": loss, "train_loss": loss / 2}
                for update, loss in zip(updates.tolist(), losses.tolist(), strict=True)
            ]
    return Tables(trials(*rows), curves=curves(*points))


def hyperbola(optimizer, size, rate, replicate, least=100.0, critical=40.0):
    """S = S_min(1 + B_crit/B) at the best rate 0.2, half as many again beside it, times a factor of the replicate."""
    return least * (1 + critical / size) * (1 + 0.5 * abs(np.log2(rate / 0.2))) * (1 + 0.02 * (replicate - 1.5))
