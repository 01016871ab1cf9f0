"""The best model of a study whose data are images."""

import json
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.report.charts.style import Missing


class ImageModel(NamedTuple):
    """A trained model (`sweepgd.Model`), and the height, width and number of channels of the images that it reads."""

    model: Any
    image: tuple[int, int, int]


def image_model(results: Results) -> ImageModel:
    """Return the best model of a study. Raises Missing if the data are no images, or the weights are not recorded."""
    completed = results.trials.filter(pc.equal(results.trials["status"], "completed"))
    settings = completed["settings"].to_pylist()[:1]
    if not any(json.loads(text or "{}").get("image") for text in settings):
        raise Missing("the data are not images, or no run completed")
    try:
        model = results.model()
    except SweepgdError as error:
        raise Missing(str(error)) from error
    height, width, channels = model.header.image
    return ImageModel(model, (height, width, channels))


def pictures_of(found: ImageModel, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return the model's inputs, (rows, inputs), as images (rows, height, width, channels). The darkest of all values becomes 0
    and the lightest 1.
    """
    values = inputs.astype(np.float64)
    if found.model.scaling is not None:
        mean, scale = found.model.scaling
        values = values * scale + mean
    low, high = values.min(), values.max()
    return ((values - low) / ((high - low) or 1.0)).reshape(-1, *found.image)
