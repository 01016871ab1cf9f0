"""A made-up random search of many trials, written as a results directory without running it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from sweepgd.record.checksums import sealed
from sweepgd.record.schema import SCHEMAS, footer

POINTS = 10
SWEEP = 'name = "large"\ndescription = "A made-up random search."\n\n[search]\ntrials = {}\n'


def write_large(directory: Path, trials: int) -> None:
    """Write a study of `trials` trials of one replicate, with POINTS evaluations each, in which high rates diverge."""
    random = np.random.default_rng(0)
    number = np.arange(trials)
    optimizer = random.choice(["adam", "momentum", "sgd"], trials)
    batch = 2 ** random.integers(0, 10, trials)
    rate = 10 ** random.uniform(-5, 0, trials)
    distance = np.log10(rate / (0.1 * (batch / 512) ** 0.5 * np.where(optimizer == "adam", 0.05, 1.0)))
    loss = 0.05 * 2 ** np.abs(distance) * (1 + batch / 1024) * random.uniform(0.9, 1.1, trials)
    diverged = distance > 0.8
    known = pa.array(~diverged)

    def finished(values):
        return pa.array(values, mask=diverged)

    columns = {
        "trial": number,
        "replicate": np.zeros(trials, np.int64),
        "config_id": [f"c{trial}" for trial in number],
        "status": np.where(diverged, "diverged", "completed"),
        "message": np.where(diverged, "the loss exceeded 10000", "budget spent"),
        **{"data": ["digits"] * trials, "model": ["mlp"] * trials, "optimizer": optimizer},
        **{"schedule": ["constant"] * trials, "batch_schedule": ["constant"] * trials},
        "batch_size": batch,
        "learning_rate": rate,
        "hyperparameters": [{"momentum": 0.9} if name == "momentum" else {} for name in optimizer],
        "settings": ["{}"] * trials,
        **{"epochs": np.full(trials, 10.0), "updates": 10_000 // batch, "evaluated_at_update": 10_000 // batch},
        "objectives": pa.array([None if gone else [value] for gone, value in zip(diverged, loss, strict=True)]),
        **{"train_loss": finished(loss * 0.8), "validation_loss": finished(loss), "test_loss": finished(loss * 1.1)},
        **{"validation_error": finished(loss / 4), "test_error": finished(loss / 3.8)},
        "generalization_gap": finished(loss * 0.3),
        **{"seconds_per_update": finished(1e-6 * (5 + batch)), "seconds_per_epoch": finished(1e-3 * (1 + 5 / batch))},
        **{"processor": ["znver4"] * trials, "vector_bits": np.full(trials, 512), "worker": ["host:1"] * trials},
    }
    assert len(known) == trials
    steps = np.arange(POINTS)
    fall = 2.3 * np.exp(-steps) + loss[:, np.newaxis]
    curves = {
        "trial": np.repeat(number, POINTS),
        "replicate": np.zeros(trials * POINTS, np.int64),
        "update": (steps * (1_000 // batch)[:, np.newaxis]).ravel(),
        "epoch": np.tile(steps.astype(float), trials),
        "train_loss": (0.8 * fall).ravel(),
        "validation_loss": fall.ravel(),
    }
    text = SWEEP.format(trials)
    for name, given in (("trials", columns), ("curves", curves), ("minima", {}), ("curvature", {})):
        schema = SCHEMAS[name]
        rows = len(given.get("trial", ()))
        arrays = [
            pa.array(given[key]).cast(kind.type) if key in given and key != "hyperparameters" else None
            for key, kind in zip(schema.names, schema, strict=True)
        ]
        arrays = [
            pa.array(given[key], kind.type) if array is None and key in given else array
            for key, kind, array in zip(schema.names, schema, arrays, strict=True)
        ]
        arrays = [pa.nulls(rows, kind.type) if array is None else array for kind, array in zip(schema, arrays, strict=True)]
        (directory / name).mkdir(parents=True)
        with sealed(directory / name / "000001.parquet", schema, footer(text)) as writer:
            writer.write_table(pa.table(arrays, schema=schema))
    (directory / "sweep.toml").write_text(text)
