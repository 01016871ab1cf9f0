"""The images that the best model mistakes: those whose class has the lowest probability, and its most confident mistakes."""

from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.data import Part
from sweepgd.record import Results
from sweepgd.report.charts.image_model import ImageModel, image_model, pictures_of
from sweepgd.report.charts.picture_sheet import Picture, sheet
from sweepgd.report.charts.style import Chart, Missing, finished

COLUMNS, SHOWN = 6, 12
# The largest number of rows that are predicted, so that a figure does not take minutes.
MOST_ROWS = 10_000


def mistakes(results: Results) -> Chart:
    """Return two sheets of images of the test part, or of the validation part if there is no test part.

    The text below an image is its class, the predicted class and the probability of the predicted class in percent. Raises
    Missing if the data are no images of classes or cannot be read, or if no image is mistaken.
    """
    found = image_model(results)
    if not found.model.classes:
        raise Missing("the data have no classes")
    name, part = _part(found)
    inputs, labels = part.inputs[:MOST_ROWS], part.targets[:MOST_ROWS, 0].astype(np.int64)
    try:
        chances = found.model.probabilities(inputs)
    except SweepgdError as error:
        raise Missing(str(error)) from error
    predicted = chances.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    if not len(wrong):
        raise Missing(f"the best model mistakes no image of the {name} part")
    worst = wrong[np.argsort(chances[wrong, labels[wrong]], kind="stable")][:SHOWN]
    confident = wrong[np.argsort(-chances[wrong, predicted[wrong]], kind="stable")][:SHOWN]

    def panel(rows: npt.NDArray[Any], title: str) -> Chart:
        names = found.model.classes
        texts = [f"{names[labels[row]]} →\n{names[predicted[row]]}, {chances[row, predicted[row]]:.0%}" for row in rows]
        images = pictures_of(found, inputs[rows])
        return sheet([Picture(*pair) for pair in zip(images, texts, strict=True)], COLUMNS, title)

    panels = panel(worst, "lowest probability of the true class"), panel(confident, "highest probability of a wrong class")
    origin = found.model.header.provenance
    about = [
        f"{len(wrong):,} of {len(labels):,} {name} images, by trial {origin.trial}, replicate {origin.replicate},"
        f" {origin.which} weights",
        "below an image: its class → the predicted class with its probability",
    ]
    return finished(alt.vconcat(*panels), "Which images are mistaken?", about)


def _part(found: ImageModel) -> tuple[str, Part]:
    """Return the name of a part of the data and the part. Raises Missing if the data cannot be read."""
    reason = ""
    for name in ("test", "validation"):
        try:
            return name, found.model.own_part(name)
        except SweepgdError as error:
            reason = str(error)
    raise Missing(reason)
