"""Subnormal numbers are flushed to zero while the kernels of a run work, and only then."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from run_builders import configuration, data_of, model_for, training

from sweepgd.kernels import subnormals
from sweepgd.plugins import registry

pytestmark = pytest.mark.skipif(
    numba.config.DISABLE_JIT or not subnormals.FLUSH, reason="about compiled kernels, where the processor can flush"
)


@numba.njit
def product(x, y):
    return x * y


def subnormals_are_kept() -> bool:
    return 0 < product(np.float32(1e-30), np.float32(1e-10)) < np.finfo(np.float32).tiny


def compiled_run_with_zero_gradients(optimizer: str):
    """A run on one row of zeros: every gradient is zero, and a velocity of 1e-30 halves at each update."""
    data = data_of([[0.0]], [0.0], dtype="float32")
    run = training(
        configuration(optimizer, {"beta": 0.5}, batch_size=1, learning_rate=0.1),
        data, model_for(data, "linear"), dtype="float32", updates=1,
    )  # fmt: skip
    run.kernels.slots[:] = 1e-30
    return run.kernels


def test_a_decaying_velocity_becomes_zero():
    compiled_run = compiled_run_with_zero_gradients("momentum")
    updates = 40  # 1e-30 / 2^40 = 9e-43
    rows, bounds = np.zeros(updates, np.int64), np.arange(updates + 1)
    compiled_run.train(rows, bounds, np.zeros(updates), 0, np.inf)
    assert (compiled_run.slots == 0).all()
    assert subnormals_are_kept()


def raising(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    raise ValueError("a rule that fails")


def test_subnormals_are_restored_if_a_kernel_raises(monkeypatch):
    rule = replace(registry.get("optimizers", "momentum"), update=raising)
    monkeypatch.setattr(registry, "get", lambda group, name, get=registry.get: rule if name == "momentum" else get(group, name))
    compiled_run = compiled_run_with_zero_gradients("momentum")
    with pytest.raises(ValueError, match="a rule that fails"):
        compiled_run.train(np.zeros(1, np.int64), np.arange(2), np.full(1, 0.1), 0, np.inf)
    assert subnormals_are_kept()
