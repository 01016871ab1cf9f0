"""One run without a search: `sweepgd train` and `sweepgd.train`."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import Data
from sweepgd.plugins import registry, single_file
from sweepgd.record import NoRoom, Store
from sweepgd.study.output_directory import as_recorded, check_continues
from sweepgd.study.preparation import check_variants
from sweepgd.study.sweep_warnings import warnings_of
from sweepgd.sweep import Sweep, configuration_of, parse, space_of, to_toml
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.points import optimizer_of
from sweepgd.training import Evaluation, Training
from sweepgd.training.blas_threads import one_blas_thread
from sweepgd.training.measure_along_run import MeasurementsAlongRun
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial import TrialTask, failure, measured, result_of

EPOCHS = 10
BUDGET_KEYS = ("budget", "budget.epochs", "budget.updates", "budget.samples", "budget.seconds")


def sweep_of(
    *,
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
    """Return a sweep with a single fixed configuration and the defaults of `train`.

    `data` is the name of a data set or the path of a file. If `data` is None, the data set is "digits", or "none" if the model
    takes no data. Raises UsageError if both `epochs` and an override set the budget.
    """
    import tomli_w

    overrides = list(overrides)
    given = {override.partition("=")[0].strip() for override in overrides}
    budget = next((name for name in BUDGET_KEYS if name in given), None)
    if epochs is not None and budget is not None:
        raise UsageError(f"epochs and {budget} contradict each other: give one of them")
    if data is None:
        # A model that is not installed is reported later, when the sweep is prepared.
        takes_no_data = model in registry.names("models") and registry.get("models", model).tasks == ("none",)
        data = "none" if takes_no_data else "digits"
    is_name = data.replace("-", "_") in registry.names("datasets")
    is_path = not is_name and ("/" in data or Path(data).suffix != "" or Path(data).exists())
    if is_path and not os.path.lexists(Path(data).expanduser()):  # before keys such as data.task are asked for
        raise SweepgdError(f"no such file: {data}")
    table: Mapping[str, Any] = {
        "name": "train",
        "data": {"path" if is_path else "name": data},
        "model": {"name": model},
        "budget": {} if budget else {"epochs": EPOCHS if epochs is None else epochs},
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
    watch: Callable[[Evaluation], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Training:
    """Train one configuration and return the finished Training with its `points`, `outcome`, `parameters` and `best`.

    `data` is the name of a data set or the path of a file, by default "digits", or "none" for a model without data. The default
    of `learning_rate` is set by the optimizer. `batch_size` is 32 by default, or "full" for a model without data. `epochs` is
    10 by default, unless an override sets the budget. `overrides` set keys of a sweep file and are written
    `dotted.key=TOML-value`, such as "model.hidden=[128]". `plugins` are Python files whose optimizers, models, data sets and
    schedules may be used. `out` is a directory where the run is recorded as trial 0. `begin` is called with the data, `watch`
    with each evaluation, and `note` with lines for the user. Raises SweepgdError before training if an argument is invalid.
    """
    with single_file.registered(map(Path, plugins)):
        sweep = sweep_of(
            data=data,
            model=model,
            optimizer=optimizer,
            learning_rate=learning_rate,
            batch_size=batch_size,
            epochs=epochs,
            schedule=schedule,
            seed=seed,
            overrides=overrides,
        )
        return _train(sweep, None if out is None else Path(out), begin, watch, note or (lambda line: None))


def planned(sweep: Sweep, directory: Path | None, note: Callable[[str], None]) -> tuple[SweepContext, Configuration]:
    """Return the context and the only configuration of a sweep that `train` would run. Raises SweepgdError if it cannot run."""
    space = space_of(sweep)
    searched = [axis.name for axis in space.axes if not axis.fixed]
    if searched or sweep.points:
        raise UsageError(f"train runs one configuration, but {(searched or ['points'])[0]} has several values: use search")
    if sweep.search.replicates > 1:
        raise UsageError(f"train makes one run, but search.replicates is {sweep.search.replicates}: use search")
    context = SweepContext(sweep if directory is None else as_recorded(directory, sweep, note))
    if context.sweep.measure is not None and directory is None:
        raise UsageError("[measure] needs a directory for its results: give train an out directory")
    check_variants(context, space, ())
    for line in warnings_of(context.sweep, space, (), context.data(0).rows):
        note(f"warning: {line}")
    return context, configuration_of(space.at(0))


def _train(
    sweep: Sweep,
    directory: Path | None,
    begin: Callable[[Data], None] | None,
    watch: Callable[[Evaluation], None] | None,
    note: Callable[[str], None],
) -> Training:
    """Run a sweep that has a single configuration and one replicate."""
    context, configuration = planned(sweep, directory, note)
    sweep = context.sweep
    context = context.of(configuration)
    store = None if directory is None else Store.open(directory, to_toml(sweep), lambda: check_continues(directory, sweep))
    for line in store.notes if store is not None else ():
        note(line)
    try:
        if store is not None and 0 in store.recorded:
            raise UsageError(f"{directory} already holds this run: choose another --out")
        context.compile([configuration.optimizer], note)
        with _plugin_errors(context, configuration):
            training = context.training(configuration, 0)
        if begin is not None:
            begin(training.data)
        started_at, along_run = datetime.now(UTC), MeasurementsAlongRun(context, 0, {0: training})
        with one_blas_thread():
            for point in _points(context, configuration, along_run):
                if watch is not None:
                    watch(point)
            if store is not None:
                result = result_of(context, TrialTask(0, configuration), [training], started_at, along_run.rows)
                store.append(0, (result if sweep.measure is None else measured(context, result)).record)
                store.flush()
                with suppress(NoRoom):
                    store.publish()
    finally:
        if store is not None:
            store.close()
    return training


def _points(context: SweepContext, configuration: Configuration, along_run: MeasurementsAlongRun) -> Iterator[Evaluation]:
    """Advance the run and yield its evaluations."""
    with _plugin_errors(context, configuration):
        yield from along_run.advance(0)


@contextmanager
def _plugin_errors(context: SweepContext, configuration: Configuration) -> Iterator[None]:
    """Convert an exception of a plugin that is raised within the context to a SweepgdError that names the plugin."""
    try:
        yield
    except SweepgdError:
        raise
    except Exception as error:
        raise SweepgdError(failure(context, configuration, error)) from error
