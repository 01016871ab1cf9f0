"""Export a results directory as an Optuna study: a SQLite file for optuna-dashboard and Optuna."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any
from warnings import catch_warnings

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import event

from sweepgd.core.outcome import FAILED, TIMED_OUT
from sweepgd.plugins import single_file
from sweepgd.record import Results, load
from sweepgd.record.atomic_files import atomic_replacement, writing
from sweepgd.study.advisor import Advisor
from sweepgd.study.search_state import trial_of
from sweepgd.sweep import recorded

# Columns that are equal for all replicates of a trial, and columns that are averaged over the replicates.
SHARED = ("config_id", "optimizer", "schedule", "batch_schedule", "batch_size", "learning_rate", "attempt")
AVERAGED = (
    *("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error", "generalization_gap"),
    *("evaluated_at_update", "epochs", "updates", "train_seconds"),
)
Row = dict[str, Any]


def rebuild(directory: Path | str, *, plugins: Iterable[str | Path] = ()) -> Path:
    """Write the file `optuna.db` into a results directory, and return the path of this file. An earlier `optuna.db` is
    replaced.

    `plugins` are the plugin files that the sweep was run with. The state of a trial (complete, pruned or failed) is the state
    that the search reported to Optuna, or would have reported with an adaptive sampler. A diverged trial that the search did
    not report to Optuna has no value and counts as failed. Intermediate values are the values that a pruner saw, or without a
    pruner the validation losses by update. Raises SweepgdError if the directory is not a results directory, or cannot be
    written.
    """
    results = load(directory)
    path = results.directory / "optuna.db"
    sweep = recorded(results.sweep_toml, where=str(results.directory / "sweep.toml"))
    names = sweep.search.objectives or [sweep.search.objective or "objective"]
    with single_file.registered(map(Path, plugins)), writing(results.directory), atomic_replacement(path) as temporary:
        single_file.digests(sweep.plugins)  # without this, a missing plugin file would be reported as an unknown plugin
        temporary.unlink(missing_ok=True)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = RDBStorage(f"sqlite:///{temporary}")
        # No fsync is needed, because the file is temporary until it is complete.
        event.listen(storage.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        storage.engine.dispose()
        study = optuna.create_study(storage=storage, study_name=sweep.name, directions=["minimize"] * len(names))
        with catch_warnings(action="ignore", category=ExperimentalWarning):
            study.set_metric_names(names)
        study.add_trials(_trials(results, Advisor(sweep, names)))
        storage.remove_session()
        storage.engine.dispose()
    return path


def _trials(results: Results, advisor: Advisor) -> Iterable[FrozenTrial]:
    grouped: dict[int, list[Row]] = defaultdict(list)
    columns = ["trial", "status", "objectives", "search_state", "message", *SHARED, *AVERAGED]
    for row in results.trials.select(columns).to_pylist():
        grouped[row["trial"]].append(row)
    losses: dict[int, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in results.curves.select(["trial", "update", "validation_loss"]).to_pylist():
        if row["validation_loss"] is not None:
            losses[row["trial"]][row["update"]].append(row["validation_loss"])
    for number, rows in grouped.items():
        yield _trial(number, rows, {update: fmean(values) for update, values in losses[number].items()}, advisor)


def _trial(number: int, rows: Sequence[Row], losses: dict[int, float], advisor: Advisor) -> FrozenTrial:
    attributes = _attributes(number, rows)
    values = _values(rows)
    state = rows[0]["search_state"] or advisor.state_of_point(advisor.ask(number), values)
    if state is None:  # a fixed point outside the space
        ending = TrialState.FAIL if values is None else TrialState.COMPLETE
        return create_trial(state=ending, values=values, user_attrs=attributes, intermediate_values=losses)
    trial = trial_of(state, **attributes)
    trial.intermediate_values = trial.intermediate_values or losses
    return trial


def _values(rows: Sequence[Row]) -> list[float] | None:
    """Return the objectives of a trial, each a mean over the replicates, or None if a replicate lacks a value."""
    if any(row["status"] in (FAILED, TIMED_OUT) or None in (row["objectives"] or [None]) for row in rows):
        return None
    return [fmean(each) for each in zip(*(row["objectives"] for row in rows), strict=True)]


def _attributes(number: int, rows: Sequence[Row]) -> Row:
    attributes: Row = {"trial": number, "status": ", ".join(sorted({row["status"] for row in rows}))}
    attributes |= {name: rows[0][name] for name in SHARED}
    for name in AVERAGED:
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            attributes[name] = fmean(values)
    messages = [row["message"] for row in rows if row["message"]]
    return attributes | ({"message": messages[0]} if messages else {})
