"""Loss, test error and generalization gap of the batch sizes at equal epochs, updates, seconds and train loss."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats
from sweepgd.analysis.batch_size.replicate_curves import ReplicateCurves, replicate_curves, replicates_of
from sweepgd.analysis.batch_size.resampling import Draws, drawn_configurations, draws_of, estimate, plain
from sweepgd.analysis.batch_size.size_groups import DRAWN, SizeGroup, size_groups

# Each budget that can be equal, and its column in `ReplicateCurves.costs`.
COSTS = {"epochs": "epoch", "updates": "update", "seconds": "seconds"}
EQUAL = (*COSTS, "train_loss")
OUTCOMES = ("best_loss", "test_error", "generalization_gap")
LOSSES = ("train_loss", "validation_loss", "test_loss", "validation_error", "test_error")
SCHEMA = pa.schema(
    [("equal", pa.string()), ("level", pa.float64()), ("optimizer", pa.string()), ("batch_size", pa.int64())]
    + [("configurations", pa.int64()), ("trial", pa.int64()), ("learning_rate", pa.float64())]
    + [(f"{name}{end}", pa.float64()) for name in OUTCOMES for end in ("", "_low", "_high")]
    + [("over", pa.string()), ("message", pa.string())]
)  # fmt: skip
NONE = "no configuration whose replicates all completed reached this level"


def equal_budgets(trials: pa.Table, curves: pa.Table) -> pa.Table:
    """Return one row for each kind of equality (EQUAL), optimizer and batch size, sorted by these three.

    `level` is the largest number of epochs, updates or seconds that every batch size reached. For equal train loss, each batch
    size has a lowest train loss that all replicates of one configuration reached, and `level` is the highest of these losses.

    The values at this level are interpolated between evaluations. A run that ended earlier keeps its last values. For equal
    train loss, the values are those of the first evaluation at or below the level. `best_loss` is the lowest validation loss so
    far (without validation rows, train loss). `test_error` is the test error (without a test part, validation error), and null
    for a regression. `generalization_gap` is the test loss (or validation loss) minus the train loss.

    Half of the replicates choose the configuration with the lowest `best_loss`, and the other half judge the choice. Then the
    halves swap. The values are the means of the two results, with 95 % intervals in `…_low` and `…_high`. `over` names what the
    intervals are over. `configurations` is the number of configurations whose replicates all completed and reached the level.
    Only such configurations are compared. `trial` and `learning_rate` belong to the configuration with the lowest `best_loss`
    on all replicates. If values are missing, `message` has the reason.
    """
    count = replicates_of(trials)
    every = [curve for curve in replicate_curves(trials, curves, LOSSES) if curve.completed.all()] if count else []
    recorded = {curve.trial: curve for curve in every if len(curve.costs["update"]) > 1}
    groups = [group for group in size_groups(trials) if any(int(trial) in recorded for trial in group.trials)]
    draws = draws_of(count) if groups else None
    rows: list[dict[str, Any]] = []
    for equal in EQUAL if draws is not None else ():
        level = _level(equal, groups, recorded)
        for group in groups:
            assert draws is not None
            row = {"equal": equal, "level": level, "optimizer": group.optimizer, "batch_size": group.batch_size}
            rows.append(row | {"over": group.over} | _of_group(equal, level, group, recorded, draws))
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _level(equal: str, groups: list[SizeGroup], recorded: dict[int, ReplicateCurves]) -> float:
    reached = []
    for group in groups:
        members = [recorded[int(trial)] for trial in group.trials if int(trial) in recorded]
        if equal in COSTS:
            reached.append(-max(float(curve.costs[COSTS[equal]][-1]) for curve in members))
        else:
            reached.append(min(float(np.nanmin(curve.values["train_loss"], axis=1).max()) for curve in members))
    return float(max(reached) if equal not in COSTS else -max(reached))


def _of_group(equal: str, level: float, group: SizeGroup, recorded: dict[int, ReplicateCurves], draws: Draws) -> dict[str, Any]:
    places = {int(trial): _places(equal, level, recorded[int(trial)]) for trial in group.trials if int(trial) in recorded}
    able = [trial for trial, place in places.items() if not np.isnan(place).any()]
    row: dict[str, Any] = {"configurations": len(able)}
    if not able:
        return row | {"message": NONE}
    values = {name: np.stack([_outcome(name, recorded[trial], places[trial]) for trial in able], axis=-1) for name in OUTCOMES}
    losses = values["best_loss"]
    on_all = losses.mean(axis=0)
    if np.isnan(on_all).all():
        return row | {"message": NONE}
    best = able[int(np.nanargmin(on_all))]
    row |= {"trial": best, "learning_rate": float(group.rates[group.trials == best][0])}
    halves = [np.where(np.isnan(means), np.inf, means) for means in (weights @ losses for weights in draws[:2])]
    if group.over == DRAWN:
        drawn = drawn_configurations(len(able), draws.number)
        halves = [np.where(drawn, means, np.inf) for means in halves]
    choices, rows = [half.argmin(axis=1) for half in halves], np.arange(draws.number)
    for name, table in values.items():
        judged = [(weights @ table)[rows, choices[1 - half]] for half, weights in enumerate(draws[:2])]
        means = np.mean(judged, axis=0)
        # A loss is above 0, and so is its interval on a logarithmic scale.
        if name == "best_loss" and (means > 0).all():
            row |= estimate(name, np.log(means), draws.replicates)
        else:
            row |= plain(name, means, draws.replicates)
        if name == "test_error":
            row |= {end: min(max(row[end], 0.0), 1.0) for end in (f"{name}_low", f"{name}_high") if row[end] is not None}
    return row


def _places(equal: str, level: float, curve: ReplicateCurves) -> Floats:
    """Return the index, with a fraction, of the evaluation at which each replicate reaches the level, (replicates,). The index
    is NaN for a replicate that does not reach the level.
    """
    count = len(curve.costs["update"])
    if equal in COSTS:
        costs = curve.costs[COSTS[equal]]
        return np.full(len(curve.completed), np.interp(level, costs, np.arange(count)))
    reached = curve.values["train_loss"] <= level
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.nan)


def _outcome(name: str, curve: ReplicateCurves, places: Floats) -> Floats:
    """Return the result `name` of each replicate, (replicates,). `places` holds the index of the evaluation, with a fraction,
    for each replicate.
    """
    values = curve.values
    if name == "best_loss":
        part = "train_loss" if np.isnan(values["validation_loss"]).all() else "validation_loss"
        table = np.fmin.accumulate(values[part], axis=1)
    elif name == "test_error":
        table = _held_out(values, "error")
    else:
        table = _held_out(values, "loss") - values["train_loss"]
    evaluations = np.arange(table.shape[1])
    return np.array([np.interp(place, evaluations, row) for place, row in zip(places, table, strict=True)])


def _held_out(values: dict[str, Floats], kind: str) -> Floats:
    test = values[f"test_{kind}"]
    return values[f"validation_{kind}"] if np.isnan(test).all() else test
