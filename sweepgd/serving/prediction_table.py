"""Predictions of a model as columns, and a line that compares them with known targets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.serving.new_images import are_images, read_new_images
from sweepgd.serving.new_rows import read_rows
from sweepgd.serving.trained_model import Model, Scores


@dataclass(frozen=True)
class Predictions:
    """The predictions for rows, as `Model.predict` and `Model.predict_proba` return them.

    `lines` are for the user: notes on the rows, and the error if targets are known. `files` are the paths of images.
    """

    values: npt.NDArray[Any]
    names: tuple[str, ...]
    probabilities: npt.NDArray[np.float64] | None
    classes: tuple[str, ...]
    scores: Scores | None
    lines: tuple[str, ...]
    files: tuple[str, ...] = ()

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of a CSV file by name: the files of images, the predictions, and for a classification the
        probability of each class.
        """
        values = self.values.reshape(len(self.values), -1)
        columns: dict[str, list[Any]] = {"file": list(self.files)} if self.files else {}
        columns |= {name: values[:, index].tolist() for index, name in enumerate(self.names)}
        if self.probabilities is not None:
            columns |= {f"p({name})": self.probabilities[:, index].tolist() for index, name in enumerate(self.classes)}
        return columns

    def as_json(self, model: Model) -> dict[str, Any]:
        """Return the predictions with the model's provenance."""
        origin = model.header.provenance.model_dump(mode="json", exclude={"settings"})
        scores = None if self.scores is None else self.scores._asdict()
        return {"model": origin, "scores": scores, "predictions": self.columns()}


def of_file(model: Model, path: str) -> Predictions:
    """Return the predictions for the rows of a file, or for images. Raises the errors of `read_rows` and `read_new_images`."""
    rows = read_new_images(model, path) if are_images(path) else read_rows(model, path)
    if rows.targets is None:
        return _predictions(model, rows.inputs, None, rows.notes, rows.files)
    scores = model.scores(rows.inputs[rows.labelled], rows.targets, path)
    line = f"{scores.rows:,} {'image' if rows.files else 'row'}{'s' * (scores.rows > 1)} of {path}: {_text(scores)}"
    return _predictions(model, rows.inputs, scores, (*rows.notes, line), rows.files)


def of_part(model: Model, part: str, data_path: str | Path | None = None) -> Predictions:
    """Return the predictions for a part of the model's own data. A line compares the loss and the error with the record."""
    rows = model.own_part(part, data_path)
    scores = model.scores_of(rows.inputs, rows.targets)
    recorded = model.header.provenance.recorded
    before = (getattr(recorded, f"{part}_loss"), getattr(recorded, f"{part}_error"))
    if before == (scores.loss, scores.error):
        note = "as recorded"
    else:
        note = "not recorded" if before[0] is None else f"recorded: {_text(Scores(scores.rows, *before))}"
    name = model.header.data.get("name") or model.header.data["path"]
    line = f"{scores.rows:,} {part} rows of {name}: {_text(scores)} ({note})"
    return _predictions(model, rows.inputs, scores, (line,))


def _predictions(
    model: Model, inputs: npt.NDArray[Any], scores: Scores | None, lines: tuple[str, ...], files: tuple[str, ...] = ()
) -> Predictions:
    values = model.predictions(inputs)
    names = ("prediction",) if values.ndim == 1 else tuple(model.header.targets)
    probabilities = model.probabilities(inputs) if model.classes else None
    return Predictions(values, names, probabilities, model.classes, scores, lines, files)


def _text(scores: Scores) -> str:
    error = "" if scores.error is None else f"error {100 * scores.error:.4g} %, "
    return f"{error}loss {scores.loss:.6g}"
