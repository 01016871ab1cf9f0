"""A model from a record: of the best trial or of a given trial, with the recorded losses and errors of its weights."""

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats, objective
from sweepgd.analysis.best import best
from sweepgd.analysis.evaluations import evaluated_at
from sweepgd.core.disk_cache import versions
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.setting import resolve
from sweepgd.models import Model as ModelPlugin
from sweepgd.plugins import registry
from sweepgd.record import Minimum, Results
from sweepgd.serving.encoded_inputs import Scaling
from sweepgd.serving.model_header import ModelHeader, Provenance, Recorded
from sweepgd.serving.trained_model import Model, own_data
from sweepgd.sweep import recorded

KINDS = ("final", "best")


def recorded_model(results: Results, trial: int | None = None, replicate: int | None = None, which: str | None = None) -> Model:
    """Return a recorded model.

    By default, `trial` is the best trial in the order of `analyze`, and `replicate` is the completed replicate with the lowest
    objective. `which` is "final" or "best". By default, it names the weights whose losses are in the table `trials`. For an
    objective such as best_validation_loss, these are the best weights. Raises SweepgdError if these weights are not recorded,
    or the model cannot predict.
    """
    if which not in (None, *KINDS):
        raise UsageError(f"no weights {which!r}: give final or best")
    if replicate is not None and trial is None:
        raise UsageError("a replicate needs the trial that it belongs to: give the trial too")
    runs = results.trials.filter(pc.equal(results.trials["trial"], _best_trial(results) if trial is None else trial))
    row = _run(results, runs, trial, replicate)
    chosen = which or ("final" if row["evaluated"] in (row["updates"], None) else "best")
    sweep = recorded(results.sweep_toml, where=str(results.directory / "sweep.toml"))
    if not sweep.record.minima:
        raise SweepgdError(
            f"{results.directory} has no weights, because the sweep has record.minima = false: remove this key and run the "
            "sweep again"
        )
    minimum = results.minimum(row["trial"], row["replicate"], chosen)
    return _model(sweep.name, json.loads(row["settings"]), row, minimum, _recorded(results, minimum))


def _best_trial(results: Results) -> int:
    rows = best(results.trials, 1).filter(pc.field("completed") > 0).to_pylist()
    if not rows:
        first = next(iter(results.trials["message"].to_pylist()), "there are none")
        raise SweepgdError(
            f"no run of {results.directory} completed, so no trial is the best; the message of the first run is: {first}"
        )
    return int(rows[0]["trial"])


def _run(results: Results, runs: pa.Table, trial: int | None, replicate: int | None) -> dict[str, Any]:
    """Return the row of the chosen replicate, with an added column: `evaluated` is the update after which the losses were
    evaluated.
    """
    if not runs.num_rows:
        last = pc.max(results.trials["trial"]).as_py()
        raise UsageError(f"{results.directory} has no trial {trial}: give a number from 0 to {last}")
    values = objective(runs)
    completed = np.array([status == "completed" for status in runs["status"].to_pylist()])
    order = np.lexsort((floats(runs, "replicate"), np.where(np.isnan(values), np.inf, values), ~completed))
    rows = runs.to_pylist()
    for row, update in zip(rows, evaluated_at(runs).tolist(), strict=True):
        row["evaluated"] = None if update != update else update
    found = rows[order[0]] if replicate is None else next((row for row in rows if row["replicate"] == replicate), None)
    if found is None:
        raise UsageError(f"trial {trial} has no replicate {replicate}: give a number from 0 to {len(rows) - 1}")
    return found


def _recorded(results: Results, minimum: Minimum) -> Recorded:
    """Return the losses and errors in the curve of the run, at the update of the minimum."""
    keys = {"trial": minimum.trial, "replicate": minimum.replicate, "update": minimum.update}
    curves = results.curves
    for name, value in keys.items():
        curves = curves.filter(pc.equal(curves[name], value))
    points = curves.select(list(Recorded.model_fields)).to_pylist()
    return Recorded(**points[-1]) if points else Recorded()


def _model(sweep: str, settings: dict[str, Any], row: dict[str, Any], minimum: Minimum, scores: Recorded) -> Model:
    data, model = settings["data"], {key: value for key, value in settings["model"].items() if key not in ("name", "dtype")}
    task = data.get("task") or registry.get("datasets", data["name"]).task
    if task == "none":
        raise SweepgdError(f"the model {row['model']!r} takes no rows, so it predicts nothing: see sweepgd analyze")
    plugin: ModelPlugin = registry.get("models", row["model"])
    dtype: Any = str(minimum.parameters.dtype)
    seed = data["seed"] if row["data_seed"] is None else row["data_seed"]
    done: dict[str, Any] = minimum.preprocessing or {}
    if "features" not in done:  # a record of an earlier version
        done |= own_data(data, seed, dtype, minimum.data_fingerprint, reads_bytes=plugin.reads_bytes).processing
    header = ModelHeader(
        task=task,
        columns=done.get("columns", done["features"]),
        inputs=done["features"],
        targets=done["targets"],
        classes=done["classes"],
        levels=done.get("levels", {}),
        imputed=done.get("imputed", {}),
        indicators=done.get("indicators", []),
        dates=done.get("dates"),
        image=done.get("image"),
        name=row["model"],
        settings=json.loads(json.dumps(resolve(plugin.settings, model, "model"))),
        distribution=" ".join(registry.distribution("models", row["model"])).strip(),
        dtype=dtype,
        layers=[],
        data=data,
        data_seed=seed,
        provenance=Provenance(
            sweep=sweep,
            trial=minimum.trial,
            replicate=minimum.replicate,
            which=minimum.which,
            update=minimum.update,
            data_fingerprint=minimum.data_fingerprint,
            settings=settings,
            recorded=scores,
            versions=versions("sweepgd", "numba", "numpy"),
        ),
    )
    with registry.plugin_errors("models", row["model"]):
        layers = json.loads(json.dumps([dict(layer) for layer in header.architecture().layers]))
    built = Model(
        header.model_copy(update={"layers": layers}),
        minimum.parameters,
        minimum.layout,
        _scaling(done, "mean", "scale"),
        _scaling(done, "target_mean", "target_scale"),
    )
    _ = built.architecture  # raises an error for a model that cannot predict
    return built


def _scaling(done: dict[str, Any], mean: str, scale: str) -> Scaling:
    return None if mean not in done else (np.array(done[mean], np.float64), np.array(done[scale], np.float64))
