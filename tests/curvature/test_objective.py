"""The mean loss over fixed rows: in chunks, with kept and recomputed values, with and without second-order kernels."""

from dataclasses import replace

import numpy as np
import pytest
from run_builders import data_of, model_for, no_data, part_of

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature import hessian
from sweepgd.curvature.objective import Objective, subset

ROWS = 300
RNG = np.random.default_rng(4)
DATA = data_of(RNG.normal(size=(ROWS, 3)), RNG.integers(4, size=(ROWS, 1)), classes=4)
MODEL = model_for(DATA, "mlp", hidden=[5, 4], activation="tanh")
WEIGHTS, OTHERS, DIRECTION = RNG.normal(size=(3, MODEL.parameters))
PLAIN = replace(MODEL, curvature=None)


def objective_of(chunk: int) -> Objective:
    assert MODEL.curvature is not None
    return Objective(replace(MODEL, chunk=chunk, curvature=replace(MODEL.curvature, chunk=chunk)), DATA.train)


def test_results_in_chunks_equal_those_over_all_rows():
    whole, parts = objective_of(1000), objective_of(128)  # the last of them has 44 rows
    for of in (
        lambda objective: objective.gradient(WEIGHTS)[1],
        lambda objective: objective.hessian(WEIGHTS)(DIRECTION),
        lambda objective: objective.gauss_newton(WEIGHTS)(DIRECTION),
        lambda objective: objective.second_moments(WEIGHTS),
        lambda objective: objective.second_moments(WEIGHTS, fisher=True),
    ):
        expected = of(whole)
        assert expected.dtype == np.float64
        np.testing.assert_allclose(of(parts), expected, rtol=1e-12, atol=1e-14)
    assert parts.gradient(WEIGHTS)[0] == pytest.approx(whole.loss(WEIGHTS), rel=1e-12)


def test_the_gradient_of_given_rows_is_their_mean():
    rows = np.array([7, 200, 7, 31])
    objective = Objective(MODEL, DATA.train)
    loss, gradient = objective.gradient(WEIGHTS, rows)
    of_each = [objective.gradient(WEIGHTS, rows[i : i + 1]) for i in range(4)]
    assert loss == pytest.approx(np.mean([one for one, _ in of_each]), rel=1e-12)
    np.testing.assert_allclose(gradient, np.mean([one for _, one in of_each], axis=0), rtol=1e-12)


def test_products_at_two_parameter_vectors_do_not_mix():
    objective = objective_of(128)
    expected = [objective_of(128).hessian(at)(DIRECTION) for at in (WEIGHTS, OTHERS)]
    here, there = objective.hessian(WEIGHTS), objective.hessian(OTHERS)
    again, newton = objective.hessian(WEIGHTS), objective.gauss_newton(WEIGHTS)
    np.testing.assert_array_equal(here(DIRECTION), expected[0])
    np.testing.assert_array_equal(there(DIRECTION), expected[1])
    newton(DIRECTION)
    for product in (here, here, again):
        np.testing.assert_array_equal(product(DIRECTION), expected[0])


def test_a_product_keeps_a_copy_of_its_parameters():
    objective, weights = Objective(MODEL, DATA.train), WEIGHTS.copy()
    product = objective.hessian(weights)
    expected = product(DIRECTION)
    weights[:] = 0
    np.testing.assert_array_equal(product(DIRECTION), expected)


def test_values_beyond_the_memory_limit_are_recomputed(monkeypatch):
    expected = objective_of(128).hessian(WEIGHTS)(DIRECTION)
    monkeypatch.setattr(hessian, "KEPT_BYTES", 1000)
    product = objective_of(128).hessian(WEIGHTS)
    for _ in range(2):
        np.testing.assert_array_equal(product(DIRECTION), expected)


def test_without_kernels_products_are_differences_of_gradients():
    objective = Objective(PLAIN, part_of(DATA.train.inputs, DATA.train.targets, "float32"))
    assert not objective.exact
    assert objective.dtype == "float64"
    exact = Objective(MODEL, part_of(DATA.train.inputs.astype(np.float32), DATA.train.targets, "float64"))
    assert exact.exact
    expected = exact.hessian(WEIGHTS)(DIRECTION)
    for scale in (1.0, 1e-6, 1e6):
        found = objective.hessian(WEIGHTS)(scale * DIRECTION) / scale
        assert np.linalg.norm(found - expected) <= 1e-7 * np.linalg.norm(expected)
    np.testing.assert_array_equal(objective.hessian(WEIGHTS)(np.zeros(MODEL.parameters)), np.zeros(MODEL.parameters))
    np.testing.assert_allclose(objective.second_moments(WEIGHTS), exact.second_moments(WEIGHTS), rtol=1e-10, atol=1e-15)


def test_gauss_newton_and_fisher_need_kernels():
    objective = Objective(PLAIN, DATA.train)
    with pytest.raises(SweepgdError, match="Gauss-Newton matrix needs a kernel"):
        objective.gauss_newton(WEIGHTS)
    with pytest.raises(SweepgdError, match="Fisher information needs a kernel"):
        objective.second_moments(WEIGHTS, fisher=True)


def test_products_and_moments_of_a_quadratic():
    model = model_for(no_data(), "quadratic", curvatures=[3.0, 0.5], start=[1.0, 1.0])
    objective, at = Objective(model, no_data().train), np.array([2.0, -4.0])
    np.testing.assert_array_equal(objective.hessian(at)([1.0, 2.0]), [3.0, 1.0])
    np.testing.assert_array_equal(objective.second_moments(at), [36.0, 4.0])
    with pytest.raises(SweepgdError, match="Fisher"):
        objective.second_moments(at, fisher=True)


def test_a_loss_of_0_has_zero_gradient_and_curvature():
    one = data_of(DATA.train.inputs, np.zeros((ROWS, 1)), classes=2)
    objective = Objective(model_for(one, "logistic"), one.train)
    far = np.array([0.0, 0.0, 0.0, -800.0])  # every row has its class with probability 1
    assert objective.loss(far) == 0
    assert not objective.gradient(far)[1].any()
    assert not objective.hessian(far)(np.ones(4)).any()
    assert not objective.second_moments(far, fisher=True).any()


def test_subsets_are_seeded_and_drawn_without_replacement():
    drawn, again = subset(DATA.train, 50, seed=1), subset(DATA.train, 50, seed=1)
    np.testing.assert_array_equal(drawn.inputs, again.inputs)
    assert len(np.unique(drawn.inputs, axis=0)) == 50
    of_rows = {tuple(row) for row in np.hstack([DATA.train.inputs, DATA.train.targets])}
    assert {tuple(row) for row in np.hstack([drawn.inputs, drawn.targets])} <= of_rows
    assert not np.array_equal(drawn.inputs, subset(DATA.train, 50, seed=2).inputs)
    for all_of_them in ("full", ROWS, 10 * ROWS):
        assert subset(DATA.train, all_of_them, seed=1) is DATA.train
