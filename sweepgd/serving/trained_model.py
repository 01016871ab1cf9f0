"""`sweepgd.Model`: recorded weights with all that predictions on new rows need."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.layout import Layout, parameter_count
from sweepgd.data import Data, DataSpec, Part
from sweepgd.data.byte_inputs import as_numbers
from sweepgd.data.data_cache import prepared
from sweepgd.data.data_spec import dataset_settings
from sweepgd.data.labels import encode
from sweepgd.data.paths import check_there, moved
from sweepgd.data.standardize import converted
from sweepgd.models import Architecture
from sweepgd.plugins import registry
from sweepgd.serving.compiled_model import CompiledModel
from sweepgd.serving.encoded_inputs import Scaling, inputs_of, matrix_of
from sweepgd.serving.model_header import ModelHeader, same_layers

Array = npt.NDArray[Any]


class Scores(NamedTuple):
    """The mean loss on `rows` rows, in the units of training, and the share of misclassified rows (None for a regression)."""

    rows: int
    loss: float
    error: float | None


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A trained model, from `Results.model` or a file.

    `header` describes the model. `parameters` are the flat weights, followed by running statistics if the model has any, and
    `layout` is the layout table of the weights. `scaling` holds mean
    and scale of the inputs, and `target_scaling` holds mean and scale of the targets. A scaling that the training did not use
    is None.
    """

    header: ModelHeader
    parameters: Array
    layout: Layout
    scaling: Scaling = None
    target_scaling: Scaling = None

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Return the model in a file. Raises SweepgdError if the file is damaged, of a newer format, or not a model."""
        from sweepgd.serving.model_file import read_model

        return read_model(Path(path))

    def save(self, path: str | Path) -> None:
        """Write the model to a file: `.npz`, or `.onnx` with the extra `onnx`. Raises SweepgdError if the file cannot be
        written.
        """
        from sweepgd.serving.model_file import write_model

        write_model(self, Path(path))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that new rows need. An array of new rows has its columns in this order."""
        return tuple(self.header.columns)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes; empty for a regression."""
        return tuple(self.header.classes)

    @cached_property
    def architecture(self) -> Architecture:
        """The architecture of the weights. Raises SweepgdError if the installed model has another architecture."""
        header = self.header
        if header.name not in registry.names("models"):
            raise UsageError(
                f"model {header.name!r} of {header.distribution} is not installed: install it, or give its file with --plugin"
            )
        built = header.architecture()
        if not same_layers(header, self.layout, built) or len(self.parameters) != built.recorded:
            installed = " ".join(registry.distribution("models", header.name)).strip()
            advice = "export the model again" if installed == header.distribution else f"install {header.distribution}"
            raise SweepgdError(f"the weights do not fit the layers of the installed model {header.name!r}: {advice}")
        if built.predict is None:
            raise SweepgdError(f"{registry.origin('models', header.name)} has no kernel `predict`, so it cannot predict")
        return built

    def predict(self, rows: Any) -> Array:
        """Return the predicted class names, (rows,), or for a regression numbers, (rows,) or (rows, targets).

        `rows` is an array (rows, columns) in the order of `columns`, or a pandas or polars table with these columns. Missing
        values are NaN or None. Raises SweepgdError for rows that the model cannot take. Warns of levels of a category that no
        training row has; all inputs of the column are then 0.
        """
        return self.predictions(self._inputs(rows))

    def predict_proba(self, rows: Any) -> Array:
        """Return the probability of each class, (rows, classes), for rows as in `predict`."""
        return self.probabilities(self._inputs(rows))

    def evaluate(self, rows: Any, targets: Any) -> Scores:
        """Return loss and error on rows as in `predict`. The targets are class names or numbers, (rows,) or (rows, targets)."""
        labels = np.asarray(targets)
        return self.scores(self._inputs(rows), labels if labels.ndim == 2 else labels.reshape(-1, 1), "the targets")

    def evaluate_part(self, part: str = "test", data_path: str | Path | None = None) -> Scores:
        """Return loss and error on the rows of the model's own data: its "train", "validation" or "test" part. Loss and error
        equal the recorded values. `data_path` is the new path of a data file that was moved. Raises SweepgdError if the data
        are not those of the training.
        """
        own = self.own_part(part, data_path)
        return self.scores_of(own.inputs, own.targets)

    def own_part(self, part: str, data_path: str | Path | None = None) -> Part:
        """Return a part of the data of the model's run, encoded and scaled as in the training."""
        if part not in ("train", "validation", "test"):
            raise UsageError(f"no part {part!r}: give train, validation or test")
        header = self.header
        data = own_data(
            *(header.data, header.data_seed, header.dtype, header.provenance.data_fingerprint, data_path),
            reads_bytes=registry.get("models", header.name).reads_bytes,
        )
        rows: Part | None = getattr(data, part)
        if rows is None:
            raise UsageError(f"{data.name} has no {part} rows: give another part, or a file")
        return as_numbers(rows)

    def predictions(self, inputs: Array) -> Array:
        """Return the predictions for the model's inputs, (rows, inputs), in the form of `predict`."""
        outputs = self._outputs(inputs)
        if self.header.task == "classification":
            chosen = (outputs[:, 0] > 0).astype(np.int64) if outputs.shape[1] == 1 else outputs.argmax(axis=1)
            return np.array(self.header.classes)[chosen]
        numbers = outputs.astype(np.float64)
        if self.target_scaling is not None:
            numbers = numbers * self.target_scaling[1] + self.target_scaling[0]
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def probabilities(self, inputs: Array) -> Array:
        """Return the probability of each class, (rows, classes), for the model's inputs, (rows, inputs)."""
        if self.header.task != "classification":
            raise UsageError("predict_proba is for classification, and this model is for regression: use predict")
        outputs = self._outputs(inputs).astype(np.float64)
        if outputs.shape[1] == 1:
            return np.column_stack([expit(-outputs[:, 0]), expit(outputs[:, 0])])
        return softmax(outputs, axis=1)

    def scores(self, inputs: Array, targets: Array, where: str) -> Scores:
        """Return loss and error on inputs, (rows, inputs), and targets, (rows, targets). Targets are labels or numbers as in a
        file.
        """
        if len(targets) != len(inputs) or targets.shape[1] != len(self.header.targets):
            raise UsageError(f"{where} have shape {targets.shape}: give ({len(inputs)}, {len(self.header.targets)})")
        if self.header.task == "classification":
            labels = targets[:, 0].astype(str) if targets.dtype.kind == "O" else targets[:, 0]
            targets, _ = encode(labels, self.header.classes, where, self.header.targets[0])
        numbers = converted(
            targets, np.arange(len(targets)), self.target_scaling, self.header.dtype, self.header.targets, where
        )
        return self.scores_of(inputs, numbers)

    def scores_of(self, inputs: Array, targets: Array) -> Scores:
        """Return loss and error on inputs and targets. Targets are as in the training: class numbers, or scaled numbers."""
        loss, error = self._compiled.evaluate(inputs, targets)
        return Scores(len(inputs), loss, None if isnan(error) else error)

    def _inputs(self, rows: Any) -> Array:
        values, notes = matrix_of(self.header, rows, "the rows")
        for note in notes:
            warnings.warn(note, stacklevel=3)
        return inputs_of(self.header, values, self.scaling, "the rows")

    def _outputs(self, inputs: Array) -> Array:
        outputs = self._compiled.outputs(inputs)
        finite = np.isfinite(outputs).all(axis=1)
        if not finite.all():
            raise SweepgdError(f"the model's output for row {int(np.argmin(finite)) + 1} is not a finite number")
        return outputs

    @cached_property
    def _compiled(self) -> CompiledModel:
        with registry.plugin_errors("models", self.header.name):
            return CompiledModel(self.architecture, self.parameters)

    def __getstate__(self) -> dict[str, Any]:
        """Return the fields without the compiled kernels, which cannot be pickled."""
        return {name: value for name, value in vars(self).items() if name not in ("architecture", "_compiled")}

    def __repr__(self) -> str:
        header, origin = self.header, self.header.provenance
        widths = [layer["inputs"] for layer in header.layers if "inputs" in layer]
        last = [layer["outputs"] for layer in header.layers if "outputs" in layer][-1:]
        has_shapes = any("output" in layer for layer in header.layers)
        layers = "-".join(map(str, [*widths, *last] * (not has_shapes))) or f"{parameter_count(self.layout)} parameters"
        of = f"of {len(header.classes)} classes" if header.classes else f"of {', '.join(header.targets)}"
        score = origin.recorded.test_error if header.classes else origin.recorded.test_loss
        recorded = (
            "" if score is None else f", test error {100 * score:.3g} %" if header.classes else f", test loss {score:.3g}"
        )
        run = f"{origin.sweep} trial {origin.trial}.{origin.replicate} ({origin.which})"
        return f"<sweepgd.Model {header.name} {layers}, {header.task} {of}, from {run}{recorded}>"


def own_data(
    table: Mapping[str, Any],
    seed: int,
    dtype: str,
    fingerprint: str | None,
    data_path: str | Path | None = None,
    *,
    reads_bytes: bool = False,
) -> Data:
    """Return the data of a recorded `[data]` table. Raises SweepgdError if the data are absent or have another fingerprint."""
    spec = DataSpec.model_validate(table)
    if data_path is not None:
        given = spec.model_dump(exclude_none=True) | dataset_settings(spec)
        spec = spec.model_copy(update=moved(given, Path(data_path)))
    check_there(spec.model_dump())
    data = prepared(spec, seed=seed, dtype=dtype, reads_bytes=reads_bytes)
    if fingerprint not in (None, data.fingerprint):
        raise SweepgdError(f"{data.name} is not what the model was trained on: restore the data, or give a file of rows")
    return data
