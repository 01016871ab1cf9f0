"""One run, without a search: what `sweepgd train` and `sweepgd.train` do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweepgd import one_off, registry
from sweepgd.configuration import Configuration
from sweepgd.data import Data
from sweepgd.directory import as_recorded, check_continues
from sweepgd.lab import Lab, one_blas_thread
from sweepgd.looks import Looks
from sweepgd.preparation import check_batch_sizes, warnings_of
from sweepgd.problem import Problem, UsageProblem
from sweepgd.record import NoRoom, Store
from sweepgd.sweep import Sweep, configuration_of, parse, points_of, space_of, to_toml
from sweepgd.sweep.points import optimizer_of
from sweepgd.training import Point, Training
from sweepgd.trial import Task, failure, measured, result_of

EPOCHS = 10
MEASURES = ("budget", "budget.epochs", "budget.updates", "budget.samples", "budget.seconds")


def sweep_of(
    data: str | None,
    model: str,
    optimizer: str,
    learning_rate: float | None,
    batch_size: int | str | None,
    epochs: int | None,
    schedule: str,
    seed: int,
    overrides: Iterable[str] = (),
) -> Sweep:
    """The sweep of a single fixed configuration, with the defaults of `train`.

    `data` is a data set's name, or a file's path; where it is None, digits, or none for a model without data.

    Raises UsageProblem where `epochs` and an override each give the budget.
    """
    import tomli_w

    overrides = list(overrides)
    given = {override.partition("=")[0].strip() for override in overrides}
    measured = next((name for name in MEASURES if name in given), None)
    if epochs is not None and measured is not None:
        raise UsageProblem(f"epochs and {measured} contradict each other: give one of them")
    if data is None:
        # A model that is not installed is told where the sweep is built.
        without = model in registry.names("models") and registry.get("models", model).tasks == ("none",)
        data = "none" if without else "digits"
    is_path = data not in registry.names("datasets") and ("/" in data or Path(data).suffix != "" or Path(data).is_file())
    table: Mapping[str, Any] = {
        "name": "train",
        "data": {"path" if is_path else "name": data},
        "model": {"name": model},
        "budget": {} if measured else {"epochs": EPOCHS if epochs is None else epochs},
        "space": {
            "optimizer": optimizer,
            "schedule": schedule,
            **({} if batch_size is None else {"batch_size": batch_size}),
            "learning_rate": optimizer_of(optimizer).learning_rate.default if learning_rate is None else learning_rate,
        },
        "search": {"seed": seed, "trials": 1},
    }
    sweep = parse(tomli_w.dumps(table), overrides, "train")
    if "batch_size" in sweep.space.model_fields_set or not _without_data(sweep):
        return sweep
    return sweep.model_copy(update={"space": sweep.space.model_copy(update={"batch_size": "full"})})


def _without_data(sweep: Sweep) -> bool:
    return sweep.data.name is not None and registry.get("datasets", sweep.data.name).task == "none"


def train(
    data: str | None = None,
    model: str = "mlp",
    optimizer: str = "sgd",
    learning_rate: float | None = None,
    batch_size: int | str | None = None,
    epochs: int | None = None,
    schedule: str = "constant",
    seed: int = 0,
    *,
    overrides: Iterable[str] = (),
    plugins: Iterable[str | Path] = (),
    out: str | Path | None = None,
    begin: Callable[[Data], None] | None = None,
    watch: Callable[[Point], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Training:
    """Trains one configuration and returns the finished Training: its `points`, `outcome`, `parameters` and `best`.

    `data` is a data set's name or a file's path, by default digits, or none for a model without data; `learning_rate` is by
    default the optimizer's own, `batch_size` 32 (without data "full"), and `epochs` 10 where no override gives the budget;
    `overrides` are `dotted.key=TOML-value` of a sweep file, such as "model.hidden=[128]"; `plugins` are files whose optimizers,
    models, data sets and schedules are offered to this run; with `out` it is recorded there as trial 0; `begin` is called with
    the data, `watch` at each evaluation, `note` told of a wait. Raises Problem before training where the run cannot be made as
    asked.
    """
    with one_off.registered(map(Path, plugins)):
        sweep = sweep_of(data, model, optimizer, learning_rate, batch_size, epochs, schedule, seed, overrides)
        return _train(sweep, None if out is None else Path(out), begin, watch, note or (lambda what: None))


def _train(
    sweep: Sweep,
    directory: Path | None,
    begin: Callable[[Data], None] | None,
    watch: Callable[[Point], None] | None,
    note: Callable[[str], None],
) -> Training:
    """The one run of a sweep of a single configuration."""
    space = space_of(sweep)
    searched = [axis.name for axis in space.axes if not axis.fixed]
    if searched or sweep.points:
        raise UsageProblem(
            f"train runs one configuration, and {searched[0] if searched else 'points'} gives several: use search"
        )
    if sweep.search.replicates > 1:
        raise UsageProblem(f"train makes one run, and search.replicates = {sweep.search.replicates} asks for more: use search")
    lab = Lab(sweep if directory is None else as_recorded(directory, sweep, note))
    sweep = lab.sweep
    if sweep.measure is not None and directory is None:
        raise UsageProblem("what [measure] finds goes to a record: give train an out directory")
    check_batch_sizes(space, points_of(sweep, space), lab.data(0).rows)
    _ = lab.architecture
    for line in warnings_of(sweep, space, (), lab.data(0).rows):
        note(f"warning: {line}")
    configuration = configuration_of(space.at(0))
    store = None if directory is None else Store.open(directory, to_toml(sweep), lambda: check_continues(directory, sweep))
    for line in store.notes if store is not None else ():
        note(line)
    try:
        if store is not None and 0 in store.recorded:
            raise UsageProblem(f"{directory} holds this very run already: choose another --out")
        lab.compile([configuration.optimizer], note)
        with _accusing(lab, configuration):
            training = lab.training(configuration, 0)
        if begin is not None:
            begin(training.data)
        started, looks = datetime.now(UTC), Looks(lab, 0, {0: training})
        with one_blas_thread():
            for point in _points(lab, configuration, looks):
                if watch is not None:
                    watch(point)
            if store is not None:
                result = result_of(lab, Task(0, configuration), [training], started, looks.rows)
                store.append(0, (result if sweep.measure is None else measured(lab, result)).record)
                store.flush()
                with suppress(NoRoom):
                    store.publish()
    finally:
        if store is not None:
            store.close()
    return training


def _points(lab: Lab, configuration: Configuration, looks: Looks) -> Iterator[Point]:
    """The run's evaluations."""
    with _accusing(lab, configuration):
        yield from looks.advance(0)


@contextmanager
def _accusing(lab: Lab, configuration: Configuration) -> Iterator[None]:
    """Makes what a plugin raises inside a Problem that names it."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        raise Problem(failure(lab, configuration, error)) from error
