"""Recorded runs on files of a user: categories, dates, missing values, and targets of each kind."""

from pathlib import Path

import numpy as np

import sweepgd
from sweepgd.record import Results

ROWS = 60
HEAD = "age,sex,seen,y"
COMMON = ("model.hidden=[4]", 'data.split="tail"', "data.validation=0.2", "data.test=0.2")
ENCODED = ('data.categories="all"', 'data.dates="all"', 'data.missing="median"')
CLASSES = ("data.target='y'", "data.task='classification'", *COMMON)
NUMBERS = ("data.target='y'", "data.task='regression'", "data.standardize_targets=true", *COMMON)


def cells(kind: str) -> list[list[str]]:
    """Return the cells of a file by row. Only the last rows, for the test, have the level "x", and some cells are missing."""
    rng = np.random.default_rng(3)
    rows = []
    for row in range(ROWS):
        age, sex = rng.normal(40, 10), "x" if row > 55 else rng.choice(["f", "m"])
        target = {"two": "high" if age > 40 else "low", "three": str(rng.integers(3)), "number": f"{100 + 7 * age:.3f}"}
        gaps = [rng.random() < 0.1 for _ in range(2)]
        rows.append(["" if gaps[0] else f"{age:.2f}", "" if gaps[1] else str(sex), f"2024-05-{1 + row % 28:02}", target[kind]])
    return rows


def write(path: Path, rows: list[list[str]], head: str = HEAD) -> str:
    path.write_text("\n".join([head, *map(",".join, rows)]) + "\n", encoding="utf-8")
    return str(path)


def recorded(folder: Path, kind: str, *overrides: str, **settings) -> Results:
    """Train on a file of `kind` in a folder, and return the record of the run."""
    file = write(folder / "d.csv", cells(kind))
    task = NUMBERS if kind == "number" else CLASSES
    out = folder / "run"
    sweepgd.train(file, "mlp", "adam", epochs=3, batch_size=8, overrides=[*task, *ENCODED, *overrides], out=out, **settings)
    return sweepgd.load(out)
