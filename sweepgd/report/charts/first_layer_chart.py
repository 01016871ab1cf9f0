"""The weights of the best model's first layer, each unit or filter as an image."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.layout import tensors_in
from sweepgd.record import Results
from sweepgd.report.charts.image_model import image_model
from sweepgd.report.charts.picture_sheet import Picture, sheet
from sweepgd.report.charts.style import Chart, Missing, finished

COLUMNS, MOST = 8, 64


def first_layer(results: Results) -> Chart:
    """Return the filters of a first convolution, or the weights of the units of a first dense layer, in the order of the layer.

    Grey is a weight of 0, and each picture has its own scale. Raises Missing if the data are no images, or the first tensor is
    neither of a convolution nor of a dense layer.
    """
    model, image = image_model(results)
    weights = _filters(tensors_in(model.parameters, model.layout)[0], image)
    largest = np.abs(weights).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * weights / np.where(largest > 0, largest, 1.0)
    height, width, channels = weights.shape[1:]
    origin = model.header.provenance
    about = [
        f"{min(MOST, len(weights)):,} of {len(weights):,} filters of {height} × {width} pixels and {channels} "
        f"channel{'s' * (channels > 1)}: trial {origin.trial}, replicate {origin.replicate}, {origin.which} weights",
        "grey: a weight of 0; each filter has its own scale",
    ]
    return finished(sheet([Picture(pixels) for pixels in shown[:MOST]], COLUMNS), "What does the first layer see?", about)


def _filters(tensor: npt.NDArray[Any], image: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """Return the first tensor as filters (filters, height, width, channels)."""
    values = tensor.astype(np.float64)
    if values.ndim == 4:
        return values.transpose(3, 0, 1, 2)
    if values.ndim == 2 and len(values) == prod(image):
        return values.T.reshape(-1, *image)
    raise Missing("the first layer is neither a convolution nor a dense layer of the images")
