"""`rows_error` estimates how far a value over a subset of the training rows is from that over all rows."""

import numpy as np
import pytest
from curvature_points import blobs, network_and_weights

import sweepgd
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import Measurer
from sweepgd.curvature.objective import GROUPS, groups
from sweepgd.data import DataSpec, prepare
from sweepgd.models import Shape, build


def gauges(architecture, data, theta, *names, rows, seeds):
    """The records of the subset of each seed."""
    return [
        {one.measure: one for one in Measurer(architecture, data, spec).measure(theta, np.zeros_like(theta))}
        for spec in (MeasureSpec(measures=list(names), rows=rows, seed=seed) for seed in seeds)
    ]


@pytest.fixture(scope="module")
def digits():
    """A network trained on digits for 20 epochs with batch size 256, its data and its weights."""
    settings = {"hidden": (64,), "activation": "relu"}
    run = sweepgd.train("digits", "mlp", "sgd", 0.2, 256, 20, overrides=["model.hidden=[64]", 'model.dtype="float64"'])
    data = prepare(DataSpec(name="digits"), dtype="float64")
    return build("mlp", settings, Shape(data.task, 64, 1, 10)), data, run.parameters


def test_the_error_of_rows_covers_the_value_over_all_rows(digits):
    names = ("lambda_max", "gauss_newton_max", "fisher_trace")
    [full] = gauges(*digits, *names, rows="full", seeds=[0])
    subsets = gauges(*digits, *names, rows=512, seeds=range(12))
    for name in ("lambda_max", "gauss_newton_max", "fisher_trace", "fisher_trace_empirical"):
        off = np.array([subset[name].value - full[name].value for subset in subsets])
        errors = np.array([subset[name].rows_error for subset in subsets])
        assert (abs(off) <= 2 * errors).sum() >= 10, name
        assert 0.6 <= np.sqrt(np.mean(errors**2) / np.mean(off**2)) <= 2.5, name
        assert full[name].rows_error is None
    # Subsets differ by much more than the residual, which is the only part of `error`.
    values = [subset["lambda_max"].value for subset in subsets[:3]]
    assert max(values) - min(values) > 100 * max(subset["lambda_max"].error for subset in subsets[:3])


def test_the_trace_of_a_subset_has_errors_from_vectors_and_from_rows(digits):
    [full] = gauges(*digits, "trace", rows="full", seeds=[0])
    subsets = gauges(*digits, "trace", rows=256, seeds=range(6))
    off = np.array([subset["trace"].value - full["trace"].value for subset in subsets])
    errors = np.array([np.hypot(subset["trace"].error, subset["trace"].rows_error) for subset in subsets])
    assert (abs(off) <= 2 * errors).sum() >= 5
    assert all(subset["trace"].rows_error > subset["trace"].error for subset in subsets)


def test_groups_are_random_and_of_equal_size():
    part = blobs(rows=60).train
    taken = groups(part, seed=1)
    assert [len(group.inputs) for group in taken] == [8, 8, 8, 8, 7, 7, 7, 7]
    rows = np.concatenate([np.c_[group.inputs, group.targets] for group in taken])
    whole = np.c_[part.inputs, part.targets]
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], whole[np.lexsort(whole.T)])
    assert not np.array_equal(rows, whole)
    assert len(groups(blobs(rows=3).train, seed=0)) == 3
    assert GROUPS == 8


def test_maxima_norms_and_a_single_row_have_no_rows_error():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    names = ("lambda_max", "sam", "asam", "phi", "trace", "relative_flatness", "spectral_density", "weight_norm", "noise_scale")
    [found] = gauges(architecture, data, theta, *names, rows=30, seeds=[0])
    have = {record for record, one in found.items() if one.rows_error is not None}
    assert have == {"lambda_max", "trace", "relative_flatness", "spectral_density"}
    assert all(found[record].rows_error > 0 for record in have)
    [single] = gauges(architecture, data, theta, "lambda_max", rows=1, seeds=[0])
    assert single["lambda_max"].rows_error is None
