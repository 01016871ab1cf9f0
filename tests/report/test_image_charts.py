"""The images that a model mistakes and the weights of its first layer, each as a sheet of pictures."""

from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest

import sweepgd
from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import tensors_in
from sweepgd.report.charts import Missing, first_layer, mistakes
from sweepgd.report.charts.first_layer_chart import _filters

Pillow = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """A short run on digits."""
    out = tmp_path_factory.mktemp("digits") / "run"
    sweepgd.train("digits", "mlp", "adam", epochs=1, overrides=["model.hidden=[6]"], out=out)
    return sweepgd.load(out)


def pictures(chart) -> list[list[tuple[np.ndarray, str]]]:
    """The pictures of each sheet of a chart, (height, width), with their texts."""
    described = chart.to_dict()
    sheets = []
    for panel in described.get("vconcat", [described]):
        name = panel.get("data", panel["layer"][0].get("data", {}))["name"]
        rows = described["datasets"][name]
        images = [Pillow.open(BytesIO(b64decode(row["url"].partition(",")[2]))) for row in rows]
        sheets.append([(np.asarray(image), row["text"]) for image, row in zip(images, rows, strict=True)])
    return sheets


def test_the_worst_and_the_most_confident_mistakes(results):
    chart, model = mistakes(results), results.model()
    part = model.own_part("test")
    chances, labels = model.probabilities(part.inputs), part.targets[:, 0].astype(int)
    predicted = chances.argmax(axis=1)
    wrong = np.flatnonzero(predicted != labels)
    orders = [chances[wrong, labels[wrong]], -chances[wrong, predicted[wrong]]]
    for sheet, order in zip(pictures(chart), orders, strict=True):
        rows = wrong[np.argsort(order, kind="stable")][:12]
        texts = [f"{labels[row]} →\n{predicted[row]}, {chances[row, predicted[row]]:.0%}" for row in rows]
        assert [text for _, text in sheet] == texts
        mean, scale = model.scaling
        pixels = (part.inputs[rows] * scale + mean).reshape(-1, 8, 8)
        for (image, _), own in zip(sheet, pixels, strict=True):
            np.testing.assert_allclose(image[::8, ::8], 255 * own / pixels.max(), atol=0.51)
    assert chart.title.subtitle[0].startswith(f"{len(wrong)} of 270 test images, by trial 0, replicate 0, ")


def test_the_weights_of_the_first_layer(results):
    model = results.model()
    weights = tensors_in(model.parameters, model.layout)[0]
    (sheet,) = pictures(first_layer(results))
    assert len(sheet) == 6
    for (image, text), unit in zip(sheet, weights.T, strict=True):
        assert text == ""
        np.testing.assert_allclose(image[::8, ::8].ravel(), 127.5 * (1 + unit / np.abs(unit).max()), atol=0.51)


def test_filters_of_a_convolution_are_in_the_order_of_its_outputs():
    kernel = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    np.testing.assert_array_equal(_filters(kernel, (8, 8, 4))[3], kernel[:, :, :, 3])
    with pytest.raises(Missing, match="neither a convolution nor a dense layer of the images"):
        _filters(np.zeros((9, 2)), (8, 8, 4))


def test_without_the_data_the_weights_or_images_the_charts_are_missing(results):
    def unavailable(*args):
        raise SweepgdError("there are no weights")

    without = SimpleNamespace(trials=results.trials, model=unavailable)
    for chart in (mistakes, first_layer):
        with pytest.raises(Missing, match="there are no weights"):
            chart(without)
    model = results.model()
    moved = replace(model, header=model.header.model_copy(update={"data": {"path": "/no/file.npz", "task": "classification"}}))
    with pytest.raises(Missing, match=r"no such file: /no/file.npz"):
        mistakes(SimpleNamespace(trials=results.trials, model=lambda: moved))
    settings = results.trials.schema.get_field_index("settings")
    plain = results.trials.set_column(settings, "settings", [["{}"]])
    with pytest.raises(Missing, match="the data are not images"):
        mistakes(SimpleNamespace(trials=plain))
