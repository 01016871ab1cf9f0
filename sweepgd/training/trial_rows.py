"""The recorded rows of a trial: columns that are known before the trial runs, and the results of each run."""

from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.sweep.configuration import Configuration, config_id_of
from sweepgd.sweep.earlier_defaults import recorded
from sweepgd.training import Training
from sweepgd.training.confusion import balanced_error, confusions, macro_f1
from sweepgd.training.objectives import evaluation, value
from sweepgd.training.sweep_context import SweepContext


def _settings(context: SweepContext, configuration: str) -> str:
    """Return the resolved sweep with this trial's configuration, as JSON with sorted keys. `configuration` is also JSON."""
    texts = context.described | {"configuration": configuration}
    return "{" + ", ".join(f'"{key}": {texts[key]}' for key in sorted(texts)) + "}"


def known_rows(context: SweepContext, trial: int, configuration: Configuration, attempt: int = 1) -> list[dict[str, Any]]:
    """Return the columns of a trial that are known before the trial runs, one row for each replicate."""
    extras: dict[str, Any] = {"warmup": configuration.warmup, "weight_decay": configuration.weight_decay}
    if configuration.warmup:
        extras["schedule_after_warmup"] = configuration.schedule_after_warmup
    extras |= {f"model.{key}": number for key, number in configuration.model.items()}
    extras |= {f"data.{key}": number for key, number in configuration.data.items()}
    extras |= {f"schedule.{key}": number for key, number in configuration.schedule_settings.items()}
    extras |= {f"batch_schedule.{key}": number for key, number in configuration.batch_schedule_settings.items()}
    numbers = {key: float(number) for key, number in extras.items() if isinstance(number, (int, float))}
    text = recorded(configuration).to_json()
    row = {
        "data": context.sweep.data.name or context.sweep.data.path,
        "model": context.sweep.model.name,
        "dtype": context.sweep.model.dtype,
        "attempt": attempt,
        "parameters": context.architecture.parameters,
        "trial": trial,
        "config_id": config_id_of(text),
        "optimizer": configuration.optimizer,
        "schedule": configuration.schedule,
        "batch_schedule": configuration.batch_schedule,
        "batch_size": configuration.batch_rows(context.data(0).rows),
        "learning_rate": configuration.learning_rate,
        "hyperparameters": numbers | configuration.hyperparameters,
        "settings": _settings(context, text),
        "model_settings": context.described["model"],
        "data_settings": context.described["data"],
    }
    return [
        row | {"replicate": replicate, "seed": context.seed(replicate), "data_seed": context.data_seed(replicate)}
        for replicate in range(context.sweep.search.replicates)
    ]


def results(context: SweepContext, training: Training) -> dict[str, Any]:
    """Return the columns of an ended run. Losses, errors and gap come from one evaluation, and are null if the run diverged or
    failed.
    """
    outcome, last = training.outcome, training.points[-1]
    assert outcome is not None
    has_results = outcome.status in (COMPLETED, PRUNED)
    row: dict[str, Any] = {
        "status": outcome.status,
        "message": outcome.message,
        "batch_size": training.batch_size,
        "epochs": last.epoch,
        "updates": training.updates,
        "samples": training.samples,
        "steps_to_goal": training.steps_to_goal,
        "diverged_at_update": outcome.diverged_at_update,
        "last_finite_loss": outcome.last_finite_loss,
        "train_seconds": training.seconds,
        "seconds_per_update": training.seconds / training.updates if training.updates else None,
        "seconds_per_epoch": training.seconds / last.epoch if last.epoch else None,
        "objectives": [value(name, training) if has_results else None for name in context.objectives],
    }
    if has_results:
        losses = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")
        evaluated = evaluation(context.objectives, training)
        row |= {name: getattr(evaluated, name) for name in losses}
        held_out = evaluated.test_loss if isfinite(evaluated.test_loss) else evaluated.validation_loss
        row |= {"generalization_gap": held_out - evaluated.train_loss, "evaluated_at_update": evaluated.update}
        best = training.best
        parameters = best.parameters if best is not None and evaluated is best.point else training.parameters
        outputs, error = partial(training.kernels.outputs, parameters), partial(training.kernels.error, parameters)
        for part, counts in confusions(training.data, outputs, error).items():
            row[f"{part}_balanced_error"], row[f"{part}_macro_f1"] = balanced_error(counts), macro_f1(counts)
            row[f"{part}_confusion"] = counts.tolist()
    return row


def curve(training: Training) -> dict[str, np.ndarray]:
    """Return the evaluations of a run as columns, including the position if the model records positions."""
    if not training.points:
        return {}
    columns = dict(zip(training.points[0]._fields, map(np.array, zip(*training.points, strict=True)), strict=True))
    if training.positions is not None:
        columns["position"] = np.array(training.positions, dtype=np.float64)
    return columns


def minima(context: SweepContext, trial: int, replicate: int, training: Training) -> list[dict[str, Any]]:
    """Return rows with the final weights of a completed or pruned run, and with the best weights of any run that has an
    evaluation.

    There are no rows with `record.minima = false`.
    """
    if not context.sweep.record.minima:
        return []
    shared = {
        "trial": trial,
        "replicate": replicate,
        "layout": context.architecture.layout,
        "data_fingerprint": context.data(replicate).fingerprint,
        "preprocessing": context.preprocessing(replicate),
    }
    rows = []
    if training.outcome is not None and training.outcome.status in (COMPLETED, PRUNED):
        rows.append(shared | {"which": "final", "update": training.updates, "parameters": training.parameters})
    if training.best is not None:
        rows.append(shared | {"which": "best", "update": training.best.point.update, "parameters": training.best.parameters})
    return rows
