"""Encoding of categories and missing values, fitted to the training rows and recorded."""

import json

import numpy as np
import pytest
from linear_sweep import LINEAR, sweep

import sweepgd
from sweepgd.core.errors import SweepgdError
from sweepgd.data import Dataset, DataSpec, Table, prepare
from sweepgd.plugins import registry
from sweepgd.training.sweep_context import SweepContext

SPEC = {"path": "d.csv", "target": "y", "task": "regression", "split": "tail", "validation": 0.2, "test": 0.2}


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(rows, path="d.csv", head="age,sex,y"):
    with open(path, "w") as file:
        file.write("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")


# Twelve training rows, and four each for validation and test; only the test rows have the level "x".
AGES = ["", 10, 20, 30, 40, 60] * 2 + ["", 1000, 1000, 1000] * 2
SEXES = ["f", "m", "m", "", "f", "m"] * 2 + ["f", "x", "m", "x", "", "f", "m", "f"]
ROWS = [(age, sex, row) for row, (age, sex) in enumerate(zip(AGES, SEXES, strict=True))]


@pytest.mark.parametrize(("how", "fill"), [("mean", 32.0), ("median", 30.0), ("most_frequent", 10.0)])
def test_missing_values_are_filled_in_from_the_training_rows(how, fill):
    write(ROWS)
    data = prepare(DataSpec(**SPEC, categories=["sex"], missing=how, standardize=False), dtype="float64")
    assert data.features == ("age", "sex=f", "sex=m", "age missing", "sex missing")
    train = [[fill if age == "" else age, sex == "f", sex != "f", age == "", sex == ""] for age, sex, _ in ROWS[:12]]
    np.testing.assert_array_equal(data.train.inputs, np.array(train, dtype=float))
    np.testing.assert_array_equal(
        data.validation.inputs, [[fill, 1, 0, 1, 0], [1000, 0, 0, 0, 0], [1000, 0, 1, 0, 0], [1000, 0, 0, 0, 0]]
    )
    np.testing.assert_array_equal(data.test.inputs[0], [fill, 0, 1, 1, 1])
    assert data.preprocessing == {
        "columns": ["age", "sex"],
        "levels": {"sex": ["f", "m"]},
        "imputed": {"age": fill, "sex": "m"},
        "indicators": ["age missing", "sex missing"],
    }
    assert data.notes == (
        "d.csv: column 'sex' is 'x' in 2 rows but in no training row: all inputs of this column are 0 in these rows",
    )


def test_standardization_comes_after_encoding_and_is_recorded_with_names():
    write(ROWS)
    data = prepare(DataSpec(**SPEC, categories="all", missing="mean"), dtype="float64")
    assert len(data.preprocessing["mean"]) == len(data.features) == 5
    np.testing.assert_allclose(data.train.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.inputs.std(axis=0), 1)


def test_a_test_file_uses_the_levels_of_the_training_file():
    write([row for row in ROWS if "" not in row and row[1] != "x"])
    write([(1, "z", 1), (2, "m", 2), (3, "f", 3)], "t.csv")
    data = prepare(DataSpec(**SPEC, categories=["sex"], test_path="t.csv", standardize=False))
    assert data.features == ("age", "sex=f", "sex=m")
    np.testing.assert_array_equal(data.test.inputs, [[1, 0, 0], [2, 0, 1], [3, 1, 0]])
    assert data.notes == (
        "d.csv (test): column 'sex' is 'z' in 1 row but in no training row: all inputs of this column are 0 in these rows",
    )


def test_levels_of_a_plugin_become_inputs(monkeypatch):
    table = Table(np.array([[0.0, 5], [1, 6], [2, 7]] * 4), np.zeros((12, 1)), ("kind", "x"), levels={"kind": ("u", "v", "w")})
    dataset = Dataset("given", "regression", lambda rng: table, (), "", "")
    monkeypatch.setattr(registry, "get", lambda kind, name: dataset)
    data = prepare(DataSpec(name="given", split="tail", standardize=False))
    assert data.features == ("kind=u", "kind=v", "kind=w", "x")
    np.testing.assert_array_equal(data.train.inputs[:3], [[1, 0, 0, 5], [0, 1, 0, 6], [0, 0, 1, 7]])


def test_a_column_of_row_names_is_refused_as_a_category():
    write([(row, f"name {row}", row) for row in range(1001)])
    with pytest.raises(
        SweepgdError, match="column 'sex' has 1,001 different texts, but a category may have at most 1,000: leave it out"
    ):
        prepare(DataSpec(**SPEC, categories=["sex"]))


def test_different_levels_give_a_different_fingerprint():
    rows = [(row, "fm"[row % 2], row) for row in range(20)]
    write(rows)
    before = prepare(DataSpec(**SPEC, categories="all"))
    write([(age, sex.replace("f", "g"), y) for age, sex, y in rows])
    assert prepare(DataSpec(**SPEC, categories="all")).fingerprint != before.fingerprint


def test_a_recorded_minimiser_can_be_used_on_new_rows():
    """The recorded preprocessing is enough to turn a row of the file into inputs, without sweepgd."""
    write(ROWS)
    keys = {**SPEC, "categories": ["sex"], "missing": "median"}
    named = 'name = "synthetic_linear"\nrows = 50\nsplit = "tail"'
    text = LINEAR.replace(named, "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items()))
    asked = sweep("search.trials=1", "space.batch_size=4", "space.optimizer='sgd'", "optimizer={}", text=text)
    results = sweepgd.search(asked, out="results", workers=1)
    done = json.loads(results.minima["preprocessing"][0].as_py())
    assert done["features"] == ["age", "sex=f", "sex=m", "age missing", "sex missing"]
    assert done["targets"] == ["y"]
    assert done["classes"] == []
    data = SweepContext(asked).data(0)
    age, sex, _ = ROWS[0]
    row = [
        done["imputed"]["age"] if age == "" else age,
        *(float(sex == level) for level in done["levels"]["sex"]),
        age == "",
        sex == "",
    ]
    scaled = (np.array(row, dtype=float) - done["mean"]) / done["scale"]
    np.testing.assert_allclose(scaled, data.train.inputs[0], rtol=1e-6)


def test_class_names_are_recorded():
    asked = sweep("data={name='wine'}", "model.name='softmax'", "search.trials=1", "optimizer={}", "space.optimizer='sgd'")
    results = sweepgd.search(asked, out="results", workers=1)
    done = json.loads(results.minima["preprocessing"][0].as_py())
    assert done["classes"] == ["class_0", "class_1", "class_2"]
    assert done["features"][:2] == ["alcohol", "malic_acid"]
