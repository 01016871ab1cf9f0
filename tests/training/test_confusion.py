"""Confusion matrices against predictions of plain NumPy, scores against scikit-learn, and both in the record."""

from functools import partial
from io import StringIO
from pathlib import Path

import naive
import numpy as np
import pyarrow.compute as pc
import pytest
from linear_sweep import sweep
from rich.console import Console
from run_builders import configuration, data_of, model_for, taken, training
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score

import sweepgd
from sweepgd.analysis import classes
from sweepgd.core.layout import tensors_in
from sweepgd.data import Part
from sweepgd.report.number_format import percent
from sweepgd.report.summary_tables import render
from sweepgd.training.confusion import balanced_error, confusions, counted, macro_f1


def drawn(rows: int, number: int, seed: int):
    """Unbalanced classes of points, of which the last has few rows."""
    rng = np.random.default_rng(seed)
    labels = np.minimum(rng.geometric(0.4, rows) - 1, number - 1)
    return rng.normal(size=(rows, 3)) + labels[:, None] * 0.4, labels


@pytest.mark.parametrize(("number", "hidden"), [(2, (4,)), (5, (6,)), (3, ())])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_confusion_matrix_equals_that_of_the_predictions(number, hidden, dtype):
    inputs, labels = drawn(90, number, 0)
    validation, test = drawn(60, number, 1), drawn(80, number, 2)
    data = data_of(inputs, labels, classes=number, validation=validation, test=test, dtype=dtype)
    model = model_for(data, "mlp", hidden=hidden) if hidden else model_for(data, "softmax")
    run = training(configuration(learning_rate=0.1, batch_size=10), data, model, dtype=dtype, epochs=3).run()
    found = taken(run)
    # A model without predictions, as a plugin's may be, has the same matrix, counted from its error rates.
    without = confusions(data, lambda inputs: None, partial(run.kernels.error, run.parameters))
    tensors = tensors_in(run.parameters.astype(np.float64), model.layout)
    for name, (rows, true) in (("validation", validation), ("test", test)):
        logits = naive.outputs(tensors, rows, "relu")[-1]
        guesses = (logits[:, 0] > 0).astype(int) if logits.shape[1] == 1 else logits.argmax(axis=1)
        counts = found[name]
        np.testing.assert_array_equal(counts, confusion_matrix(true, guesses, labels=range(number)))
        np.testing.assert_array_equal(without[name], counts)
        assert counts.sum() - counts.trace() == round(getattr(run.points[-1], f"{name}_error") * len(true))
        assert balanced_error(counts) == pytest.approx(1 - balanced_accuracy_score(true, guesses))
        assert macro_f1(counts) == pytest.approx(f1_score(true, guesses, average="macro"))


def test_a_class_without_rows_does_not_count():
    counts = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]])
    assert balanced_error(counts) == pytest.approx((1 / 4 + 0) / 2)
    assert macro_f1(counts) == pytest.approx((6 / 7 + 8 / 9) / 2)
    # One that is only taken for counts in F1, as in scikit-learn.
    assert macro_f1(np.array([[3, 0, 1], [0, 4, 0], [0, 0, 0]])) == pytest.approx((6 / 7 + 1 + 0) / 3)


@pytest.mark.parametrize("share", [0.9, float("nan")])
def test_errors_that_are_no_whole_rows_give_no_matrix(share):
    part = Part(np.zeros((6, 1)), np.array([[0.0], [1], [2]] * 2))
    assert counted(lambda inputs, targets: share, part, 3) is None


def test_too_many_classes_or_none_give_no_matrix():
    labels = np.arange(101).repeat(2)
    data = data_of(labels[:, None], labels, classes=101, test=(labels[:, None], labels))
    model = model_for(data, "softmax")
    run = training(configuration(learning_rate=0.1, batch_size=10), data, model, epochs=1)
    assert taken(run) == {}
    regression = data_of(labels[:, None], labels, test=(labels[:, None], labels))
    model = model_for(regression, "linear")
    run = training(configuration(learning_rate=1e-6, batch_size=10), regression, model, epochs=1)
    assert taken(run) == {}


