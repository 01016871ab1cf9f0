"""A made-up random search of many trials, written without running it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from study_files import written

from sweepgd.record import CURVES, TRIALS, Results

POINTS = 10
SWEEP = 'name = "large"\ndescription = "A made-up random search."\n\n[search]\ntrials = {}\n'


def write_large(directory: Path, trials: int) -> Results:
    """Write a study of `trials` trials of one replicate, with POINTS evaluations each, in which high rates diverge."""
    random = np.random.default_rng(0)
    number = np.arange(trials)
    optimizer = random.choice(["adam", "momentum", "sgd"], trials)
    batch = 2 ** random.integers(0, 10, trials)
    rate = 10 ** random.uniform(-5, 0, trials)
    distance = np.log10(rate / (0.1 * (batch / 512) ** 0.5 * np.where(optimizer == "adam", 0.05, 1.0)))
    loss = 0.05 * 2 ** np.abs(distance) * (1 + batch / 1024) * random.uniform(0.9, 1.1, trials)
    diverged = distance > 0.8
    measured = {"train_loss": 0.8, "validation_loss": 1.0, "test_loss": 1.1, "validation_error": 0.25, "test_error": 0.26}
    columns = {
        "trial": number, "config_id": [f"c{trial}" for trial in number], "optimizer": optimizer, "batch_size": batch,
        "status": np.where(diverged, "diverged", "completed"), "learning_rate": rate, "updates": 10_000 // batch,
        "message": np.where(diverged, "the loss exceeded 10000", "budget spent"),
        "hyperparameters": [{"momentum": 0.9} if name == "momentum" else {} for name in optimizer],
        "objectives": [None if gone else [value] for gone, value in zip(diverged, loss, strict=True)],
        "seconds_per_update": pa.array(1e-6 * (5 + batch), mask=diverged),
        "seconds_per_epoch": pa.array(1e-3 * (1 + 5 / batch), mask=diverged),
    }  # fmt: skip
    columns |= {name: pa.array(share * loss, mask=diverged) for name, share in measured.items()}
    constant = {
        "replicate": 0,
        "epochs": 10.0,
        "data": "digits",
        "model": "mlp",
        "schedule": "constant",
        "batch_schedule": "constant",
    }
    columns |= {name: [value] * trials for name, value in constant.items()}
    steps = np.arange(POINTS)
    fall = 2.3 * np.exp(-steps) + loss[:, np.newaxis]
    points = {
        "trial": np.repeat(number, POINTS), "replicate": np.zeros(trials * POINTS, np.int64),
        "update": (steps * (1_000 // batch)[:, np.newaxis]).ravel(), "epoch": np.tile(steps.astype(float), trials),
        "train_loss": (0.8 * fall).ravel(), "validation_loss": fall.ravel(),
    }  # fmt: skip
    tables = {"trials": _table(columns, TRIALS, trials), "curves": _table(points, CURVES, trials * POINTS)}
    return written(directory, SWEEP.format(trials), **tables)


def _table(columns: dict[str, Any], schema: pa.Schema, rows: int) -> pa.Table:
    arrays = [
        pa.nulls(rows, field.type) if (values := columns.get(field.name)) is None
        else values.cast(field.type) if isinstance(values, pa.Array) else pa.array(values, field.type)
        for field in schema
    ]  # fmt: skip
    return pa.table(arrays, schema=schema)
