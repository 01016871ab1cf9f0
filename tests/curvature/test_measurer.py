import json
from time import monotonic

import numpy as np
import pytest
from curvature_points import blobs, measured, network_and_weights, quadratic
from run_builders import data_of, model_for, no_data

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.curvature.catalogue import MEASURES, measure_of, records_of, settings_of
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import MEASURE_FUNCTIONS, Measurer
from sweepgd.models import Architecture


def values(found):
    return {record: measurement.value for record, measurement in found.items()}


def without_kernels(architecture: Architecture) -> Architecture:
    """The same model as a plugin might provide it, with gradients only."""
    names = ("layout", "gradient", "evaluate", "initial", "settings", "workspace", "chunk")
    return Architecture(**{name: getattr(architecture, name) for name in names})


def test_every_measure_has_a_function():
    assert set(MEASURE_FUNCTIONS) == set(MEASURES)


def test_each_record_belongs_to_its_measure():
    records = {name: records_of(name, settings_of(name, {})) for name in MEASURES}
    assert records["phi"] == ("phi_0.001", "phi_0.0005", "phi_subspace_0.001", "phi_subspace_0.0005")
    assert records["trace"] == ("trace",)
    assert records_of("lambda_max", {"k": 3}) == ("lambda_max", "lambda_max_2", "lambda_max_3")
    for name, of in records.items():
        assert {measure_of(record).name for record in of} == {name}
    with pytest.raises(UsageError, match="unknown measure 'lambda': "):
        measure_of("lambda")


def test_an_empty_list_of_settings_is_refused():
    with pytest.raises(UsageError, match=r"measure.settings.phi.epsilon = \[\]: give at least one number"):
        settings_of("phi", {"epsilon": []})


def test_all_measures_have_finite_values_and_settings_in_json():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    found = measured(architecture, data, theta, settings={"noise_scale": {"times": 32}})
    assert list(found) == [record for name in MEASURES for record in records_of(name, settings_of(name, {}))]
    for record, measurement in found.items():
        assert np.isfinite(measurement.value), record
        assert measurement.seconds > 0
        assert measurement.rescaling == 1.0
        settings = json.loads(json.dumps(measurement.settings))
        assert settings.items() >= {"seed": 0, "rows": 60, "dtype": "float64", "exact": True}.items()
    assert found["noise_scale"].settings["times"] == 32


def test_a_measure_does_not_depend_on_other_measures():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    together = values(measured(architecture, data, theta))
    assert values(measured(architecture, data, theta)) == together
    assert values(measured(architecture, data, theta, *reversed(MEASURES))) == together
    for name in MEASURES:
        alone = values(measured(architecture, data, theta, name))
        assert alone == {record: together[record] for record in alone}, name
    measurer = Measurer(architecture, data, MeasureSpec(measures=list(MEASURES), rows="full"))
    measurer.measure(theta + 1, theta)
    assert {m.measure: m.value for m in measurer.measure(theta, np.zeros_like(theta))} == together


def test_the_seed_chooses_rows_and_random_vectors():
    data = blobs()
    architecture, theta = network_and_weights(data)

    def trace(**spec):
        return Measurer(architecture, data, MeasureSpec(measures=["trace"], **spec)).measure(theta, theta)[0]

    assert trace(rows="full", seed=1).value != trace(rows="full", seed=0).value
    first = trace(rows=20, seed=3)
    assert first.settings["rows"] == 20
    assert first.settings["seed"] == 3
    assert trace(rows=20, seed=3).value == first.value


def test_names_choose_among_measures():
    data = blobs()
    architecture, theta = network_and_weights(data)
    measurer = Measurer(architecture, data, MeasureSpec(measures=["trace", "sam"]))
    assert [m.measure for m in measurer.measure(theta, theta, names=("lambda_max",))] == ["lambda_max"]


def test_measures_after_the_deadline_have_a_message():
    data = blobs()
    architecture, theta = network_and_weights(data)
    measurer = Measurer(architecture, data, MeasureSpec(measures=["sam", "distance"]))
    late = measurer.measure(theta, theta, deadline=monotonic())
    assert [(m.measure, m.value) for m in late] == [("sam_step", None), ("sam_max", None), ("distance", None)]
    assert all("out of time" in m.message for m in late)


@pytest.mark.parametrize("name", ["sam", "asam", "phi"])
def test_ascents_stop_at_the_deadline(monkeypatch, name):
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    measurer = Measurer(architecture, data, MeasureSpec(measures=[name]))
    whole = measurer.measure(theta, theta)
    clock, gradients = iter(range(1000)), []
    gradient = measurer.objective.gradient
    monkeypatch.setattr("sweepgd.curvature.point.monotonic", lambda: next(clock))
    monkeypatch.setattr("sweepgd.curvature.measurer.monotonic", lambda: 0)
    monkeypatch.setattr(measurer.objective, "gradient", lambda *at: gradients.append(at) or gradient(*at))
    late = measurer.measure(theta, theta, deadline=50)
    assert [one.measure for one in late] == [one.measure for one in whole]
    assert late[-1].value is None
    assert late[-1].message == "not measured: out of time"
    assert len(gradients) < 50 < 60  # the clock advances by 1 at each gradient or product


