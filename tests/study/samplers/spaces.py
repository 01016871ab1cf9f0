"""Spaces with every kind of axis, and the points that a sampler gives in them through an Optuna study."""

import optuna
from optuna.samplers import BaseSampler

from sweepgd.study.samplers import Points
from sweepgd.sweep.space import Axis, Space, Value

SPACE = Space(
    (
        Axis("data", values=("digits",)),
        Axis("optimizer", values=("sgd", "adam")),
        Axis("learning_rate", low=1e-4, high=1.0, log=True),
        Axis("batch_size", low=1, high=1024, log=True, integer=True),
        Axis("adam.beta1", low=0.5, high=0.99, when=("optimizer", ("adam",))),
        Axis("warmup", low=0, high=30, step=10, integer=True),
        Axis("dropout", low=0.1, high=0.5, step=0.2),
    )
)
NUMERIC = Space(tuple(axis for axis in SPACE.axes if axis.name in ("data", "learning_rate", "batch_size", "dropout")))


LISTS = Space(
    (
        Axis("schedule", values=("constant", "step")),
        Axis("step.after", values=(1, 2, 3), when=("schedule", ("step",))),
        Axis("share", low=0.1, high=0.3, step=0.1),
    )
)


def new_study(sampler: BaseSampler, objectives: int = 1) -> optuna.Study:
    return optuna.create_study(study_name="sweep", sampler=sampler, directions=["minimize"] * objectives)


def points_of(sampler: Points, space: Space, numbers: list[int]) -> dict[int, dict[str, Value]]:
    study = new_study(sampler)
    points = {}
    for number in numbers:
        sampler.number = number
        points[number] = space.ask(study.ask())
    return points
