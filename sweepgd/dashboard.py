"""A results directory as a study of Optuna's, in a SQLite file that optuna-dashboard and Optuna itself open."""

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

from sweepgd import one_off
from sweepgd.advisor import Advisor, trial_of
from sweepgd.outcome import FAILED, TIMED_OUT
from sweepgd.record import Results, load
from sweepgd.record.files import placed, writing
from sweepgd.sweep import recorded

# What every replicate of a trial has alike, and what is averaged over them.
ALIKE = ("config_id", "optimizer", "schedule", "batch_schedule", "batch_size", "learning_rate", "attempt")
AVERAGED = (
    *("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error", "generalization_gap"),
    *("evaluated_at_update", "epochs", "updates", "train_seconds"),
)
Row = dict[str, Any]


def rebuild(directory: Path | str, *, plugins: Iterable[str | Path] = ()) -> Path:
    """Writes `optuna.db` into a results directory, in place of an earlier one, from what is recorded; returns its path.

    `plugins` are the files that the sweep was run with.

    A trial is complete, pruned or failed as Optuna was told, or would have been; one that diverged and was not told has no
    value and counts as failed. Its intermediate values are those that a pruner saw, else the validation losses by update.
    Raises Problem where the directory is no result directory, or cannot be written.
    """
    results = load(directory)
    path = results.directory / "optuna.db"
    sweep = recorded(results.sweep_toml, where=str(results.directory / "sweep.toml"))
    names = sweep.search.objectives or [sweep.search.objective or "objective"]
    with one_off.registered(map(Path, plugins)), writing(results.directory), placed(path) as temporary:
        one_off.digests(sweep.plugins)  # says which file is missing, before the name of what it defines is unknown
        temporary.unlink(missing_ok=True)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        storage = RDBStorage(f"sqlite:///{temporary}")
        # Nobody reads the file before it is whole.
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
    columns = ["trial", "status", "objectives", "search_state", "message", *ALIKE, *AVERAGED]
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
    if state is None:  # a fixed point that lies outside of the space
        ending = TrialState.FAIL if values is None else TrialState.COMPLETE
        return create_trial(state=ending, values=values, user_attrs=attributes, intermediate_values=losses)
    trial = trial_of(state, **attributes)
    trial.intermediate_values = trial.intermediate_values or losses
    return trial


def _values(rows: Sequence[Row]) -> list[float] | None:
    """The mean objectives of a trial, None where a replicate has none."""
    if any(row["status"] in (FAILED, TIMED_OUT) or None in (row["objectives"] or [None]) for row in rows):
        return None
    return [fmean(each) for each in zip(*(row["objectives"] for row in rows), strict=True)]


def _attributes(number: int, rows: Sequence[Row]) -> Row:
    attributes: Row = {"trial": number, "status": ", ".join(sorted({row["status"] for row in rows}))}
    attributes |= {name: rows[0][name] for name in ALIKE}
    for name in AVERAGED:
        values = [row[name] for row in rows if row[name] is not None]
        if values:
            attributes[name] = fmean(values)
    messages = [row["message"] for row in rows if row["message"]]
    return attributes | ({"message": messages[0]} if messages else {})
