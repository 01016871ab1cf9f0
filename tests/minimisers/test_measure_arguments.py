"""Arguments of `measure`: the forms that are accepted, and one line for those that are refused."""

import re

import numpy as np
import pytest
from linear_sweep import sweep

from sweepgd import load, measure, search
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.record import Store


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"measures": ["lamda_max"]}, "unknown measure 'lamda_max': did you mean 'lambda_max'?"),
        ({"measures": []}, "measure.measures is empty: give at least one"),
        ({"measures": "lamda_max"}, "unknown measure 'lamda_max': did you mean 'lambda_max'?"),
        ({"measures": ["phi_0.001"]}, "unknown measure 'phi_0.001': this name is a value of the measure phi: give phi"),
        ({"rows": 2.5}, "rows 2.5: give a whole number"),
        ({"seed": "one"}, "measure.seed = 'one': give a whole number"),
        ({"workers": 0}, "workers 0: give a whole number of at least 1"),
        ({"timeout": 0}, "timeout 0: give more than 0 seconds"),
        ({"rescale": np.inf}, "rescale inf: give a finite number"),
        ({"trials": 0}, "trials 0: give a list of numbers, such as [0]"),
        ({"trials": [range(1, 3), range(7, 10**12)]}, "holds no trials 7 to 999999999999: it has trials 0 to 2"),
        (
            {"measures": ["sam"], "overrides": ["measure.settings.phi.iterations=4"]},
            "--set measure.settings.phi: phi is not measured: add it to the measures",
        ),
        ({"rows": 0}, "measure.rows"),
        ({"rows": "half"}, "measure.rows"),
        ({"which": ["last"]}, "measure.which"),
        ({"rescale": -1.0}, "measure.rescale"),
        ({"dtype": "float16"}, "measure.dtype"),
        ({"trials": [1, 7]}, "holds no trial 7: it has trials 0 to 2"),
        ({"overrides": ["budget.epochs=3"]}, "--set budget.epochs: only keys of [measure]"),
        ({"overrides": ["measure={}"]}, "--set measure: only keys of [measure]"),
        ({"overrides": ["measure.every=2"]}, "measure.every applies during training only"),
        ({"rows": 3, "overrides": ["measure.rows=4"]}, "rows and measure.rows contradict each other"),
        (
            {"overrides": ["measure.settings.phi.iteration=4"]},
            "unknown key measure.settings.phi.iteration: did you mean 'iterations'?",
        ),
    ],
)
def test_what_cannot_be_measured_as_asked_is_one_line(searched, how, says):
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        measure(searched, **how)
    assert "\n" not in str(caught.value)
    assert not str(caught.value).startswith("measure: ")


def test_options_may_be_numpys_a_name_a_text_and_a_range_longer_than_the_sweep(out):
    found = measure(
        out, measures="distance", rows=np.int64(20), seed=np.int64(2), rescale=np.float32(2), trials=[range(1, 10**12)]
    )
    assert found["trial"].to_pylist() == [1, 1, 2, 2]
    assert set(found["measure"].to_pylist()) == {"distance"}
    assert set(found["rows"].to_pylist()) == {20}
    assert sorted(found["rescaling"].to_pylist()) == [1.0, 1.0, 2.0, 2.0]


def test_data_that_are_not_those_of_the_minimisers_are_refused(out):
    path = out / "sweep.toml"
    path.write_text(path.read_text().replace("noise = 0.01", "noise = 0.02"))
    with pytest.raises(SweepgdError, match=r"the data of trial 0 of .* differ from the present data of synthetic_linear"):
        measure(out)


def test_a_model_of_another_layout_is_refused(out):
    path = out / "sweep.toml"
    path.write_text(path.read_text().replace('name = "linear"', 'name = "mlp"'))
    with pytest.raises(SweepgdError, match=r"the layout of trial 0 \(3 parameters\) is not the layout of model 'mlp' here"):
        measure(out, measures=["distance"])
    assert load(out).curvature.num_rows == 0


def test_a_directory_that_a_search_holds_or_that_holds_no_trials_is_refused(out, tmp_path):
    store = Store.open(out, load(out).sweep_toml)
    with pytest.raises(SweepgdError, match="is being written by process"):
        measure(out)
    store.close()
    with pytest.raises(SweepgdError, match="is not a results directory"):
        measure(tmp_path)
    search(sweep(), out=tmp_path / "empty", timeout=1e-9)
    with pytest.raises(SweepgdError, match="holds no trials yet"):
        measure(tmp_path / "empty")
