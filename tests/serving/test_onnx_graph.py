"""ONNX files give what the model gives, and models that ONNX cannot hold are refused."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from serving.trained_runs import recorded

import sweepgd
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.serving.encoded_inputs import inputs_of
from sweepgd.serving.onnx_graph import onnx_bytes


def outputs_of(model, inputs):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(onnx_bytes(model), providers=["CPUExecutionProvider"])
    return session, dict(
        zip([output.name for output in session.get_outputs()], session.run(None, {"inputs": inputs}), strict=True)
    )


def unscaled(model):
    """Return the test rows before they are scaled."""
    inputs = model.own_part("test").inputs
    return inputs, inputs * model.scaling[1] + model.scaling[0]


def with_gaps(model):
    """Return the columns of four rows, with missing values, and their inputs of the graph."""
    values = np.array([[np.nan, 1, 19850], [41, np.nan, 19850], [np.nan, np.nan, np.nan], [38, 0, 19852]])
    assert model.header.inputs == ["age", "sex=f", "sex=m", "seen", "age missing", "sex missing"]
    levels = [np.where(np.isnan(values[:, 1]), np.nan, values[:, 1] == level) for level in (0, 1)]
    return values, np.column_stack([values[:, 0], *levels, values[:, 2], np.zeros((4, 2))])


def check(model):
    inputs, raw = unscaled(model)
    if model.header.imputed:
        values, gaps = with_gaps(model)
        inputs = np.vstack([inputs, inputs_of(model.header, values, model.scaling, "rows")])
        raw = np.vstack([raw, gaps])
    session, found = outputs_of(model, raw)
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["inputs"]) == model.header.inputs
    assert json.loads(metadata["imputed"]) == model.header.imputed
    if model.classes:
        np.testing.assert_allclose(found["probabilities"], model.probabilities(inputs), atol=1e-5)
        assert np.array(json.loads(metadata["classes"]))[found["class"]].tolist() == model.predictions(inputs).tolist()
    else:
        np.testing.assert_allclose(found["prediction"][:, 0], model.predictions(inputs), rtol=1e-5)


def test_a_graph_gives_what_the_model_gives(results, run):
    pytest.importorskip("onnx")
    check(results.model())
    made = run("export", str(results.directory), "-o", "m.onnx")
    assert made.out == "Wrote m.onnx.\n"
    assert made.err.endswith("the model takes encoded columns: the metadata of the file lists them as `inputs`\n")
    assert Path("m.onnx").read_bytes() == onnx_bytes(results.model())
    assert "m.onnx: ONNX files are for other programs" in run("predict", "m.onnx").err


def test_a_graph_in_float64_without_relu(tmp_path):
    pytest.importorskip("onnx")
    overrides = ("model.dtype='float64'", "model.activation='tanh'", "model.hidden=[3,2]")
    check(recorded(tmp_path, "three", *overrides).model())


def test_a_graph_has_all_kinds_of_layers(tmp_path):
    """Strides, uneven padding and pixels without a window too."""
    pytest.importorskip("onnx")
    layers = [
        *("conv 3 3x2 stride 2 same", "layer norm", "relu", "residual 3", "residual 4 stride 2", "pool 2x2 stride 1 same"),
        *(
            "average 3x3 stride 2 same",
            "sigmoid",
            "dropout 0.2",
            "conv 5 1x1",
            "batch norm",
            "tanh",
            "dense 6",
            "layer norm",
            "sigmoid",
        ),
    ]
    overrides = (f"model.layers={layers}", "data.standardize=true", "data.subset=200")
    sweepgd.train("digits", "cnn", learning_rate=0.1, epochs=2, overrides=overrides, out=tmp_path / "run")
    check(sweepgd.load(tmp_path / "run").model())


def test_a_model_without_known_layers_is_refused(two):
    pytest.importorskip("onnx")
    model = two.model()
    dense = model.header.layers[0]
    for layers, message in (
        ([], "does not describe its layers"),
        ([{"layer": "pool"}], "the layer 'pool' cannot be written"),
        ([dense | {"inputs": 3}], "the layers of model 'mlp' do not fit its layout"),
        ([*model.header.layers, dense], "the layers of model 'mlp' do not fit its layout"),
        ([dense], "the layers of model 'mlp' do not use all its tensors"),
    ):
        with pytest.raises(SweepgdError, match=message):
            onnx_bytes(replace(model, header=model.header.model_copy(update={"layers": layers})))


def test_without_the_package_the_extra_is_named(two, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match=r"needs the package onnx: install sweepgd\[onnx\]"):
        onnx_bytes(two.model())
