"""One run, without a search: what `sweepgd train` and `sweepgd.train` do."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweepgd.lab import Lab
from sweepgd.problem import UsageProblem
from sweepgd.record import Store
from sweepgd.study import check_batch_sizes, check_continues
from sweepgd.sweep import Sweep, configuration_of, parse, points_of, space_of, to_toml
from sweepgd.sweep.points import optimizer_of
from sweepgd.training import Point, Training
from sweepgd.trial import Task, result_of


def sweep_of(
    data: str,
    model: str,
    optimizer: str,
    learning_rate: float | None,
    batch_size: int | str,
    epochs: int,
    schedule: str,
    seed: int,
    overrides: Iterable[str] = (),
) -> Sweep:
    """The sweep of a single fixed configuration. `data` is a data set's name, or a file's path."""
    import tomli_w

    is_path = "/" in data or Path(data).suffix != ""
    table: Mapping[str, Any] = {
        "name": "train",
        "data": {"path" if is_path else "name": data},
        "model": {"name": model},
        "budget": {"epochs": epochs},
        "space": {
            "optimizer": optimizer,
            "schedule": schedule,
            "batch_size": batch_size,
            "learning_rate": optimizer_of(optimizer).learning_rate.default if learning_rate is None else learning_rate,
        },
        "search": {"seed": seed, "trials": 1},
    }
    return parse(tomli_w.dumps(table), overrides, "train")


def train(
    data: str = "digits",
    model: str = "mlp",
    optimizer: str = "sgd",
    learning_rate: float | None = None,
    batch_size: int | str = 32,
    epochs: int = 10,
    schedule: str = "constant",
    seed: int = 0,
    *,
    overrides: Iterable[str] = (),
    out: str | Path | None = None,
    watch: Callable[[Point], None] | None = None,
) -> Training:
    """Trains one configuration and returns the finished Training: its `points`, `outcome`, `parameters` and `best`.

    `learning_rate` is by default the optimizer's own; `overrides` are `dotted.key=TOML-value` of a sweep file, such as
    "model.hidden=[128]"; with `out` the run is recorded there as trial 0; `watch` is called at each evaluation. Raises
    Problem before training where the run cannot be made as asked.
    """
    sweep = sweep_of(data, model, optimizer, learning_rate, batch_size, epochs, schedule, seed, overrides)
    space = space_of(sweep)
    searched = [axis.name for axis in space.axes if not axis.fixed]
    if searched or sweep.points:
        raise UsageProblem(
            f"train runs one configuration, and {searched[0] if searched else 'points'} gives several: use search"
        )
    lab = Lab(sweep)
    sweep = lab.sweep
    check_batch_sizes(space, points_of(sweep, space), lab.data(0).rows)
    configuration = configuration_of(next(space.grid()))
    directory = None if out is None else Path(out)
    if directory is not None:
        check_continues(directory, sweep)
    training = lab.training(configuration, 0)
    store = None if directory is None else Store.open(directory, to_toml(sweep))
    try:
        if store is not None and 0 in store.recorded:
            raise UsageProblem(f"{directory} holds this very run already: choose another --out")
        started = datetime.now(UTC)
        for point in training.advance():
            if watch is not None:
                watch(point)
        if store is not None:
            store.append(result_of(lab, Task(0, configuration), [training], started).finished)
    finally:
        if store is not None:
            store.close()
    return training
