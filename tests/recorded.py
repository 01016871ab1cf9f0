"""Records of small finished trials, and results directories that contain them."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of
from sweepgd.record import Store, TrialRecord, encode

LAYOUT = layout_of([Tensor((2, 3), WEIGHT, 2, 3), Tensor((3,), BIAS, 2, 3)])
STARTED = datetime(2024, 5, 6, 7, 8, 9, 123457, tzinfo=UTC)


def finished(trial: int, replicates: int = 1, points: int = 3, **columns: Any) -> TrialRecord:
    """Return a completed trial with few columns; `columns` are added to each of its trials rows."""
    random = np.random.default_rng(trial)
    rows, curves, minima = [], [], []
    for replicate in range(replicates):
        loss = random.random(points)
        rows.append(
            {
                "trial": trial,
                "replicate": replicate,
                "config_id": f"c{trial}",
                "status": "completed",
                "optimizer": "momentum",
                "hyperparameters": {"momentum": 0.9},
                "batch_size": 8,
                "learning_rate": 0.1,
                "objectives": [float(loss[-1])],
                "validation_loss": float(loss[-1]),
                "started_at": STARTED,
                "finished_at": STARTED + timedelta(microseconds=trial),
            }
            | columns
        )
        curves.append({"update": np.arange(points) * 10, "epoch": np.arange(points) / 2, "validation_loss": loss})
        minima.append(
            {
                "trial": trial,
                "replicate": replicate,
                "which": "final",
                "update": 10 * points,
                "parameters": random.standard_normal(9).astype(np.float32),
                "layout": LAYOUT,
                "data_fingerprint": "f0",
                "preprocessing": '{"standardize": true}',
            }
        )
    return TrialRecord(trial, rows, curves, minima)


def measured(
    trial: int, replicate: int = 0, measure: str = "lambda_max", value: float | None = 2.5, **columns: Any
) -> TrialRecord:
    """Return a supplement of a recorded trial: one row of curvature."""
    row = {"trial": trial, "replicate": replicate, "measure": measure, "value": value, "error": 0.1, "settings": "{}"}
    return TrialRecord(trial, [], [], curvature=[row | {"which": "final", "rescaling": 1.0} | columns])


def append(store: Store, done: TrialRecord) -> None:
    store.append(done.trial, encode(done))


def supplement(store: Store, done: TrialRecord) -> None:
    store.supplement(done.trial, encode(done))


def write(directory: Path, parts: Iterable[Iterable[TrialRecord]]) -> None:
    """Write a closed results directory with one published part for each group of trials."""
    store = Store.open(directory, "name = 'written'\n")
    for part in parts:
        for done in part:
            append(store, done)
        store.publish()
    store.close()


def abandon(store: Store) -> None:
    """Close the files of a store as the operating system does after a process was killed."""
    store._log.close()
    os.close(store._lock)


def file_names(directory: Path, table: str = "trials", pattern: str = "*.parquet") -> list[str]:
    return sorted(path.name for path in (directory / table).glob(pattern))
