"""Networks with a layer of a plugin, the one that plugins/README.md shows: a scaled leaky rectifier."""

import os
import re

import numpy as np
import pytest
from commands import completed
from kernel_calls import evaluation_with_gradient, loss_and_gradient
from pages import ROOT

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import Part
from sweepgd.models import Shape
from sweepgd.models.layered import network_of
from sweepgd.plugins.single_file import registered

CODE = re.findall(r"^```python\n(.*?)^```$", (ROOT / "plugins/README.md").read_text(encoding="utf-8"), re.M | re.S)[-1]
SHAPE = Shape("classification", 36, 1, 3, image=(6, 6, 1))
INITIAL = {"init": "he", "scale": 1.0}


def network(*layers):
    return network_of("model.layers", layers, SHAPE, **INITIAL)


def part(dtype, rows=20):
    rng = np.random.default_rng(5)
    targets = rng.integers(0, 3, (rows, 1))
    return Part(rng.normal(size=(rows, 36)).astype(dtype), targets.astype(dtype))


@pytest.fixture
def plugin_file(tmp_path):
    """Return a function that registers the page's layer after replacements in its code."""

    def write(**changes):
        code = CODE
        for old, new in changes.values():
            assert old in code
            code = code.replace(old, new)
        (tmp_path / "bent.py").write_text(code, encoding="utf-8")
        return registered([tmp_path / "bent.py"])

    return write


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_a_layer_like_relu_has_the_gradient_of_relu(dtype, tolerance, plugin_file):
    with plugin_file():
        bent, relu = network("conv 2 3x3", "scaled_leaky 0", "dense 4"), network("conv 2 3x3", "relu", "dense 4")
    data, scale = part(dtype), slice(20, 22)  # the scales follow 18 weights and 2 biases of the convolution
    weights = bent.initial(np.random.default_rng(1))
    np.testing.assert_array_equal(weights[scale], 1.0)
    for call in (loss_and_gradient, evaluation_with_gradient):  # the second one adds up 16 rows and 4 rows
        *values, gradient = call(bent, weights, data)
        *expected, of_relu = call(relu, np.delete(weights, scale), data)
        np.testing.assert_allclose(values, expected, rtol=tolerance)
        np.testing.assert_allclose(np.delete(gradient, scale), of_relu, atol=tolerance)


def test_the_gradient_is_that_of_central_differences(plugin_file):
    with plugin_file():
        built = network("scaled_leaky 0.3", "conv 2 3x3", "scaled_leaky", "pool 2x2")
    data, rng = part("float64"), np.random.default_rng(2)
    weights = built.initial(rng) + 0.1 * rng.normal(size=built.parameters)
    gradient = loss_and_gradient(built, weights, data)[1]
    steps = 1e-6 * np.eye(built.parameters)
    differences = [
        loss_and_gradient(built, weights + h, data)[0] - loss_and_gradient(built, weights - h, data)[0] for h in steps
    ]
    np.testing.assert_allclose(gradient, np.array(differences) / 2e-6, atol=1e-8)
    assert [row.get("numbers") for row in built.layers] == [[0.3], None, [0.01], None, None]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("scaled_leeky", "layer 1, 'scaled_leeky': no such layer: did you mean 'scaled_leaky'"),
        ("scaled_leaky 0.1 2", "layer 1, 'scaled_leaky 0.1 2': '2' is not part of this layer: write 'scaled_leaky [SLOPE]'"),
        ("scaled_leaky steep", "slope is 'steep', not a number"),
        ("scaled_leaky 2", "slope"),
    ],
)
def test_a_text_that_is_no_layer_is_refused(text, message, plugin_file):
    with plugin_file(), pytest.raises(UsageError, match=re.escape(message)):
        network(text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    return shape\n", "    return shape[0], 0\n", "its output_shape returns (6, 0), not three whole numbers above 0"),
        ("y[i, j] = para", "y[i, j] = missing + para", "its forward does not compile for float32"),
        ("y, height, width, channels, numbers, key", "height, y, width, channels, numbers, key", "has the forward forward("),
    ],
)
def test_a_fault_of_the_plugin_is_one_line_with_its_name(old, new, message, plugin_file):
    with plugin_file(change=(old, new)), pytest.raises(SweepgdError) as refused:
        network("scaled_leaky")
    told = str(refused.value)
    assert re.match(r"layer 'scaled_leaky' of \S*bent\.py:? ", told)
    assert message in told
    assert "\n" not in told


def test_without_jit_a_layer_trains_too(tmp_path):
    (tmp_path / "bent.py").write_text(CODE, encoding="utf-8")
    layers = 'model.layers=["scaled_leaky 0.1", "dense 4"]'
    options = ("--data", "digits", "--set", "data.subset=60", "--epochs", "3", "--plugin", "bent.py")
    run = completed(
        "train", "--model", "cnn", "--set", layers, *options, cwd=tmp_path, env=os.environ | {"NUMBA_DISABLE_JIT": "1"}
    )
    assert run.returncode == 0, run.stderr
    losses = [float(line.split()[2]) for line in run.stdout.splitlines() if re.match(r"\s+0\s|\s+3\s", line)]
    assert losses[-1] < losses[0]
