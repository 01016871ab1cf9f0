"""`prepare`: parts, standardization, label noise, subsets, seeds, and messages for data that cannot be trained on."""

import json

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data import Data, Dataset, DataSpec, Table, prepare
from sweepgd.plugins import registry


def all_parts(data: Data) -> list:
    return [part for part in (data.train, data.validation, data.test) if part is not None]


def offer(monkeypatch: pytest.MonkeyPatch, table: Table, task: str) -> None:
    """Make `table` the data set called "given"."""
    dataset = Dataset("given", task, lambda rng: table, (), "", "")
    monkeypatch.setattr(registry, "get", lambda kind, name: dataset)


def classes_table(labels: list[int], classes: int = 2) -> Table:
    labels = np.array(labels, dtype=np.float64)
    inputs = np.column_stack((np.arange(len(labels), dtype=np.float64), np.ones(len(labels))))
    return Table(inputs, labels[:, None], ("a", "b"), tuple("uvwxyz"[:classes]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parts_are_contiguous_read_only_and_in_the_dtype_of_the_run(dtype):
    data = prepare(DataSpec(name="digits"), dtype=dtype)
    assert data.rows == 1797 - 270 - 270
    assert [len(part.inputs) for part in all_parts(data)] == [1257, 270, 270]
    for part in all_parts(data):
        assert part.inputs.shape[1:] == (64,)
        assert part.targets.shape[1:] == (1,)
        for array in (part.inputs, part.targets):
            assert array.dtype == dtype
            assert array.flags.c_contiguous
            assert not array.flags.writeable


def test_standardization_uses_training_rows_and_allows_constant_columns():
    raw = prepare(DataSpec(name="digits", standardize=False), dtype="float64")
    data = prepare(DataSpec(name="digits"), dtype="float64")
    mean, scale = raw.train.inputs.mean(axis=0), raw.train.inputs.std(axis=0)
    assert (scale == 0).any()
    scale[scale == 0] = 1
    np.testing.assert_allclose(data.test.inputs, (raw.test.inputs - mean) / scale, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(data.preprocessing["mean"], mean, rtol=1e-12)
    np.testing.assert_allclose(data.preprocessing["scale"], scale, rtol=1e-12)
    np.testing.assert_array_equal(data.train.targets, raw.train.targets)
    assert raw.preprocessing == {}
    assert raw.fingerprint == data.fingerprint


def test_a_constant_column_that_sums_inexactly_stays_zero(monkeypatch):
    table = Table(np.column_stack((np.full(30, 0.1), np.arange(30.0))), np.zeros((30, 1)), ("a", "b"))
    offer(monkeypatch, table, "regression")
    data = prepare(DataSpec(name="given"))
    assert data.preprocessing["mean"][0] == 0.1
    assert data.preprocessing["scale"][0] == 1.0
    assert all((part.inputs[:, 0] == 0).all() for part in all_parts(data))


def test_statistics_of_more_rows_than_a_block():
    spec = {"name": "house_prices", "rows": 10_001, "standardize_targets": True, "validation": 0, "test": 0}
    data = prepare(DataSpec(**spec), dtype="float64")
    np.testing.assert_allclose(data.train.inputs.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.inputs.std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(data.train.targets.std(axis=0), 1, rtol=1e-12)
    assert set(data.preprocessing) == {"mean", "scale", "target_mean", "target_scale"}
    assert json.loads(json.dumps(data.preprocessing)) == data.preprocessing


def test_is_a_pure_function_of_spec_seed_and_dtype():
    spec = DataSpec(name="moons", label_noise=0.1, subset=200)
    one, same, other = prepare(spec), prepare(spec, seed=0), prepare(spec, seed=1)
    assert one.fingerprint == same.fingerprint != other.fingerprint
    for first, second in zip(all_parts(one), all_parts(same), strict=True):
        np.testing.assert_array_equal(first.inputs, second.inputs)
        np.testing.assert_array_equal(first.targets, second.targets)
    assert prepare(DataSpec(name="moons", seed=1, label_noise=0.1, subset=200)).fingerprint == other.fingerprint


def test_label_noise_changes_its_share_of_the_training_labels():
    clean, some, more = (prepare(DataSpec(name="digits", label_noise=share)) for share in (0.0, 0.2, 0.5))
    changed = [(noisy.train.targets != clean.train.targets)[:, 0] for noisy in (some, more)]
    assert [part.sum() for part in changed] == [round(0.2 * 1257), round(0.5 * 1257)]
    assert changed[1][changed[0]].all()
    assert set(np.unique(more.train.targets)) == set(range(10))
    shift = (more.train.targets - clean.train.targets)[changed[1]] % 10
    assert np.bincount(shift.astype(int)[:, 0], minlength=10)[1:].min() > 40  # 70 expected of each of 9
    for noisy in (some, more):
        np.testing.assert_array_equal(noisy.train.inputs, clean.train.inputs)
        np.testing.assert_array_equal(noisy.validation.targets, clean.validation.targets)
        np.testing.assert_array_equal(noisy.test.targets, clean.test.targets)
        assert noisy.fingerprint == clean.fingerprint


def test_subset_keeps_that_many_rows_and_the_order(monkeypatch):
    table = Table(np.arange(100.0)[:, None], np.arange(100.0)[:, None], ("a",))
    offer(monkeypatch, table, "regression")
    data = prepare(DataSpec(name="given", subset=40, split="tail", standardize=False))
    joined = np.concatenate([part.inputs[:, 0] for part in all_parts(data)])
    assert len(joined) == 40
    assert (np.diff(joined) > 0).all()
    assert joined[-1] > 40


def test_no_parts_where_the_shares_are_zero():
    data = prepare(DataSpec(name="wine", validation=0, test=0))
    assert data.validation is None
    assert data.test is None
    assert data.rows == 178


def test_no_data_is_one_row_without_columns():
    data = prepare(DataSpec(name="none"))
    assert data.task == "none"
    assert data.train.inputs.shape == data.train.targets.shape == (1, 0)
    assert data.validation is None
    assert data.test is None
    assert data.preprocessing == {}


def test_a_separate_test_set_is_scaled_by_the_training_rows(monkeypatch):
    test = Table(np.full((3, 1), 5.0), np.zeros((3, 1)), ("a",))
    offer(monkeypatch, Table(np.arange(10.0)[:, None], np.zeros((10, 1)), ("a",), test=test), "regression")
    data = prepare(DataSpec(name="given", split="tail", validation=0.2, test=0.5), dtype="float64")
    assert [len(part.inputs) for part in all_parts(data)] == [8, 2, 3]
    np.testing.assert_allclose(data.test.inputs, (5 - 3.5) / np.arange(8).std() * np.ones((3, 1)))


def test_bytes_are_scaled_without_wrapping(monkeypatch):
    values = np.arange(20, dtype=np.uint8)[:, None] * 12
    offer(monkeypatch, Table(values, np.zeros((20, 1)), ("a",)), "regression")
    data = prepare(DataSpec(name="given", validation=0, test=0), dtype="float64")
    expected = values.astype(float)
    np.testing.assert_allclose(data.train.inputs, (expected - expected.mean()) / expected.std())


@pytest.mark.parametrize(("bad", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
def test_a_non_finite_input_is_reported_with_column_and_row(monkeypatch, bad, shown):
    inputs = np.ones((20, 2))
    inputs[6, 1] = bad
    offer(monkeypatch, Table(inputs, np.zeros((20, 1)), ("a", "b")), "regression")
    with pytest.raises(SweepgdError, match=rf"given: column 'b', row 7 is {shown}: remove"):
        prepare(DataSpec(name="given"))


def test_a_non_finite_target_is_reported_with_its_row(monkeypatch):
    targets = np.zeros((20, 1))
    targets[19] = np.nan
    offer(monkeypatch, Table(np.ones((20, 1)), targets, ("a",)), "regression")
    with pytest.raises(SweepgdError, match=r"column 'target 0', row 20 is nan"):
        prepare(DataSpec(name="given"))


@pytest.mark.parametrize(
    ("value", "standardize", "line"),
    [
        (1e39, False, "row 5 is inf: too large for float32"),
        (-1e300, True, "row 5 is -1e\\+300: too large to standardize"),
    ],
)
def test_a_too_large_input_is_reported_with_column_and_row(monkeypatch, value, standardize, line):
    inputs = np.arange(40.0).reshape(20, 2)
    inputs[4, 1] = value
    offer(monkeypatch, Table(inputs, np.zeros((20, 1)), ("a", "b")), "regression")
    with pytest.raises(SweepgdError, match=f"column 'b', {line}"):
        prepare(DataSpec(name="given", standardize=standardize, validation=0, test=0))
    if not standardize:
        assert prepare(DataSpec(name="given", standardize=False), dtype="float64").rows == 14


def test_data_of_one_class_are_refused(monkeypatch):
    offer(monkeypatch, classes_table([1] * 20), "classification")
    with pytest.raises(SweepgdError, match="given: every row is of class 'v'"):
        prepare(DataSpec(name="given"))


def test_training_rows_of_one_class_are_refused(monkeypatch):
    offer(monkeypatch, classes_table([0] * 18 + [1] * 2), "classification")
    with pytest.raises(SweepgdError, match="training rows of given: every row is of class 'u'"):
        prepare(DataSpec(name="given", split="tail"))


def test_a_class_too_small_to_stratify_is_refused(monkeypatch):
    offer(monkeypatch, classes_table([0] * 10 + [1] * 9 + [2], 3), "classification")
    with pytest.raises(SweepgdError, match='of 3 classes the smallest has 1, and a part has 3 rows; use "random"'):
        prepare(DataSpec(name="given", split="stratified"))


def test_a_label_without_a_class_is_refused(monkeypatch):
    offer(monkeypatch, classes_table([0, 1, 2] * 5), "classification")
    with pytest.raises(SweepgdError, match="a label is not one of 0 to 1"):
        prepare(DataSpec(name="given"))


def test_a_split_without_training_rows_is_refused(monkeypatch):
    offer(monkeypatch, classes_table([0, 1]), "classification")
    with pytest.raises(SweepgdError, match="2 rows minus 1 for validation and 1 for the test leaves no training rows"):
        prepare(DataSpec(name="given"))


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"name": "digitz"}, "unknown dataset 'digitz': did you mean 'digits'"),
        ({"name": "moons", "nois": 0.1}, "unknown key data.nois: did you mean 'noise'"),
        ({"name": "moons", "validaton": 0.1}, "unknown key data.validaton: did you mean 'validation'"),
        ({"name": "moons", "noise": -1}, "data.noise = -1: must be at least 0"),
        ({"name": "wine", "subset": 179}, "data.subset = 179: wine has only 178 rows"),
        ({"name": "diabetes", "label_noise": 0.1}, "data.label_noise is for classification"),
        ({"name": "diabetes", "split": "stratified"}, "is for classification, but the task of diabetes is regression"),
        ({"name": "wine", "standardize_targets": True}, "data.standardize_targets is for regression"),
    ],
)
def test_invalid_requests_are_refused(keys, line):
    with pytest.raises(UsageError, match=line):
        prepare(DataSpec(**keys))