@pytest.fixture
def recorded(tmp_path: Path):
    """A sweep over 90 rows of one class, 20 of another and 10 of a third, of which 20 % are for the test."""
    path = tmp_path / "d.csv"
    x, label = drawn(120, 3, 5)
    rows = [f"{a:.3f},{b:.3f},{['common', 'rare', 'odd'][c]}" for (a, b, _), c in zip(x, label, strict=True)]
    path.write_text("\n".join(["a,b,kind", *rows]) + "\n")
    data = f'data={{path="{path}",target="kind",task="classification",test=0.2,split="stratified"}}'
    asked = sweep(
        data, "model.name='softmax'", "search.trials=3", "search.replicates=2", "optimizer={}", "space.optimizer='sgd'"
    )
    return sweepgd.search(asked, out=tmp_path / "results", workers=1)


def test_recorded_scores(recorded):
    for row in recorded.trials.to_pylist():
        for part in ("validation", "test"):
            counts = np.array(row[f"{part}_confusion"])
            assert counts.shape == (3, 3)
            assert row[f"{part}_error"] == pytest.approx(1 - counts.trace() / counts.sum())
            assert row[f"{part}_balanced_error"] == balanced_error(counts)
            assert row[f"{part}_macro_f1"] == macro_f1(counts)


def test_scores_of_the_best_evaluation_use_the_best_weights(tmp_path):
    asked = ("data={name='wine'}", "model.name='softmax'", "budget.epochs=30", "search.objective='best_validation_loss'")
    text = sweep(*asked, "search.trials=4", "optimizer={}", "space.optimizer='sgd'", "space.learning_rate=[0.3,1,3,10]")
    results = sweepgd.search(text, out=tmp_path / "results", workers=1)
    trials = results.trials.filter(pc.less(results.trials["evaluated_at_update"], results.trials["updates"])).to_pylist()
    assert trials
    for row in trials:
        counts = np.array(row["validation_confusion"])
        assert row["validation_error"] == pytest.approx(1 - counts.trace() / counts.sum())


def test_the_table_of_classes(recorded):
    table = classes(recorded.trials)
    best = sweepgd.analysis.best(recorded.trials, 1)["trial"][0].as_py()
    rows = [row for row in recorded.trials.to_pylist() if row["trial"] == best]
    counts = np.sum([row["test_confusion"] for row in rows], axis=0)
    assert table["class"].to_pylist() == ["common", "odd", "rare"]
    assert table["rows"].to_pylist() == counts.sum(axis=1).tolist()
    assert table["class_error"].to_pylist() == pytest.approx((1 - counts.diagonal() / counts.sum(axis=1)).tolist())
    wrong = counts - np.diag(counts.diagonal())
    assert table["taken_rows"].to_pylist() == wrong.max(axis=1).tolist()
    assert table["majority_error"][0].as_py() == 1 - counts.sum(axis=1).max() / counts.sum()
    assert table["balanced_error"][0].as_py() == pytest.approx(np.mean([row["test_balanced_error"] for row in rows]))


def test_the_printed_table_of_classes(recorded):
    console = Console(width=160, file=StringIO())
    table = classes(recorded.trials)
    console.print(render({"classes": table}))
    shown = console.file.getvalue()
    first = table.to_pylist()[0]
    assert shown.startswith("Which classes does the best configuration confuse?\n")
    assert f"common {first['rows']:>5}" in shown
    largest = percent(first["majority_error"])
    assert f"test error {percent(first['error'])} % ({largest} % if the largest class were always predicted)" in shown
    assert f"balanced error (each class has equal weight) {percent(first['balanced_error'])} %" in shown
    console.print(render({"classes": table.slice(0, 0)}))
    assert console.file.getvalue() == shown


def test_a_regression_has_no_table_of_classes(tmp_path):
    results = sweepgd.search(sweep("search.trials=1"), out=tmp_path / "results", workers=1)
    assert results.trials["test_confusion"].null_count == 1
    assert classes(results.trials).num_rows == 0
