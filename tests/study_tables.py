"""Small `trials` and `curves` tables, written by hand, in the record's own columns."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.core.layout import Layout
from sweepgd.record import CURVATURE, CURVES, MINIMA, TRIALS


class Tables(NamedTuple):
    """The tables of a results directory that an analysis reads."""

    trials: pa.Table
    minima: pa.Table = MINIMA.empty_table()
    curves: pa.Table = CURVES.empty_table()
    curvature: pa.Table = CURVATURE.empty_table()

    def minima_of(self, wanted: Sequence[int]) -> pa.Table:
        return self.minima.filter(pc.is_in(self.minima["trial"], value_set=pa.array(wanted, pa.int64())))


def run(trial: int, objective: float | None, replicate: int = 0, **columns: object) -> dict[str, object]:
    """One row of `trials`: completed where there is an objective, diverged where it is None, changed by `columns`."""
    row: dict[str, object] = {
        "trial": trial, "replicate": replicate, "config_id": f"c{trial}", "data": "digits", "model": "mlp",
        "status": "diverged" if objective is None else "completed", "optimizer": "sgd", "schedule": "constant",
        "batch_schedule": "constant", "batch_size": 32, "learning_rate": 0.1, "hyperparameters": {},
        "epochs": 10.0, "updates": 100, "objectives": None if objective is None else [objective],
        "validation_loss": objective,
    }  # fmt: skip
    return row | columns


def trials(*rows: dict[str, object]) -> pa.Table:
    """A `trials` table of rows from `run`."""
    return pa.Table.from_pylist(list(rows), schema=TRIALS)


def curves(*rows: dict[str, object]) -> pa.Table:
    """A `curves` table."""
    return pa.Table.from_pylist(list(rows), schema=CURVES)


def minimum(trial: int, parameters: list[float], layout: Layout, replicate: int = 0, which: str = "final") -> dict[str, object]:
    """One row of `minima`."""
    layout = np.asarray(layout).tolist()
    return {"trial": trial, "replicate": replicate, "which": which, "parameters": parameters, "layout": layout}


def minima(*rows: dict[str, object]) -> pa.Table:
    """A `minima` table of rows from `minimum`."""
    return pa.Table.from_pylist(list(rows), schema=MINIMA)


def value(
    trial: int, number: float | None, measure: str = "lambda_max", replicate: int = 0, **columns: object
) -> dict[str, object]:
    """One row of `curvature`, at the final weights as trained, changed by `columns`."""
    row: dict[str, object] = {
        "trial": trial, "replicate": replicate, "measure": measure, "value": number, "error": None,
        "settings": "{}", "which": "final", "update": 100, "rows": 512, "rescaling": 1.0,
    }  # fmt: skip
    return row | columns


def curvature(*rows: dict[str, object]) -> pa.Table:
    """A `curvature` table of rows from `value`."""
    return pa.Table.from_pylist(list(rows), schema=CURVATURE)


def study_of_rates() -> tuple[pa.Table, pa.Table]:
    """A made-up study, 2 optimizers, 4 batch sizes, 5 rates and 2 replicates, in which too high a rate diverges."""
    rows, points = [], []
    for trial in range(40):
        optimizer, batch = ("adam", "sgd")[trial // 20], (8, 32, 128, 1024)[trial // 5 % 4]
        rate = 10.0 ** (trial % 5 - 4)
        best_rate = (3e-3 if optimizer == "adam" else 0.1) * (batch / 32) ** 0.5
        distance = math.log10(rate / best_rate)
        for replicate in range(2):
            final = 0.02 * (1 + batch / 500) * 4 ** abs(distance) * (1 + 0.1 * replicate)
            diverged = distance > 0.9
            columns: dict[str, object] = {
                "optimizer": optimizer, "batch_size": batch, "learning_rate": rate, "updates": 20000 // batch,
                "hyperparameters": {"momentum": 0.9, "epsilon": 1e-8},
            }  # fmt: skip
            if not diverged:
                columns |= {
                    "train_loss": final / 2, "test_loss": 1.2 * final, "validation_error": min(0.9, final / 3),
                    "test_error": min(0.9, final / 2.8), "generalization_gap": 0.7 * final,
                    "seconds_per_update": 1e-6 * (5 + 0.3 * batch), "seconds_per_epoch": 1e-3 * (5 / batch + 0.3),
                }  # fmt: skip
                for epoch in range(11):
                    excess = (2.3 - final) * math.exp(-epoch * (0.8 + replicate / 10))
                    update = epoch * max(1, 1000 // batch)
                    points.append(
                        {"trial": trial, "replicate": replicate, "update": update, "epoch": float(epoch)}
                        | {"train_loss": final / 2 + excess, "validation_loss": final + excess}
                    )
            rows.append(run(trial, None if diverged else final, replicate, **columns))
    return trials(*rows), curves(*points)
