"""Each kind of kernel has one declaration, by which the parameters of every kernel are checked before it is compiled."""

import pytest
from numba import types

from sweepgd.core.errors import SweepgdError
from sweepgd.kernels import signatures, subnormals, trainer
from sweepgd.kernels.linear import evaluate, gradient


def swapped(theta, buffers, targets, inputs, rows, layout, settings, key, training, work, out):
    return 0.0


def short(theta, buffers, inputs, targets):
    return 0.0


def other_names(weights, state, x, y, _, layout, settings, key, training, work, out):
    return 0.0


EXPECTED = "gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out)"


@pytest.mark.parametrize(
    ("function", "given"),
    [
        (swapped, "swapped(theta, buffers, targets, inputs, rows, layout, settings, key, training, work, out)"),
        (short, "short(theta, buffers, inputs, targets)"),
    ],
)
def test_a_model_kernel_with_other_parameters_is_refused(function, given):
    with pytest.raises(SweepgdError) as refused:
        signatures.compiled("gradient", function, "float64")
    assert str(refused.value) == f"it has the gradient {given}, but the contract asks for {EXPECTED}"


def test_parameters_may_have_other_names():
    assert signatures.parameter_fault("gradient", other_names) is None


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("train", trainer.train),
        ("evaluate_parts", trainer.evaluate_parts),
        ("probe", trainer.no_probe),
        ("flush", subnormals.flush),
        ("restore", subnormals.restore),
        ("gradient", gradient),
        ("evaluate", evaluate),
    ],
)
def test_own_kernels_have_the_declared_names(kind, function):
    declared = list(signatures.signatures("float32")[kind].parameters)
    assert list(function.__code__.co_varnames[: function.__code__.co_argcount]) == declared


def test_the_numba_signature_has_the_declared_types_in_order():
    declared = signatures.signatures("float32")["evaluate"]
    vector, frozen = types.Array(types.float32, 1, "C"), types.Array(types.float32, 1, "C", readonly=True)
    data = types.Array(types.float32, 2, "C", readonly=True)
    layout = types.Array(types.int64, 2, "C", readonly=True)
    settings = types.Array(types.float64, 1, "C", readonly=True)
    assert declared.numba.args == (frozen, vector, data, data, layout, settings, vector)
    assert declared.numba.return_type == types.UniTuple(types.float64, 2)
