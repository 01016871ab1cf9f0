"""Estimators for scikit-learn whose `fit` is a search, and whose predictions are those of the best trial."""

import shutil
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tomli_w
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from sweepgd.core.errors import SweepgdError
from sweepgd.execution.scratch_folder import scratch_folder
from sweepgd.plugins.single_file import registered
from sweepgd.record.atomic_files import atomic_replacement, writing
from sweepgd.serving.recorded_model import recorded_model
from sweepgd.serving.trained_model import Model
from sweepgd.study.output_directory import as_recorded, check_continues
from sweepgd.study.preparation import prepare
from sweepgd.study.search import search
from sweepgd.sweep import Sweep, parse

Array = npt.NDArray[Any]
ROWS_FILE = "rows.npz"


class _SweepEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The parameters and the search of the estimators for classification and for regression."""

    model_: Model
    results_: pa.Table
    best_config_: dict[str, Any]

    def __init__(
        self,
        *,
        hidden: Sequence[int] | Sequence[Sequence[int]] = (64,),
        activation: str | Sequence[str] = "relu",
        optimizer: str | Sequence[str] = "adam",
        learning_rate: Any = "search",
        batch_size: Any = 32,
        schedule: str | Sequence[str] = "constant",
        epochs: int = 50,
        trials: int = 8,
        sampler: str = "random",
        replicates: int = 1,
        validation: float = 0.15,
        seed: int = 0,
        workers: int | None = None,
        out: str | Path | None = None,
        overrides: Sequence[str] = (),
        plugins: Sequence[str | Path] = (),
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.schedule = schedule
        self.epochs = epochs
        self.trials = trials
        self.sampler = sampler
        self.replicates = replicates
        self.validation = validation
        self.seed = seed
        self.workers = workers
        self.out = out
        self.overrides = overrides
        self.plugins = plugins

    def _search(self, inputs: Array, targets: Array, data: dict[str, Any]) -> None:
        """Run the search and keep its best model. Raises ValueError, as estimators do, for an invalid parameter or data."""
        with scratch_folder() as temporary:
            rows = temporary / ROWS_FILE
            np.savez(rows, x=inputs, y=targets)
            try:
                table = self._table(len(inputs), data | {"path": str(rows)})
                sweep = parse(tomli_w.dumps(_plain(table)), self.overrides, "the parameters")
                if self.out is not None:
                    sweep = self._with_rows_in(Path(self.out), sweep)
                results = search(sweep, out=self.out or temporary, workers=self.workers, plugins=self.plugins)
                with registered(map(Path, self.plugins)):
                    self.model_, self.results_ = recorded_model(results), results.trials
            except SweepgdError as error:
                raise ValueError(str(error)) from error
        self.best_config_ = self.model_.header.provenance.settings["configuration"]

    def _with_rows_in(self, directory: Path, sweep: Sweep) -> Sweep:
        """Copy the rows of a sweep to a results directory, and return the sweep with their new path. Raises SweepgdError, and
        leaves the directory as it is, if it holds another study.
        """
        place = directory / ROWS_FILE
        if (directory / "sweep.toml").is_file():
            with registered(map(Path, self.plugins)):
                prepared = prepare(as_recorded(directory, sweep, lambda _: None)).sweep
            check_continues(directory, _at(prepared, place), "`out` is for one fit: choose another")
        with writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            with atomic_replacement(place) as temporary:
                shutil.copyfile(str(sweep.data.path), temporary)
        return _at(sweep, place)

    def _table(self, rows: int, data: dict[str, Any]) -> dict[str, Any]:
        """Return the sweep file that the parameters describe, as nested tables."""
        space = {
            "optimizer": _listed(self.optimizer),
            "learning_rate": self.learning_rate,
            "batch_size": _at_most(self.batch_size, rows - ceil(self.validation * rows)),
            "schedule": _listed(self.schedule),
            "model": {},
        }
        model: dict[str, Any] = {"name": "mlp"}
        hidden = [list(widths) if isinstance(widths, Sequence) else widths for widths in self.hidden]
        for key, value, several in (
            ("hidden", hidden, bool(hidden) and isinstance(hidden[0], list)),
            ("activation", _listed(self.activation), not isinstance(self.activation, str)),
        ):
            (space["model"] if several else model)[key] = value
        return {
            "name": "estimator",
            "data": {"inputs": "x", "target": "y", "validation": self.validation, "test": 0.0, "seed": self.seed} | data,
            "model": model,
            "budget": {"epochs": self.epochs},
            "space": space,
            "search": {
                "sampler": self.sampler, "trials": self.trials, "replicates": self.replicates, "seed": self.seed,
            },
        }  # fmt: skip

    def _new_rows(self, rows: Any) -> Array:
        check_is_fitted(self)
        return validate_data(self, rows, reset=False, dtype=np.float64)


class SweepClassifier(ClassifierMixin, _SweepEstimator):  # type: ignore[misc]
    """A network for classification, found by a search.

    A parameter is a value, a list of values, or a range such as `{"low": 1e-4, "high": 1e-1, "log": True}`, as in `[space]` of
    a sweep file; `learning_rate="search"` means the range that an optimizer suggests. `hidden` are the widths of the hidden
    layers, or a list of such lists. A batch size above the number of training rows means all training rows. `validation` is the
    share of the rows on which the trials are compared. `overrides` are further `dotted.key=TOML-value` of a sweep file.
    `plugins` are files of plugins, such as an optimizer of your own. With `out`, the record stays in that directory, which is
    for one fit: a fit of other rows is refused, so leave `out` away in a cross-validation. After `fit`, `model_` is the best
    model (`sweepgd.Model`), `best_config_` its configuration, and `results_` the table of trials.
    """

    classes_: Array

    def fit(self, X: Any, y: Any) -> Self:
        """Search, and keep the best model. Raises ValueError for invalid data or parameters."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has only one class, {self.classes_[0]!r}: give rows of two classes or more")
        # As texts of equal length, because whole numbers would be taken for a quantity if there were many.
        digits = len(str(len(self.classes_)))
        texts = np.array([f"{label:0{digits}}" for label in labels])
        held, few = ceil(self.validation * len(X)), np.bincount(labels).min()
        fits = few > 1 and len(self.classes_) <= min(held, len(X) - held)
        self._search(X, texts, {"task": "classification", "split": "stratified" if fits else "random"})
        return self

    def predict(self, X: Any) -> Array:
        """Return the predicted classes, (rows,)."""
        rows = self._new_rows(X)
        return self.classes_[self.model_.predict(rows).astype(np.int64)]

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (rows, classes), in the order of `classes_`."""
        rows = self._new_rows(X)
        return self.model_.predict_proba(rows)


class SweepRegressor(RegressorMixin, _SweepEstimator):  # type: ignore[misc]
    """A network for regression, found by a search. Its parameters and attributes are those of `SweepClassifier`.

    The target is standardized for the training, so that learning rates do not depend on its units.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Search, and keep the best model. Raises ValueError for invalid data or parameters."""
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2, y_numeric=True)
        targets = column_or_1d(y, warn=True).astype(np.float64)
        self._search(X, targets, {"task": "regression", "standardize_targets": True})
        return self

    def predict(self, X: Any) -> Array:
        """Return the predicted targets, (rows,)."""
        rows = self._new_rows(X)
        return self.model_.predict(rows)


def _at(sweep: Sweep, rows: Path) -> Sweep:
    """Return a sweep whose data are in the file `rows`."""
    return sweep.model_copy(update={"data": sweep.data.model_copy(update={"path": str(rows.resolve())})})


def _plain(value: Any) -> Any:
    """Return a value with Python's types instead of NumPy's types. A parameter search of scikit-learn passes values with
    NumPy's types.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _listed(names: Any) -> Any:
    return names if isinstance(names, str) else list(names)


def _at_most(sizes: Any, rows: int) -> Any:
    """Return batch sizes that do not exceed the number of training rows."""
    if isinstance(sizes, dict):
        return {key: min(value, rows) if key in ("low", "high") else value for key, value in sizes.items()}
    if isinstance(sizes, str):
        return sizes
    if isinstance(sizes, Sequence):
        return list(dict.fromkeys(_at_most(size, rows) for size in sizes))
    return max(1, min(sizes, rows))