def test_the_dtype_is_that_of_the_data_by_default():
    data = blobs(dtype="float32")
    architecture, theta = network_and_weights(data)
    single = measured(architecture, data, theta.astype("float32"), "lambda_max")["lambda_max"]
    double = measured(architecture, data, theta.astype("float32"), "lambda_max", dtype="float64")["lambda_max"]
    assert (single.settings["dtype"], double.settings["dtype"]) == ("float32", "float64")
    assert single.value == pytest.approx(double.value, rel=1e-5)
    assert single.value != double.value


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_diverged_minimiser_has_no_measures(wrong):
    data = blobs()
    architecture, theta = network_and_weights(data)
    theta[3] = wrong
    found = measured(architecture, data, theta)
    assert {m.value for m in found.values()} == {None}
    assert {m.message for m in found.values()} == {"the parameters are not finite"}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_overflowing_weights_have_finite_values_or_messages(dtype):
    data = blobs(dtype=dtype)
    architecture, theta = network_and_weights(data, "relu")
    for factor in (1e18, 1e30, 1e200):
        found = measured(architecture, data, theta * factor, rescale=2.0)
        for measurement in found.values():
            assert measurement.message is not None if measurement.value is None else np.isfinite(measurement.value)
    assert found["lambda_max", 1.0].value is None
    assert "not finite: overflow" in found["lambda_max", 1.0].message
    messages = {m.message for m in found.values() if m.message and m.message.endswith("; measure in float64")}
    assert bool(messages) == (dtype == "float32")


def test_settings_need_no_kernel(monkeypatch):
    data = blobs()
    architecture, _ = network_and_weights(data)

    def entry(*kernel):
        raise AssertionError(f"{kernel[0]} is compiled")

    monkeypatch.setattr("sweepgd.kernels.signatures.entry", entry)
    measurer = Measurer(architecture, data, MeasureSpec(rows=20))
    assert measurer.settings("trace")["rows"] == 20
    assert measurer.rescalings == (1.0,)


def test_parameters_of_another_model_are_refused():
    data = blobs()
    architecture, theta = network_and_weights(data)
    measurer = Measurer(architecture, data, MeasureSpec())
    with pytest.raises(SweepgdError, match="42 parameters and 43 initial parameters, but the model has 43: give"):
        measurer.measure(theta[1:], theta)


def test_a_network_for_one_class_has_zero_curvature():
    data = blobs(classes=1)
    architecture, theta = network_and_weights(data, "relu")
    found = measured(architecture, data, theta)
    for record in ("lambda_max", "gauss_newton_max", "trace", "spectral_density", "phi_0.001", "sam_max", "asam_max"):
        assert (found[record].value, found[record].error) == (0.0, 0.0), record
    for record in ("sam_step", "asam_step", "noise_scale"):
        assert found[record].value is None
        assert "gradient is 0" in found[record].message
    assert found["noise_scale_two_batch"].value is None
    assert found["noise_scale_two_batch"].message.startswith("|G|² is not above its standard error")
    assert found["fisher_trace"].value == 0.0


def test_rows_of_only_one_of_two_classes_are_measured():
    data = data_of(blobs().train.inputs, np.zeros(60), classes=2)
    found = measured(model_for(data, "logistic"), data, np.zeros(5))
    inputs = np.c_[data.train.inputs, np.ones(60)]
    assert found["lambda_max"].value == pytest.approx(np.linalg.eigvalsh(inputs.T @ inputs / 240)[-1], rel=1e-6)
    assert found["fisher_trace"].value == pytest.approx(np.mean(np.sum(inputs**2, axis=1)) / 4)


def test_constant_columns_and_a_single_row_have_values_or_messages():
    for rows in (1, 2, 30):
        data = data_of(np.ones((rows, 3)), np.arange(rows) % 2, classes=2)
        architecture, theta = network_and_weights(data, "relu")
        for measurement in measured(architecture, data, theta).values():
            assert measurement.value is not None or measurement.message


def test_a_model_without_kernels_is_measured_by_differences_with_a_message():
    data = blobs()
    architecture, theta = network_and_weights(data)
    exact = measured(architecture, data, theta, settings={"noise_scale": {"times": 32}})
    found = measured(without_kernels(architecture), data, theta, settings={"noise_scale": {"times": 32}})
    missing = {record for record, m in found.items() if m.value is None}
    assert missing == {"gauss_newton_max", "fisher_trace"}
    assert all("this model has none" in found[record].message for record in missing)
    for record in set(found) - missing:
        assert found[record].settings["exact"] is False
        assert found[record].value == pytest.approx(exact[record].value, rel=1e-6), record
    said = {record for record, m in found.items() if m.message and "differences of gradients" in m.message}
    assert said == {"lambda_max", "trace", "spectral_density", "relative_flatness"}


@pytest.mark.parametrize(("model", "at"), [("saddle", (0.0, 0.0)), ("rosenbrock", (1.0, 1.0))])
def test_analytic_functions_have_known_eigenvalues(model, at):
    found = measured(model_for(no_data(), model), no_data(), np.array(at))
    expected = {"saddle": (1.0, 0.0), "rosenbrock": (1001.6006, 1002.0)}[model]  # ((802, −400), (−400, 200)) at (1, 1)
    assert found["lambda_max"].value == pytest.approx(expected[0], rel=1e-6)
    assert found["trace"].value == pytest.approx(expected[1], abs=3 * found["trace"].error + 1e-9)
    assert quadratic((1.0,)).parameters == 1
