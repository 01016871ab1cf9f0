"""The estimators for scikit-learn: their conventions, and that `fit` is a search whose best model predicts."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import sweepgd
from sweepgd import SweepClassifier, SweepRegressor
from sweepgd.analysis.best import best

FEW = {"hidden": (4,), "epochs": 3, "trials": 2, "workers": 1}


def blobs(classes, rows=40):
    rng = np.random.default_rng(2)
    labels = np.arange(rows) % len(classes)
    return rng.normal(size=(rows, 2)) + 4 * np.eye(len(classes), 2)[labels], np.array(classes)[labels]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_fit_is_a_search_and_predicts_with_its_best_model(tmp_path, run):
    inputs, labels = blobs(["red", "blue", "green"])
    space = {"optimizer": ["sgd", "adam"], "learning_rate": {"low": 0.01, "high": 0.1, "log": True}, "batch_size": [8, 64]}
    estimator = SweepClassifier(**FEW | space | {"hidden": [[4], [5, 3]], "epochs": 20, "trials": 4}, out=tmp_path / "out")
    fitted = estimator.fit(inputs, labels)
    results = sweepgd.load(tmp_path / "out")
    assert fitted.results_.equals(results.trials)
    assert results.trials["trial"].to_pylist() == [0, 1, 2, 3]
    assert set(results.trials["batch_size"].to_pylist()) <= {8, 34}  # all of the training rows
    row = best(results.trials, 1).to_pylist()[0]
    assert fitted.model_.header.provenance.trial == row["trial"]
    assert (fitted.best_config_["optimizer"], fitted.best_config_["learning_rate"]) == (row["optimizer"], row["learning_rate"])
    assert fitted.best_config_["model"]["hidden"] in ([4], [5, 3])
    assert fitted.classes_.tolist() == ["blue", "green", "red"]
    names = fitted.predict(inputs)
    assert names.tolist() == fitted.classes_[fitted.predict_proba(inputs).argmax(axis=1)].tolist()
    assert fitted.score(inputs, labels) == np.mean(names == labels) > 0.8
    assert run("verify", str(tmp_path / "out")).code == 0
    before = contents(tmp_path / "out")
    with pytest.raises(ValueError, match=r"rows\.npz has changed .*; `out` is for one fit: choose another$"):
        estimator.fit(inputs[:30], labels[:30])
    assert contents(tmp_path / "out") == before
    again = clone(estimator).set_params(out=None).fit(inputs, labels)
    np.testing.assert_array_equal(again.predict_proba(inputs), fitted.predict_proba(inputs))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).predict(inputs), names)


def test_a_regression_predicts_in_the_units_of_its_target():
    rng = np.random.default_rng(4)
    inputs = rng.normal(size=(60, 3))
    targets = 1e6 + 1e4 * (inputs @ [1.0, -2.0, 0.5])
    parameters = {"epochs": 60, "learning_rate": 0.05, "overrides": ["budget.patience=30"]}
    fitted = SweepRegressor(**FEW | parameters).fit(inputs, targets)
    assert fitted.score(inputs, targets) > 0.9
    assert fitted.results_.num_rows == 1  # a single configuration is run once


@pytest.mark.parametrize(
    ("parameters", "labels", "message"),
    [
        ({"optimizer": "adm"}, ["a", "b"], "unknown optimizer 'adm': did you mean 'adam'?"),
        ({"learning_rate": -1.0}, ["a", "b"], "space.learning_rate = -1.0: must be at least 0"),
        ({"trials": 0}, ["a", "b"], "search.trials = 0: must be above 0"),
        ({"overrides": ["budget.epoch=3"]}, ["a", "b"], "unknown key budget.epoch: did you mean 'epochs'?"),
        ({}, ["a"], "y has only one class"),
    ],
)
def test_an_invalid_parameter_is_a_value_error_of_one_line(parameters, labels, message):
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        SweepClassifier(**FEW | parameters).fit(*blobs(labels))
    assert message in str(caught.value)


def test_an_optimizer_of_a_file_is_used(tmp_path):
    file = tmp_path / "heavy.py"
    momentum = "from dataclasses import replace\nfrom sweepgd.optimizers.momentum import momentum\n"
    file.write_text(f"{momentum}heavy = replace(momentum, name='heavy')\n")
    rows, labels = blobs(["a", "b"])
    one, other = (
        SweepClassifier(**FEW | {"trials": 1, "learning_rate": 0.05, "optimizer": optimizer}, plugins=plugins).fit(rows, labels)
        for optimizer, plugins in (("heavy", [str(file)]), ("momentum", ()))
    )
    assert one.best_config_["optimizer"] == "heavy"
    np.testing.assert_array_equal(one.predict_proba(rows), other.predict_proba(rows))
    with pytest.raises(ValueError, match="unknown optimizer 'heavy'"):
        clone(one).set_params(plugins=()).fit(rows, labels)


def test_parameters_of_numpy_are_accepted():
    parameters = {"learning_rate": np.float64(0.05), "batch_size": np.int64(8), "hidden": (np.int64(4),)}
    assert SweepClassifier(**FEW | parameters).fit(*blobs(["a", "b"])).best_config_["batch_size"] == 8


CONVENTIONS = ("check_n_features_in_after_fitting", "check_fit2d_1sample")


@pytest.mark.parametrize("estimator", [SweepClassifier, SweepRegressor])
def test_some_conventions_of_scikit_learn(estimator):
    from sklearn.utils import estimator_checks

    for name in CONVENTIONS:
        getattr(estimator_checks, name)(estimator.__name__, estimator(**FEW | {"trials": 1}))


@pytest.mark.slow
@pytest.mark.parametrize("estimator", [SweepClassifier, SweepRegressor])
def test_all_conventions_of_scikit_learn(estimator):
    """No check is expected to fail. Those that need a library or a variable that is not there are skipped."""
    results = check_estimator(estimator(trials=4, workers=1), on_skip=None)
    assert {result["status"] for result in results} <= {"passed", "skipped"}
    assert sum(result["status"] == "passed" for result in results) > 45
