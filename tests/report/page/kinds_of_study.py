"""Small studies of different kinds, as tables, with what their pages say about them."""

from collections.abc import Callable
from typing import NamedTuple

import pyarrow as pa
from study_tables import curves, run, study_of_rates, trials

SWEEP = 'name = "{}"\ndescription = "What is found?"\n\n[search]\ntrials = {}\n'


class Kind(NamedTuple):
    """The planned number of trials, the tables, and texts that the page contains."""

    planned: int
    tables: Callable[[], dict[str, pa.Table]]
    says: tuple[str, ...]


def _surface() -> dict[str, pa.Table]:
    rows = [run(trial, 0.1, data="none", model="rosenbrock", learning_rate=0.1 / (trial + 1)) for trial in range(2)]
    points = [
        {"trial": trial, "replicate": 0, "update": update, "epoch": float(update), "train_loss": 1.0 / (update + 1)}
        | {"position": [float(update), float(trial)]}
        for trial in range(2)
        for update in range(3)
    ]
    return {"trials": trials(*rows), "curves": curves(*points)}


KINDS = {
    "empty": Kind(4, dict, ("0 of 4", "Nothing is recorded yet", "No trial is recorded.")),
    "all diverged": Kind(
        2,
        lambda: {"trials": trials(run(0, None, message="the loss is NaN"), run(1, None, learning_rate=1.0))},
        ("2 runs; 0 completed; 2 diverged", "no trial completed with an objective", "learning rates 0.1 to 1"),
    ),
    "one trial": Kind(
        1, lambda: {"trials": trials(run(0, 0.25))}, ("validation loss of trial 0", "of the only complete configuration")
    ),
    "regression": Kind(
        2,
        lambda: {"trials": trials(*(run(t, 0.25, data="diabetes", model="linear", train_loss=0.2 + t) for t in range(2)))},
        ("Data: diabetes, a regression. Model: linear.",),
    ),
    "surface": Kind(2, _surface, ("A surface without data. Model: rosenbrock.", "Paths of the optimizers")),
    "interrupted": Kind(
        64,
        lambda: dict(zip(("trials", "curves"), study_of_rates(), strict=True)),
        ("40 of 64", "the search is still running, was stopped, or has no other configuration"),
    ),
}  # fmt: skip
